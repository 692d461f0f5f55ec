#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# runtime_places.bats - the OCI runtime where it finds one id, many, root, or a container around it; and what a start costs

load helper

setup()
{
	B=$WORK/b$BATS_TEST_NUMBER
	R=$WORK/oci$BATS_TEST_NUMBER
}

# life: create, start, exec, kill and delete of a container whose program sleeps; prints what exec saw
LIFE='set -e
	"$CORACLE" runtime --root "$R" create --bundle "$B" life </dev/null >/dev/null
	"$CORACLE" runtime --root "$R" start life
	"$CORACLE" runtime --root "$R" exec life sh -c "id -u; cat /proc/self/uid_map"
	"$CORACLE" runtime --root "$R" kill life KILL
	for i in $(seq 600); do "$CORACLE" runtime --root "$R" state life | grep -q stopped && break; sleep 0.1; done
	"$CORACLE" runtime --root "$R" delete life
	"$CORACLE" runtime --root "$R" list -q'

life()
{
	export B R CORACLE LIFE
	run --separate-stderr "$@" sh -c "$LIFE"
	[ "$status" = 0 ] || { show "$@"; return 1; }
}

@test "one id: the caller is root inside" {
	bundle "$B" '.process.args = ["sleep", "1000"]'
	life env
	has '^0$'
	has "^ +0 +$(id -u) +1$"
}

@test "subordinate ids: the ranges of the configuration are mapped" {
	local start count
	IFS=: read -r _ start count < <(grep "^$(id -un):" /etc/subuid)
	bundle "$B" '.process.args = ["sleep", "1000"]
		| .linux.uidMappings = [{containerID: 0, hostID: $uid, size: 1}, {containerID: 1, hostID: $start, size: $count}]
		| .linux.gidMappings = [{containerID: 0, hostID: $gid, size: 1}, {containerID: 1, hostID: $start, size: $count}]' \
		--argjson uid "$(id -u)" --argjson gid "$(id -g)" --argjson start "$start" --argjson count "$count"
	life env
	has "^ +1 +$start +$count$"
}

@test "no user namespace in the configuration: one is made, with all ids of the caller" {
	bundle "$B" '.process.args = ["sleep", "1000"] | .linux.namespaces |= map(select(.type != "user"))
		| del(.linux.uidMappings, .linux.gidMappings)'
	life env
	has '^0$'
	has "^ +1 +[0-9]+ +[0-9]+$"
}

@test "root of a user namespace, as podman calls it: no further one is made" {
	bundle "$B" '.process.args = ["sleep", "1000"] | .linux.namespaces |= map(select(.type != "user"))
		| del(.linux.uidMappings, .linux.gidMappings)'
	run --separate-stderr unshare --user --map-root-user --map-auto readlink /proc/self/ns/user
	life unshare --user --map-root-user --map-auto
	has '^0$'
	has "^ +0 +0 +[0-9]+$|^ +0 +$(id -u) +1$"
}

@test "ids that are not the caller's are refused, and nothing is left" {
	bundle "$B" '.linux.uidMappings = [{containerID: 0, hostID: 1, size: 10}] | .linux.gidMappings = [{containerID: 0, hostID: 1, size: 10}]'
	refuses 1 'newuidmap|newgidmap' runtime --root "$R" run --bundle "$B" foreign
	runs runtime --root "$R" list -q
	is ''
}

@test "no subordinate ids and no newuidmap: one id still works" {
	bundle "$B" '.process.args = ["sleep", "1000"]'
	export B R CORACLE LIFE
	run --separate-stderr timeout 300 unshare --user --map-root-user --mount sh -ec '
		for f in /etc/subuid /etc/subgid /usr/bin/newuidmap /usr/bin/newgidmap; do mount --bind /dev/null $f; done
		exec unshare --user --map-user='"$(id -u)"' --map-group='"$(id -g)"' sh -c "$LIFE"'
	[ "$status" = 0 ] || { show; return 1; }
	has '^0$'
}

@test "inside a container of ours: nested" {
	bundle "$B" '.process.args = ["sleep", "1000"] | .linux.namespaces |= map(select(.type != "user"))
		| del(.linux.uidMappings, .linux.gidMappings)'
	export B R CORACLE LIFE
	run --separate-stderr c run --rm --network none --privileged -v "$WORK:$WORK" -v "$CORACLE:$WORK/coracle-nested" \
		-e "B=$B" -e "R=/tmp/oci" -e "LIFE=$LIFE" -e "CORACLE=$WORK/coracle-nested" host: sh -c "$LIFE"
	[ "$status" = 0 ] || { show; return 1; }
	has '^0$'
}

@test "without a runtime directory, without environment" {
	bundle "$B" '.process.args = ["echo", "ran"]'
	run --separate-stderr env -i "$CORACLE" runtime --root "$R" run --bundle "$B" bare
	is ran
}

# counted FLAG COMMAND...: system calls and new processes of one command, with -f of all it starts (which has to end)
# One id, because strace takes newuidmap its privilege.
counted()
{
	local follow=$1
	shift
	# shellcheck disable=SC2086
	strace $follow -qq -o "$WORK/trace" "$@" >/dev/null 2>"$WORK/trace.err" </dev/null 3>&- || { cat "$WORK/trace.err"; return 1; }
	calls=$(grep -cvE '^([0-9]+ +)?(\+\+\+|---|<\.\.\.)' "$WORK/trace" || true)
	processes=$(grep -cE '^([0-9]+ +)?(clone3?|v?fork)\(' "$WORK/trace" || true)
	echo "calls $calls processes $processes: $*"
}

@test "what a start costs: not more system calls and processes than written down" {
	command -v strace >/dev/null || skip "strace is not installed"
	local more=0
	# a binary that its caller could write is executed as a sealed copy
	[ ! -w "$CORACLE" ] || more=100
	# crun 1.8.1 with the same bundle: run 1147 calls and 4 new processes (busybox's own calls included in both)
	bundle "$B" '.process.args = ["true"]'
	counted -f "$CORACLE" runtime --root "$R" run --bundle "$B" count
	[ "$calls" -le $((730 + more)) ]
	[ "$processes" -le 1 ]
	counted '' "$CORACLE" runtime --root "$R" create --bundle "$B" count
	[ "$calls" -le $((225 + more)) ]
	[ "$processes" -le 1 ]
	counted '' "$CORACLE" runtime --root "$R" start count
	[ "$calls" -le $((110 + more)) ]
	[ "$processes" -le 0 ]
	counted '' "$CORACLE" runtime --root "$R" delete --force count
	[ "$calls" -le $((115 + more)) ]
	[ "$processes" -le 0 ]
	bundle "$B" '.process.args = ["sleep", "1000"]'
	c runtime --root "$R" run --detach --bundle "$B" count </dev/null >/dev/null 2>&1
	counted -f "$CORACLE" runtime --root "$R" exec count true
	[ "$calls" -le $((235 + more)) ]
	[ "$processes" -le 2 ]
	runs runtime --root "$R" delete --force count
}
