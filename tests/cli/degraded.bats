#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# degraded.bats - what a host lacks is told with what mends it, and the rest works

load helper

# lacking SCRIPT COMMAND...: run where a script changed the mounts, as the same user without any right
#
# In that user namespace newuidmap is no set-user-id program any more: one id is all there is.
lacking()
{
	local script=$1
	shift
	timeout 300 unshare --user --map-root-user --mount sh -ec "$script
		exec unshare --user --map-user=$(id -u) --map-group=$(id -g) \"\$@\"" - "$@" 3>&-
}

# A /dev with the usual nodes and nothing else.
BARE_DEV='mkdir -p "$WORK/dev"; mount -t tmpfs -o mode=0755 none "$WORK/dev"
	for n in null zero full random urandom tty; do touch "$WORK/dev/$n"; mount --bind /dev/$n "$WORK/dev/$n"; done
	mkdir "$WORK/dev/pts" "$WORK/dev/shm"; mount --rbind /dev/pts "$WORK/dev/pts"; ln -s pts/ptmx "$WORK/dev/ptmx"
	ln -s /proc/self/fd "$WORK/dev/fd"; mount --rbind "$WORK/dev" /dev;'

fresh()
{
	export CORACLE_ROOT=$WORK/data-$BATS_TEST_NUMBER CORACLE_RUNROOT=$WORK/run-$BATS_TEST_NUMBER
}

@test "no subordinate ids: runs with one, and tells why and what mends it" {
	fresh
	run --separate-stderr lacking 'mount --bind /dev/null /etc/subuid; mount --bind /dev/null /etc/subgid' "$CORACLE" run --rm --network none host: sh -c 'id -u; cat /proc/self/uid_map'
	[ "$status" = 0 ] || { show; return 1; }
	has '^0$'
	has '^ +0 +[0-9]+ +1$'
	run --separate-stderr lacking 'mount --bind /dev/null /etc/subuid; mount --bind /dev/null /etc/subgid' "$CORACLE" doctor
	has 'usermod.*--add-subuids'
}

@test "an image can be imported and run with one id" {
	fresh
	run --separate-stderr lacking 'mount --bind /dev/null /etc/subuid; mount --bind /dev/null /etc/subgid' sh -c '"$CORACLE" import "$WORK/busybox.tar" busybox >/dev/null && "$CORACLE" run --rm --network none busybox echo one id'
	is "one id"
}

@test "no newuidmap: told with the package" {
	fresh
	run --separate-stderr lacking 'for f in newuidmap newgidmap; do mount --bind /dev/null /usr/bin/$f; done' "$CORACLE" run --rm --network none host: echo ran
	is ran
	run --separate-stderr lacking 'for f in newuidmap newgidmap; do mount --bind /dev/null /usr/bin/$f; done' "$CORACLE" doctor
	has 'uidmap'
}

@test "no /dev/net/tun: told with what mends it; none and host still work" {
	fresh
	run --separate-stderr lacking "$BARE_DEV" "$CORACLE" run --rm --network none host: echo ran
	is ran
	run --separate-stderr lacking "$BARE_DEV" "$CORACLE" run --rm host: echo ran
	has '/dev/net/tun' "$stderr"
	has 'mknod|modprobe|chmod' "$stderr"
	run --separate-stderr lacking "$BARE_DEV" "$CORACLE" doctor
	has 'tun'
}

@test "no /dev/fuse: doctor tells, containers run" {
	fresh
	run --separate-stderr lacking "$BARE_DEV" "$CORACLE" doctor
	has 'fuse'
	run --separate-stderr lacking "$BARE_DEV" sh -c '"$CORACLE" import "$WORK/busybox.tar" busybox >/dev/null && "$CORACLE" run --rm --network none busybox echo ran'
	is ran
}

@test "no slirp4netns: told with the package" {
	fresh
	run --separate-stderr lacking 'mount --bind /dev/null /usr/bin/slirp4netns' "$CORACLE" run --rm host: echo ran
	has 'slirp4netns' "$stderr"
	run --separate-stderr lacking 'mount --bind /dev/null /usr/bin/slirp4netns' "$CORACLE" run --rm --network none host: echo ran
	is ran
}

@test "an empty environment" {
	runs version
	run --separate-stderr timeout 300 env -i CORACLE_ROOT="$CORACLE_ROOT" CORACLE_RUNROOT="$CORACLE_RUNROOT" "$CORACLE" run --rm busybox echo ran
	is ran
	# HOME comes from passwd
	run --separate-stderr timeout 300 env -i "$CORACLE" ps
	[ "$status" = 0 ]
	run --separate-stderr timeout 300 env -i "$CORACLE" run --rm --network none host: echo ran
	is ran
}

@test "no XDG_RUNTIME_DIR, or one that is not ours" {
	mkdir -p "$WORK/home"
	run --separate-stderr timeout 300 env -u XDG_RUNTIME_DIR -u CORACLE_RUNROOT -u CORACLE_ROOT HOME="$WORK/home" "$CORACLE" run --rm --network none host: echo ran
	is ran
	run --separate-stderr timeout 300 env -u CORACLE_RUNROOT -u CORACLE_ROOT HOME="$WORK/home" XDG_RUNTIME_DIR=/nonexistent "$CORACLE" run --rm --network none host: echo ran
	is ran
	run --separate-stderr timeout 300 env -u CORACLE_RUNROOT -u CORACLE_ROOT HOME="$WORK/home" XDG_RUNTIME_DIR=/root "$CORACLE" run --rm --network none host: echo ran
	is ran
}

@test "two shells with other runtime directories see the same container" {
	runs run -d --name seen busybox sleep 100
	run --separate-stderr env -u XDG_RUNTIME_DIR -u CORACLE_RUNROOT CORACLE_ROOT="$CORACLE_ROOT" "$CORACLE" ps --format '{{.Names}} {{.State}}'
	is "seen running"
}

@test "a home that can't be written is named" {
	[ "$(id -u)" != 0 ] || skip "root writes everywhere"
	run --separate-stderr timeout 300 env -u CORACLE_ROOT HOME=/proc/nowhere "$CORACLE" run --rm host: true
	[ "$status" = 125 ]
	has '/proc/nowhere' "$stderr"
	# doctor tells it as a row like all else
	run --separate-stderr timeout 300 env -u CORACLE_ROOT HOME=/proc/nowhere "$CORACLE" doctor
	[ "$status" = 1 ] || { show; return 1; }
	has 'missing +data directory +/proc/nowhere'
	has 'export CORACLE_ROOT='
	is "" "$stderr"
}

@test "a read-only data directory: told with what mends it, and what only reads goes on" {
	local read_only='mount --bind "$CORACLE_ROOT" "$CORACLE_ROOT"; mount -o remount,ro,bind "$CORACLE_ROOT"'

	[ "$(id -u)" != 0 ] || skip "root mounts elsewhere"
	for words in "run --rm busybox true" "volume create v" "tag busybox other"; do
		# shellcheck disable=SC2086 # a list of words
		run --separate-stderr lacking "$read_only" "$CORACLE" $words
		[ "$status" = 125 ] || { show; return 1; }
		[ "${#stderr_lines[@]}" = 1 ]
		has 'Read-only.*export CORACLE_ROOT=' "$stderr"
	done
	run --separate-stderr lacking "$read_only" "$CORACLE" images --format '{{.Repository}}'
	is localhost/busybox
	run --separate-stderr lacking "$read_only" "$CORACLE" doctor
	has 'missing +data directory .*read-only'
}

@test "a full disk: one line with what mends it, nothing half-made, and rm still works" {
	export CORACLE_ROOT=$WORK/small/data CORACLE_RUNROOT=$WORK/run-$BATS_TEST_NUMBER
	[ "$(id -u)" != 0 ] || skip "root mounts elsewhere"
	mkdir "$WORK/small"
	run lacking 'mount -t tmpfs -o size=8m,mode=777 none "$WORK/small"' sh -c '
		"$CORACLE" import "$WORK/busybox.tar" busybox >/dev/null && "$CORACLE" create --name old busybox true >/dev/null
		cat /dev/zero >"$WORK/small/fill" 2>/dev/null
		for words in "run --name new busybox true" "volume create new" "tag busybox new"; do
			"$CORACLE" $words
			echo "status $?"
		done
		"$CORACLE" ps -a --format "{{.Names}}"; "$CORACLE" volume ls -q; "$CORACLE" images --format "{{.Repository}}"
		"$CORACLE" rm old'
	[ "$status" = 0 ] || { show; return 1; }
	[ "$(grep -c 'No space left on device; make room: coracle rm' <<<"$output")" = 3 ] || { show; return 1; }
	[ "$(grep -c '^status 125$' <<<"$output")" = 3 ]
	[ "${#lines[@]}" = 9 ] || { show; return 1; }
	[ "${lines[6]} ${lines[7]} ${lines[8]}" = "old localhost/busybox old" ]
}

@test "doctor: a table with OK, degraded, missing and the fix; 0 when containers can run" {
	runs doctor
	has 'OK'
	run --separate-stderr c doctor --format json
	[ "$status" = 0 ]
	run jq -e 'length > 5' <<<"$output"
	[ "$status" = 0 ]
}

@test "a container in a container: nested, with one id or more" {
	run --separate-stderr c run --rm --privileged -v "$CORACLE:/coracle:ro" host: sh -c 'export CORACLE_ROOT=/tmp/n CORACLE_RUNROOT=/tmp/r; /coracle run --rm --network none host: echo inner'
	[ "$status" = 0 ] && is inner || [ "${#stderr_lines[@]}" -ge 1 ]
}

@test "limits that can't be set warn; others say nothing" {
	runs run --rm busybox echo quiet
	is "" "$stderr"
}
