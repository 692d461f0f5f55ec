#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# runtime_security.bats - the OCI runtime under attack: what peers fell to, by CVE, and what else an attacker would try
#
# A canary outside the container must be as before, or the attack must get nowhere. One bundle with a busybox serves
# all tests: each writes its own config.json, and takes another bundle where it changes the root file system.

load helper

setup_file()
{
	file_begin
	busybox_root "$WORK/busybox"
	echo host >"$WORK/canary"
	gcc -O1 -static -o "$WORK/attack" "$BATS_TEST_DIRNAME/runtime_attack.c" 2>/dev/null || true
	begin_deaf
}

file_teardown()
{
	kill -9 "$(cat "$WORK/deaf.pid")" || true
}

# a create whose console socket never answers takes its ten seconds behind the other tests
begin_deaf()
{
	bundle "$WORK/deaf" '.process.terminal = true | .process.args = ["true"]'
	python3 "$BATS_TEST_DIRNAME/runtime_attack.py" deaf "$WORK/deaf.sock" >"$WORK/deaf.out" 2>&1 </dev/null 3>&- 4>&- &
	echo $! >"$WORK/deaf.pid"
	soon 5 grep -q listening "$WORK/deaf.out"
	(
		status=0
		timeout 300 "$CORACLE" runtime --root "$WORK/oci-deaf" create --console-socket "$WORK/deaf.sock" --bundle "$WORK/deaf" deaf || status=$?
		echo "status $status" >&2
	) >/dev/null 2>"$WORK/deaf.err" </dev/null 3>&- 4>&- &
}

setup()
{
	B=$WORK/bundle
	R=$WORK/oci
	O=$WORK/out.$BATS_TEST_NUMBER
}

teardown()
{
	local id
	rm -f "$WORK/going"
	[ -z "${HELPERS:-}" ] || kill -9 $HELPERS 2>/dev/null || true
	for id in $(rt list -q 2>/dev/null); do
		rt delete --force "$id" >/dev/null 2>&1 || true
	done
	is host "$(cat "$WORK/canary")"
}

# rt ARGUMENT...: the runtime, with output and standard input of its own
rt()
{
	timeout -k 5 "${LIMIT:-120}" "$CORACLE" runtime --root "$R" "$@" 3>&- 4>&-
}

# behind COMMAND...: in the background, ended with the test; its output in $O.bg
behind()
{
	"$@" >>"$O.bg" 2>&1 </dev/null 3>&- 4>&- &
	HELPERS="${HELPERS:-} $!"
}

attack()
{
	behind python3 "$BATS_TEST_DIRNAME/runtime_attack.py" "$@"
	soon 5 grep -Eq 'swapping|listening' "$O.bg"
}

# try ARGUMENT...: output, standard error and status, whatever they are
try()
{
	status=0
	rt "$@" >"$O" 2>"$O.err" </dev/null || status=$?
	output=$(tr -d '\0' <"$O") stderr=$(cat "$O.err")
}

works()
{
	try "$@"
	[ "$status" = 0 ] || { show runtime "$@"; return 1; }
}

# fails PATTERN ARGUMENT...: an error in one line, no crash, no time-out
fails()
{
	local pattern=$1
	shift
	try "$@"
	if [ "$status" = 0 ] || [ "$status" = 124 ] || [ "$status" -ge 128 ] || ! grep -Eqi -- "$pattern" "$O.err" || [ "$(wc -l <"$O.err")" != 1 ]; then
		echo "wanted a failure with one line like: $pattern"
		show runtime "$@"
		return 1
	fi
}

# sleeper ID [JQ-FILTER [JQ-OPTION...]]: a running container
sleeper()
{
	local id=$1 filter=${2:-.}
	shift $(($# > 1 ? 2 : 1))
	bundle "$B" ".process.args = [\"sleep\", \"1000\"] | $filter" "$@" && works run -d --bundle "$B" "$id"
}

pid_of()
{
	rt state "$1" | jq -r .pid
}

# fresh: a bundle of this test's own, whose rootfs may be spoilt
fresh()
{
	B=$WORK/b$BATS_TEST_NUMBER
	bundle "$B"
}

absent()
{
	local path
	for path in "$@"; do
		[ ! -e "$path" ] || { echo "there is: $path"; return 1; }
	done
}

MANY_IDS='.linux.uidMappings = [{containerID: 0, hostID: $uid, size: 1}, {containerID: 1, hostID: $start, size: 65535}]
	| .linux.gidMappings = [{containerID: 0, hostID: $gid, size: 1}, {containerID: 1, hostID: $start, size: 65535}]'
many_ids()
{
	local start
	start=$(grep "^$(id -un):" /etc/subuid | cut -d: -f2)
	[ -n "$start" ] || skip "no subordinate ids"
	bundle "$B" "$MANY_IDS | $1" --argjson uid "$(id -u)" --argjson gid "$(id -g)" --argjson start "$start"
}

@test "2019-5736: a program that is the runtime itself" {
	cp "$CORACLE" "$WORK/own"
	before=$(sha256sum <"$WORK/own")
	fresh
	printf '#!/proc/self/exe\n' >"$B/rootfs/evil"
	chmod 755 "$B/rootfs/evil"
	for args in '["/proc/self/exe", "--version"]' '["/evil"]' '["/proc/1/exe"]' '["/proc/thread-self/exe"]'; do
		bundle "$B" ".process.args = $args"
		CORACLE=$WORK/own fails . run --bundle "$B" x
	done
	CORACLE=$WORK/own sleeper y
	for program in /proc/self/exe /evil /proc/thread-self/exe /proc/self/fd/../exe; do
		CORACLE=$WORK/own fails . exec y "$program"
	done
	is "$before" "$(sha256sum <"$WORK/own")"
}

@test "2019-5736, 2016-9962: processes that enter are not written, traced, read or robbed" {
	[ -x "$WORK/attack" ] || skip "no static C compiler"
	cp "$CORACLE" "$WORK/own"
	before=$(sha256sum <"$WORK/own")
	fresh
	cp "$WORK/attack" "$B/rootfs/attack"
	cp /bin/busybox "$B/rootfs/sleep"
	bundle "$B" '.process.args = ["sh", "-c", "/attack >/log 2>&1"] | .root.readonly = false
		| .process.capabilities |= map_values(["CAP_SYS_PTRACE", "CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE", "CAP_KILL"])
		| del(.linux.seccomp)'
	CORACLE=$WORK/own works run -d --bundle "$B" hostile
	soon 5 grep -q attacking "$B/rootfs/log"
	# at least so often, and as often as it takes on this machine until the attacker has seen some
	for i in $(seq 2000); do
		CORACLE=$WORK/own try exec hostile true
		[ $i -lt 40 ] || [ "$(grep -c '^seen' "$B/rootfs/log")" -lt 10 ] || break
	done
	# one that is being made in the same pid and user namespaces
	pid=$(pid_of hostile)
	cp "$B/config.json" "$B/first.json"
	bundle "$B" '(.linux.namespaces[] | select(.type == "pid" or .type == "user")).path = "/proc/\($pid)/ns/\(.type)"
		| .linux.namespaces |= map(if .path then .path = "/proc/\($pid)/ns/\(.type)" else . end)
		| del(.linux.uidMappings, .linux.gidMappings) | .process.args = ["true"]' --argjson pid "$pid"
	for i in $(seq 20); do
		CORACLE=$WORK/own try run --bundle "$B" "shared$i"
	done
	echo "$stderr"
	[ "$status" = 0 ] || [ "$status" = 137 ]
	output=$(cat "$B/rootfs/log")
	[ "$(grep -c '^seen' <<<"$output")" -ge 10 ]
	hasnt 'HELD|WROTE|TRACED|OPENED|STOLE|DESCRIPTOR'
	# the attack itself works where nothing protects: on another program of the container
	for i in $(seq 20); do
		try exec hostile /sleep 1
		[ "$(grep -Eo '(HELD|TRACED|OPENED|WROTE).*/sleep' "$B/rootfs/log" | cut -d' ' -f1 | sort -u | wc -l)" -lt 4 ] || break
	done
	for what in HELD TRACED OPENED WROTE; do
		soon 8 grep -q "$what.*/sleep" "$B/rootfs/log"
	done
	is "$before" "$(sha256sum <"$WORK/own")"
}

@test "2016-9962, 2024-21626: descriptors and working directories of the host stay outside" {
	exec 5<"$WORK" 6</ 7<"$WORK/canary"
	bundle "$B" '.process.args = ["ls", "/proc/self/fd"]'
	works run --bundle "$B" fds
	is $'0\n1\n2\n3'
	for n in $(seq 3 20); do
		bundle "$B" '.process.args = ["sh", "-c", "cat canary ./*/canary ../canary ../../canary; ls"]
			| .process.cwd = "/proc/self/fd/\($n)"' --argjson n "$n"
		for kept in 0 30; do
			try run --preserve-fds $kept --bundle "$B" "cwd$n.$kept"
			[ "$status" != 0 ]
			hasnt 'host|canary|etc|state.json'
		done
	done
	sleeper s
	for n in $(seq 3 20); do
		for kept in 0 30; do
			try exec --preserve-fds $kept --cwd "/proc/self/fd/$n" s ls
			[ "$status" != 0 ]
			hasnt 'canary|etc|state.json'
		done
		try exec s "/proc/self/fd/$n/../../bin/busybox"
		[ "$status" != 0 ]
	done
	for path in /proc/self/cwd/../../../.. /proc/1/root/../.. /proc/self/root/../..; do
		try exec --cwd "$path" s ls
		hasnt 'canary|boot'
	done
	exec 5<&- 6<&- 7<&-
}

@test "2024-21626: --preserve-fds passes what the caller has, and none of the runtime's own" {
	bundle "$B" '.process.args = ["sh", "-c", "ls -l /proc/self/fd"]'
	exec 5<"$WORK/canary"
	works run --preserve-fds 3 --bundle "$B" some
	is 1 "$(grep -c canary <<<"$output")"
	works run --preserve-fds 100 --bundle "$B" all
	exec 5<&-
	hasnt 'socket|oci|state|lock|config|rootfs'
	works run --bundle "$B" none
	hasnt canary
	LISTEN_FDS=50 works run --bundle "$B" listen
	hasnt 'socket|oci|state|lock|config|rootfs'
	for wrong in -1 1025 4294967299 x ''; do
		fails . run --preserve-fds "$wrong" --bundle "$B" wrong
	done
}

@test "2019-16884, 2019-19921, 2023-27561, 2023-28642: /proc is proc" {
	fresh
	mkdir "$WORK/fake" && mkdir -p "$WORK/fake/self/attr" "$WORK/fake/sys/kernel"
	for mount in '{destination: "/proc/self/attr", type: "tmpfs", source: "tmpfs"}' \
		'{destination: "/proc/self/attr", type: "bind", source: $fake, options: ["rbind"]}' \
		'{destination: "/proc/sys/kernel", type: "tmpfs", source: "tmpfs"}' \
		'{destination: "/proc", type: "tmpfs", source: "tmpfs"}' \
		'{destination: "/proc/.", type: "bind", source: $fake, options: ["bind"]}' \
		'{destination: "//proc/../proc/./", type: "bind", source: $fake, options: ["rbind"]}' \
		'{destination: "/tmp/../proc/1", type: "bind", source: $fake, options: ["rbind"]}' \
		'{destination: "/", type: "bind", source: $fake, options: ["rbind"]}' \
		'{destination: "/link/self", type: "bind", source: $fake, options: ["rbind"]}' \
		'{destination: "/link", type: "tmpfs", source: "tmpfs"}'; do
		ln -sfn proc "$B/rootfs/link"
		bundle "$B" ".process.args = [\"true\"] | .mounts += [$mount]" --arg fake "$WORK/fake"
		fails 'proc|root' run --bundle "$B" "p$RANDOM"
	done
	for name in proc sys dev; do
		rm -rf "$B/rootfs/$name"
		ln -s /tmp "$B/rootfs/$name"
		bundle "$B" '.process.args = ["true"]'
		fails "symlink in place of /$name" run --bundle "$B" "s$name"
		rm "$B/rootfs/$name" && mkdir "$B/rootfs/$name"
	done
	# none mounted, and one that the image brings
	mkdir -p "$B/rootfs/proc/self/attr" "$B/rootfs/proc/sys/kernel"
	echo 0 >"$B/rootfs/proc/self/oom_score_adj"
	bundle "$B" '.process.args = ["cat", "/proc/self/oom_score_adj"] | .process.oomScoreAdj = 555
		| .mounts |= map(select(.destination != "/proc")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	try run --bundle "$B" faked
	is 0 "$(cat "$B/rootfs/proc/self/oom_score_adj")"
}

@test "2025-52881: a hostile container's /proc is not written to by exec" {
	sleeper h '.process.capabilities |= map_values(["CAP_SYS_ADMIN"])'
	works exec h sh -c 'mkdir -p /tmp/p/self/attr /tmp/p/sys; mount -t tmpfs none /tmp && mkdir -p /tmp/p/self/attr/apparmor /tmp/p/thread-self/attr
		for f in oom_score_adj attr/exec attr/apparmor/exec; do echo before >/tmp/p/self/$f; done
		mount --bind /tmp/p /proc && cat /proc/self/attr/exec'
	is before
	jq '.process | .args = ["cat", "/proc/self/oom_score_adj"] | .oomScoreAdj = 777' "$B/config.json" >"$WORK/p.json"
	try exec --process "$WORK/p.json" h
	is before
}

@test "2021-30465, 2024-45310, 2019-18837: targets exchanged for links while containers start, 200 times" {
	fresh
	vol=$WORK/race
	mkdir -p "$vol/dir" "$WORK/caught"
	ln -s "../../../../../../..$WORK/caught" "$vol/link"
	mkdir "$B/rootfs/swap"
	ln -s "$WORK/caught" "$B/rootfs/swapped"
	touch "$WORK/going"
	attack swap "$WORK/going" "$vol/dir" "$vol/link"
	attack swap "$WORK/going" "$B/rootfs/swap" "$B/rootfs/swapped"
	bundle "$B" '.process.args = ["sh", "-c", "echo x >/vol/dir/inner/x; echo x >/vol/dir/a/b/x"] | .process.cwd = "/vol/dir/work/here"
		| .linux.maskedPaths += ["/vol/dir/mask"] | .linux.readonlyPaths += ["/vol/dir/inner"]
		| .mounts += [{destination: "/vol", type: "bind", source: $vol, options: ["rbind", "rw"]},
			{destination: "/vol/dir/inner", type: "tmpfs", source: "tmpfs"},
			{destination: "/vol/dir/a/b", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"]},
			{destination: "/vol/dir/c/file", type: "bind", source: $canary, options: ["bind", "ro"]},
			{destination: "/swap/d/e", type: "tmpfs", source: "tmpfs"}]
		| .linux.devices = [{path: "/vol/dir/null", type: "c", major: 1, minor: 3}]' --arg vol "$vol" --arg canary "$WORK/canary"
	started=0
	for i in $(seq 200); do
		try run --bundle "$B" race
		[ "$status" -lt 124 ]
		hasnt 'exists already' "$stderr"
		[ "$status" != 0 ] || started=$((started + 1))
	done
	rm "$WORK/going"
	echo "started: $started"
	is "" "$(ls -A "$WORK/caught")"
	is "" "$(rt list -q)"
}

@test "2025-31133: masks are the null device and nothing else" {
	fresh
	bundle "$B" '.process.args = ["sh", "-c", "stat -c %t:%T /proc/kcore /proc/keys; cat /proc/kcore /proc/keys; ls -A /proc/acpi; ls -A /sys/firmware; echo x >/proc/sys/kernel/hostname"]'
	try run --bundle "$B" m
	hasnt '^[^1]'
	is 1:3 "$(head -1 <<<"$output")"
	# /dev is the image's: null leads to a file of the container
	mkdir -p "$WORK/dev/pts" "$WORK/dev/shm" "$WORK/dev/mqueue"
	for bad in /etc/passwd /proc/sys/kernel/core_pattern /dev/zero /nowhere; do
		ln -sfn "$bad" "$WORK/dev/null"
		bundle "$B" '.process.args = ["cat", "/proc/keys"] | (.mounts[] | select(.destination == "/dev"))
			|= {destination: "/dev", type: "bind", source: $dev, options: ["rbind"]} | .linux.maskedPaths = ["/proc/keys", "/etc/group"]' --arg dev "$WORK/dev"
		fails 'mask|null|link' run --bundle "$B" "n$RANDOM"
	done
	rm "$WORK/dev/null" && touch "$WORK/dev/null"
	fails 'mask|null' run --bundle "$B" "n$RANDOM"
	ln -sfn /etc/passwd "$B/rootfs/dev/null"
	bundle "$B" '.process.args = ["cat", "/proc/keys"] | .mounts |= map(select(.destination | startswith("/dev") | not)) | .linux.maskedPaths = ["/proc/keys"]'
	fails 'link|null' run --bundle "$B" nodev
	grep -q ann "$B/rootfs/etc/passwd"
}

@test "2025-52565, 2026-41579, 2026-47766, 2026-88264: /dev and /dev/console as links" {
	fresh
	nodev='.mounts |= map(select(.destination | startswith("/dev") | not)) | .process.args = ["true"]'
	rm -rf "$B/rootfs/dev"
	mkdir -p "$WORK/held"
	for target in /proc /vol /tmp ../../../tmp; do
		ln -sfn "$target" "$B/rootfs/dev"
		for terminal in true false; do
			bundle "$B" "$nodev | .process.terminal = $terminal
				| .mounts += [{destination: \"/vol\", type: \"bind\", source: \$held, options: [\"rbind\"]}]" --arg held "$WORK/held"
			fails 'link' run --bundle "$B" "d$RANDOM"
			is "" "$(ls -A "$WORK/held")"
		done
	done
	rm "$B/rootfs/dev" && mkdir -p "$B/rootfs/dev/pts"
	for target in /proc/sys/kernel/core_pattern /etc/passwd ../proc/sysrq-trigger /vol/x; do
		ln -sfn "$target" "$B/rootfs/dev/console"
		bundle "$B" "$nodev | .process.terminal = true | .process.args = [\"cat\", \"/proc/self/mounts\"]
			| .mounts += [{destination: \"/vol\", type: \"bind\", source: \$held, options: [\"rbind\"]},
				{destination: \"/dev/pts\", type: \"devpts\", source: \"devpts\", options: [\"newinstance\", \"ptmxmode=0666\"]}]" --arg held "$WORK/held"
		works run --bundle "$B" "c$RANDOM"
		hasnt ' (/proc/s[^ ]*|/etc/passwd|/vol/x) devpts'
		is "" "$(ls -A "$WORK/held")"
	done
}

@test "2026-88265: standard streams keep their owners, and the image's null is not opened" {
	fresh
	ln -sfn /etc/passwd "$B/rootfs/dev/null"
	many_ids '.process.args = ["sh", "-c", "id -u; cat"] | .process.user = {uid: 1000, gid: 1000}'
	mkfifo "$WORK/fifo"
	exec 8<>"$WORK/fifo"
	echo >"$WORK/file"
	(rt run --bundle "$B" streams <"$WORK/file" 1<>"$WORK/fifo" 2>>"$WORK/file") || true
	exec 8>&-
	is "$(id -u)" "$(stat -c %u "$WORK/fifo")"
	is "$(id -u)" "$(stat -c %u "$WORK/file")"
	is "$(id -u)" "$(stat -c %u "$B/rootfs/etc/passwd")"
}

@test "2022-29162, 2022-27650: inheritable and ambient capabilities are those asked for" {
	bundle "$B" '.process.args = ["grep", "-E", "Cap(Inh|Amb)", "/proc/self/status"] | .process.capabilities |= (del(.inheritable, .ambient))'
	works run --bundle "$B" c
	is $'CapInh:\t0000000000000000\nCapAmb:\t0000000000000000'
	sleeper e '.process.capabilities |= (del(.inheritable, .ambient))'
	for option in '' '--cap CAP_NET_ADMIN' '--cap CAP_SYS_ADMIN --user 0:0' '--no-new-privs'; do
		works exec $option e grep -E 'Cap(Inh|Amb)' /proc/self/status
		is $'CapInh:\t0000000000000000\nCapAmb:\t0000000000000000'
	done
	sleeper none 'del(.process.capabilities)'
	works exec none grep CapInh /proc/self/status
	has '0000000000000000'
	fails 'capability' exec --cap CAP_NO_SUCH e true
}

@test "2023-25809, 2022-0492: no cgroup can be written" {
	for filter in . '.linux.namespaces |= map(select(.type != "cgroup"))' \
		'.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"]}]' \
		'.linux.namespaces |= map(select(.type != "cgroup")) | .mounts += [{destination: "/sys/fs/cgroup", type: "cgroup2", source: "cgroup", options: ["rw"]}]'; do
		bundle "$B" "$filter"' | .process.args = ["sh", "-c", "for d in /sys/fs/cgroup /sys/fs/cgroup/*; do mkdir $d/x && echo MADE $d; echo 0 >$d/cgroup.procs && echo MOVED $d; echo /x >$d/release_agent && echo AGENT $d; done; true"]'
		try run --bundle "$B" "g$RANDOM"
		hasnt 'MADE|MOVED|AGENT'
	done
}

@test "2021-43784, 2026-30892: numbers of users are numbers" {
	sleeper u
	for wrong in '' : 1: :1 -1 4294967295 4294967296 18446744073709551616 0x0 '1000 ' ' 1' 'name:0' root 0:-1 0:4294967295 1e3 +1 $'0\n' 0:0:0; do
		fails 'user' exec --user "$wrong" u id
	done
	for wrong in -1 4294967295 4294967296 x 1,-1; do
		fails . exec --additional-gids "$wrong" u id
	done
	for wrong in -1 4294967295 4294967296 1e3 '"0"' 0.5 null[] 18446744073709551616; do
		bundle "$B" '.process.args = ["id"]' && sed -i "s/\"uid\": 0/\"uid\": $wrong/" "$B/config.json"
		fails . run --bundle "$B" "id$RANDOM"
		sed -i "s/\"uid\": $wrong/\"uid\": 0/; s/\"hostID\": [0-9]*/\"hostID\": $wrong/" "$B/config.json"
		fails . run --bundle "$B" "id$RANDOM"
	done
}

@test "names that climb: ids, cgroupsPath, exec --cgroup" {
	bundle "$B" '.process.args = ["true"]'
	for id in '' . .. ../x a/b /abs -x $'new\nline' $'end\n' 'sp ace' .hidden '*' "$(printf 'a%.0s' {1..256})"; do
		for command in state start 'delete' 'delete --force' kill pause; do
			fails . $command "$id"
		done
		fails . create --bundle "$B" "$id"
		[ "$id" = -x ] || fails . run --bundle "$B" -- "$id"
	done
	is "" "$(rt list -q)"
	is "" "$(find "$R" -mindepth 1 -not -path "$R/.cache*")"
	for path in ../x /../x a/../../b /a/..; do
		bundle "$B" '.process.args = ["true"] | .linux.cgroupsPath = $path' --arg path "$path"
		fails cgroupsPath run --bundle "$B" climb
	done
	sleeper c
	for path in .. ../x a/../../b; do
		fails cgroup exec --cgroup "$path" c true
	done
}

@test "links of the image at targets lead nowhere" {
	fresh
	up=../../../../../../../../../..
	ln -s "$up$WORK/canary" "$B/rootfs/etc/hosts"
	ln -s "$up$WORK" "$B/rootfs/data"
	ln -s "$WORK/made" "$B/rootfs/absolute"
	ln -s "$up$WORK/node" "$B/rootfs/node"
	echo container >"$WORK/hosts"
	bundle "$B" '.process.args = ["sh", "-c", "echo spoilt >/data/canary; echo x >/etc/hosts; echo x >/absolute/x; pwd"] | .process.cwd = "/data/cwd"
		| .linux.devices = [{path: "/node", type: "p"}, {path: "/data/null", type: "c", major: 1, minor: 3}]
		| .mounts += [{destination: "/etc/hosts", type: "bind", source: $hosts, options: ["bind"]},
			{destination: "/absolute/dir", type: "tmpfs", source: "tmpfs"}, {destination: "/data/sub", type: "tmpfs", source: "tmpfs"}]' --arg hosts "$WORK/hosts"
	try run --bundle "$B" links
	absent "$WORK/made" "$WORK/node" "$WORK/null" "$WORK/cwd" "$WORK/sub"
}

@test "exec into a container whose init has spoilt its /dev and its programs" {
	sleeper h '.process.capabilities |= map_values(["CAP_SYS_ADMIN", "CAP_MKNOD"]) | .root.readonly = false'
	works exec h sh -c 'mount -t tmpfs none /dev/pts; ln -s /etc/passwd /dev/pts/ptmx; ln -sf /etc/passwd /dev/null; true'
	fails . exec -t h true
	works exec h sh -c 'rm /dev/pts/ptmx; mkfifo /dev/pts/ptmx'
	fails . exec -t h true
	works exec h sh -c 'rm /dev/pts/ptmx; ln -s /proc/1/fd /dev/pts/x; touch /dev/pts/ptmx'
	fails . exec -t h true
	works exec h true
}

@test "2022-2989, 2022-2990: groups are exactly those asked for" {
	many_ids '.process.args = ["id", "-G"] | .process.user = {uid: 7, gid: 8}'
	works run --bundle "$B" g
	is 8
	many_ids '.process.args = ["id", "-G"] | .process.user = {uid: 7, gid: 8, additionalGids: [20, 10]}'
	works run --bundle "$B" h
	is '8 10 20' "$(tr ' ' '\n' <<<"$output" | sort -n | xargs)"
	many_ids '.process.args = ["id", "-G"] | .annotations["run.oci.keep_original_groups"] = "yes"'
	works run --bundle "$B" i
	is 0
}

@test "2018-15664 kin: config.json exchanged between create and start changes nothing" {
	bundle "$B" '.process.args = ["echo", "first"]'
	rt create --bundle "$B" swapped >"$O.run" 2>&1 </dev/null
	bundle "$B" '.process.args = ["echo", "second"] | .hooks.poststart = [{path: "/bin/touch", args: ["touch", $made]}]' --arg made "$WORK/made-by-hook"
	works start swapped
	soon 5 grep -q first "$O.run"
	works delete --force swapped
	absent "$WORK/made-by-hook"
}

@test "hostile config.json: refused in one line, nothing left" {
	bundle "$B"
	good=$(jq -c '.process.args = ["true"]' "$B/config.json")
	bad=(
		'' ' ' '{' '[]' 'null' '"x"' '{}' '{"ociVersion": 1}' '{"ociVersion": "9.9.9"}' "$good x"
		"${good/\"ociVersion\"/\"ociVersion\": \"1.0.0\", \"ociVersion\"}"
		"${good/\"true\"/\"tr\\u0000ue\"}"
		"${good/\"cwd\":\"/\"cwd\":\"\\u0000/}"
		"${good/\"cwd\":\"\//\"cwd\":\"x}"
		"${good/\"path\":\"rootfs/\"path\":\"rootfs\\u0000/}"
		"${good/\"soft\":[0-9]*/\"soft\":99999999999999999999999999}"
		"${good/\"soft\":/\"soft\":-1,\"soft\":}"
		"${good/\"size\":1/\"size\":1e400}"
		"${good/\"size\":1/\"size\":4294967297}"
		"${good/\"hostname\":\"/\"hostname\":\"$(printf 'h%.0s' {1..100})}"
		"${good/\"destination\":\"\/proc/\"destination\":\"\/proc\\u0000}"
	)
	for text in "${bad[@]}"; do
		[ "$text" != "$good" ]
		printf '%s' "$text" >"$B/config.json"
		fails . run --bundle "$B" bad
	done
	python3 - "$B" <<-'END'
	import sys
	open(sys.argv[1] + '/deep.json', 'w').write('{"annotations":' + '{"a":' * 100000)
	open(sys.argv[1] + '/deep2.json', 'w').write('[' * 2000000)
	open(sys.argv[1] + '/big.json', 'w').write('{"ociVersion":"1.0.0","x":"' + 'a' * (5 << 20) + '"}')
	open(sys.argv[1] + '/many.json', 'w').write('{"ociVersion":"1.0.0","root":{"path":"rootfs"},"mounts":[' + ','.join(['{"destination":"/m"}'] * 60000) + ']}')
	open(sys.argv[1] + '/latin.json', 'wb').write(b'{"ociVersion":"1.0.0","root":{"path":"\xff\xfe"}}')
	END
	mkfifo "$B/fifo.json"
	for name in deep deep2 big many latin fifo nosuch; do
		fails . run --config "$name.json" --bundle "$B" bad
	done
	fails . run --config /dev/zero --bundle "$B" bad
	fails . run --config ../../../../../../../../etc/shadow --bundle "$B" bad
	is "" "$(rt list -q)"
}

@test "a directory of states that others can write, or that is somebody else's" {
	bundle "$B" '.process.args = ["true"]'
	mkdir -m 0777 "$WORK/open" && chmod 0777 "$WORK/open"
	mkdir -m 0770 "$WORK/group" && chmod 0770 "$WORK/group"
	for R in "$WORK/open" "$WORK/group" / /tmp /etc; do
		for command in "run --bundle $B x" 'list' 'kill x' 'delete --force x' 'state x'; do
			fails 'somebody else|others' $command
		done
	done
	R=$WORK/canary fails . list
	R=$WORK/oci works run --bundle "$B" x
	is 700 "$(stat -c %a "$WORK/oci")"
}

@test "--pid-file and --log in a directory of somebody hostile" {
	mkdir -m 1777 "$WORK/tmp"
	bundle "$B" '.process.args = ["true"]'
	ln -s "$WORK/canary" "$WORK/tmp/pid"
	ln -s "$WORK/canary" "$WORK/tmp/log"
	ln -s "$WORK/appeared" "$WORK/tmp/log2"
	mkfifo "$WORK/tmp/fifo"
	works run --pid-file "$WORK/tmp/pid" --bundle "$B" p
	is 'regular file' "$(stat -c %F "$WORK/tmp/pid")"
	for log in log log2 fifo; do
		try --log "$WORK/tmp/$log" state nosuch
		[ "$status" != 0 ]
		[ "$status" -lt 124 ]
	done
	absent "$WORK/appeared"
	is 0 "$(find "$R" -name '*.tmp' | wc -l)"
}

@test "a start socket that was replaced" {
	touch "$WORK/going"
	bundle "$B" '.process.args = ["sleep", "1000"]'
	for kind in file link dangling socket gone; do
		try create --bundle "$B" $kind
		mv "$R/$kind/start" "$R/$kind/was"
		case $kind in
		file) touch "$R/file/start" ;;
		link) ln -s "$WORK/canary" "$R/link/start" ;;
		dangling) ln -s "$WORK/appeared" "$R/dangling/start" ;;
		socket) attack closing "$R/socket/start" ;;
		esac
		fails . start $kind
		works delete --force $kind
	done
	absent "$WORK/appeared"
}

@test "console sockets: one that closes, one that is a link, one that is none" {
	bundle "$B" '.process.terminal = true | .process.args = ["true"]'
	attack closing "$WORK/closing.sock"
	ln -s closing.sock "$WORK/link.sock"
	ln -s nowhere "$WORK/nowhere.sock"
	for name in closing link; do
		try create --console-socket "$WORK/$name.sock" --bundle "$B" $name
		[ "$status" -lt 124 ]
		works delete --force $name
	done
	fails . create --console-socket "$WORK/nowhere.sock" --bundle "$B" nowhere
	fails 'not a socket' create --console-socket "$WORK/canary" --bundle "$B" file
	fails . create --bundle "$B" none
	is "" "$(rt list -q)"
	is host "$(cat "$WORK/canary")"
}

@test "a console socket that never answers ends in time, and nothing is left" {
	soon 15 grep -q '^status' "$WORK/deaf.err"
	is 'status 1' "$(tail -1 "$WORK/deaf.err")"
	has 'did not answer' "$(cat "$WORK/deaf.err")"
	R=$WORK/oci-deaf
	is "" "$(rt list -q)"
}

@test "a seccomp listener that never answers: delete --force gets through" {
	attack mute "$WORK/mute.sock"
	# an agent that takes the listener and says nothing: the start hangs in the program's first call
	bundle "$B" '.process.args = ["true"] | .process.noNewPrivileges = true
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $path, syscalls: [{names: ["execve"], action: "SCMP_ACT_NOTIFY"}]}' --arg path "$WORK/mute.sock"
	works create --bundle "$B" mute
	behind rt start mute
	start=$!
	soon 5 grep -q took "$O.bg"
	sleep 0.3
	works delete --force mute
	wait $start || true
	is "" "$(rt list -q)"
}

@test "hooks: one that hangs, one that keeps the pipes, one that changes the root" {
	fresh
	hook='.process.args = ["true"] | .hooks'
	for kind in createRuntime createContainer poststart; do
		bundle "$B" "$hook.$kind = [{path: \"/bin/sleep\", args: [\"sleep\", \"1000\"], timeout: 1}]"
		fails 'hook|timed out|110' run --bundle "$B" "t$kind"
	done
	bundle "$B" "$hook.createRuntime = [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"sleep 100 & exec sleep 0\"]}]"
	before=$SECONDS
	works run --bundle "$B" forks
	[ $((SECONDS - before)) -lt 100 ]
	# the mount points go, and links come in their place
	bundle "$B" "$hook.createRuntime = [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \$script]}] | .process.args = [\"sh\", \"-c\", \"echo x >/proc/x; echo x >/dev/null; cat /proc/keys\"]" \
		--arg script "cd $B/rootfs && rm -rf proc dev sys && ln -s $WORK proc && ln -s $WORK dev && ln -s $WORK sys"
	try run --bundle "$B" changes
	absent "$WORK/x" "$WORK/null"
	is "" "$(rt list -q)"
}

@test "create killed at any moment leaves no process and no lock" {
	bundle "$B" '.process.args = ["sleep", "54321"] | .hooks.createContainer = [{path: "/bin/sleep", args: ["sleep", "0.005"]}]'
	for i in 1 2; do
		python3 "$BATS_TEST_DIRNAME/runtime_attack.py" killer SIGKILL 40 15 "$CORACLE" runtime --root "$R" create --bundle "$B" "killed$i" 3>&-
		works delete --force "killed$i"
	done
	for i in $(seq 12); do
		python3 "$BATS_TEST_DIRNAME/runtime_attack.py" killer SIGKILL 40 1 "$CORACLE" runtime --root "$R" create --bundle "$B" killed 3>&-
		# made in time, or dead; never in between for long
		works delete --force killed
	done
	bundle "$B" '.process.args = ["sleep", "54321"] | .hooks.createContainer = [{path: "/bin/sleep", args: ["sleep", "64321"]}]'
	python3 "$BATS_TEST_DIRNAME/runtime_attack.py" killer SIGKILL 200 2 "$CORACLE" runtime --root "$R" run --bundle "$B" hung 3>&-
	python3 "$BATS_TEST_DIRNAME/runtime_attack.py" killer SIGINT 400 1 "$CORACLE" runtime --root "$R" run --bundle "$B" hung2 3>&-
	works delete --force hung
	works delete --force hung2
	soon 5 none_left "sleep [56]4321"
	is "" "$(rt list -q)"
}

none_left()
{
	! pgrep -u "$(id -u)" -f "$1"
}

@test "create stopped in the middle: delete --force gets through" {
	bundle "$B" '.process.args = ["sleep", "1000"] | .hooks.createContainer = [{path: "/bin/sleep", args: ["sleep", "1000"]}]'
	behind rt create --bundle "$B" stopped
	soon 5 [ -s "$R/stopped/state.json" ]
	works delete --force stopped
	is "" "$(rt list -q)"
}

@test "many at once: creates of one id, starts and deletes, a run that ends while its id is made anew" {
	bundle "$B" '.process.args = ["sleep", "1000"]'
	for i in $(seq 8); do
		jobs=
		for j in 1 2 3; do
			rt create --bundle "$B" same >/dev/null 2>"$O.$j" </dev/null &
			jobs="$jobs $!"
		done
		won=0
		for job in $jobs; do
			wait $job && won=$((won + 1)) || true
		done
		is 1 "$won"
		rt start same >/dev/null 2>&1 </dev/null &
		one=$!
		rt delete --force same >/dev/null 2>&1 &
		two=$!
		wait $one || true
		wait $two
		is "" "$(rt list -q)"
		is "" "$(ls -A "$R" | grep -v cache || true)"
	done
	for i in $(seq 8); do
		rt run --bundle "$B" again >/dev/null 2>&1 </dev/null &
		one=$!
		soon 5 is_running again
		rt delete --force again
		works run -d --bundle "$B" again
		wait $one || true
		is_running again
		works delete --force again
	done
}

is_running()
{
	[ "$(rt state "$1" 2>/dev/null | jq -r .status)" = running ]
}

@test "a container that multiplies is ended by delete --force" {
	bundle "$B" '.process.args = ["sh", "-c", "trap : TERM INT HUP; i=0; while [ $i -lt 60 ]; do (trap : TERM HUP INT; while :; do sleep 77777; done) & i=$((i+1)); done; while :; do setsid sleep 77777; done"]'
	works run -d --bundle "$B" bomb
	soon 10 sh -c 'test $(pgrep -fc "[s]leep 77777") -gt 30'
	works delete --force bomb
	soon 5 none_left '[s]leep 77777'
	is "" "$(rt list -q)"
}
