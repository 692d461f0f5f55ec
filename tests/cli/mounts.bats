#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# mounts.bats - bind mounts, --mount, --tmpfs, --device

load helper

setup()
{
	rm -rf "$WORK/host"
	mkdir -p "$WORK/host/sub"
	echo from-host >"$WORK/host/file"
}

@test "-v binds a directory for reading and writing" {
	runs run --rm -v "$WORK/host:/mnt" busybox sh -c 'cat /mnt/file; echo back >/mnt/written'
	is from-host
	is back "$(cat "$WORK/host/written")"
	is "$(id -u)" "$(stat -c %u "$WORK/host/written")"
}

@test "-v with ro, and nested below it" {
	gives 1 run --rm -v "$WORK/host:/mnt:ro" busybox sh -c 'echo x 2>/dev/null >/mnt/file'
	runs run --rm -v "$WORK/host:/mnt:ro" -v "$WORK/host/sub:/mnt/sub" busybox sh -c 'echo y >/mnt/sub/y; echo x 2>/dev/null >/mnt/x; ls /mnt'
	is $'file\nsub'
	is y "$(cat "$WORK/host/sub/y")"
}

@test "-v binds a file" {
	runs run --rm -v "$WORK/host/file:/etc/motd:ro" busybox cat /etc/motd
	is from-host
}

@test "-v makes a missing source directory, --mount refuses" {
	runs run --rm -v "$WORK/host/made:/mnt" busybox test -d /mnt
	[ -d "$WORK/host/made" ]
	refuses 125 "$WORK/host/absent" run --rm --mount "type=bind,source=$WORK/host/absent,target=/mnt" busybox true
}

@test "-v with a relative source" {
	cd "$WORK"
	runs run --rm -v ./host:/mnt busybox cat /mnt/file
	is from-host
}

@test "--mount type=bind with its options" {
	runs run --rm --mount "type=bind,src=$WORK/host,dst=/mnt,readonly" busybox sh -c 'cat /mnt/file; touch /mnt/x 2>/dev/null || echo ro'
	is $'from-host\nro'
	runs run --rm --mount "type=bind,source=$WORK/host,target=/mnt,ro=false" busybox touch /mnt/x
	runs run --rm --mount "\"type=bind\",\"source=$WORK/host\",\"target=/mnt\"" busybox cat /mnt/file
	is from-host
}

@test "--mount type=volume and type=tmpfs" {
	runs run --rm --mount type=volume,source=mv,target=/v busybox sh -c 'echo x >/v/f'
	runs run --rm --mount type=volume,source=mv,target=/v,readonly busybox cat /v/f
	is x
	c volume rm mv
	runs run --rm --mount type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=0700 busybox sh -c 'stat -c %a /t; df -k /t | tail -n 1'
	has '^700$'
	has ' 1024 '
}

@test "--mount says what is wrong" {
	refuses 125 'type' run --rm --mount type=nosuch,target=/x busybox true
	refuses 125 'target|destination' run --rm --mount "type=bind,source=$WORK/host" busybox true
	refuses 125 'nosuch' run --rm --mount "type=bind,source=$WORK/host,target=/x,nosuch=1" busybox true
	refuses 125 'absolute|begin with' run --rm --mount "type=bind,source=$WORK/host,target=x" busybox true
	refuses 125 '' run --rm -v "$WORK/host:/x:nosuch" busybox true
	refuses 125 '/x' run --rm -v "$WORK/host:/x" -v "$WORK/host/sub:/x" busybox true
}

@test "--tmpfs with options" {
	runs run --rm --tmpfs /t:size=2m,mode=1770,noexec busybox sh -c 'stat -c %a /t; df -k /t | tail -n 1; grep " /t " /proc/mounts'
	has '^1770$'
	has ' 2048 '
	has 'noexec'
	has 'nosuid'
	has 'nodev'
}

@test "binds are nosuid and nodev where asked, and set-user-id on them gives nothing" {
	need gcc
	euid_program "$WORK/host/suid"
	chmod 4755 "$WORK/host/suid"
	# podman-run(1), --volume: nosuid and nodev unless suid or dev is asked for
	runs run --rm -u ann -v "$WORK/host:/mnt" busybox /mnt/suid
	is 1000
	runs run --rm -u ann -v "$WORK/host:/mnt:suid" busybox /mnt/suid
	is 0
	runs run --rm -u ann -v "$WORK/host:/mnt:nosuid,nodev" busybox sh -c 'grep " /mnt " /proc/mounts; /mnt/suid'
	has 'nosuid,nodev'
	has '^1000$'
}

@test "propagation options are accepted and checked" {
	for mode in private rprivate slave rslave; do
		runs run --rm -v "$WORK/host:/mnt:$mode" busybox cat /mnt/file
	done
	runs run --rm --mount "type=bind,source=$WORK/host,target=/mnt,bind-propagation=rslave" busybox cat /mnt/file
	run --separate-stderr c run --rm --mount "type=bind,source=$WORK/host,target=/mnt,bind-propagation=junk" busybox true
	[ "$status" = 125 ]
}

@test ":U gives the source to the container's user" {
	runs run --rm -u ann -v "$WORK/host:/mnt:U" busybox sh -c 'touch /mnt/mine && stat -c %u /mnt/file /mnt/mine'
	is $'1000\n1000'
	runs run --rm -v "$WORK/host:/mnt:U" busybox true
	is "$(id -u)" "$(stat -c %u "$WORK/host/file")"
}

@test "z and Z do no harm where there is no SELinux" {
	runs run --rm -v "$WORK/host:/mnt:z" -v "$WORK/host:/mnt2:Z,ro" busybox cat /mnt2/file
	is from-host
}

@test "--device passes a node, with another name, and refuses what is not there" {
	runs run --rm --device /dev/fuse busybox sh -c 'test -c /dev/fuse && echo there'
	is there
	runs run --rm --device /dev/fuse:/dev/other:rw busybox sh -c 'test -c /dev/other && echo there'
	is there
	refuses 125 '/dev/nosuch' run --rm --device /dev/nosuch busybox true
}

@test "the usual devices and only they" {
	runs run --rm busybox sh -c 'ls /dev | sort | tr "\n" " "'
	# core and console are there with some engines and not with others
	is "fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero " "$(sed 's/core //; s/console //' <<<"$output")"
	runs run --rm busybox sh -c 'echo x >/dev/null; head -c 4 /dev/zero | od -An -tx1; head -c 1 /dev/urandom | wc -c'
	has '00 00 00 00'
}

@test "a target below a symbolic link of the image stays inside" {
	image_from linked <<<'ln -s / outside; ln -s ../../../../../../tmp up'
	runs run --rm -v "$WORK/host:/outside/made" linked cat /made/file
	is from-host
	runs run --rm -v "$WORK/host:/up/made" linked cat /tmp/made/file
	is from-host
	[ ! -e /tmp/made ] && [ ! -e /made ]
}

@test "binding over the engine's own files" {
	runs run --rm -v "$WORK/host/file:/etc/hosts:ro" busybox cat /etc/hosts
	is from-host
	runs run --rm -v "$WORK/host/file:/etc/resolv.conf:ro" busybox cat /etc/resolv.conf
	is from-host
}

@test "a bind of /dev/shm, /run and /tmp" {
	runs run --rm -v "$WORK/host:/dev/shm" -v "$WORK/host:/run" -v "$WORK/host:/tmp" busybox cat /dev/shm/file /run/file /tmp/file
	is $'from-host\nfrom-host\nfrom-host'
}
