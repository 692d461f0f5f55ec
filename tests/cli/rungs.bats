#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# rungs.bats - every storage driver gives the same: overlay, fuse-overlayfs, copy; and which of them is taken

load helper

DRIVERS='overlay fuse-overlayfs copy'
ROOTS='/attr /becomes-directory /becomes-file /bin/probe /closed /d /dangling /fifo /many /opaque /owned /removed'
ROOTS="$ROOTS /secret /setgid /setuid /sticky /symlink /tree2 /new /etc"

file_setup()
{
	export XDG_CONFIG_HOME=$WORK/config HOME=$WORK/home
	mkdir -p "$XDG_CONFIG_HOME/containers" "$HOME"
	gcc -static -O1 -w "$BATS_TEST_DIRNAME/rung_probe.c" -o "$WORK/probe"
	python3 "$BATS_TEST_DIRNAME/rung_image.py" "$WORK/changes.tar" localhost/changes:1 changes "$WORK/busybox" "$WORK/probe"
	python3 "$BATS_TEST_DIRNAME/rung_image.py" "$WORK/deep.tar" localhost/deep:1 deep "$WORK/busybox" "$WORK/probe"
	c load -q -i "$WORK/changes.tar"
	c load -q -i "$WORK/deep.tar"
}

test_teardown()
{
	rm -f "$XDG_CONFIG_HOME/containers/storage.conf"
}

# on_each FUNCTION: its output under every driver is the same; it is left in $output
on_each()
{
	local driver first= out
	need fuse-overlayfs /dev/fuse
	for driver in $DRIVERS; do
		export STORAGE_DRIVER=$driver
		out=$("$@" 2>&1) || { echo "$driver: status $?: $out"; return 1; }
		if [ -z "$first" ]; then
			first=$driver
			output=$out
		elif [ "$out" != "$output" ]; then
			echo "$driver differs from $first:"
			diff <(echo "$output") <(echo "$out")
			return 1
		fi
	done
	unset STORAGE_DRIVER
}

listing()
{
	c run --rm --network none localhost/changes:1 sh -c "probe list \$(ls -d $ROOTS 2>/dev/null)" | sort | grep -v '^/etc/\(hosts\|hostname\|resolv.conf\) '
}

@test "an image whose layers remove, replace and hide looks the same" {
	on_each listing
	has '^/d/gone 120777 0:0 -> kept'
	has '^/d/replaced 100751 7:8 size=16'
	has '^/d/linked-b .* links=2 '
	has '^/opaque/above '
	hasnt '^/opaque/below '
	has '^/becomes-directory/in '
	has '^/becomes-file 100644 .*size=11 '
	has '^/removed/new '
	hasnt '^/removed/x '
	has '^/tree2/deep 40755'
	hasnt '^/tree2/deep/file '
	hasnt '^/many/a/b/c'
	has '^/setuid 104755 0:0'
	has '^/setgid 102755 0:42'
	has '^/owned 100600 1000:100'
	has '^/closed/in 100400 1000:1000'
	has '^/attr .* user.colour=green user.empty=$|^/attr .* user.empty= user.colour=green$'
	has '^/fifo 10622'
	has '^/sticky 41777'
}

CHANGE='set -e
	mkdir /new; cd /new
	rm /d/kept; rm -r /tree2; mkdir /tree2; echo other >/tree2/file
	rm -r /closed; echo file >/closed
	mv /opaque /new/moved; echo again >/new/moved/again
	ln /d/linked-c /d/linked-new; echo changed >>/d/linked-c
	chmod 6711 /setuid; chown 5:6 /owned; chmod 4755 /owned
	mkfifo fifo; ln -s target symlink; probe socket socket
	probe set /attr user.shape round; probe remove /attr user.colour; probe set /new user.on directory
	truncate -s 1048576 sparse; rm /becomes-file; mkdir /becomes-file; mkdir -p deep/er; touch deep/er/file
	rm -r deep; rm /removed/new; touch /d/name\ with\ blank; chmod 700 /sticky; rm /fifo; echo no fifo >/fifo
	mknod node c 1 3 2>/dev/null && echo "a device was made" || echo "no device"'

changed()
{
	local name=changed-$STORAGE_DRIVER first second
	c create --name "$name" --network none localhost/changes:1 sh -c "
		[ -e /new ] || { $CHANGE; }
		probe list \$(ls -d $ROOTS 2>/dev/null) | sort" >/dev/null
	first=$(c start -a "$name" | grep -v '^/etc/\(hosts\|hostname\|resolv.conf\) ')
	second=$(c start -a "$name" | grep -v '^/etc/\(hosts\|hostname\|resolv.conf\) ')
	c rm "$name" >/dev/null
	echo "$first"
	diff <(grep -v '^no device' <<<"$first") <(echo "$second")
}

@test "what a container changes is the same, and is there at the next start" {
	on_each changed
	has '^no device'
	hasnt '^/d/kept '
	has '^/tree2/file '
	has '^/closed 100644'
	has '^/new/moved/again '
	has '^/new/moved/above '
	hasnt '^/opaque'
	has '^/new/socket 14'
	has '^/attr .* user.shape=round'
	hasnt 'user.colour'
	has '^/new 40755 0:0 user.on=directory'
	has '^/owned 104755 5:6'
	has '^/fifo 100644'
}

read_only()
{
	c run --rm --network none --read-only localhost/changes:1 sh -c \
		'touch /x 2>&1; rm /d/kept 2>&1; cat /d/kept; echo t >/tmp/t; cat /tmp/t; probe list /d/kept' | sed 's/^touch: //'
}

@test "a read-only root" {
	on_each read_only
	has 'Read-only file system'
	has '^kept$'
	has '^t$'
}

with_volume()
{
	local volume=vol-$STORAGE_DRIVER
	c run --rm --network none -v "$volume:/d" localhost/changes:1 sh -c 'rm /d/kept; echo v >/d/v; probe list /d'
	c run --rm --network none -v "$volume:/elsewhere" localhost/changes:1 sh -c 'cat /elsewhere/v; ls /elsewhere; ls /d'
	c volume rm "$volume" >/dev/null
}

@test "a volume is filled from the image and lies over it" {
	on_each with_volume
	has '^v$'
	has '^/d/linked-a '
}

keep_id()
{
	local name=keep-$STORAGE_DRIVER
	c create --name "$name" --network none --userns keep-id localhost/changes:1 sh -c \
		'id -u; cat /owned 2>&1; probe list /setgid /closed /d/replaced /bin/busybox | sed "s/ size.*//"; [ -e /tmp/mine ] || touch /tmp/mine; stat -c %u /tmp/mine' >/dev/null
	c start -a "$name"
	c start -a "$name"
	c run --rm --network none --userns keep-id --user 0 localhost/changes:1 sh -c 'id -u; echo w >/d/w; stat -c %u:%g /d/w /owned /secret /bin'
	c rm "$name" >/dev/null
}

@test "--userns keep-id" {
	on_each keep_id
	has "^$(id -u)\$"
	has '^/setgid 102755 0:42'
	has '^/closed 40700 1000:1000'
	has '^1000:100$'
}

deep()
{
	c run --rm --network none localhost/deep:1 sh -c 'cat /counter; find /deep -type f | sort; find /deep | wc -l; echo more >/deep/0/more; rm -r /deep/1; ls /deep | wc -l'
}

@test "128 layers" {
	on_each deep
	has '^127$'
	is /deep/7/of-127 "$(grep /of- <<<"$output")"
}

parallel()
{
	local i
	for i in 1 2 3 4 5 6; do
		c run --rm --network none localhost/changes:1 sh -c "cat /d/replaced; rm -r /d; echo $i >/owned; cat /owned; ls -d /d 2>&1" >"$WORK/parallel.$i" 2>&1 &
	done
	wait
	cat "$WORK"/parallel.?
}

@test "containers of one image at the same time don't see each other" {
	on_each parallel
	is 6 "$(grep -c '^replaced by two' <<<"$output")"
	has '^6$'
}

killed()
{
	local name=killed-$STORAGE_DRIVER monitor
	c run -d --name "$name" --network none localhost/changes:1 sh -c '[ -e /new ] || { echo new >/new; rm /d/kept; }; ls /d; cat /new; sync; touch /ready; sleep 1000' >/dev/null 2>&1
	soon 10 c exec "$name" test -e /ready
	monitor=$(jq .monitorPid "$CORACLE_RUNROOT/containers/$(c inspect -f '{{.Id}}' "$name")/run.json")
	kill -9 "$monitor"
	soon 10 is_status "$name" exited
	c start "$name" >/dev/null 2>&1
	soon 10 c exec "$name" test -e /ready
	c exec "$name" sh -c 'cat /new; ls /d'
	c inspect -f '{{len .GraphDriver.Name | ne 0}}' "$name"
	c rm -f -t 0 "$name" >/dev/null
}

@test "kill -9 of the monitor, then start: what was written is there" {
	on_each killed
	has '^new$'
	hasnt '^kept$'
}

leaves_nothing()
{
	c run --network none --name "left-$STORAGE_DRIVER" localhost/changes:1 sh -c 'mkdir -p /a/b; chmod 0 /a/b /a; rm -r /d'
	c rm "left-$STORAGE_DRIVER" >/dev/null
	c run --rm --network none localhost/changes:1 sh -c 'mkdir -p /a/b; chmod 0 /a/b /a; rm -r /d'
	ls "$CORACLE_ROOT/containers" "$CORACLE_ROOT/names" "$CORACLE_RUNROOT/containers"
	ls "$CORACLE_ROOT/store/tmp" | wc -l
	soon 5 bash -c '! pgrep -u "$(id -u)" -f "fuse-overlayfs.*$WORK"'
}

@test "rm leaves nothing" {
	on_each leaves_nothing
	is "$CORACLE_ROOT/containers:,$CORACLE_ROOT/names:,$CORACLE_RUNROOT/containers:,0" "$(grep -v '^$' <<<"$output" | paste -sd,)"
}

full_disk()
{
	mkdir -p "$WORK/small"
	timeout 300 unshare --user --map-root-user --mount sh -c '
		mount -t tmpfs -o size=20m,mode=777 none "$WORK/small"
		export CORACLE_ROOT=$WORK/small/data CORACLE_RUNROOT=$WORK/small/run
		"$CORACLE" load -q -i "$WORK/changes.tar" >/dev/null || exit 1
		"$CORACLE" run --name f --network none localhost/changes:1 sh -c "dd if=/dev/zero of=/big bs=64k 2>&1 | grep -o \"No space left on device\"; rm /big; echo fits >/small; cat /small"
		"$CORACLE" rm f
		"$CORACLE" run --rm --network none localhost/changes:1 echo again
		dd if=/dev/zero of="$WORK/small/filler" bs=64k 2>/dev/null
		"$CORACLE" run --rm --network none localhost/changes:1 echo full >/dev/null 2>"$WORK/full.err" || echo "status $?"
		[ "$(wc -l <"$WORK/full.err")" = 1 ] || cat "$WORK/full.err"
		rm "$WORK/small/filler"
		"$CORACLE" run --rm --network none localhost/changes:1 echo room; ls -A "$CORACLE_ROOT/containers"' 3>&-
}

@test "a full disk is told in one line, and the room is free again afterwards" {
	on_each full_disk
	is "No space left on device,fits,f,again,status 125,room" "$(paste -sd, <<<"$output")"
}

# --- which driver ---

driver_of()
{
	c inspect -f '{{.GraphDriver.Name}}' "$1"
}

@test "a container that was begun with one driver goes on with it" {
	need fuse-overlayfs /dev/fuse
	local driver other
	for driver in $DRIVERS; do
		other=copy
		[ "$driver" != copy ] || other=overlay
		STORAGE_DRIVER=$driver c create --name "asked-$driver" --network none localhost/changes:1 sh -c 'ls /d; echo x >>/d/x; wc -l </d/x' >/dev/null
		STORAGE_DRIVER=$other runs start -a "asked-$driver"
		STORAGE_DRIVER=$other runs start -a "asked-$driver"
		has '^2$'
		is "$driver" "$(driver_of "asked-$driver")"
	done
	# nobody asked: the choice of the first start stays, whatever this boot's answer would be
	c create --name free --network none localhost/changes:1 sh -c 'echo x >>/d/x; wc -l </d/x' >/dev/null
	runs start -a free
	was=$(driver_of free)
	[ -n "$was" ]
	for memory in "$CORACLE_RUNROOT"/driver.any; do
		sed -i "s/^[a-z-]*/copy/" "$memory"
	done
	runs start -a free
	is 2
	is "$was" "$(driver_of free)"
	rm "$CORACLE_RUNROOT/driver.any"
}

@test "the option, then the variable, then storage.conf decide" {
	need fuse-overlayfs /dev/fuse
	local conf=$XDG_CONFIG_HOME/containers/storage.conf
	printf '[storage]\ndriver = "vfs"\n' >"$conf"
	is copy "$(c info -f '{{.Driver}}')"
	is '["Chosen by","storage.conf"]' "$(c info -f '{{json (index .DriverStatus 0)}}')"
	is fuse-overlayfs "$(STORAGE_DRIVER=fuse-overlayfs c info -f '{{.Driver}}')"
	is overlay "$(STORAGE_DRIVER=fuse-overlayfs c --storage-driver overlay2 info -f '{{.Driver}}')"
	runs run --network none --name by-file localhost/changes:1 true
	is copy "$(driver_of by-file)"
	# the name that distributions ship means: whatever comes first
	printf '[storage]\ndriver = "overlay"\n' >"$conf"
	is overlay "$(c info -f '{{.Driver}}')"
	printf '[storage]\ndriver = "btrfs"\n' >"$conf"
	is overlay "$(c info -f '{{.Driver}}')"
	has 'Passed over: btrfs of storage.conf' "$(c info)"
	runs run --rm --network none localhost/changes:1 true
	printf '[storage]\ndriver = 7\n' >"$conf"
	refuses 125 'storage.conf.*driver.*not a string' run --rm --network none localhost/changes:1 true
	refuses 125 'unknown storage driver "zfs": use overlay' --storage-driver zfs run --rm --network none localhost/changes:1 true
}

@test "a driver that can't work here is refused with the reason; info tells what was tried" {
	need fuse-overlayfs
	lacking()
	{
		timeout 300 unshare --user --map-root-user --mount sh -c 'chmod 0 "$WORK/nofuse" 2>/dev/null
			mount --bind "$WORK/nofuse" "$(command -v fuse-overlayfs)"
			CORACLE_ROOT=$WORK/lack CORACLE_RUNROOT=$WORK/lackrun exec unshare --user --map-user=1000 --map-group=1000 "$@"' - "$@" 3>&-
	}
	: >"$WORK/nofuse"
	mkdir -p "$WORK/lackrun"
	lacking "$CORACLE" load -q -i "$WORK/changes.tar" >/dev/null
	run --separate-stderr lacking env STORAGE_DRIVER=fuse-overlayfs "$CORACLE" run --rm --network none localhost/changes:1 true
	[ "$status" = 125 ] || { show; return 1; }
	is 1 "$(grep -vc 'note: no subordinate ids' <<<"$stderr")"
	has '^coracle: run: storage driver fuse-overlayfs does not work here: fuse-overlayfs is not installed' "$stderr"
	run --separate-stderr lacking env STORAGE_DRIVER=fuse-overlayfs "$CORACLE" info -f '{{json .DriverStatus}}'
	has '"fuse-overlayfs is not installed'
}
