#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# pull_races.bats - pulls that race with others or are interrupted: what is there is whole, and goes on

load helper
load registries

file_setup()
{
	noise_begin 2000000
}

file_teardown()
{
	registries_end
}

test_teardown()
{
	c rmi -f "$OPEN/good/app:1" >/dev/null 2>&1 || true
	rm -rf "$CORACLE_ROOT/store/parts"/*
}

@test "pulls and removals that race for twenty rounds leave a whole store" {
	local i pid pids pulled=0
	for i in $(seq 20); do
		pids=()
		c pull -q --tls-verify=false "$OPEN/good/app:1" >"$WORK/race.1" 2>&1 &
		pids+=($!)
		c pull -q --tls-verify=false "$OPEN/good/app:2" >"$WORK/race.2" 2>&1 &
		pids+=($!)
		sleep "0.0$((RANDOM % 10))"
		c rmi -f "$OPEN/good/app:1" >"$WORK/race.3" 2>&1 || true
		for pid in "${pids[@]}"; do
			wait "$pid" || { cat "$WORK"/race.*; return 1; }
		done
		is_whole
		c rmi -f "$OPEN/good/app:1" "$OPEN/good/app:2" >/dev/null 2>&1 || true
		is_whole
	done
	works
}

# big_layer: the name of the part that the layer with the noise has
big_layer()
{
	curl -sf "http://$OPEN/v2/good/app/manifests/1" | jq -r '.layers[1].digest | sub("sha256:"; "")'
}

# waits_for_lock PID: it waits for a lock of a file
waits_for_lock()
{
	grep -Eq -- "-> FLOCK +ADVISORY +READ +$1 " /proc/locks
}

@test "a signal that comes while no registry is waited for ends it, too" {
	local pid holder status=0
	runs pull -q --tls-verify=false "$OPEN/good/app:1"
	# as whoever deletes layers does; the pull finds that the image is here, and waits
	mkfifo "$WORK/go"
	flock -x "$CORACLE_ROOT/store/locks/layers" sh -c 'echo held >"$1"; read -r _ <"$2"' - "$WORK/held" "$WORK/go" 3>&- &
	holder=$!
	soon 30 test -s "$WORK/held"
	"$CORACLE" pull -q --tls-verify=false "$OPEN/good/app:1" "$OPEN/good/app:2" >/dev/null 2>&1 3>&- &
	pid=$!
	soon 30 waits_for_lock "$pid"
	kill -TERM "$pid"
	echo go >"$WORK/go"
	wait "$holder"
	wait "$pid" || status=$?
	is 143 "$status"
	is 1 "$(c images --format '{{.Tag}}' "$OPEN/good/app")"
	is_whole
}

@test "Ctrl-C leaves parts that go on, and nothing else" {
	local pid status=0
	interruptible "$CORACLE" pull --tls-verify=false "$OPEN/slow-layer/app:1" >/dev/null 2>&1 3>&- &
	pid=$!
	soon 30 test -s "$CORACLE_ROOT/store/parts/$(big_layer)"
	kill -INT "$pid"
	wait "$pid" || status=$?
	is 130 "$status"
	is '' "$(ls "$CORACLE_ROOT/store/tmp")"
	[ -n "$(ls "$CORACLE_ROOT/store/parts")" ]
	is_whole
	works
}
