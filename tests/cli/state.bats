#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# state.bats - nothing lost, nothing invented: kills, damaged records, reboots, wiped directories, full disks

load helper

@test "two hundred kills at random moments" {
	KILL_PORT=$(free_port) run timeout 1200 python3 "$BATS_TEST_DIRNAME/kills.py" "${CORACLE_KILLS:-200}" 3>&-
	[ "$status" = 0 ] || { echo "$output"; return 1; }
}

@test "kill -9 of the monitor ends the container, and ps says so" {
	runs run -d --name m busybox sleep 1000
	pid=$(c inspect -f '{{.State.Pid}}' m)
	monitor=$(jq .monitorPid "$CORACLE_RUNROOT"/containers/*/run.json)
	kill -9 "$monitor"
	soon 3 gone "$pid"
	soon 2 is_status m exited
	runs start m
	is running "$(status_of m)"
}

@test "kill -9 of init ends the container with 137" {
	runs run -d --name m busybox sleep 1000
	kill -9 "$(c inspect -f '{{.State.Pid}}' m)"
	runs wait m
	is 137
}

@test "kill -9 of an attached client leaves the container running" {
	"$CORACLE" run --name m busybox sleep 1000 >/dev/null 2>&1 3>&- &
	client=$!
	soon 5 is_status m running
	kill -9 $client
	wait $client || true
	# whoever is served now comes behind the end of the client
	runs exec m true
	is running "$(status_of m)"
}

@test "a record that is damaged is one line, and does not stop the others" {
	runs create --name good busybox true
	for damage in truncate empty garbage wrong-type directory gone; do
		runs create --name bad busybox true
		id=$output
		record=$CORACLE_ROOT/containers/$id/config.json
		case $damage in
		truncate) truncate -s 100 "$record" ;;
		empty) : >"$record" ;;
		garbage) head -c 1000 /dev/urandom >"$record" ;;
		wrong-type) echo '{"id":7,"name":[]}' >"$record" ;;
		directory) rm "$record" && mkdir "$record" ;;
		gone) rm "$record" ;;
		esac
		rm -f "$CORACLE_ROOT/containers/$id/summary.json"
		runs ps -a
		has '\bgood *$'
		has "^${id:0:12} .*[Dd]amaged"
		is 3 "${#lines[@]}"
		run --separate-stderr c start bad
		[ "$status" != 0 ]
		runs rm -f bad
		runs ps -a --format '{{.Names}}'
		is good
		runs create --name bad busybox true
		runs rm bad
	done
}

@test "files that don't belong into the store are passed over" {
	runs create --name good busybox true
	mkdir "$CORACLE_ROOT/containers/stray" "$CORACLE_ROOT/containers/.tmp.x"
	touch "$CORACLE_ROOT/containers/file" "$CORACLE_ROOT/names/dangling" 2>/dev/null
	ln -s ../containers/nothing "$CORACLE_ROOT/names/lost"
	runs ps -a --format '{{.Names}}'
	has '^good$'
	runs create --name lost busybox true
	rm -rf "$CORACLE_ROOT/containers/stray" "$CORACLE_ROOT/containers/.tmp.x" "$CORACLE_ROOT/containers/file" "$CORACLE_ROOT/names/dangling"
}

@test "after a reboot nothing runs, and all can be started" {
	runs run -d --name b busybox sleep 1000
	kill -9 "$(jq .monitorPid "$CORACLE_RUNROOT"/containers/*/run.json)"
	# A runtime directory that outlived the boot: its run.json tells of another one, with pids that live.
	soon 3 is_status b exited
	run_json=$(echo "$CORACLE_ROOT"/containers/*)
	mkdir -p "$CORACLE_RUNROOT/containers/$(basename "$run_json")"
	printf '{"bootId":"00000000-0000-0000-0000-000000000000","monitorPid":%d,"pid":%d,"monitorStart":1,"pidStart":1,"started":"2020-01-01T00:00:00Z"}' $$ $$ \
		>"$CORACLE_RUNROOT/containers/$(basename "$run_json")/run.json"
	is exited "$(status_of b)"
	runs start b
	is running "$(status_of b)"
	kill -0 $$
}

@test "a wiped runtime directory loses no container" {
	runs run -d --name w --stop-timeout 1000 busybox sleep 10000
	pid=$(c inspect -f '{{.State.Pid}}' w)
	runs create --name made busybox true
	# The monitor makes its part again at once, so that not all may be empty at the end.
	find "$CORACLE_RUNROOT" -mindepth 1 -delete 2>/dev/null || true
	soon 3 bash -c "'$CORACLE' ps --format '{{.Names}} {{.Status}}' | grep -q '^w Up'"
	soon 3 c exec w true
	runs exec w echo reached
	is reached
	runs ps -a --format '{{.Names}}'
	has '^made$'
	has '^w$'
	runs rm -f -t 0 w
	runs start made
	runs run --rm busybox echo on
	is on
	# The process that could not be found any more must not outlive its container for ever.
	soon 5 gone "$pid"
}

@test "a runtime directory that is gone altogether is made again" {
	rm -rf "$CORACLE_RUNROOT"
	runs run --rm busybox echo on
	is on
	[ "$(stat -c %a "$CORACLE_RUNROOT")" = 700 ]
}

@test "a full disk: errors in one line, nothing half-made, and all is well with room again" {
	cat >"$WORK/full" <<-'END'
	set -eu
	mount -t tmpfs -o size=12m,mode=0700 none "$WORK/small"
	export CORACLE_ROOT=$WORK/small/data
	c() { timeout 300 "$CORACLE" "$@"; }
	c import "$WORK/busybox.tar" busybox:latest >/dev/null
	c create --name before busybox true >/dev/null
	dd if=/dev/zero of="$WORK/small/fill" bs=4k 2>/dev/null || true
	for command in 'create --name during busybox true' 'run --name during2 --network none busybox true' "import $WORK/busybox.tar other" 'volume create v' 'tag busybox x:y'; do
		if c $command >"$WORK/out" 2>"$WORK/err"; then
			echo "unexpected: $command succeeded"
		elif [ "$(wc -l <"$WORK/err")" != 1 ]; then
			echo "not one line: $command: $(cat "$WORK/err")"
		fi
	done
	c ps -a --format '{{.Names}}' | grep -qx before || echo "ps lost the container"
	c rm before >/dev/null || echo "rm does not work on a full disk"
	rm "$WORK/small/fill"
	[ "$(c ps -aq | wc -l)" -le 1 ] || echo "half-made containers: $(c ps -a)"
	[ "$(c images -q | wc -l)" = 1 ] || echo "half-made images: $(c images)"
	c run --rm --network none busybox echo room-again
	END
	mkdir -p "$WORK/small"
	run --separate-stderr timeout 300 unshare --user --map-root-user --map-auto --mount sh "$WORK/full" 3>&-
	is room-again
}

@test "logs that fill the disk end the log, not the container" {
	cat >"$WORK/fulllog" <<-'END'
	set -eu
	mount -t tmpfs -o size=12m,mode=0700 none "$WORK/small"
	export CORACLE_ROOT=$WORK/small/data
	timeout 300 "$CORACLE" import "$WORK/busybox.tar" busybox:latest >/dev/null
	timeout 300 "$CORACLE" run --network none --name noisy --log-opt max-size=100m busybox sh -c 'head -c 20000000 /dev/zero | tr "\0" x; echo; exit 6' >/dev/null || echo "status $?"
	timeout 300 "$CORACLE" ps -a --format '{{.Names}} {{.State}}'
	END
	mkdir -p "$WORK/small"
	run --separate-stderr timeout 300 unshare --user --map-root-user --map-auto --mount sh "$WORK/fulllog" 3>&-
	is $'status 6\nnoisy exited'
}

@test "many at once: names are claimed once" {
	for i in $(seq 12); do
		"$CORACLE" create --name contested busybox true >"$WORK/contest.$i" 2>/dev/null 3>&- &
	done
	wait
	is 1 "$(cat "$WORK"/contest.* | wc -l)"
	runs ps -a --format '{{.Names}}'
	is contested
}

@test "create and rm at the same time never leave halves" {
	for i in $(seq 10); do
		(for n in 1 2 3; do "$CORACLE" create --name "p$i" busybox true; "$CORACLE" rm -f "p$i"; done) >/dev/null 2>&1 3>&- &
	done
	for i in $(seq 10); do
		runs ps -a
		hasnt '[Dd]amaged'
	done
	wait
	runs ps -aq
	is ""
}

@test "a store that can't be read is an error with its name" {
	[ "$(id -u)" != 0 ] || skip "root reads everything"
	chmod 0 "$CORACLE_ROOT/containers"
	refuses 125 'containers|data' ps -a
	chmod 0700 "$CORACLE_ROOT/containers"
	CORACLE_ROOT=/proc/nowhere refuses 125 '/proc/nowhere' ps
	CORACLE_ROOT=$WORK/busybox.tar refuses 125 'busybox.tar' ps
}
