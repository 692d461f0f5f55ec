#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# run.bats - run: output, exit codes, process, environment, users, identity

load helper

@test "run gives the command's output and status 0" {
	runs run --rm busybox echo hello world
	is "hello world"
	is "" "$stderr"
}

@test "run keeps standard output and standard error apart" {
	runs run --rm busybox sh -c 'echo out; echo err >&2'
	is out
	is err "$stderr"
}

@test "run ends with the command's status" {
	gives 37 run --rm busybox sh -c 'exit 37'
	gives 255 run --rm busybox sh -c 'exit 255'
}

@test "run gives 127 for a command that is not there" {
	refuses 127 'nosuch' run --rm busybox nosuch
	refuses 127 '/bin/nosuch' run --rm busybox /bin/nosuch
}

@test "run gives 126 for what cannot be executed" {
	refuses 126 '/etc' run --rm busybox /etc
	refuses 126 '/etc/passwd' run --rm busybox /etc/passwd
}

@test "run gives 125 for an option it does not know, and nothing is made" {
	refuses 125 'did you mean.*--name' run --nme x busybox true
	runs ps -aq
	is ""
}

@test "run gives 125 for an image that is not there" {
	refuses 125 'nosuchimage' run --rm --pull never nosuchimage true
}

@test "a command killed by a signal gives 128 and its number" {
	gives 137 run --rm busybox sh -c 'sh -c "kill -9 \$\$"; exit $?'
	gives 143 run --rm --init busybox sh -c 'kill -TERM $$; sleep 100'
}

@test "pid 1 is deaf to its own fatal signals" {
	gives 0 run --rm busybox sh -c 'kill -9 $$; exit 0'
}

@test "failure to start leaves no container behind with --rm" {
	gives 127 run --rm --name gone busybox nosuch
	runs ps -aq
	is ""
}

@test "failure to start leaves a created container without --rm" {
	gives 127 run --name kept busybox nosuch
	runs ps -a --format '{{.Names}}'
	is kept
	gives 0 rm kept
}

@test "the image's command runs when none is given" {
	run --separate-stderr c run --rm -i busybox <<<'echo from the shell'
	is "from the shell"
}

@test "host: shows the machine's own root file system" {
	runs run --rm host: cat /etc/os-release
	is "$(cat /etc/os-release)"
}

@test "host: is writable without touching the host" {
	runs run --rm host: sh -c 'echo x >/etc/coracle-canary && echo y >/usr/coracle-canary && cat /etc/coracle-canary'
	is x
	[ ! -e /etc/coracle-canary ] && [ ! -e /usr/coracle-canary ]
}

@test "host: has the programs of the host" {
	runs run --rm host: sh -c 'ls / >/dev/null && python3 -c "print(6 * 7)"'
	is 42
}

@test "standard input goes in with -i" {
	run --separate-stderr c run --rm -i busybox cat <<<'through'
	is through
}

@test "standard input is empty without -i" {
	run --separate-stderr c run --rm busybox cat <<<'unread'
	is ""
	[ "$status" = 0 ]
}

@test "large input and output pass unharmed" {
	head -c 3000000 /dev/urandom >"$WORK/large"
	timeout 180 "$CORACLE" run --rm -i busybox cat <"$WORK/large" >"$WORK/large.out"
	cmp "$WORK/large" "$WORK/large.out"
}

@test "a reader that goes away ends run" {
	# That the pipe broke may be told on standard error, as podman does.
	run --separate-stderr timeout 180 sh -c '"$CORACLE" run --rm busybox yes | head -n 1'
	[ "$status" = 0 ]
	is y
}

@test "-d prints the full id and the container runs on" {
	runs run -d busybox sleep 100
	[[ $output =~ ^[0-9a-f]{64}$ ]]
	is running "$(status_of "$output")"
}

@test "--rm removes the container and its anonymous volumes" {
	runs run --rm -v /data busybox sh -c 'echo x >/data/x'
	runs ps -aq
	is ""
	runs volume ls -q
	is ""
}

@test "-d --rm removes it when it ends" {
	runs run -d --rm --name shortlived busybox true
	soon 5 bash -c '[ -z "$("$CORACLE" ps -aq)" ]'
}

@test "--name is unique, and free again afterwards" {
	runs run -d --name one busybox sleep 100
	refuses 125 'one' run --name one busybox true
	runs rm -f -t 0 one
	runs run --rm --name one busybox true
}

@test "--replace takes the name over" {
	runs run -d --name one busybox sleep 100
	first=$output
	runs run -d --replace --name one busybox sleep 100
	[ "$first" != "$output" ]
	runs ps -aq --no-trunc
	is "$(c inspect -f '{{.Id}}' one)"
}

@test "names that are none are refused" {
	refuses 125 'name' run --rm --name 'a/b' busybox true
	refuses 125 'name' run --rm --name '-x' busybox true
	refuses 125 'name' run --rm --name 'ü' busybox true
}

@test "a name is made up when none is given" {
	runs run -d busybox sleep 100
	runs ps --format '{{.Names}}'
	has '^[a-z]+_[a-z]+[0-9]*$'
}

@test "--cidfile gets the id and is never overwritten" {
	runs run -d --cidfile "$WORK/cid" busybox sleep 100
	is "$output" "$(cat "$WORK/cid")"
	refuses 125 'cid' run --rm --cidfile "$WORK/cid" busybox true
	rm "$WORK/cid"
}

@test "--pidfile gets a living process" {
	runs run -d --pidfile "$WORK/pid" busybox sleep 100
	[ -d "/proc/$(cat "$WORK/pid")" ]
}

@test "environment: defaults, image, file, option, from the caller" {
	image_from env 'ENV FROM_IMAGE=image' 'ENV BOTH=image' </dev/null
	printf '# comment\nFROM_FILE=a b  c\nBOTH=file\nINHERITED\n\nQUOTED="x"\n' >"$WORK/env"
	INHERITED=yes GIVEN=given run --separate-stderr c run --rm --env-file "$WORK/env" -e BOTH=option -e GIVEN -e ABSENT -e EMPTY= env env
	[ "$status" = 0 ]
	has '^PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin$'
	has '^HOSTNAME=[0-9a-f]{12}$'
	has '^HOME=/root$'
	has '^FROM_IMAGE=image$'
	has '^BOTH=option$'
	has '^FROM_FILE=a b  c$'
	has '^INHERITED=yes$'
	has '^GIVEN=given$'
	has '^QUOTED="x"$'
	has '^EMPTY=$'
	hasnt '^ABSENT'
	hasnt '^(USER|SHELL|PWD_|BATS|WORK|CORACLE)'
}

@test "TERM is set with a terminal only" {
	runs run --rm busybox env
	hasnt '^TERM='
	runs run --rm -t busybox env
	has '^TERM=xterm'
}

@test "a variable of the image without = takes nothing from the host" {
	SECRET_OF_HOST=leaked run --separate-stderr c run --rm busybox env
	hasnt leaked
}

@test "env-files and label-files may be pipes, as a shell's <(...) makes them" {
	run --separate-stderr bash -c '"$CORACLE" run --rm --name piped --env-file <(echo PIPED=yes) busybox env 3>&- 4>&-'
	has '^PIPED=yes$'
	run --separate-stderr bash -c 'echo STDIN=yes | "$CORACLE" run --rm --env-file /dev/stdin busybox env 3>&- 4>&-'
	has '^STDIN=yes$'
	run --separate-stderr bash -c '"$CORACLE" create --label-file <(echo piped=yes) --name labelled busybox 3>&- 4>&-'
	runs inspect -f '{{.Config.Labels.piped}}' labelled
	is yes
	refuses 125 'env-file /etc: Is a directory' run --rm --env-file /etc busybox true
}

@test "an env-file that is not there is refused" {
	refuses 125 '/nonexistent/env' run --rm --env-file /nonexistent/env busybox true
}

@test "-w sets the directory, made when absent" {
	runs run --rm -w /etc busybox pwd
	is /etc
	runs run --rm -w /made/for/me busybox pwd
	is /made/for/me
	refuses 125 'absolute' run --rm -w relative busybox pwd
}

@test "--user by number and name, with group and supplementary groups" {
	runs run --rm busybox id -u
	is 0
	runs run --rm -u 1234 busybox sh -c 'id -u; id -g'
	is $'1234\n0'
	runs run --rm -u 1234:555 busybox sh -c 'id -u; id -g'
	is $'1234\n555'
	runs run --rm -u ann busybox sh -c 'id -u; id -g; id -G; echo $HOME'
	is $'1000\n1000\n1000 10 44\n/home/ann'
	runs run --rm -u ann:wheel busybox sh -c 'id -g; id -G'
	is $'10\n10'
	runs run --rm -u bob busybox sh -c 'id -u; id -g; echo $HOME'
	is $'1001\n1002\n/home/none'
}

@test "--group-add adds groups by number and name" {
	runs run --rm -u 1234 --group-add 4711 --group-add video busybox id -G
	has '\b4711\b'
	has '\b44\b'
}

@test "an empty --user is the image's, as scripts with unset variables want it" {
	image_from bobs-image 'USER bob' </dev/null
	runs run --rm --user '' bobs-image id -u
	is 1001
	runs run -d --name emptyuser --user= bobs-image sleep 600
	runs exec -u '' emptyuser id -u
	is 1001
}

@test "users that are none are refused, not taken for root" {
	for user in nosuchuser -1 4294967295 4294967296 99999999999999999999 '1000 ' 0x0 1:nosuchgroup root:-1; do
		run --separate-stderr c run --rm "--user=$user" busybox id -u
		[ "$status" != 0 ] || { echo "accepted: '$user' as $output"; return 1; }
	done
}

@test "--entrypoint replaces and empties the image's" {
	image_from entry 'ENTRYPOINT ["echo","entry"]' 'CMD ["cmd"]' </dev/null
	runs run --rm entry
	is "entry cmd"
	runs run --rm entry arg
	is "entry arg"
	runs run --rm --entrypoint /bin/echo entry x y
	is "x y"
	runs run --rm --entrypoint '["echo","a b"]' entry c
	is "a b c"
	runs run --rm --entrypoint '' entry echo plain
	is plain
}

@test "an entrypoint without command does not run the image's command" {
	image_from entrycmd 'CMD ["never"]' </dev/null
	runs run --rm --entrypoint /bin/echo entrycmd
	is ""
}

@test "--hostname and --domainname" {
	runs run --rm -h box busybox hostname
	is box
	runs run --rm --hostname box.example busybox sh -c 'cat /etc/hostname; echo; grep -c box.example /etc/hosts'
	has '^box.example$'
	has '^1$'
	runs run --rm --domainname example.org busybox cat /proc/sys/kernel/domainname
	is example.org
	runs run -d busybox sleep 100
	id=$output
	runs exec "$id" hostname
	is "${id:0:12}"
}

@test "labels, label files and annotations are kept" {
	printf 'from=file\nempty\n' >"$WORK/labels"
	runs run -d --name l -l a=b --label c --label-file "$WORK/labels" --annotation io.x=y busybox sleep 100
	runs inspect -f '{{index .Config.Labels "a"}} {{index .Config.Labels "from"}} {{json .Config.Labels.c}} {{index .Config.Annotations "io.x"}}' l
	is 'b file "" y'
}

@test "--init reaps orphans and passes signals" {
	runs run --rm --init busybox sh -c 'cat /proc/1/comm; (sleep 0.1 &)
		sleeps() { cat /proc/[0-9]*/comm | grep -c "^sleep$"; }
		for i in $(seq 600); do usleep 50000; [ $(sleeps) = 0 ] && break; done; sleeps; true'
	hasnt '^sh$'
	has '^0$'
	runs run -d --init --name i busybox sh -c 'trap "exit 9" TERM; echo ready; while :; do sleep 0.1; done'
	says i ready
	runs stop -t 1000 i
	runs inspect -f '{{.State.ExitCode}}' i
	is 9
}

@test "--read-only keeps the root and leaves tmpfs writable" {
	runs run --rm --read-only busybox sh -c 'touch /x 2>/dev/null && echo wrote; touch /tmp/x && echo tmp; touch /dev/shm/x && echo shm'
	is $'tmp\nshm'
	runs run --rm --read-only --read-only-tmpfs=false busybox sh -c 'touch /tmp/x 2>/dev/null && echo tmp; true'
	is ""
}

@test "--rootfs runs a directory" {
	busybox_root "$WORK/rootdir"
	runs run --rm --rootfs "$WORK/rootdir" echo from a directory
	is "from a directory"
	refuses 125 '/nonexistent' run --rm --rootfs /nonexistent true
}

@test "--ulimit, --umask, --shm-size, --sysctl, --tz" {
	runs run --rm --ulimit nofile=100:200 busybox sh -c 'ulimit -Sn; ulimit -Hn'
	is $'100\n200'
	runs run --rm --umask 0077 busybox sh -c umask
	is 0077
	runs run --rm --shm-size 4m busybox sh -c 'df -k /dev/shm | tail -n 1'
	has ' 4096 '
	runs run --rm --sysctl net.ipv4.ip_unprivileged_port_start=80 --network none busybox cat /proc/sys/net/ipv4/ip_unprivileged_port_start
	is 80
	runs run --rm --sysctl kernel.shmmax=12345 busybox cat /proc/sys/kernel/shmmax
	is 12345
	refuses 125 'vm.swappiness' run --rm --sysctl vm.swappiness=1 busybox true
}

@test "--stop-signal, --stop-timeout and --timeout" {
	runs run -d --name s --stop-signal USR1 busybox sh -c 'trap "exit 11" USR1; echo ready; while :; do sleep 0.1; done'
	says s ready
	runs stop -t 1000 s
	runs wait s
	is 11
	printf '[engine]\nstop_timeout = 1000\n' >"$WORK/stop.conf"
	CONTAINERS_CONF=$WORK/stop.conf runs run -d --name t --stop-timeout 0 busybox sleep 10000
	CONTAINERS_CONF=$WORK/stop.conf runs stop t
	run --separate-stderr c run --rm --timeout 1 busybox sleep 10000
	[ "$status" != 0 ]
}

@test "signals to run reach the command" {
	# what is waited for must not stand there from another test: the file is emptied behind our back otherwise
	: >"$WORK/sig"
	"$CORACLE" run --rm --name sig busybox sh -c 'trap "exit 21" TERM; echo ready; while :; do sleep 0.1; done' >"$WORK/sig" 3>&- &
	client=$!
	soon 10 grep -q ready "$WORK/sig"
	kill -TERM $client
	status=0
	wait $client || status=$?
	[ "$status" = 21 ]
}

@test "--sig-proxy=false keeps signals from the command" {
	: >"$WORK/sig"
	"$CORACLE" run --sig-proxy=false --name sig busybox sh -c 'trap "echo got" TERM; echo ready; while :; do sleep 0.1; done' >"$WORK/sig" 3>&- &
	client=$!
	soon 10 grep -q ready "$WORK/sig"
	kill -TERM $client
	wait $client || true
	sleep 0.3
	is running "$(status_of sig)"
	hasnt got "$(c logs sig)"
}

@test "-a attaches the named streams only" {
	runs run --rm -a stdout busybox sh -c 'echo out; echo err >&2'
	is out
	is "" "$stderr"
	runs run --rm -a stderr busybox sh -c 'echo out; echo err >&2'
	is ""
	is err "$stderr"
}

@test "-d and -a exclude each other" {
	run --separate-stderr c run -d -a stdout busybox true
	[ "$status" = 125 ]
}

@test "restart on-failure tries as often as asked" {
	runs volume create tries
	runs run -d --name r --restart on-failure:2 -v tries:/t busybox sh -c 'echo x >>/t/n; exit 3'
	soon 15 is_status r exited
	runs inspect -f '{{.State.ExitCode}} {{.RestartCount}}' r
	is "3 2"
	runs run --rm -v tries:/t busybox cat /t/n
	is $'x\nx\nx'
	c rm -f r >/dev/null
	c volume rm tries >/dev/null
}

@test "restart always starts again until it is stopped" {
	runs run -d --name r --restart always busybox sh -c 'sleep 0.2'
	soon 15 bash -c '[ "$("$CORACLE" inspect -f "{{.RestartCount}}" r)" -ge 2 ]'
	runs stop -t 0 r
	sleep 0.5
	is exited "$(status_of r)"
}

@test "--rm with a restart policy is refused" {
	run --separate-stderr c run --rm --restart always busybox true
	[ "$status" = 125 ]
}

@test "proxy variables go in by default and not with --http-proxy=false" {
	http_proxy=http://p:1 run --separate-stderr c run --rm busybox env
	has '^http_proxy=http://p:1$'
	http_proxy=http://p:1 run --separate-stderr c run --rm --http-proxy=false busybox env
	hasnt '^http_proxy'
}

@test "--pull never and missing use what is there" {
	runs run --rm --pull never busybox true
	runs run --rm --pull missing busybox true
	run --separate-stderr c run --rm --pull sometimes busybox true
	[ "$status" = 125 ]
}

@test "memory and cpu limits without a delegated cgroup warn and run" {
	run --separate-stderr c run --rm -m 64m --cpus 0.5 --pids-limit 100 busybox echo ran
	[ "$status" = 0 ]
	is ran
}

@test "options after the image belong to the command" {
	runs run --rm busybox echo --rm -it --name
	is "--rm -it --name"
}

@test "flags in groups and with values" {
	run --separate-stderr c run --rm=true -i=true busybox cat <<<'x'
	is x
	run --separate-stderr c run -di --name g busybox cat
	[ "$status" = 0 ]
	is running "$(status_of g)"
}

@test "docker and podman as names of the program" {
	ln -sf "$CORACLE" "$WORK/docker"
	run --separate-stderr "$WORK/docker" run --rm busybox echo alias
	is alias
	ln -sf "$CORACLE" "$WORK/podman"
	run --separate-stderr "$WORK/podman" container run --rm busybox echo alias
	is alias
}

@test "twenty containers at once" {
	for i in $(seq 20); do
		"$CORACLE" run --rm --network none busybox echo "$i" >"$WORK/par.$i" 3>&- &
	done
	wait
	is "$(seq 20)" "$(cat $(seq -f "$WORK/par.%g" 20))"
	runs ps -aq
	is ""
}
