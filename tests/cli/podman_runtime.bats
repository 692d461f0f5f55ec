#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# podman_runtime.bats - a real podman that runs its containers with `coracle-runtime` in crun's place

load helper

file_setup()
{
	command -v podman >/dev/null || return 0
	mkdir -p "$WORK/bin" "$WORK/pod/root"
	ln -s "$CORACLE" "$WORK/bin/coracle-runtime"
	mkdir -p "$WORK/rootfs"/{bin,proc,sys,dev,tmp,etc,root}
	cp /bin/busybox "$WORK/rootfs/bin/"
	for applet in sh true sleep cat id echo tty grep mount; do ln -s busybox "$WORK/rootfs/bin/$applet"; done
	tar -C "$WORK/rootfs" -cf "$WORK/image.tar" .
	p import "$WORK/image.tar" bb:latest >/dev/null 2>&1
}

file_teardown()
{
	p rm -f -a -t 0 >/dev/null 2>&1 || true
	podman unshare rm -rf "$WORK/pod" >/dev/null 2>&1 || true
}

setup()
{
	command -v podman >/dev/null || skip "podman is not installed"
}

test_teardown()
{
	p rm -f -a -t 0 >/dev/null 2>&1 || true
}

p()
{
	timeout -k 5 300 podman --root "$WORK/pod/root" --runroot "$WORK/pod/run" --cgroup-manager cgroupfs \
		--storage-driver vfs --events-backend file --runtime "$WORK/bin/coracle-runtime" "$@" 3>&- 4>&-
}

# pod STATUS ARGUMENT...: must end with that status; $output and $stderr are apart
pod()
{
	local want=$1
	shift
	if [ "$want" = 127 ]; then
		run -127 --separate-stderr p "$@" </dev/null
	else
		run --separate-stderr p "$@" </dev/null
	fi
	[ "$status" = "$want" ] || { echo "wanted status $want"; show "$@"; return 1; }
}

@test "podman run gives output and exit status through" {
	pod 5 run --rm --net none bb sh -c 'echo hello; exit 5'
	is hello
}

@test "podman run with a terminal, a user, a volume, limits of resources and sysctls" {
	mkdir -p "$WORK/vol"
	echo data >"$WORK/vol/file"
	pod 0 run --rm --net none -t bb tty
	has '/dev/(pts/0|console)'
	pod 0 run --rm --net none --user 5:6 -v "$WORK/vol:/x:ro" --tmpfs /y --ulimit nofile=100:200 --sysctl kernel.msgmax=9000 \
		bb sh -c 'id; cat /x/file; ulimit -n; cat /proc/sys/kernel/msgmax; echo x >/x/file || echo read-only'
	has 'uid=5 gid=6'
	has '^data$'
	has '^100$'
	has '^9000$'
	has '^read-only$'
}

@test "podman run -d, exec, kill, stop and rm" {
	pod 0 run -d --name w --net none bb sleep 1000
	pod 7 exec -e A=b -w /tmp -u 5 w sh -c 'echo $A; pwd; id; exit 7'
	has '^b$'
	has '^/tmp$'
	has 'uid=5'
	pod 0 exec -t w tty
	pod 0 ps --format '{{.Names}} {{.Status}}'
	has '^w Up'
	pod 0 stop -t 0 w
	pod 0 inspect --format '{{.State.Status}} {{.State.ExitCode}}' w
	is "exited 137"
	pod 0 rm w
}

@test "podman restart starts the same container again" {
	pod 0 run -d --name w --net none bb sleep 1000
	pod 0 restart -t 0 w
	pod 0 exec w true
	pod 0 rm -f -t 0 w
}

@test "podman's exit statuses 126 and 127 for programs that can't be run" {
	pod 127 run --rm --net none bb nosuch
	[[ $stderr == *'not found'* ]]
	pod 126 run --rm --net none bb /etc
	[[ $stderr == *'ermission denied'* ]]
	pod 0 run -d --name w --net none bb sleep 1000
	pod 127 exec w nosuch
}

@test "podman's user namespaces, privileged and read-only containers" {
	pod 0 run --rm --net none --userns keep-id bb id -u
	is "$(id -u)"
	pod 0 run --rm --net none --privileged bb grep CapEff /proc/self/status
	has '0000[0-9a-f]*f$'
	pod 0 run --rm --net none --read-only bb sh -c 'echo x >/file || echo read-only'
	is read-only
}

@test "the default network of podman works" {
	[ -c /dev/net/tun ] && command -v slirp4netns >/dev/null || skip "no /dev/net/tun or slirp4netns"
	pod 0 run --rm --net slirp4netns bb grep tap0 /proc/net/dev
}

nobody_runs()
{
	! pgrep -u "$(id -u)" -f "$1"
}

@test "podman leaves nothing of ours behind" {
	pod 0 run --rm --net none bb true
	run --separate-stderr "$WORK/bin/coracle-runtime" --root "$WORK/pod/run/../runtime" list -q
	is ''
	# what conmon starts at the end cleans up behind podman's back
	soon 5 nobody_runs "$WORK/bin/coracle-runtime"
}
