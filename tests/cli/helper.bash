# SPDX-License-Identifier: GPL-2.0-or-later
# helper.bash - what the files of tests here share: a store of their own, one image, and shorthands
#
# A file begins with `load helper`. Each file works in a fresh store under /tmp (short: a socket's path may
# have 107 bytes) that is removed at its end with every container in it. CORACLE names the program under test.

bats_require_minimum_version 1.5.0

: "${CORACLE:=$BATS_TEST_DIRNAME/../../build-tests/src/main/coracle}"

setup_file()
{
	file_begin
	image_busybox
	! declare -F file_setup >/dev/null || file_setup
}

teardown_file()
{
	! declare -F file_teardown >/dev/null || file_teardown
	file_end
}

teardown()
{
	# What a failed test leaves running must not disturb the next one.
	c rm -f -a -t 0 >/dev/null 2>&1 || true
	! declare -F test_teardown >/dev/null || test_teardown
}

file_begin()
{
	[ -x "$CORACLE" ] || { echo "no program at $CORACLE: set CORACLE or build build-tests" >&2; return 1; }
	WORK=$(mktemp -d /tmp/ct.XXXXXX)
	export WORK CORACLE CORACLE_ROOT=$WORK/data CORACLE_RUNROOT=$WORK/run
	mkdir -m 0700 "$CORACLE_RUNROOT"
	# messages and the order of names are the same on every machine
	export LC_ALL=C.UTF-8
	unset CORACLE_NAME DOCKER_HOST CONTAINER_HOST http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY \
		ftp_proxy FTP_PROXY all_proxy ALL_PROXY
}

file_end()
{
	timeout 60 "$CORACLE" rm -f -a -t 0 >/dev/null 2>&1 || true
	remove_tree "$WORK"
}

# remove_tree DIRECTORY: also what belongs to subordinate ids
remove_tree()
{
	chmod -R u+rwX "$1" 2>/dev/null || true
	rm -rf "$1" 2>/dev/null || unshare --user --map-root-user --map-auto rm -rf "$1" 2>/dev/null ||
		podman unshare rm -rf "$1" || true
}

# c ARGUMENT...: the program, never for ever, and without bats' own descriptors
c()
{
	timeout -k 5 "${LIMIT:-180}" "$CORACLE" "$@" 3>&- 4>&-
}

# runs ARGUMENT...: must succeed; $output and $stderr are apart
runs()
{
	run --separate-stderr c "$@"
	[ "$status" = 0 ] || { show "$@"; return 1; }
}

# gives STATUS ARGUMENT...: must end with that status
gives()
{
	local want=$1
	shift
	if [ "$want" = 127 ]; then
		run -127 --separate-stderr c "$@"
	else
		run --separate-stderr c "$@"
	fi
	[ "$status" = "$want" ] || { echo "wanted status $want"; show "$@"; return 1; }
}

# refuses STATUS PATTERN ARGUMENT...: must end with that status and one line on standard error that matches
refuses()
{
	local want=$1 pattern=$2
	shift 2
	if [ "$want" = 127 ]; then
		run -127 --separate-stderr c "$@" </dev/null
	else
		run --separate-stderr c "$@" </dev/null
	fi
	if [ "$status" != "$want" ] || ! grep -Eqi -- "$pattern" <<<"$stderr" || [ "${#stderr_lines[@]}" != 1 ]; then
		echo "wanted status $want and one line like: $pattern"
		show "$@"
		return 1
	fi
}

show()
{
	printf 'command: coracle %s\nstatus: %s\nstdout: %s\nstderr: %s\n' "$*" "$status" "$output" "${stderr:-}"
}

# is WANTED [GOT]: $output equals
is()
{
	local got=${2-$output}
	[ "$got" = "$1" ] || { printf 'wanted: %q\ngot:    %q\nstderr: %s\n' "$1" "$got" "${stderr:-}"; return 1; }
}

# has PATTERN [TEXT]: an extended regular expression matches a line of $output
has()
{
	grep -Eq -- "$1" <<<"${2-$output}" || { printf 'wanted a line like: %s\ngot: %s\nstderr: %s\n' "$1" "${2-$output}" "${stderr:-}"; return 1; }
}

hasnt()
{
	! grep -Eq -- "$1" <<<"${2-$output}" || { printf 'unwanted: a line like: %s\ngot: %s\n' "$1" "${2-$output}"; return 1; }
}

# soon SECONDS COMMAND...: succeeds within that time, or within a minute: machines may be busy. The command is asked
# again and again, so what it looks at must not be an argument: not soon 5 is x "$(...)"
soon()
{
	local end=$((SECONDS + ($1 > 60 ? $1 : 60)))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || { echo "not in time: $*"; return 1; }
		sleep 0.05
	done
}

# need COMMAND-OR-PATH...: skip with the reason where the host lacks it
need()
{
	local what
	for what in "$@"; do
		case $what in
		/*) [ -e "$what" ] || skip "$what is not there" ;;
		*) command -v "$what" >/dev/null || skip "$what is not installed" ;;
		esac
	done
}

# becomes NAME STATUS: the container has it soon
becomes()
{
	soon 5 is_status "$1" "$2"
}

# gone PID: it has ended; that its parent has not asked for it yet does not count
gone()
{
	! grep -q '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$1/status" 2>/dev/null
}

# says NAME LINE [TIMES]: the container's log has that line soon, so often; what the program did before is done then
says()
{
	soon 10 logged "$1" "$2" "${3:-1}"
}

logged()
{
	[ "$(c logs "$1" 2>&1 | tr -d '\r' | grep -Fxc -- "$2")" -ge "$3" ]
}

# free_port [COUNT]: so many TCP and UDP ports in a row that nobody has now; the first one. The kernel gives none of
# them to whoever connects.
free_port()
{
	python3 - "${1:-1}" <<-'END'
	import random, socket, sys
	with open('/proc/sys/net/ipv4/ip_local_port_range', encoding='ascii') as file:
	    low, high = map(int, file.read().split())
	count = int(sys.argv[1])
	places = [port for port in range(10000, 65536 - count) if port + count <= low or port > high] or range(10000, 65000)
	while True:
	    first, held = random.choice(places), []
	    try:
	        for port in range(first, first + count):
	            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
	                held.append(socket.socket(socket.AF_INET, kind))
	                held[-1].bind(('', port))
	        break
	    except OSError:
	        pass
	print(first)
	END
}

status_of()
{
	c inspect --type container --format '{{.State.Status}}' "$1" 2>/dev/null
}

is_status()
{
	[ "$(status_of "$1")" = "$2" ]
}

# busybox_root DIRECTORY: a root file system with every applet
busybox_root()
{
	local applet
	mkdir -p "$1"/{bin,etc,dev,proc,sys,tmp,root,home/ann,var/tmp,run}
	chmod 1777 "$1/tmp"
	cp /bin/busybox "$1/bin/busybox"
	for applet in $(/bin/busybox --list); do
		[ "$applet" = busybox ] || ln -sf busybox "$1/bin/$applet"
	done
	printf 'root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000:Ann:/home/ann:/bin/sh\nbob:x:1001:1002::/home/none:/bin/sh\n' >"$1/etc/passwd"
	printf 'root:x:0:\nann:x:1000:\nwheel:x:10:ann,bob\nvideo:x:44:ann\nbobs:x:1002:\n' >"$1/etc/group"
}

# bundle DIRECTORY [JQ-FILTER [JQ-OPTION...]]: a runtime bundle with the applets of busybox; its config.json is the one
# of `runtime spec --rootless` without a terminal, changed by the filter. Again on the same directory: a fresh config.json
bundle()
{
	local dir=$1 filter=${2:-.}
	shift $(($# > 1 ? 2 : 1))
	mkdir -p "$dir"
	if ! [ -d "$dir/rootfs" ]; then
		[ -d "$WORK/busybox" ] || busybox_root "$WORK/busybox"
		cp -a "$WORK/busybox" "$dir/rootfs"
	fi
	rm -f "$dir/config.json"
	c runtime spec --rootless --bundle "$dir" || return 1
	jq "$@" ".process.terminal = false | $filter" "$dir/config.json" >"$dir/config.new" || return 1
	mv "$dir/config.new" "$dir/config.json"
}

# image_busybox: the image "busybox" in the file's store
image_busybox()
{
	busybox_root "$WORK/busybox"
	tar -C "$WORK/busybox" --owner=0 --group=0 --numeric-owner -cf "$WORK/busybox.tar" .
	c import --change 'CMD ["sh"]' "$WORK/busybox.tar" busybox:latest >/dev/null
}

# image_from NAME [CHANGE...] <<script: an image whose root file system a script makes in the current directory
image_from()
{
	local name=$1 tree change=()
	shift
	while [ $# -gt 0 ]; do
		change+=(--change "$1")
		shift
	done
	tree=$(mktemp -d "$WORK/tree.XXXXXX")
	chmod 0755 "$tree"
	busybox_root "$tree"
	(cd "$tree" && sh -e) || return 1
	tar -C "$tree" --owner=0 --group=0 --numeric-owner -cf "$tree.tar" .
	c import "${change[@]}" "$tree.tar" "$name" >/dev/null
	rm -rf "$tree" "$tree.tar"
}

# euid_program FILE: a static program that prints its effective user id (busybox drops what set-user-id gave)
euid_program()
{
	printf '#include <stdio.h>\n#include <unistd.h>\nint main(void) { printf("%%d\\n", (int) geteuid()); return 0; }\n' |
		gcc -static -x c - -o "$1"
}
