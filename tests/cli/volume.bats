#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# volume.bats - volume create ls inspect rm prune, and volumes in containers

load helper

test_teardown()
{
	c rm -f -a -t 0 -v >/dev/null 2>&1
	c volume ls -q | xargs -r "$CORACLE" volume rm -f >/dev/null 2>&1
	return 0
}

@test "create prints the name, given or made up" {
	runs volume create v1
	is v1
	runs volume create
	[[ $output =~ ^[0-9a-f]{64}$ ]]
	runs volume create --label k=v v2
	is v2
	runs volume inspect -f '{{.Name}} {{.Driver}} {{.Labels.k}} {{.Scope}}' v2
	is "v2 local v local"
}

@test "create twice is no second volume" {
	runs volume create v1
	run --separate-stderr c volume create v1
	runs volume ls -q
	is v1
}

@test "names that are none are refused" {
	for name in '../x' 'a/b' '.hidden/x' '' '-v'; do
		run --separate-stderr c volume create -- "$name"
		[ "$status" = 125 ] || [ -z "$name" ] || { echo "accepted '$name'"; return 1; }
	done
}

@test "ls, filters and formats" {
	runs volume create --label a=b v1
	runs volume create v2
	runs volume ls
	has '^DRIVER +VOLUME NAME *$'
	has '^local +v1 *$'
	runs volume ls -q --filter label=a=b
	is v1
	runs volume ls --filter name=v2 --format '{{.Name}}'
	is v2
	runs create --name user -v v1:/x busybox true
	runs volume ls -q --filter dangling=true
	is v2
	run bash -c '"$CORACLE" volume inspect v1 | jq -r ".[0].Mountpoint"'
	[ -d "$output" ]
}

@test "rm: in use is 2, absent is 1, force is quiet" {
	runs volume create v1
	runs create --name user -v v1:/x busybox true
	refuses 2 'v1.*(use|user|[0-9a-f]{12})' volume rm v1
	runs rm user
	runs volume rm v1
	is v1
	gives 1 volume rm v1
	gives 0 volume rm -f v1
}

@test "create takes the name as an option too, but not twice" {
	runs volume create --name by-option
	is by-option
	runs volume ls -q
	is by-option
	refuses 125 'twice' volume create --name by-option other
	runs volume rm by-option
}

@test "prune removes anonymous ones that nothing uses, and with -a the named too" {
	runs volume create named
	runs create --name user -v /anon busybox true
	runs rm user
	runs volume prune -f
	is 'Deleted Volumes:' "${lines[0]}"
	has '^Total reclaimed space: 0B$'
	runs volume ls -q
	is named
	c run --rm -v named:/v busybox sh -c 'printf 12345 >/v/five'
	runs volume prune -f -a --dry-run
	is named
	runs volume prune -f -a
	has '^named$'
	has '^Total reclaimed space: 5B$'
	ln -sf "$CORACLE" "$WORK/podman"
	c volume create another
	is another "$("$WORK/podman" volume prune -f -a 3>&- 4>&-)"
	runs volume ls -q
	is ""
}

@test "what one container writes another one reads" {
	runs run --rm -v shared:/data busybox sh -c 'echo kept >/data/file'
	runs run --rm -v shared:/other:ro busybox cat /other/file
	is kept
	gives 1 run --rm -v shared:/data:ro busybox sh -c 'echo x 2>/dev/null >/data/file'
}

@test "an empty volume first gets what the image has there" {
	runs run --rm -v etc:/etc busybox cat /etc/group
	has '^wheel'
	runs run --rm -v etc2:/etc:nocopy busybox ls /etc
	hasnt '^group$'
}

@test "VOLUME of the image makes an anonymous volume, removed by --rm" {
	image_from withvolume 'VOLUME /data' <<<'mkdir data; echo seed >data/seed'
	runs run --rm --name w withvolume cat /data/seed
	is seed
	runs volume ls -q
	is ""
	runs create --name w withvolume true
	runs volume ls -q
	[ "${#lines[@]}" = 1 ]
	runs rm -v w
	runs volume ls -q
	is ""
}

@test "--volumes-from" {
	runs create --name source -v shared:/data busybox true
	runs run --rm -v shared:/x busybox sh -c 'echo y >/x/f'
	runs run --rm --volumes-from source busybox cat /data/f
	is y
	gives 1 run --rm --volumes-from source:ro busybox sh -c 'echo x 2>/dev/null >/data/f'
}

@test "a volume belongs to the user that the image's directory belongs to" {
	image_from owned <<<'mkdir data'
	runs run --rm -u ann -v fresh:/data:U busybox sh -c 'touch /data/x && stat -c %u /data/x'
	is 1000
}
