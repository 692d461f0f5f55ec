#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# lacking.bats - kernels that lack system calls, and filters of outer containers that refuse them: run, exec and pull
# work all the same, or tell what is missing

load helper
load registries

file_setup()
{
	registries_begin
	gcc -O1 -o "$WORK/lacking" "$BATS_TEST_DIRNAME/lacking.c"
	lying open
	export OPEN=$(port open)
}

file_teardown()
{
	registries_end
}

test_teardown()
{
	c rmi -f "$OPEN/good/app:1.0" >/dev/null 2>&1 || true
}

# without ERROR CALLS ARGUMENT...: the program where these calls answer that
without()
{
	local errno=$1 calls=$2
	shift 2
	timeout -k 5 60 "$WORK/lacking" "$errno" "$calls" "$CORACLE" "$@" 3>&- 4>&- </dev/null
}

# does_without ERROR CALLS WANTED ARGUMENT...: its output is that
does_without()
{
	local want=$3
	run --separate-stderr without "$1" "$2" "${@:4}"
	if [ "$status" != 0 ] || [ "$output" != "$want" ]; then
		echo "$1 $2"
		show "${@:4}"
		return 1
	fi
}

# tells_without ERROR CALLS PATTERN ARGUMENT...: status 125, and its last line is like that
tells_without()
{
	local pattern=$3
	run --separate-stderr without "$1" "$2" "${@:4}"
	if [ "$status" != 125 ] || ! grep -Eq -- "^coracle: .*$pattern" <<<"${stderr_lines[-1]}"; then
		echo "$1 $2"
		show "${@:4}"
		return 1
	fi
}

# containers_work ERROR CALLS
containers_work()
{
	does_without "$1" "$2" ran run --rm --network none busybox echo ran
	without "$1" "$2" run -d --name lasting --network none busybox sleep 100 >/dev/null 2>"$WORK/err" || { cat "$WORK/err"; return 1; }
	does_without "$1" "$2" inside exec lasting echo inside
	does_without "$1" "$2" lasting rm -f -t 0 lasting
	is '' "$(c ps -a -q)"
}

pull_works()
{
	without "$1" "$2" pull -q --tls-verify=false "$OPEN/good/app:1.0" >"$WORK/out" 2>&1 || { cat "$WORK/out"; return 1; }
	runs rmi "$OPEN/good/app:1.0"
}

# all_work CALLS [ERROR...]
all_work()
{
	local calls=$1 errno
	shift
	[ $# -gt 0 ] || set -- ENOSYS EPERM
	for errno; do
		containers_work "$errno" "$calls"
		pull_works "$errno" "$calls"
	done
}

@test "the filter holds for what is started below it" {
	run "$WORK/lacking" ENOSYS getrandom sh -c 'grep ^Seccomp: /proc/self/status; python3 -c "import os; os.getrandom(1)"'
	has '2$'
	has 'not implemented'
	run "$WORK/lacking" ENOSYS nothing true
	[ "$status" = 99 ]
}

@test "without clone3" {
	all_work clone3 ENOSYS
	containers_work EPERM clone3
	# the C library itself makes no thread then
	tells_without EPERM clone3 'start a thread: Operation not permitted' pull -q --tls-verify=false "$OPEN/good/app:1.0"
}

@test "without close_range" {
	all_work close_range
	# high ones, too, do not reach a container
	run --separate-stderr bash -c 'ulimit -n 6000 && exec 5000</dev/null && exec "$@"' - \
		"$WORK/lacking" ENOSYS close_range "$CORACLE" run --rm --init --network none busybox ls /proc/self/fd
	[ "$status" = 0 ] || { show; return 1; }
	has '^2$'
	hasnt '^5000$'
}

@test "without openat2" {
	all_work openat2
}

@test "without mount_setattr" {
	all_work mount_setattr
	does_without EPERM mount_setattr refused run --rm --network none -v "$WORK:$WORK:ro" host: sh -c "touch '$WORK/no' 2>/dev/null || echo refused"
	[ ! -e "$WORK/no" ]
}

@test "without fsopen, fsconfig and fsmount" {
	all_work fsopen,fsconfig,fsmount
}

@test "without statx" {
	all_work statx
}

@test "without faccessat2, also programs are found" {
	all_work faccessat2
	run --separate-stderr without EPERM faccessat2 doctor
	has 'slirp4netns'
	hasnt 'not installed'
}

@test "without io_uring_setup" {
	all_work io_uring_setup
}

@test "without copy_file_range and pidfd_send_signal" {
	all_work copy_file_range,pidfd_send_signal
}

@test "without pidfd_open: containers run, exec tells" {
	local errno
	for errno in ENOSYS EPERM; do
		does_without $errno pidfd_open ran run --rm --network none busybox echo ran
		without $errno pidfd_open run -d --name lasting --network none busybox sleep 100 >/dev/null 2>&1
		tells_without $errno pidfd_open 'exec needs pidfd_open' exec lasting true
		runs rm -f -t 0 lasting
		pull_works $errno pidfd_open
	done
}

@test "without open_tree and move_mount: told, and pull works" {
	local errno call
	for errno in ENOSYS EPERM; do
		for call in open_tree move_mount; do
			tells_without $errno $call 'is without open_tree.* or move_mount' run --rm --network none busybox true
		done
		pull_works $errno open_tree,move_mount
	done
}

@test "without all of them that there is something else for" {
	all_work close_range,copy_file_range,faccessat2,fsconfig,fsmount,fsopen,io_uring_setup,mount_setattr,openat2,statx
	all_work clone3,close_range,copy_file_range,faccessat2,fsconfig,fsmount,fsopen,io_uring_setup,mount_setattr,openat2,statx ENOSYS
}

@test "without mount_setattr every mount has the flags that it has with it, also those below a bind" {
	mkdir "$WORK/above"
	echo text >"$WORK/above/a file"
	# mount points, flags, and whether a mount is shared or slave; not the numbers
	cat >"$WORK/list" <<-'END'
	exec "$@" unshare --user --map-user=12345 --map-group=12345 "$CORACLE" run --rm --network none --read-only \
		--tmpfs /run:size=1m,noexec --mount type=tmpfs,target=/tmp,ro -v "$WORK/above:/one:ro" \
		-v "$WORK/above:/two:nosuid,nodev" -v "$WORK/above/a file:/three:ro" \
		busybox awk '{ line = $5 " " $6; for (i = 7; $i != "-"; i++) { sub(/:.*/, "", $i); line = line " " $i } print line }' \
		/proc/self/mountinfo
	END
	run --separate-stderr timeout 60 unshare --user --map-root-user --mount sh -ec '
		mkdir "$WORK/above/below" "$WORK/above/below it"
		mount -t tmpfs none "$WORK/above/below"
		mkdir "$WORK/above/below/deeper"
		mount -t tmpfs -o nosuid none "$WORK/above/below/deeper"
		mount -t tmpfs -o noatime none "$WORK/above/below it"
		sh "$WORK/list" env >"$WORK/with"
		for errno in ENOSYS EPERM; do
			sh "$WORK/list" "$WORK/lacking" $errno mount_setattr >"$WORK/$errno"
		done' 3>&- 4>&-
	[ "$status" = 0 ] || { show; return 1; }
	has '^/one/below\\040it ro,' "$(cat "$WORK/with")"
	has '^/one/below/deeper ro,nosuid,' "$(cat "$WORK/with")"
	diff "$WORK/with" "$WORK/ENOSYS"
	diff "$WORK/with" "$WORK/EPERM"
}
