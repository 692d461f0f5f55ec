#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# pull_disk.bats - what a pull of large layers takes of disk and memory, and what is left for the next one

load helper
load registries

LAYER=160000000

file_setup()
{
	registries_begin
	lying big --layer-bytes $LAYER
	lying many --layers 6 --layer-bytes 30000000
	BIG=$(port big)
	MANY=$(port many)
	export BIG MANY
}

file_teardown()
{
	registries_end
}

test_teardown()
{
	c rmi -f "$BIG/good/app:1" >/dev/null 2>&1 || true
	rm -rf "$CORACLE_ROOT/store/parts"/*
}

# killed_while TIMES: a pull whose download was over, killed when its reader had given back that often;
# $part is what it left, $gap and $end where bytes are missing
killed_while()
{
	local found
	c rmi -f "$BIG/good/app:1" >/dev/null 2>&1 || true
	rm -f "$CORACLE_ROOT"/store/parts/*
	found=$(kill_while "$1") || { echo "$found"; return 1; }
	read -r part gap end <<<"$found"
}

# The reader is stopped in that call, so that there is time to look; the pull is its tracer's caller, thanks to -D.
kill_while()
{
	rm -f "$WORK/trace"
	timeout -k 5 180 python3 - "$CORACLE_ROOT/store/parts" "$WORK/trace" strace -D -f -qq -o "$WORK/trace" -e trace=fallocate \
		-e "inject=fallocate:signal=STOP:when=$1" "$CORACLE" pull -q --tls-verify=false "$BIG/good/app:1" 3>&- <<-'END'
	import fcntl, glob, os, signal, subprocess, sys, time
	parts, trace = sys.argv[1:3]
	child = subprocess.Popen(sys.argv[3:], stdout=subprocess.DEVNULL)
	while not os.path.exists(trace) or 'stopped by SIGSTOP' not in open(trace).read():
	    if child.poll() is not None:
	        sys.exit('it ended before')
	    time.sleep(0.01)
	child.kill()
	child.wait()
	for name in glob.glob(parts + '/' + 64 * '[0-9a-f]'):
	    with open(name) as part:
	        fcntl.flock(part, fcntl.LOCK_EX)  # whoever unpacked may need a moment to end
	        hole = os.lseek(part.fileno(), 0, os.SEEK_HOLE)
	        print(os.path.basename(name), hole, os.lseek(part.fileno(), hole, os.SEEK_DATA))
	END
}

@test "a large layer needs its own room and 80 MiB" {
	local mib=$((LAYER / 1048576))
	run on_small_disk $((mib + 80))m "$CORACLE" pull -q --tls-verify=false "$BIG/good/app:1"
	[ "$status" = 0 ] || { echo "$output"; return 1; }
	run on_small_disk $((mib - 1))m "$CORACLE" pull -q --tls-verify=false "$BIG/good/app:1"
	[ "$status" = 125 ]
	has 'No space left on device'
}

@test "killed while a large layer is unpacked, the next pull fetches what is gone and no more" {
	need strace
	local part gap end range times
	for times in 1 8; do
		killed_while $times
		is 0 "$gap"
		forget big
		runs pull -q --tls-verify=false "$BIG/good/app:1"
		is "bytes=0-$((end - 1))" "$(jq -r "select(.path | test(\"$part\")).headers.range" "$WORK/big.log")"
		[ "$end" -lt $LAYER ]
		is '' "$(ls "$CORACLE_ROOT/store/parts" "$CORACLE_ROOT/store/tmp" | grep -v :)"
		runs rmi "$BIG/good/app:1"
	done
	# the same where Range is ignored
	killed_while 1
	runs pull -q --tls-verify=false "$BIG/no-range/app:1"
	is '' "$(ls "$CORACLE_ROOT/store/parts")"
	runs rmi "$BIG/no-range/app:1"
	# and killed again while the gap is being filled: what was filled stays
	killed_while 8
	timeout -k 5 180 python3 - "$CORACLE_ROOT/store/parts/$part" "$CORACLE" pull -q --tls-verify=false "$BIG/halts-layer/app:1" 3>&- <<-'END'
	import fcntl, os, subprocess, sys, time
	before = os.stat(sys.argv[1]).st_blocks
	child = subprocess.Popen(sys.argv[2:], stdout=subprocess.DEVNULL)
	while os.stat(sys.argv[1]).st_blocks < before + 40000:
	    assert child.poll() is None
	    time.sleep(0.01)
	child.kill()
	child.wait()
	with open(sys.argv[1], 'rb') as part:
	    fcntl.flock(part, fcntl.LOCK_EX)
	END
	forget big
	runs pull -q --tls-verify=false "$BIG/good/app:1"
	range=$(jq -r "select(.path | test(\"$part\")).headers.range" "$WORK/big.log")
	has '^bytes=[0-9]+-[0-9]+$' "$range"
	[ "$(tr -dc '0-9-' <<<"$range" | cut -d- -f1)" -ge 12000000 ]
	is '' "$(ls "$CORACLE_ROOT/store/parts")"
}

@test "killed before a large layer has come, the next pull fetches the rest and no more" {
	need strace
	local pid part size
	c rmi -f "$BIG/good/app:1" >/dev/null 2>&1 || true
	rm -f "$CORACLE_ROOT"/store/parts/*
	forget big
	strace -D -f -qq -o "$WORK/trace" -e trace=fallocate "$CORACLE" pull -q --tls-verify=false "$BIG/halts-layer/app:1" >/dev/null 2>&1 3>&- &
	pid=$!
	soon 60 has_come 99000000
	# what was unpacked so far is as far as its reader goes
	soon 60 has_unpacked 50000000
	sleep 0.2
	kill -KILL $pid
	wait $pid || true
	part=$(basename "$(large_part)")
	hasnt fallocate "$(cat "$WORK/trace")"
	soon 5 flock -n "$(large_part)" true
	size=$(stat -c %s "$(large_part)")
	[ "$size" -ge 99000000 ] && [ "$size" -lt $LAYER ]
	forget big
	runs pull -q --tls-verify=false "$BIG/good/app:1"
	is "bytes=$size-" "$(jq -r "select(.path | test(\"$part\")).headers.range" "$WORK/big.log")"
}

has_come()
{
	[ "$(stat -c %s "$(large_part)")" -ge "$1" ]
}

# has_unpacked BYTES: so much lies where the layer is made
has_unpacked()
{
	[ "$(du -sB1 "$CORACLE_ROOT/store/tmp" | cut -f1)" -ge "$1" ]
}

@test "six layers at a time take at most 64 MiB of memory in all processes together" {
	local kib
	kib=$(python3 "$BATS_TEST_DIRNAME/memory_peak.py" "$CORACLE" pull -q --tls-verify=false "$MANY/good/app:1" 3>&-)
	echo "$kib KiB"
	[ "$kib" -gt 5000 ] && [ "$kib" -le 65536 ]
	kib=$(python3 "$BATS_TEST_DIRNAME/memory_peak.py" "$CORACLE" pull -q --tls-verify=false "$BIG/good/app:1" 3>&-)
	[ "$kib" -gt 5000 ] && [ "$kib" -le 65536 ]
}
