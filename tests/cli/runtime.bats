#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# runtime.bats - coracle runtime as an OCI runtime: the life of a container (runtime-spec runtime.md), exec, hooks

load helper

file_setup()
{
	export B=$WORK/b STATES=$WORK/run/oci
	bundle "$B"
	# what takes ten seconds is looked at by the last test
	export DEAF=$WORK/deaf
	mkdir "$DEAF"
	bundle "$DEAF/b" '.process.terminal = true'
	python3 "$BATS_TEST_DIRNAME/runtime_agent.py" deaf "$DEAF/socket" >"$DEAF/agent" 2>&1 3>&- 4>&- &
	echo $! >"$DEAF/pid"
	soon 5 grep -q full "$DEAF/agent"
	{
		code=0
		c runtime --root "$DEAF/states" create --bundle "$DEAF/b" --console-socket "$DEAF/socket" deaf 2>"$DEAF/error" || code=$?
		echo $code >"$DEAF/status"
	} </dev/null >/dev/null 2>&1 3>&- 4>&- &
}

file_teardown()
{
	kill "$(cat "$DEAF/pid")" 2>/dev/null || true
}

setup()
{
	ID=t$BATS_TEST_NUMBER
}

test_teardown()
{
	local id
	for id in $(c runtime list -q); do
		c runtime delete --force "$id"
	done
}

# config SCRIPT [JQ-FILTER]: the file's bundle with sh -c SCRIPT as its program
config()
{
	bundle "$B" ".process.args = [\"sh\", \"-c\", \$script] | ${2:-.}" --arg script "$1"
}

# quietly ARGUMENT...: must succeed; what stays behind must not hold bats' pipes open
quietly()
{
	c runtime "$@" >"$WORK/quiet" 2>&1 </dev/null || { cat "$WORK/quiet"; return 1; }
}

# create ARGUMENT...: of the file's bundle
create()
{
	quietly create --bundle "$B" "$@"
}

# ids_map: a filter that maps ids 0 to 65535
ids_map()
{
	local uid gid
	uid=$(awk -F: -v user="$(id -un)" '$1 == user { print $2; exit }' /etc/subuid)
	gid=$(awk -F: -v user="$(id -un)" '$1 == user { print $2; exit }' /etc/subgid)
	[ -n "$uid" ] && [ -n "$gid" ] || skip 'no subordinate ids'
	printf '.linux.uidMappings = [{containerID: 0, hostID: %d, size: 1}, {containerID: 1, hostID: %d, size: 65535}]' "$(id -u)" "$uid"
	printf '| .linux.gidMappings = [{containerID: 0, hostID: %d, size: 1}, {containerID: 1, hostID: %d, size: 65535}]' "$(id -g)" "$gid"
}

state()
{
	c runtime state "$1" | jq -r ".${2:-status}"
}

is_state()
{
	[ "$(state "$1")" = "$2" ]
}

# running ID SCRIPT [FILTER]: a container that runs and has said so
running()
{
	config "echo up; $2" "${3:-.}"
	c runtime run --detach --bundle "$B" "$1" >"$WORK/out.$1" 2>&1 </dev/null || { cat "$WORK/out.$1"; return 1; }
	soon 5 grep -q up "$WORK/out.$1"
}

nobody_runs()
{
	! pgrep -u "$(id -u)" -f "$1"
}

# nothing_left ID: no state, no process, no cgroup, no mount
nothing_left()
{
	[ ! -e "$STATES/$1" ] || { echo "left: $STATES/$1"; return 1; }
	# who is killed needs a moment
	soon 5 nobody_runs "runtime (create|run) .* $1\$" || { pgrep -u "$(id -u)" -af "$1"; echo "processes left"; return 1; }
	! find /sys/fs/cgroup -user "$(id -u)" -name "coracle-$1" 2>/dev/null | grep . || { echo "cgroup left"; return 1; }
	! grep -F "$B" /proc/self/mountinfo || { echo "mount left"; return 1; }
}

# fails PATTERN ARGUMENT...: refused with status 1 and one line; by files, so that one that works after all holds up nothing
fails()
{
	status=0
	c runtime "${@:2}" >"$WORK/fails.out" 2>"$WORK/fails.err" </dev/null || status=$?
	output=$(cat "$WORK/fails.out") stderr=$(cat "$WORK/fails.err")
	if [ "$status" != 1 ] || ! grep -Eqi -- "$1" <<<"$stderr" || [ "$(wc -l <"$WORK/fails.err")" != 1 ]; then
		echo "wanted status 1 and one line like: $1"
		show "runtime ${*:2}"
		return 1
	fi
}

# ---------------------------------------------------------------- ids and bundles

@test "ids of letters, digits and _ + - . are taken" {
	config true
	for id in a 0 _x +x Ab.c-d+e_f x..y "$(printf 'i%.0s' {1..255})"; do
		create "$id"
		is "$id" "$(c runtime state "$id" | jq -r .id)"
		runs runtime delete --force "$id"
	done
}

@test "other ids are refused, and nothing is made of them" {
	config true
	for id in '' . .. .a a/b ../x /x 'a b' 'a:b' 'ä' $'a\n' '*' "$(printf 'i%.0s' {1..256})"; do
		fails 'id' create --bundle "$B" "$id"
		fails 'id' run --bundle "$B" "$id"
		fails 'id' state "$id"
		fails 'id' delete --force "$id"
	done
	is '' "$(ls "$STATES")"
}

@test "an id that is in use is refused, and its container stays as it is" {
	config 'sleep 100'
	create "$ID"
	pid=$(state "$ID" pid)
	fails "\"$ID\" exists" create --bundle "$B" "$ID"
	fails "\"$ID\" exists" run --bundle "$B" "$ID"
	is "$pid" "$(state "$ID" pid)"
	is created "$(state "$ID")"
}

@test "an id may be used again after delete" {
	for turn in 1 2; do
		config "echo round $turn"
		runs runtime run --bundle "$B" "$ID"
		is "round $turn"
		create "$ID"
		runs runtime delete --force "$ID"
		nothing_left "$ID"
	done
}

@test "without an id, with two, without a bundle: an error and nothing made" {
	fails 'too few' create --bundle "$B"
	fails 'too many' create --bundle "$B" one two
	fails 'nowhere.*No such file' create --bundle "$WORK/nowhere" "$ID"
	mkdir -p "$WORK/empty"
	fails 'config.json.*No such file' create --bundle "$WORK/empty" "$ID"
	(cd "$WORK/empty" && fails 'config.json.*No such file' create "$ID")
	fails 'no-such-option' create --no-such-option "$ID"
	nothing_left "$ID"
	is '' "$(c runtime list -q)"
}

@test "the bundle is the working directory by default; --config names another file" {
	config 'echo one'
	mv "$B/config.json" "$B/other.json"
	run --separate-stderr env -C "$B" "$CORACLE" runtime run --config other.json "$ID"
	is one
	mv "$B/other.json" "$B/config.json"
	run --separate-stderr env -C "$B" "$CORACLE" runtime run "$ID"
	is one
}

@test "a configuration that is no JSON object, or not whole, is refused" {
	for text in '' '{' '[]' 'null' '"x"' '{}' '{"ociVersion": 1}' '{"ociVersion": "1.0.0"}' \
		'{"ociVersion": "1.0.0", "root": {}}' '{"ociVersion": "1.0.0", "root": "rootfs"}' \
		'{"ociVersion": "1.0.0", "root": {"path": "rootfs"}} trailing' $'{"a\xff": 1}'; do
		printf '%s' "$text" >"$B/config.json"
		fails 'config.json' create --bundle "$B" "$ID"
		nothing_left "$ID"
	done
	head -c 20000000 /dev/zero | tr '\0' ' ' >"$B/config.json"
	fails 'config.json' create --bundle "$B" "$ID"
	rm "$B/config.json"
	mkdir "$B/config.json"
	fails 'config.json' create --bundle "$B" "$ID"
	rmdir "$B/config.json"
	nothing_left "$ID"
}

# ---------------------------------------------------------------- create, start, state

@test "the program does not run before start" {
	config 'touch /ran' '.root.readonly = false'
	rm -f "$B/rootfs/ran"
	create "$ID"
	is created "$(state "$ID")"
	[ ! -e "$B/rootfs/ran" ]
	runs runtime start "$ID"
	soon 5 test -e "$B/rootfs/ran"
}

@test "changes of config.json after create have no effect" {
	config 'echo as created' '.hostname = "first" | .annotations = {"a.b": "first"}'
	c runtime create --bundle "$B" "$ID" >"$WORK/out" 2>&1 </dev/null
	config 'echo changed' '.hostname = "second" | .annotations = {"a.b": "second"}'
	runs runtime start "$ID"
	soon 5 is_state "$ID" stopped
	is 'as created' "$(cat "$WORK/out")"
	is first "$(state "$ID" 'annotations["a.b"]')"
	rm "$B/config.json"
	runs runtime delete "$ID"
}

@test "start is for created containers only" {
	config 'read line'
	fails 'does not exist' start "$ID"
	mkfifo "$WORK/fifo"
	c runtime create --bundle "$B" "$ID" <>"$WORK/fifo" >/dev/null 2>&1
	runs runtime start "$ID"
	pid=$(state "$ID" pid)
	fails 'is running' start "$ID"
	is "$pid" "$(state "$ID" pid)"
	echo go 1<>"$WORK/fifo" >"$WORK/fifo"
	soon 5 is_state "$ID" stopped
	fails 'is stopped' start "$ID"
	is stopped "$(state "$ID")"
}

@test "without \"process\" a container can be created, not started" {
	config true 'del(.process)'
	create "$ID"
	is created "$(state "$ID")"
	fails '"process"' start "$ID"
	is created "$(state "$ID")"
	runs runtime delete --force "$ID"
	fails '"process"' run --bundle "$B" "$ID"
	nothing_left "$ID"
}

@test "state has the members of the specification, and of crun" {
	config 'sleep 100' '.annotations = {"org.example.a": "b c", "run.oci.unknown": "1"}'
	(cd "$B" && quietly create --bundle . "$ID")
	runs runtime state "$ID"
	jq -e --arg id "$ID" --arg b "$(realpath "$B")" --arg me "$(id -un)" '
		.id == $id and .status == "created" and .bundle == $b and .rootfs == $b + "/rootfs" and .owner == $me
		and (.ociVersion | test("^1\\.[0-9]+\\.[0-9]+$")) and (.created | fromdateiso8601? // (.[0:19] + "Z" | fromdateiso8601)) > 0
		and .annotations == {"org.example.a": "b c", "run.oci.unknown": "1"}' <<<"$output"
	pid=$(jq .pid <<<"$output")
	kill -0 "$pid"
	[ "$(readlink "/proc/$$/ns/pid")" = "$(readlink /proc/self/ns/pid)" ]
	runs runtime start "$ID"
	is running "$(state "$ID")"
	is "$pid" "$(state "$ID" pid)"
	runs runtime kill "$ID" KILL
	soon 5 is_state "$ID" stopped
	is 0 "$(c runtime state "$ID" | jq '.pid // 0')"
	fails 'does not exist' state nobody
}

@test "list shows what there is, as a table, as JSON, as ids" {
	is '' "$(c runtime list -q)"
	is '[]' "$(c runtime list --format json | jq -c .)"
	config 'sleep 100'
	create one
	create two
	c runtime start two
	is $'one\ntwo' "$(c runtime list -q)"
	is 'one created two running' "$(c runtime list -f json | jq -r '[.[] | .id, .status] | join(" ")')"
	runs runtime list
	has '^ID +PID +STATUS +BUNDLE +CREATED +OWNER'
	has "^one +$(state one pid) +created +$(realpath "$B") "
	has "^two +$(state two pid) +running "
	fails 'table or json' list -f yaml
}

# ---------------------------------------------------------------- kill, delete, pause

@test "kill: by name, with SIG, by number, TERM by default" {
	running "$ID" 'trap "echo got USR1" USR1; trap "echo got USR2" USR2; trap "echo got HUP" HUP; trap "echo got TERM" TERM
		while :; do sleep 0.05; done'
	for word in USR1 SIGUSR2 1 ''; do
		c runtime kill "$ID" $word
		case $word in 1) word=HUP ;; '') word=TERM ;; esac
		soon 5 grep -q "got ${word#SIG}" "$WORK/out.$ID"
	done
	fails 'not a signal' kill "$ID" NOSUCH
	runs runtime kill "$ID" 0
	is running "$(state "$ID")"
	fails 'not a signal' kill "$ID" 65
	fails 'not a signal' kill -- "$ID" -1
	is running "$(state "$ID")"
}

@test "kill of a created container works, of a stopped or unknown one is an error" {
	config 'sleep 100'
	create "$ID"
	runs runtime kill "$ID" KILL
	soon 5 is_state "$ID" stopped
	fails 'not running' kill "$ID" KILL
	fails 'not running' kill "$ID"
	fails 'does not exist' kill nobody
	fails 'no container' kill
	runs runtime delete "$ID"
}

@test "kill --all and kill KILL reach what shares our pid namespace as far as a cgroup tells" {
	running "$ID" 'sleep 100' 'del(.linux.namespaces[] | select(.type == "pid")) | del(.mounts[] | select(.type == "proc"))
		| .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	runs runtime kill --all "$ID" KILL
	soon 5 is_state "$ID" stopped
	runs runtime delete "$ID"
	nothing_left "$ID"
}

@test "delete takes only stopped containers; --force any" {
	running "$ID" 'sleep 100'
	pid=$(state "$ID" pid)
	fails 'is running' delete "$ID"
	is running "$(state "$ID")"
	kill -0 "$pid"
	runs runtime delete --force "$ID"
	soon 5 gone "$pid"
	nothing_left "$ID"
	create "$ID"
	pid=$(state "$ID" pid)
	# one that never ran has nothing to lose: as crun and runc
	runs runtime delete "$ID"
	soon 5 gone "$pid"
	fails 'does not exist' delete "$ID"
	runs runtime delete --force "$ID"
	fails 'no container' delete
}

@test "a state that is damaged, or another container's: told by list, removed by delete --force alone" {
	create other
	pid=$(state other pid)
	for damage in : 'truncate -s 0' 'truncate -s 40' "cp $STATES/other/state.json"; do
		mkdir -m 0700 "$STATES/$ID"
		if [ "$damage" = : ]; then
			echo '[]' >"$STATES/$ID/state.json"
		else
			cp "$STATES/other/state.json" "$STATES/$ID/"
			$damage "$STATES/$ID/state.json"
		fi
		fails "container \"$ID\": state.json: " state "$ID"
		runs runtime list
		has '^other +[0-9]+ +created '
		hasnt "^$ID "
		is 1 "$(grep -c "container \"$ID\": state.json: " <<<"$stderr")"
		fails "container \"$ID\": state.json: " delete "$ID"
		fails 'delete --force' create --bundle "$B" "$ID"
		runs runtime delete --force "$ID"
		has 'removed without' "$stderr"
		nothing_left "$ID"
		is "$pid" "$(state other pid)"
	done
	create "$ID"
	is created "$(state "$ID")"
}

@test "--root at a wrong place: what lies there is no container, and nothing of it is touched" {
	mkdir -p "$WORK/home/papers/lock.d" "$WORK/home/empty"
	echo mine >"$WORK/home/papers/letter"
	find "$WORK/home" -printf '%p %T@ %s\n' | sort >"$WORK/before"
	runs runtime --root "$WORK/home" list -q
	# one that create was killed over at once is empty
	is empty
	for command in state delete 'delete --force' 'kill -a' start ps 'exec --detach'; do
		status=0
		c runtime --root "$WORK/home" $command papers >"$WORK/out" 2>&1 || status=$?
		[ "$command" = 'delete --force' ] || { [ $status = 1 ] && has 'container "papers" does not exist.*--root' "$(cat "$WORK/out")"; } || { echo "after $command"; return 1; }
	done
	runs runtime --root "$WORK/home" delete --force --regex .
	is '' "$stderr"
	fails 'something else' --root "$WORK/home" create --bundle "$B" papers
	is mine "$(cat "$WORK/home/papers/letter")"
	is "$(grep papers "$WORK/before")" "$(find "$WORK/home/papers" -printf '%p %T@ %s\n' | sort)"
	[ ! -e "$WORK/home/empty" ]
	(cd "$WORK/home" && fails '--root is empty' --root '' delete papers)
}

@test "delete leaves what is not the runtime's" {
	mkdir -p "$WORK/data"
	echo mine >"$WORK/data/file"
	bundle "$B" '.process.args = ["touch", "/left", "/data/new"] | .root.readonly = false
		| .mounts += [{destination: "/data", type: "bind", source: $data, options: ["bind"]}]' --arg data "$WORK/data"
	runs runtime run --bundle "$B" "$ID"
	[ -e "$B/config.json" ] && [ -e "$B/rootfs/left" ] && [ -e "$WORK/data/new" ]
	is mine "$(cat "$WORK/data/file")"
	nothing_left "$ID"
}

@test "--regex: kill and delete of all that match" {
	config 'sleep 100'
	for id in web1 web2 db; do
		create "$id"
	done
	runs runtime kill --regex '^web[0-9]$' KILL
	soon 5 is_state web1 stopped
	soon 5 is_state web2 stopped
	is created "$(state db)"
	runs runtime delete --regex '^web'
	is db "$(c runtime list -q)"
	fails 'regular expression' delete --regex '('
	runs runtime delete --force --regex .
	is '' "$(c runtime list -q)"
}

@test "pause and resume, or why they can't be had" {
	running "$ID" 'while :; do date +%s%N >/tmp/x; sleep 0.01; done'
	run --separate-stderr c runtime pause "$ID"
	if [ "$status" = 0 ]; then
		is paused "$(state "$ID")"
		fails 'is paused' exec "$ID" true
		runs runtime resume "$ID"
	else
		has 'cgroup' "$stderr"
	fi
	is running "$(state "$ID")"
	fails 'is running, not paused' resume "$ID"
	runs runtime delete --force "$ID"
	fails 'does not exist' pause "$ID"
	fails 'does not exist' resume "$ID"
}

# ---------------------------------------------------------------- failures leave nothing

@test "a create that fails leaves nothing, whatever failed" {
	touch "$WORK/file"
	printf '#!/bin/sh\nexit 3\n' >"$WORK/bad-hook"
	chmod 755 "$WORK/bad-hook"
	local -a broken=(
		'.root.path = "nowhere"'
		'.root.path = "config.json"'
		'.mounts += [{destination: "/m", type: "bind", source: "/nowhere/at/all", options: ["bind"]}]'
		'.mounts += [{destination: "/m", type: "bind", options: ["bind"]}]'
		'.mounts += [{destination: "/m", type: "nosuchfs", source: "x"}]'
		'.mounts += [{destination: "/m", type: "tmpfs", source: "x", options: ["no-such-option"]}]'
		'.mounts += [{destination: "/proc/sys", type: "tmpfs", source: "x"}]'
		'.mounts += [{destination: "/", type: "tmpfs", source: "x"}]'
		'.mounts += [{destination: "/bin/sh", type: "tmpfs", source: "x"}]'
		'.hooks.prestart = [{path: "/nowhere/hook"}]'
		'.hooks.createRuntime = [{path: "/bin/false"}]'
		'.hooks.createContainer = [{path: "/bin/false"}]'
		'.hooks.createRuntime = [{path: $hook}]'
		'.hooks.createRuntime = [{path: "relative"}]'
		'.process.args = ["/no/such/program"]'
		'.process.args = ["no-such-program"]'
		'.process.args = []'
		'.process.cwd = "relative"'
		'.process.user.uid = 4294967295'
		'.process.rlimits = [{type: "RLIMIT_NOSUCH", soft: 1, hard: 1}]'
		'.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 1, hard: 9999999999}]'
		'.process.oomScoreAdj = -1000'
		'.linux.namespaces += [{type: "nosuch"}]'
		'.linux.namespaces += [{type: "pid"}]'
		'.linux.namespaces |= map(if .type == "ipc" then .path = "/nowhere" else . end)'
		'.linux.namespaces |= map(if .type == "ipc" then .path = "/proc/self/ns/uts" else . end)'
		'.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}]'
		'.linux.gidMappings = [{containerID: 0, hostID: 1, size: 100000}]'
		'.linux.sysctl = {"kernel.nosuch": "1"}'
		'.linux.sysctl = {"fs.mqueue.nosuch": "1"}'
		'.linux.devices = [{path: "/dev/nosuch", type: "c", major: 99, minor: 99}]'
		'.linux.seccomp = {defaultAction: "SCMP_ACT_NOSUCH"}'
		'.linux.cgroupsPath = "../../x"'
		'.ociVersion = "2.0.0"'
	)
	for filter in "${broken[@]}"; do
		bundle "$B" "$filter" --arg hook "$WORK/bad-hook"
		fails . create --bundle "$B" "$ID" || { echo "with $filter"; return 1; }
		nothing_left "$ID" || { echo "with $filter"; return 1; }
	done
	bundle "$B"
	fails 'pid-file' create --pid-file "$WORK/nowhere/pid" --bundle "$B" "$ID"
	nothing_left "$ID"
	fails 'console-socket' create --console-socket "$WORK/file" --bundle "$B" "$ID"
	nothing_left "$ID"
	# the last proof: the id is free
	create "$ID"
}

@test "kill -9 of create and run at any moment leaves nothing running that delete --force can't remove" {
	config 'sleep 100; : killed'
	bundle "$WORK/k" '.process.args = ["sleep", "9753"]'
	for turn in {1..40}; do
		word=$([ $((turn % 2)) = 0 ] && echo create || echo run)
		"$CORACLE" runtime "$word" --bundle "$WORK/k" "k$turn" </dev/null >/dev/null 2>&1 3>&- 4>&- &
		maker=$!
		sleep "0.0$(printf %02d $((RANDOM % 40)))"
		kill -9 $maker 2>/dev/null || true
		wait $maker 2>/dev/null || true
		for id in $(c runtime list -q); do
			is "k$turn" "$id"
			c runtime state "$id" >/dev/null
			runs runtime delete --force "$id"
		done
		nothing_left "k$turn"
		soon 5 bash -c '! pgrep -u "$(id -u)" -f "^sleep 9753"'
	done
	is '' "$(ls "$STATES")"
}

# ---------------------------------------------------------------- pid file, terminal, descriptors

@test "--pid-file has the pid, without a newline, for create, run and exec" {
	config 'sleep 100'
	create --pid-file "$WORK/pid" "$ID"
	is "$(state "$ID" pid)" "$(cat "$WORK/pid")"
	is 0 "$(tr -cd '\n' <"$WORK/pid" | wc -c)"
	runs runtime start "$ID"
	quietly exec --detach --pid-file "$WORK/pid2" "$ID" sleep 50
	has '^sleep 50 *$' "$(tr '\0' ' ' <"/proc/$(cat "$WORK/pid2")/cmdline")"
	runs runtime delete --force "$ID"
	quietly run --detach --pid-file "$WORK/pid3" --bundle "$B" "$ID"
	is "$(state "$ID" pid)" "$(cat "$WORK/pid3")"
}

@test "a terminal goes to the console socket, with its size" {
	config 'tty; stty size; echo typed >/dev/console; [ -c /dev/console ] && echo console' \
		'.process.terminal = true | .process.consoleSize = {height: 20, width: 77}'
	python3 "$BATS_TEST_DIRNAME/runtime_agent.py" console "$WORK/cs" >"$WORK/console" 2>&1 3>&- 4>&- &
	soon 5 test -S "$WORK/cs"
	create --console-socket "$WORK/cs" "$ID"
	soon 5 grep -q size= "$WORK/console"
	has '^name=.+ fds=1$' "$(cat "$WORK/console")"
	has '^tty=True size=20x77$' "$(cat "$WORK/console")"
	runs runtime start "$ID"
	soon 5 grep -q '^end' "$WORK/console"
	has '^/dev/(pts/0|console)$' "$(cat "$WORK/console")"
	has '^20 77$' "$(cat "$WORK/console")"
	has '^typed$' "$(cat "$WORK/console")"
	has '^console$' "$(cat "$WORK/console")"
}

@test "exec --tty with a console socket" {
	running "$ID" 'sleep 100'
	python3 "$BATS_TEST_DIRNAME/runtime_agent.py" console "$WORK/cs2" >"$WORK/console" 2>&1 3>&- 4>&- &
	soon 5 test -S "$WORK/cs2"
	quietly exec --detach --tty --console-socket "$WORK/cs2" "$ID" sh -c 'tty; echo inside'
	soon 5 grep -q '^end' "$WORK/console"
	has '^inside$' "$(cat "$WORK/console")"
	has '^/dev/pts/[0-9]+$|^/dev/console$' "$(cat "$WORK/console")"
	fails 'console-socket' exec --detach --tty "$ID" true
	fails 'terminal' exec --detach --console-socket "$WORK/cs2" "$ID" true
}

@test "terminal and console socket must fit together" {
	config true '.process.terminal = true'
	fails 'console-socket' create --bundle "$B" "$ID"
	fails 'console-socket' run --detach --bundle "$B" "$ID"
	config true
	fails 'terminal' create --console-socket "$WORK/none" --bundle "$B" "$ID"
	fails 'terminal' run --console-socket "$WORK/none" --bundle "$B" "$ID"
	config true '.process.terminal = true'
	fails 'none.*No such file' create --console-socket "$WORK/none" --bundle "$B" "$ID"
	touch "$WORK/plain"
	fails 'not a socket' create --console-socket "$WORK/plain" --bundle "$B" "$ID"
	python3 -c 'import socket, sys; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1])' "$WORK/closed"
	fails 'nobody listens' create --console-socket "$WORK/closed" --bundle "$B" "$ID"
	nothing_left "$ID"
}

term()
{
	BUNDLE=$B timeout 600 python3 "$BATS_TEST_DIRNAME/terminal.py" "$1" 3>&- 2>&1
}

@test "a terminal in the foreground: size, resize, ^C, status, raw mode" {
	bundle "$B" '.process.terminal = true'
	term runtime-run
	nothing_left tty-run
}

@test "a terminal in the foreground: more input than it has room for, while it writes" {
	# what is typed is echoed too, and 200 KB are more than the kernel keeps for both directions
	seq 1 40000 >"$WORK/typed"
	wanted=$(head -n 39999 "$WORK/typed" | md5sum)
	config 'head -n 39999 | md5sum >/sum' '.process.terminal = true | .root.readonly = false'
	runs runtime run --bundle "$B" "$ID" <"$WORK/typed"
	is "$wanted" "$(cat "$B/rootfs/sum")"
	rm "$B/rootfs/sum"
	running "$ID" 'sleep 100' '.root.readonly = false'
	runs runtime exec --tty "$ID" sh -c 'head -n 39999 | md5sum >/sum' <"$WORK/typed"
	is "$wanted" "$(cat "$B/rootfs/sum")"
}

@test "a terminal in the foreground of exec" {
	running tty-exec 'sleep 100'
	term runtime-exec
}

@test "a terminal is restored when the container is killed" {
	bundle "$B" '.process.terminal = true'
	term runtime-killed
}

@test "only standard descriptors reach the program, and the rest by --preserve-fds" {
	config 'ls /proc/self/fd | tr "\n" " "; for i in 3 4 5 6; do { read -r line <&$i && echo "$i $line"; } 2>/dev/null; done; true'
	for i in 3 4 5 6; do
		echo "from $i" >"$WORK/fd$i"
	done
	inherit()
	{
		timeout 180 "$CORACLE" runtime "$@" 3<"$WORK/fd3" 4<"$WORK/fd4" 5<"$WORK/fd5" 6<"$WORK/fd6" </dev/null
	}
	# ls has the directory open as 3
	run --separate-stderr inherit run --bundle "$B" "$ID"
	is '0 1 2 3 '
	run --separate-stderr inherit run --preserve-fds 2 --bundle "$B" "$ID"
	is $'0 1 2 3 4 5 3 from 3\n4 from 4'
	running "$ID" 'sleep 100'
	run --separate-stderr inherit exec "$ID" ls /proc/self/fd
	is $'0\n1\n2\n3'
	run --separate-stderr inherit exec --preserve-fds 1 "$ID" sh -c 'ls /proc/self/fd | tr "\n" " "; cat <&3'
	is $'0 1 2 3 4 from 3'
	for words in '--preserve-fds -1' '--preserve-fds 5000' '--preserve-fds x'; do
		fails 'preserve-fds' run $words --bundle "$B" other
	done
}

@test "descriptors of socket activation reach the program with their variables" {
	config 'read -r line <&3; echo "$LISTEN_FDS $LISTEN_PID $line"'
	echo 'from 3' >"$WORK/fd3"
	run --separate-stderr env LISTEN_FDS=1 timeout 180 "$CORACLE" runtime run --bundle "$B" "$ID" 3<"$WORK/fd3" </dev/null
	is '1 1 from 3'
	run --separate-stderr env LISTEN_FDS=junk timeout 180 "$CORACLE" runtime run --bundle "$B" "$ID" 3<"$WORK/fd3" </dev/null
	hasnt 'from 3'
}

@test "the descriptors of a created container are its own, and of no host directory" {
	config 'sleep 100'
	create "$ID"
	c runtime start "$ID"
	pid=$(state "$ID" pid)
	soon 5 grep -qx sleep "/proc/$pid/comm"
	is '0 1 2' "$(ls "/proc/$pid/fd" | xargs)"
	is / "$(readlink "/proc/$pid/cwd")"
}

# ---------------------------------------------------------------- run, status, signals

@test "run --detach returns while the program goes on, and keeps it after its end" {
	running "$ID" 'read -r x </tmp/none; sleep 100' '.root.readonly = false'
	is running "$(state "$ID")"
	soon 5 nobody_runs "coracle runtime run .* $ID\$"
	runs runtime kill "$ID" KILL
	soon 5 is_state "$ID" stopped
	runs runtime delete "$ID"
}

@test "run gives the status of its program, and deletes it unless --keep" {
	config 'exit 7'
	gives 7 runtime run --bundle "$B" "$ID"
	nothing_left "$ID"
	gives 7 runtime run --keep --bundle "$B" "$ID"
	is stopped "$(state "$ID")"
	runs runtime delete "$ID"
	config 'sh -c "kill -9 \$\$"; exit $?'
	gives 137 runtime run --bundle "$B" "$ID"
	config 'exit 255'
	gives 255 runtime run --bundle "$B" "$ID"
	# outside a pid namespace of its own a signal ends it
	config 'kill -TERM $$' 'del(.linux.namespaces[] | select(.type == "pid")) | del(.mounts[] | select(.type == "proc"))
		| .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	gives 143 runtime run --bundle "$B" "$ID"
}

@test "run: a program that is not there is 127, one that can't be executed 126" {
	bundle "$B" '.process.args = ["no-such-program"]'
	refuses 127 'no-such-program' runtime run --bundle "$B" "$ID"
	bundle "$B" '.process.args = ["/no/such/program"]'
	refuses 127 '/no/such/program' runtime run --bundle "$B" "$ID"
	bundle "$B" '.process.args = ["/etc/passwd"]'
	refuses 126 '/etc/passwd' runtime run --bundle "$B" "$ID"
	bundle "$B" '.process.args = ["/etc"]'
	refuses 126 '/etc' runtime run --bundle "$B" "$ID"
	nothing_left "$ID"
}

# relay COMMAND...: TERM and USR1 to our command in the foreground reach the program
relay()
{
	: >"$WORK/relay"
	"$CORACLE" runtime "$@" >"$WORK/relay" 2>&1 </dev/null 3>&- 4>&- &
	front=$!
	soon 5 grep -q ready "$WORK/relay"
	kill -USR1 $front
	soon 5 grep -q 'got USR1' "$WORK/relay"
	kill -TERM $front
	code=0
	wait $front || code=$?
	is 42 "$code"
}

@test "signals to run and exec are the program's" {
	script='trap "echo got USR1" USR1; trap "exit 42" TERM; echo ready; while :; do sleep 0.05; done'
	config "$script"
	relay run --bundle "$B" "$ID"
	nothing_left "$ID"
	running "$ID" 'sleep 100'
	relay exec "$ID" sh -c "$script"
}

@test "standard input, output and error are passed through" {
	config 'cat; echo err >&2'
	run --separate-stderr bash -c "seq 30000 | '$CORACLE' runtime run --bundle '$B' $ID"
	is "$(seq 30000 | md5sum)" "$(md5sum <<<"$output")"
	is err "$stderr"
}

# ---------------------------------------------------------------- exec

@test "exec joins the container: namespaces, root, program, status" {
	running "$ID" 'sleep 100' '.hostname = "inside"'
	runs runtime exec "$ID" hostname
	is inside
	soon 5 c runtime exec "$ID" grep -qx sleep /proc/1/comm
	runs runtime exec "$ID" sh -c 'tr "\0" " " </proc/1/cmdline'
	has '^sleep 100'
	pid=$(state "$ID" pid)
	for ns in user mnt pid ipc uts net cgroup; do
		is "$(readlink "/proc/$pid/ns/$ns")" "$(c runtime exec "$ID" readlink "/proc/self/ns/$ns")"
	done
	gives 9 runtime exec "$ID" sh -c 'exit 9'
	gives 143 runtime exec "$ID" sh -c 'kill -TERM $$'
	refuses 127 'no-such' runtime exec "$ID" no-such
	refuses 127 '/no/such' runtime exec "$ID" /no/such
	refuses 126 '/etc/passwd' runtime exec "$ID" /etc/passwd
	refuses 126 '/etc' runtime exec "$ID" /etc
	fails 'no command' exec "$ID"
	fails 'does not exist' exec nobody true
	run --separate-stderr bash -c "echo through | '$CORACLE' runtime exec $ID cat"
	is through
}

@test "exec --env --cwd --cap --no-new-privs" {
	running "$ID" 'sleep 100' '.process.env += ["A=1", "B=2"] | .process.noNewPrivileges = false'
	runs runtime exec --env B=3 -e C=4 "$ID" sh -c 'echo "$A $B $C"'
	is '1 3 4'
	runs runtime exec --cwd /var/tmp "$ID" pwd
	is /var/tmp
	fails 'working directory /nowhere' exec --cwd /nowhere "$ID" pwd
	show_caps='grep -E "^(Cap|NoNewPrivs)" /proc/self/status'
	runs runtime exec "$ID" sh -c "$show_caps"
	has 'CapEff:.0000000020000420'
	has 'NoNewPrivs:.0'
	runs runtime exec --cap CAP_SYS_PTRACE --cap cap_net_raw --no-new-privs "$ID" sh -c "$show_caps"
	has 'CapEff:.0000000020082420'
	has 'CapBnd:.0000000020082420'
	has 'CapInh:.0000000000000000'
	has 'CapAmb:.0000000000000000'
	has 'NoNewPrivs:.1'
	fails 'CAP_NOSUCH' exec --cap CAP_NOSUCH "$ID" true
}

@test "exec --user and --additional-gids" {
	running "$ID" 'sleep 100' "$(ids_map)"
	runs runtime exec --user 1000:1001 "$ID" sh -c 'id -u; id -g; id -G'
	is $'1000\n1001\n1001'
	runs runtime exec --user 7 "$ID" sh -c 'id -u; id -g'
	is $'7\n0'
	runs runtime exec --user 5:6 --additional-gids 10,44 "$ID" id -G
	is '6 10 44'
	runs runtime exec -g 10 -g 44 "$ID" id -G
	is '0 10 44'
	fails 'additional-gids' exec --additional-gids x "$ID" true
	fails 'additional-gids' exec --additional-gids 4294967295 "$ID" true
}

@test "exec --user: what is no pair of numbers is nobody, least of all root" {
	running "$ID" 'sleep 100'
	for user in '' : 1: :1 -1 +1 4294967295 4294967296 18446744073709551616 0x0 '1000 ' ' 1000' 'name:0' root '0:' '0:root' 1:2:3 $'0\n' 1.0 1e3; do
		refuses 1 'user' runtime exec --user "$user" "$ID" id || { echo "with '$user'"; return 1; }
	done
	fails 'does not exist in the user namespace' exec --user 70000 "$ID" id
	runs runtime exec --user 0:0 "$ID" id -u
	is 0
}

@test "exec --process takes all from the file" {
	running "$ID" 'sleep 100' "$(ids_map)"
	jq -n '{args: ["sh", "-c", "pwd; id -u; id -g; id -G; umask; echo $ONLY-$A; grep CapEff /proc/self/status; ulimit -n; exit 4"],
		cwd: "/var", env: ["PATH=/bin", "ONLY=this"], user: {uid: 3, gid: 4, additionalGids: [5], umask: 63},
		capabilities: {effective: ["CAP_KILL"], permitted: ["CAP_KILL"], bounding: ["CAP_KILL"],
			inheritable: ["CAP_KILL"], ambient: ["CAP_KILL"]},
		rlimits: [{type: "RLIMIT_NOFILE", soft: 77, hard: 88}]}' >"$WORK/process"
	gives 4 runtime exec --process "$WORK/process" "$ID"
	is $'/var\n3\n4\n4 5\n0077\nthis-\nCapEff:\t0000000000000020\n77'
	fails 'nowhere' exec --process "$WORK/nowhere" "$ID"
	for text in '' '{' '{}' '[]' '{"args": [], "cwd": "/"}' '{"args": ["true"]}' '{"args": ["true"], "cwd": "x"}' \
		'{"args": ["true"], "cwd": "/", "user": {"uid": -1}}' '{"args": ["true"], "cwd": "/", "terminal": 1}'; do
		printf '%s' "$text" >"$WORK/process"
		fails 'process' exec --process "$WORK/process" "$ID" || { echo "with $text"; return 1; }
	done
}

@test "exec --detach leaves the process running" {
	running "$ID" 'sleep 100'
	quietly exec --detach "$ID" sleep 4321
	soon 5 bash -c '"$CORACLE" runtime exec "$1" ps | grep "[s]leep 4321"' bash "$ID"
	runs runtime delete --force "$ID"
	soon 5 bash -c '! pgrep -u "$(id -u)" -f "^sleep 4321"'
}

@test "exec into a created container works, into a stopped one it is an error" {
	config 'echo started; sleep 100'
	create "$ID"
	runs runtime exec "$ID" hostname
	is coracle
	is created "$(state "$ID")"
	hasnt started "$(cat "$WORK/quiet")"
	runs runtime kill "$ID" KILL
	soon 5 is_state "$ID" stopped
	fails 'not running' exec "$ID" true
}

# ---------------------------------------------------------------- hooks

# hook_script: a program on the host that writes what it is given to $WORK/hooks/KIND
hook_script()
{
	mkdir -p "$WORK/hooks"
	rm -f "$WORK"/hooks/*
	cat >"$WORK/hook" <<-END
		#!/bin/sh
		kind=\$1
		{
			echo "\$kind \$#"
			cat >$WORK/hooks/\$kind.state
		} >>$WORK/hooks/order
		# the last one is what busybox' shell sets
		env | grep -Ev '^(PWD|_|SHLVL|OLDPWD)=|^PATH=/sbin:/usr/sbin:/bin:/usr/bin\$' | sort >$WORK/hooks/\$kind.env
		for ns in mnt uts pid user; do readlink /proc/self/ns/\$ns; done >$WORK/hooks/\$kind.ns
		stat -c %d:%i / >$WORK/hooks/\$kind.root
		exit \${2:-0}
	END
	chmod 0755 "$WORK/hook"
	# the container's own, for startContainer
	mkdir -p "$B/rootfs/hooks"
	sed "s,$WORK/hooks,/hooks,g" "$WORK/hook" >"$B/rootfs/hook"
	chmod 0755 "$B/rootfs/hook"
	rm -f "$B"/rootfs/hooks/*
}

hooks_filter='.root.readonly = false | .hooks = {
	prestart: [{path: $h, args: ["hook", "prestart"], env: ["ONE=1", "TWO=a b"]}],
	createRuntime: [{path: $h, args: ["hook", "createRuntime"]}],
	createContainer: [{path: $h, args: ["hook", "createContainer"], env: ["THREE=3"]}],
	startContainer: [{path: "/hook", args: ["hook", "startContainer"], env: ["FOUR=4"]}],
	poststart: [{path: $h, args: ["hook", "poststart"], timeout: 20}],
	poststop: [{path: $h, args: ["hook", "poststop"]}]}
	| .process.args = ["sleep", "100"]'

@test "hooks of all six kinds: order, state on standard input, environment, namespaces" {
	hook_script
	bundle "$B" "$hooks_filter" --arg h "$WORK/hook"
	create "$ID"
	is $'prestart 1\ncreateRuntime 1\ncreateContainer 1' "$(cat "$WORK/hooks/order")"
	[ ! -e "$B/rootfs/hooks/startContainer.state" ]
	pid=$(state "$ID" pid)
	runs runtime start "$ID"
	is 'startContainer 1' "$(cat "$B/rootfs/hooks/order")"
	is $'prestart 1\ncreateRuntime 1\ncreateContainer 1\npoststart 1' "$(cat "$WORK/hooks/order")"
	theirs=$(for ns in mnt uts pid user; do readlink "/proc/$pid/ns/$ns"; done)
	ours=$(for ns in mnt uts pid user; do readlink /proc/self/ns/$ns; done)
	runs runtime delete --force "$ID"
	is 'poststop 1' "$(tail -n 1 "$WORK/hooks/order")"
	mv "$B"/rootfs/hooks/startContainer.* "$WORK/hooks/"
	bundle=$(realpath "$B")
	while read -r kind status; do
		jq -e --arg id "$ID" --arg s "$status" --arg b "$bundle" --argjson pid "$pid" '.id == $id and .status == $s
			and .bundle == $b and .ociVersion and (if $s == "stopped" then (.pid // 0) == 0 else .pid == $pid end)' \
			"$WORK/hooks/$kind.state" || { echo "$kind: $(cat "$WORK/hooks/$kind.state")"; return 1; }
	done <<-END
		prestart creating
		createRuntime creating
		createContainer creating
		startContainer created
		poststart running
		poststop stopped
	END
	is $'ONE=1\nTWO=a b' "$(cat "$WORK/hooks/prestart.env")"
	is '' "$(cat "$WORK/hooks/createRuntime.env")"
	is 'THREE=3' "$(cat "$WORK/hooks/createContainer.env")"
	is 'FOUR=4' "$(cat "$WORK/hooks/startContainer.env")"
	for kind in prestart createRuntime poststart poststop; do
		is "$ours" "$(cat "$WORK/hooks/$kind.ns")"
	done
	for kind in createContainer startContainer; do
		is "$theirs" "$(cat "$WORK/hooks/$kind.ns")"
	done
	# createContainer sees the host's root still, startContainer the container's
	is "$(stat -c %d:%i /)" "$(cat "$WORK/hooks/createContainer.root")"
	is "$(stat -c %d:%i "$B/rootfs")" "$(cat "$WORK/hooks/startContainer.root")"
}

@test "createContainer can still mount something for the container, in whose root it begins" {
	printf '#!/bin/sh\nmount -t tmpfs none %s/rootfs/tmp && echo hooked >tmp/file\n' "$(realpath "$B")" >"$WORK/mounter"
	chmod 0755 "$WORK/mounter"
	bundle "$B" '.process.args = ["cat", "/tmp/file"] | .hooks.createContainer = [{path: $h, env: ["PATH=/usr/bin:/bin:/usr/sbin:/sbin"]}]' --arg h "$WORK/mounter"
	runs runtime run --bundle "$B" "$ID"
	is hooked
	nothing_left "$ID"
}

@test "a hook that fails before start ends the container: nothing left, poststop was run" {
	hook_script
	for kind in prestart createRuntime createContainer; do
		rm -f "$WORK"/hooks/*
		bundle "$B" "$hooks_filter | .hooks.$kind[0].args += [\"3\"]" --arg h "$WORK/hook"
		fails "$kind hook .*hook: ended with status 3" create --bundle "$B" "$ID"
		nothing_left "$ID"
		is 'poststop 1' "$(tail -n 1 "$WORK/hooks/order")" || { echo "after $kind"; return 1; }
		is "$kind 2" "$(tail -n 2 "$WORK/hooks/order" | head -n 1)"
		hasnt 'poststart' "$(cat "$WORK/hooks/order")"
	done
}

@test "a hook that fails at start ends the container, and the program is not run or is ended" {
	hook_script
	for kind in startContainer poststart; do
		rm -f "$WORK"/hooks/* "$B/rootfs/ran"
		bundle "$B" "$hooks_filter | .hooks.$kind[0].args += [\"3\"] | .process.args = [\"sh\", \"-c\", \"touch /ran; sleep 100\"]" --arg h "$WORK/hook"
		create "$ID"
		pid=$(state "$ID" pid)
		fails "$kind hook.*status 3" start "$ID"
		soon 5 gone "$pid"
		[ $kind = poststart ] || [ ! -e "$B/rootfs/ran" ]
		run c runtime state "$ID"
		[ "$status" != 0 ] || is stopped "$(state "$ID")"
		runs runtime delete --force "$ID"
		is 'poststop 1' "$(tail -n 1 "$WORK/hooks/order")"
		fails "$kind hook .*hook: ended with status 3" run --bundle "$B" "$ID"
		nothing_left "$ID"
	done
}

@test "a poststop hook that fails is a warning, and the next ones run" {
	hook_script
	bundle "$B" "$hooks_filter | .process.args = [\"true\"] | .hooks.poststop = [{path: \"/nowhere\"}, {path: \$h, args: [\"hook\", \"failing\", \"3\"]}] + .hooks.poststop" \
		--arg h "$WORK/hook"
	run --separate-stderr c runtime run --bundle "$B" "$ID"
	is 0 "$status"
	has 'poststop hook .*nowhere' "$stderr"
	has 'poststop hook .*status 3' "$stderr"
	is $'failing 2\npoststop 1' "$(tail -n 2 "$WORK/hooks/order")"
	nothing_left "$ID"
}

@test "a hook with a timeout is killed, and so is what it started" {
	printf '#!/bin/sh\nsleep 7531 & sleep 7532\n' >"$WORK/slow"
	chmod 0755 "$WORK/slow"
	for kind in createRuntime createContainer; do
		bundle "$B" ".hooks.$kind = [{path: \$h, timeout: 1, env: [\"PATH=/usr/bin:/bin\"]}]" --arg h "$WORK/slow"
		before=$SECONDS
		fails 'hook' create --bundle "$B" "$ID"
		[ $((SECONDS - before)) -lt 100 ]
		nothing_left "$ID"
		soon 3 bash -c '! pgrep -u "$(id -u)" -f "^sleep 753[12]"'
	done
	for value in 0 -1; do
		bundle "$B" ".hooks.prestart = [{path: \"/bin/true\", timeout: $value}]"
		fails 'timeout' create --bundle "$B" "$ID"
	done
}

@test "a hook that reads nothing, or writes much, holds nobody up" {
	printf '#!/bin/sh\nexec <&-\nhead -c 300000 /dev/zero >&2 2>/dev/null; exit 0\n' >"$WORK/rude"
	chmod 0755 "$WORK/rude"
	bundle "$B" '.process.args = ["echo", "ran"] | .annotations.big = $big
		| .hooks = {prestart: [{path: $h, env: ["PATH=/usr/bin:/bin"]}], createContainer: [{path: $h, env: ["PATH=/usr/bin:/bin"]}]}' \
		--arg h "$WORK/rude" --arg big "$(printf 'x%.0s' {1..9000})"
	run --separate-stderr c runtime run --bundle "$B" "$ID" 2>/dev/null
	is ran
}

# ---------------------------------------------------------------- surroundings

@test "--root with a long path" {
	long=$WORK/$(printf 'a%.0s' {1..120})/$(printf 'b%.0s' {1..120})
	config 'echo far'
	quietly --root "$long" create --bundle "$B" "$ID"
	is created "$(c runtime --root "$long" state "$ID" | jq -r .status)"
	fails 'does not exist' state "$ID"
	runs runtime --root "$long" start "$ID"
	runs runtime --root "$long" delete --force "$ID"
	is '' "$(ls "$long")"
	runs runtime --root "$long" run --bundle "$B" "$ID"
	is far
}

@test "an empty environment, and no XDG_RUNTIME_DIR" {
	config 'echo bare'
	run --separate-stderr env -i "$CORACLE" runtime --root "$WORK/bare" run --bundle "$B" "$ID" </dev/null
	is bare
	run --separate-stderr env -u XDG_RUNTIME_DIR -u CORACLE_RUNROOT "$CORACLE" runtime run --bundle "$B" "$ID" </dev/null
	is bare
	run --separate-stderr env -i "$CORACLE" runtime run --bundle "$B" "$ID" </dev/null
	is bare
}

@test "as coracle-runtime by a symlink" {
	ln -sf "$CORACLE" "$WORK/coracle-runtime"
	config 'echo linked'
	run --separate-stderr "$WORK/coracle-runtime" run --bundle "$B" "$ID" </dev/null
	is linked
}

@test "--log and --log-format: errors as text and as JSON, and on standard error" {
	config true
	for format in text json; do
		rm -f "$WORK/log"
		run --separate-stderr c runtime --log "$WORK/log" --log-format $format start nobody
		is 1 "$status"
		has 'does not exist' "$stderr"
		if [ $format = json ]; then
			is error "$(jq -r .level "$WORK/log")"
			has 'nobody.*does not exist' "$(jq -r .msg "$WORK/log")"
			jq -e '.time | test("^20[0-9-]+T")' "$WORK/log"
		else
			has 'level=error msg=".*nobody' "$(cat "$WORK/log")"
		fi
	done
	fails 'log-format' --log-format xml state nobody
	fails 'nowhere' --log "$WORK/nowhere/log" state nobody
	fails 'log-level "loud"' --log-level loud state nobody
	# what list warns of
	mkdir -m 0700 "$STATES/$ID"
	echo '[]' >"$STATES/$ID/state.json"
	for level in error warning debug; do
		rm -f "$WORK/log"
		runs runtime --log "$WORK/log" --log-level $level list -f json
		is "$([ $level = error ] || echo 1)" "$(grep -c 'level=warning.*state.json' "$WORK/log" | grep -v '^0$')"
	done
}

@test "options that engines pass are taken" {
	config 'echo taken'
	for words in '--systemd-cgroup' '--cgroup-manager cgroupfs' '--cgroup-manager disabled' '--rootless true' '--rootless=auto' '--debug'; do
		run --separate-stderr c runtime $words run --no-new-keyring --no-pivot --no-subreaper --bundle "$B" "$ID"
		[ "$status" = 0 ] || { show $words; return 1; }
		is taken
	done
	fails 'cgroup-manager' --cgroup-manager nosuch state nobody
	fails 'rootless' --rootless perhaps state nobody
	fails 'unknown command' nosuch
	run c runtime --version
	has '^spec: 1\.3'
}

@test "spec writes a bundle's configuration once; features is a document" {
	mkdir "$WORK/spec"
	runs runtime spec --bundle "$WORK/spec"
	jq -e '.process.terminal and (.linux.namespaces | map(.type) | index("user") | not)' "$WORK/spec/config.json"
	fails 'exists already' spec --rootless --bundle "$WORK/spec"
	rm "$WORK/spec/config.json"
	runs runtime spec --rootless --bundle "$WORK/spec"
	jq -e --argjson uid "$(id -u)" '(.linux.namespaces | map(.type) | index("user")) and .linux.uidMappings[0].hostID == $uid
		and (.process.capabilities.inheritable // [] | length) == 0' "$WORK/spec/config.json"
	runs runtime features
	jq -e '.ociVersionMin == "1.0.0" and .ociVersionMax == "1.3.0" and (.hooks | length) == 6 and (.mountOptions | index("rro"))
		and (.linux.namespaces | length) == 8 and .linux.seccomp.enabled and .linux.intelRdt.enabled == false
		and (.linux.seccomp.actions | index("SCMP_ACT_NOTIFY")) and (.linux.capabilities | index("CAP_BPF"))' <<<"$output"
}

@test "a console socket that never answers is an error after ten seconds, and nothing is left" {
	soon 20 test -s "$DEAF/status"
	is 1 "$(cat "$DEAF/status")"
	has 'console socket .*did not answer within 10 s' "$(cat "$DEAF/error")"
	[ ! -e "$DEAF/states/deaf" ]
}

# ---------------------------------------------------------------- sd_notify(3)

@test "NOTIFY_SOCKET: what the program tells reaches the caller's socket, without ids and descriptors of its own" {
	bundle "$B" '.process.args = ["sh", "-c", "ls $NOTIFY_SOCKET && sleep 1000"]'
	python3 - "$WORK/service" "$WORK/told" <<-'END' 3>&- &
		import socket, sys
		service = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		service.bind(sys.argv[1])
		service.settimeout(180)
		open(sys.argv[2], 'wb').write(service.recv(4096))
	END
	local listener=$!
	soon 5 test -S "$WORK/service"
	NOTIFY_SOCKET=$WORK/service c runtime --root "$WORK/notify" run --detach --bundle "$B" told >"$WORK/out" 2>&1 </dev/null &
	local starter=$!
	soon 10 grep -qx "$WORK/service/notify" "$WORK/out"
	# it is not ready, so the starter waits
	kill -0 $starter
	python3 -c 'import socket, sys
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"STATUS=up\nMAINPID=1\nFDSTORE=1\nREADY=1", sys.argv[1])' "$WORK/notify/told/notify/notify"
	wait $starter
	wait $listener
	is $'STATUS=up\nREADY=1' "$(cat "$WORK/told")"
	runs runtime --root "$WORK/notify" delete --force told
}
