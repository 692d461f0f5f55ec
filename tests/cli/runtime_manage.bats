#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# runtime_manage.bats - coracle runtime: ps, update, events, pause; help, completion, options in front of commands
#
# Limits and figures need a cgroup. Where the caller can have none (no delegation, cgroup v1) the tests hold the
# commands to saying so; tests/guest/runtime.sh has what needs a real one.

load helper

file_setup()
{
	export B=$WORK/b
	bundle "$B"
}

setup()
{
	ID=m$BATS_TEST_NUMBER
}

test_teardown()
{
	local id
	for id in $(c runtime list -q); do
		c runtime delete --force "$id"
	done
}

# running ID SCRIPT [JQ-FILTER]: a container in the background with sh -c SCRIPT as its program
running()
{
	bundle "$B" ".process.args = [\"sh\", \"-c\", \$script] | ${3:-.}" --arg script "$2" || return 1
	c runtime run --detach --bundle "$B" "$1" >"$WORK/quiet" 2>&1 </dev/null || { cat "$WORK/quiet"; return 1; }
}

quietly()
{
	c runtime "$@" >"$WORK/quiet" 2>&1 </dev/null || { cat "$WORK/quiet"; return 1; }
}

state()
{
	c runtime state "$1" | jq -r ".${2:-status}"
}

is_state() { [ "$(state "$1")" = "$2" ]; }

# has_cgroup ID [CONTROLLER]
has_cgroup()
{
	local record=$CORACLE_RUNROOT/oci/$1/state.json
	[ -z "${2:-}" ] || c runtime events --stats "$1" 2>/dev/null | jq -e ".data.$2" >/dev/null || return 1
	jq -e '(.cgroup.path != null) or ((.cgroup.v1 // {}) | length > 0)' "$record" >/dev/null
}

# figure ID PATH: from events --stats
figure()
{
	c runtime events --stats "$1" | jq -r ".data.$2"
}

# sleeping ID COUNT: so many processes are in it, and all of them have become sleep
sleeping()
{
	local pid pids
	pids=$(c runtime ps -f json "$1" | jq '.[]')
	[ "$(wc -w <<<"$pids")" = "$2" ] || return 1
	for pid in $pids; do
		[ "$(cat "/proc/$pid/comm")" = sleep ] || return 1
	done
}

# ---------------------------------------------------------------- ps

@test "ps: the header and the container's processes, as the host numbers them" {
	running "$ID" 'sleep 987 & sleep 988'
	soon 5 sleeping "$ID" 2
	runs runtime ps "$ID"
	has '^UID +PID +PPID' "${lines[0]}"
	is 3 "${#lines[@]}"
	has " $(state "$ID" pid) .* sleep 988$"
	has " $(state "$ID" pid) .* sleep 987$"
}

@test "ps --format json: an array of pids, ascending; with what exec has brought in" {
	running "$ID" 'sleep 987 & exec sleep 988'
	soon 5 sleeping "$ID" 2
	quietly exec --detach "$ID" sleep 989
	soon 5 sleeping "$ID" 3
	runs runtime ps --format json "$ID"
	jq -e 'all(type == "number") and . == sort' <<<"$output"
	for pid in $(jq -r '.[]' <<<"$output"); do
		has '^sleep.98[789].$' "$(tr '\0' ' ' <"/proc/$pid/cmdline")"
	done
}

@test "ps: words behind the id are for ps, and --format there as engines write it" {
	running "$ID" 'exec sleep 987'
	soon 5 sleeping "$ID" 1
	local pid
	pid=$(state "$ID" pid)
	runs runtime ps "$ID" -e -o pid,args
	is "$(printf '%s\n' '    PID COMMAND' "$pid sleep 987" | tr -s ' ')" "$(tr -s ' ' <<<"$output" | sed '2s/^ //; 1s/^ */ /')"
	runs runtime ps "$ID" -- -e -o args,pid
	has "^sleep 987 +$pid$"
	runs runtime ps "$ID" --format json
	is "[$pid]"
	runs runtime ps "$ID" -f json
	is "[$pid]"
	runs runtime ps --format table "$ID" -f
	has '^UID +PID '
	refuses 1 'no column PID' runtime ps "$ID" -e -o args
	refuses 1 'ps ended with status [0-9]+' runtime ps "$ID" --no-such-option
	refuses 1 'not table or json' runtime ps -f yaml "$ID"
	refuses 1 'not table or json' runtime ps "$ID" --format=yaml
}

@test "ps: of a created, a stopped and an unknown container" {
	bundle "$B" '.process.args = ["sleep", "987"]'
	quietly create --bundle "$B" "$ID"
	runs runtime ps -f json "$ID"
	is "[$(state "$ID" pid)]"
	quietly kill "$ID" KILL
	soon 5 is_state "$ID" stopped
	refuses 1 "\"$ID\" is not running" runtime ps "$ID"
	refuses 1 'does not exist' runtime ps nobody
	refuses 1 'too few words' runtime ps
}

@test "ps: a container in the host's pid namespace has its own processes only" {
	running "$ID" 'sleep 987 & sleep 988' '.linux.namespaces |= map(select(.type != "pid"))
		| .mounts |= map(select(.type != "proc"))'
	soon 5 sleeping "$ID" 2
	runs runtime ps -f json "$ID"
	jq -e --argjson own $$ --argjson pid "$(state "$ID" pid)" 'index($own) == null and index($pid) != null' <<<"$output"
	# without a namespace and a cgroup the end of the first process is not that of the others
	local pid
	for pid in $(jq -r '.[]' <<<"$output"); do kill -9 "$pid"; done
}

@test "ps: on a host without ps(1) the pids alone" {
	running "$ID" 'exec sleep 987'
	run --separate-stderr unshare --map-root-user --mount sh -c \
		'for at in /bin/ps /usr/bin/ps; do mount --bind /dev/null $at; done; "$CORACLE" runtime ps "$1"' sh "$ID" 3>&- 4>&-
	is $'PID\n'"$(state "$ID" pid)"
}

# ---------------------------------------------------------------- update

@test "update: what can't be is refused in words, and nothing is changed" {
	running "$ID" 'exec sleep 987'
	refuses 1 'nothing to change: give' runtime update "$ID"
	refuses 1 'nothing to change: give' runtime update --kernel-memory 5m "$ID"
	refuses 1 '"64x" is not a size' runtime update --memory 64x "$ID"
	refuses 1 '"-2" is not a size' runtime update --memory-swap -2 "$ID"
	refuses 1 'not 10 to 1000' runtime update --blkio-weight 5 "$ID"
	refuses 1 'idle.*not 0 or 1' runtime update --cpu-idle 2 "$ID"
	refuses 1 'whole number' runtime update --pids-limit many "$ID"
	refuses 1 'Intel RDT' runtime update --l3-cache-schema L3:0=f "$ID"
	refuses 1 'Intel RDT' runtime update --mem-bw-schema MB:0=20 "$ID"
	refuses 1 'not both' runtime update --resources /dev/null --pids-limit 5 "$ID"
	refuses 1 '/nowhere.*No such file' runtime update --resources /nowhere "$ID"
	echo '{"pids": {"limit": "many"}}' >"$WORK/resources"
	refuses 1 'resources: .*"limit"' runtime update --resources "$WORK/resources" "$ID"
	echo '{"unified": {"../x": "1"}}' >"$WORK/resources"
	refuses 1 'no file of a cgroup' runtime update --resources "$WORK/resources" "$ID"
	echo 'no JSON' >"$WORK/resources"
	refuses 1 'resources' runtime update --resources "$WORK/resources" "$ID"
	refuses 1 'does not exist' runtime update --pids-limit 5 nobody
	quietly kill "$ID" KILL
	soon 5 is_state "$ID" stopped
	refuses 1 'is not running' runtime update --pids-limit 5 "$ID"
}

@test "update: limits hold at once, by options, from a file, from standard input; or why not" {
	running "$ID" 'exec sleep 987'
	if ! has_cgroup "$ID" pids; then
		refuses 1 'no cgroup: .*Delegate=yes|not delegated' runtime update --pids-limit 50 "$ID"
		runs runtime update --resources - "$ID" <<<'{}'
		return
	fi
	runs runtime update --pids-limit 50 "$ID"
	is 50 "$(figure "$ID" pids.limit)"
	runs runtime update --resources - "$ID" <<<'{"pids": {"limit": 40}}'
	is 40 "$(figure "$ID" pids.limit)"
	echo '{"pids": {"limit": 30}}' >"$WORK/resources"
	runs runtime update -r "$WORK/resources" "$ID"
	is 30 "$(figure "$ID" pids.limit)"
	# one that can't be: all stay as they were
	refuses 1 'cpuset.cpus=4000-4001 is not applied' runtime update --pids-limit 20 --cpuset-cpus 4000-4001 "$ID"
	is 30 "$(figure "$ID" pids.limit)"
	runs runtime update --pids-limit -1 "$ID"
	is null "$(figure "$ID" pids.limit)"
	has_cgroup "$ID" memory || return 0
	runs runtime update --memory 64m --cpu-shares 512 --cpu-quota 50000 "$ID"
	is 67108864 "$(figure "$ID" memory.usage.limit)"
	runs runtime update --memory 128m --memory-reservation 32m --cpu-period 50000 "$ID"
	is 134217728 "$(figure "$ID" memory.usage.limit)"
}

# ---------------------------------------------------------------- events

@test "events: figures at each interval until the container ends, or why not" {
	running "$ID" 'exec sleep 987'
	refuses 1 'is not a time' runtime events --interval 0s "$ID"
	refuses 1 'is not a time' runtime events --interval soon "$ID"
	refuses 1 'does not exist' runtime events nobody
	if ! has_cgroup "$ID"; then
		refuses 1 'no cgroup: .*Delegate=yes' runtime events --stats "$ID"
		refuses 1 'no cgroup: .*Delegate=yes' runtime events "$ID"
		return
	fi
	runs runtime events --stats "$ID"
	is 1 "${#lines[@]}"
	jq -e --arg id "$ID" '.type == "stats" and .id == $id and (.data | type) == "object"' <<<"$output"
	: >"$WORK/events"
	c runtime events --interval 100ms "$ID" >"$WORK/events" &
	local events=$!
	soon 5 test -s "$WORK/events"
	quietly kill "$ID" KILL
	wait $events
	jq -es --arg id "$ID" 'length > 0 and all(.type == "stats" and .id == $id)' "$WORK/events"
	refuses 1 'is not running' runtime events --stats "$ID"
}

# is_watching: events has the container's pidfd, and next it looks how many were killed so far
is_watching()
{
	ls -l "/proc/$(pgrep -u "$(id -u)" -n -f 'runtime .*events --interval 1h')/fd" 2>/dev/null | grep -q pidfd
}

@test "events: who is killed for lack of memory is told" {
	running "$ID" 'exec sleep 987'
	if ! has_cgroup "$ID" memory; then
		refuses 1 'Delegate=yes|controller' runtime update --memory 32m "$ID"
		return
	fi
	runs runtime update --memory 32m "$ID"
	: >"$WORK/events"
	c runtime events --interval 1h "$ID" >"$WORK/events" &
	local events=$!
	soon 10 is_watching
	sleep 0.2
	run --separate-stderr c runtime exec "$ID" tail /dev/zero
	is 137 "$status"
	soon 5 test -s "$WORK/events"
	is "{\"type\":\"oom\",\"id\":\"$ID\"}" "$(head -n 1 "$WORK/events")"
	quietly kill "$ID" KILL
	wait $events
}

# ---------------------------------------------------------------- pause

@test "pause: nothing runs, ps and delete --force work; or why not" {
	running "$ID" 'while :; do echo x >>/tmp/x; sleep 0.01; done' '.root.readonly = false
		| .mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs"}]'
	run --separate-stderr c runtime pause "$ID"
	if [ "$status" != 0 ]; then
		has 'no cgroup that can be frozen; .*Delegate=yes' "$stderr"
		is running "$(state "$ID")"
		refuses 1 'is running, not paused' runtime resume "$ID"
		return
	fi
	local size
	is paused "$(state "$ID")"
	size=$(stat -c %s "/proc/$(state "$ID" pid)/root/tmp/x")
	refuses 1 'is paused' runtime exec "$ID" true
	refuses 1 'is paused, not running' runtime pause "$ID"
	has "[[,]$(state "$ID" pid)[],]" "$(c runtime ps -f json "$ID")"
	sleep 0.2
	is "$size" "$(stat -c %s "/proc/$(state "$ID" pid)/root/tmp/x")"
	runs runtime resume "$ID"
	is running "$(state "$ID")"
	runs runtime exec "$ID" true
	runs runtime pause "$ID"
	runs runtime delete --force "$ID"
	refuses 1 'does not exist' runtime state "$ID"
}

# ---------------------------------------------------------------- help, options, completion

@test "runtime --help: all commands and the options in front of them" {
	local help command
	help=$(c runtime --help)
	is "$help" "$(c runtime)"
	for command in $(c __commands | sed -n 's/^runtime //p'); do
		has "^  $command +[a-z]" "$help"
	done
	for name in $(c __rows runtime | cut -f 2); do
		has "--$name\b" "$help"
	done
}

@test "every command: --help, options that are not there, words too many" {
	local command
	for command in $(c __commands | sed -n 's/^runtime //p'); do
		runs runtime "$command" --help
		has "^coracle runtime $command " "${lines[0]}"
		has "^Examples:"
		refuses 1 'unknown option "--no-such-thing"' runtime "$command" --no-such-thing
		# these take a command or words for ps
		case $command in exec | ps) continue ;; esac
		refuses 1 'one word too many' runtime "$command" a b c
	done
}

@test "options in front of commands: values that can't be, and what is near" {
	refuses 1 'unknown command "crate"' runtime crate
	refuses 1 'did you mean "--root"' runtime --rot /tmp list
	refuses 1 '"yes please" is not true, false or auto' runtime --rootless 'yes please' list
	refuses 1 '"openrc" is not cgroupfs, systemd or disabled' runtime --cgroup-manager openrc list
	refuses 1 'log-format "xml" is unknown' runtime --log-format xml list
	refuses 1 '/proc/nowhere' runtime --root /proc/nowhere list
	for value in true false auto; do
		runs runtime --rootless "$value" --criu /usr/sbin/criu --log-level debug list
	done
}

@test "runtime --version names the program and the specification" {
	for option in --version -v; do
		runs runtime "$option"
		has "^coracle-runtime version $(c version --format '{{.Client.Version}}' 2>/dev/null || echo '[0-9.]+')$" "${lines[0]}"
		has '^spec: 1\.[0-9]+\.[0-9]+$' "${lines[1]}"
	done
}

@test "completion: ids of the runtime's containers, options in front of its commands" {
	running "$ID" 'exec sleep 987'
	is "$ID" "$(c __complete runtime-container '')"
	is "$ID" "$(c __complete runtime-container "${ID:0:1}")"
	is '' "$(c __complete runtime-container x)"
	complete()
	{
		bash -c 'source <("$CORACLE" completion bash); COMP_LINE=$1 COMP_POINT=${#1}; COMPREPLY=(); _coracle
			echo "${COMPREPLY[*]}"' bash "$1"
	}
	is "$ID" "$(complete "$CORACLE runtime state ")"
	is "$ID" "$(complete "$CORACLE runtime --debug --log /tmp/x ps ")"
	is 'text json' "$(complete "$CORACLE runtime --log-format ")"
	is '--root --rootless' "$(complete "$CORACLE runtime --roo")"
	has '\bupdate\b' "$(complete "$CORACLE runtime ")"
	is 'events' "$(complete "$CORACLE runtime --debug ev")"
}

@test "the manual's bundle by hand works" {
	need jq
	cd "$WORK"
	mkdir -p hello/rootfs/bin
	cp /bin/busybox hello/rootfs/bin/sh
	runs runtime spec --rootless --bundle hello
	cd hello
	jq '.process.terminal = false | .process.args = ["sh", "-c", "echo hello"]' config.json >new && mv new config.json
	c runtime create hello2 >"$WORK/said" 2>&1 </dev/null
	is created "$(state hello2)"
	runs runtime start hello2
	soon 5 is_state hello2 stopped
	runs runtime delete hello2
	is hello "$(cat "$WORK/said")"
}
