#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# pull_crash.bats - pulls that are killed or run out of disk: what is there is whole, and goes on

load helper
load registries

file_setup()
{
	noise_begin 2000000
	export CHECK=$BATS_TEST_DIRNAME/store_check.py
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

# spoil CALL WHAT [STEP...]: pulls in which the first, the second... CALL of each process meets WHAT, until none does
spoil()
{
	local call=$1 what=$2 step status
	shift 2
	for step in ${*:-$(seq 60)}; do
		c rmi -f "$OPEN/good/app:1" >/dev/null 2>&1 || true
		rm -f "$CORACLE_ROOT/store/parts"/*
		status=0
		timeout 300 strace -f -qq -o "$WORK/trace" -e "trace=$call" -e "inject=$call:$what:when=$step" \
			"$CORACLE" pull -q --tls-verify=false "$OPEN/good/app:1" >"$WORK/out" 2>&1 3>&- || status=$?
		is_whole || { echo "$call $step $what: $(cat "$WORK/out")"; return 1; }
		[ $status != 0 ] || grep -q INJECTED "$WORK/trace" || return 0
		if [ $status != 0 ]; then
			spoiled=$((spoiled + 1))
			# one line; who was killed says nothing
			[ "$(grep -c . "$WORK/out")" -le 1 ] && ! grep -qE 'ssertion|anitizer|core dumped' "$WORK/out" ||
				{ echo "$call $step $what: $(cat "$WORK/out")"; return 1; }
		fi
	done
	[ "$step" -lt 60 ]
}

@test "killed at each step of its way to disk, it leaves a whole store, and the next pull works" {
	need strace
	local call spoiled=0
	for call in renameat fsync syncfs unlinkat mkdirat; do
		spoil $call signal=KILL
	done
	echo "$spoiled pulls were killed"
	[ $spoiled -ge 15 ]
	works
}

@test "whatever write meets a full disk, it is told in one line, and the next pull works" {
	need strace
	local call spoiled=0
	for call in renameat mkdirat fsync syncfs; do
		spoil $call error=ENOSPC
		works
	done
	spoil pwrite64 error=ENOSPC 1 2 50
	works
	echo "$spoiled pulls met a full disk"
	[ $spoiled -ge 10 ]
}

@test "on disks of growing size it fails in one line until it succeeds, and goes on when there is more room" {
	local kib failed=0
	mkdir -p "$WORK/small"
	for kib in 200 1000 2000 2500 3500 3950 3980 4000 4040 4080 5000; do
		run timeout -k 5 300 unshare --user --map-root-user --mount sh -ec '
			kib=$1
			shift
			mount -t tmpfs -o size=24m,mode=777 none "$WORK/small"
			head -c $((24 * 1048576 - kib * 1024)) /dev/zero >"$WORK/small/ballast"
			mkdir "$WORK/small/run"
			export CORACLE_ROOT=$WORK/small/data CORACLE_RUNROOT=$WORK/small/run
			status=0
			unshare --user --map-user=12345 --map-group=12345 "$@" >&2 || status=$?
			[ $status = 0 ] || [ $status = 125 ] || exit 99
			if [ -d "$WORK/small/data/store/refs" ]; then
				python3 "$CHECK" "$WORK/small/data/store" "noise=$NOISE" || exit 98
			fi
			rm "$WORK/small/ballast"
			unshare --user --map-user=12345 --map-group=12345 "$@" >/dev/null 2>&1 || exit 97
			python3 "$CHECK" "$WORK/small/data/store" "noise=$NOISE" || exit 96
			[ -z "$(ls "$WORK/small/data/store/parts")$(ls "$WORK/small/data/store/tmp")" ] || exit 95
			exit $status' - $kib "$CORACLE" pull -q --tls-verify=false "$OPEN/good/app:1" 3>&-
		echo "$kib: $status $output"
		[ "$status" = 0 ] || [ "$status" = 125 ] || return 1
		if [ "$status" = 125 ]; then
			failed=$((failed + 1))
			is 1 "$(grep -c . <<<"$output")"
			has 'coracle: .*No space left on device'
		fi
	done
	[ "$status" = 0 ]
	[ $failed -ge 4 ]
}
