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

# killed_while PERMILLE: a pull whose download was over, killed when that much of the part had been given back;
# $part is what it left, $gap and $end where bytes are missing
killed_while()
{
	local found try
	# should it have been quicker than we, again
	for try in 1 2 3 4 5 6 7 8; do
		c rmi -f "$BIG/good/app:1" >/dev/null 2>&1 || true
		rm -f "$CORACLE_ROOT"/store/parts/*
		found=$(kill_while "$1") || return 1
		[ -z "$found" ] || break
	done
	[ -n "$found" ] || { echo "never in time"; return 1; }
	read -r part gap end <<<"$found"
}

kill_while()
{
	timeout -k 5 180 python3 - "$CORACLE_ROOT/store/parts" "$LAYER" "$1" "$CORACLE" pull -q --tls-verify=false "$BIG/good/app:1" 3>&- <<-'END'
	import fcntl, glob, os, signal, subprocess, sys
	parts, size, permille = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
	child = subprocess.Popen(sys.argv[4:], stdout=subprocess.DEVNULL)
	while child.poll() is None:
	    for name in glob.glob(parts + '/' + 64 * '[0-9a-f]'):
	        try:
	            found = os.stat(name)
	        except OSError:
	            continue
	        if found.st_size >= size and found.st_size - found.st_blocks * 512 > size * permille // 1000:
	            child.send_signal(signal.SIGKILL)
	            child.wait()
	            try:
	                fd = os.open(name, os.O_RDONLY)
	            except FileNotFoundError:
	                sys.exit()  # it was ready at that moment
	            fcntl.flock(fd, fcntl.LOCK_EX)  # whoever unpacked may need a moment to end
	            hole = os.lseek(fd, 0, os.SEEK_HOLE)
	            if os.fstat(fd).st_nlink and hole < size:
	                try:
	                    print(os.path.basename(name), hole, os.lseek(fd, hole, os.SEEK_DATA))
	                except OSError:
	                    pass  # all of it was given back
	            sys.exit()
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
	local part gap end range try
	for try in 100 500; do
		killed_while $try
		is 0 "$gap"
		forget big
		runs pull -q --tls-verify=false "$BIG/good/app:1"
		is "bytes=0-$((end - 1))" "$(jq -r "select(.path | test(\"$part\")).headers.range" "$WORK/big.log")"
		[ "$end" -lt $LAYER ]
		is '' "$(ls "$CORACLE_ROOT/store/parts" "$CORACLE_ROOT/store/tmp" | grep -v :)"
		runs rmi "$BIG/good/app:1"
	done
	# the same where Range is ignored
	killed_while 100
	runs pull -q --tls-verify=false "$BIG/no-range/app:1"
	is '' "$(ls "$CORACLE_ROOT/store/parts")"
	runs rmi "$BIG/no-range/app:1"
	# and killed again while the gap is being filled: what was filled stays
	killed_while 500
	timeout -k 5 180 python3 - "$CORACLE_ROOT/store/parts/$part" "$CORACLE" pull -q --tls-verify=false "$BIG/steady/app:1" 3>&- <<-'END'
	import fcntl, os, subprocess, sys
	before = os.stat(sys.argv[1]).st_blocks
	child = subprocess.Popen(sys.argv[2:], stdout=subprocess.DEVNULL)
	while os.stat(sys.argv[1]).st_blocks < before + 40000:
	    assert child.poll() is None
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

@test "six layers at a time take at most 64 MiB of memory in all processes together" {
	local kib
	kib=$(python3 "$BATS_TEST_DIRNAME/memory_peak.py" "$CORACLE" pull -q --tls-verify=false "$MANY/good/app:1" 3>&-)
	echo "$kib KiB"
	[ "$kib" -gt 5000 ] && [ "$kib" -le 65536 ]
	kib=$(python3 "$BATS_TEST_DIRNAME/memory_peak.py" "$CORACLE" pull -q --tls-verify=false "$BIG/good/app:1" 3>&-)
	[ "$kib" -gt 5000 ] && [ "$kib" -le 65536 ]
}
