#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# image_mount.bats - image mount, image unmount, unshare

load helper

file_setup()
{
	local name
	mkdir "$WORK/images" "$WORK/path"
	python3 "$BATS_TEST_DIRNAME/explore_images.py" "$WORK/images"
	for name in one two three; do
		c load -q -i "$WORK/images/$name.tar" >/dev/null
	done
	ln -s "$CORACLE" "$WORK/path/coracle"
	mkfifo "$WORK/fifo"
}

setup()
{
	PATH=$WORK/path:$PATH
}

test_teardown()
{
	c load -q -i "$WORK/images/two.tar" >/dev/null
}

# inside SCRIPT [DRIVER]: in `coracle unshare`
inside()
{
	runs ${2:+--storage-driver "$2"} unshare sh -c "$1"
}

# refuses_inside PATTERN COMMAND...
refuses_inside()
{
	refuses 125 "$1" unshare coracle "${@:2}"
}

# --- unshare

@test "unshare is root with subordinate ids, with all else as it was" {
	runs unshare id -u
	is 0
	runs unshare cat /proc/self/uid_map
	has "^ +0 +$(id -u) +1$"
	[ "${#lines[@]}" -ge 2 ]
	run --separate-stderr bash -c 'cd /var && echo words | timeout 120 "$CORACLE" unshare sh -c "cat; pwd"'
	is $'words\n/var'
	inside 'echo $CONTAINERS_GRAPHROOT $CONTAINERS_RUNROOT'
	is "$CORACLE_ROOT $CORACLE_RUNROOT"
}

@test "unshare ends as the command does" {
	gives 7 unshare sh -c 'exit 7'
	gives 137 unshare sh -c 'kill -9 $$'
	gives 127 unshare not-a-command
	has 'unshare: not-a-command: No such file' "$stderr"
	gives 126 unshare /etc/passwd
	gives 0 unshare true -x --help
	refuses 125 'no network that containers share' unshare --rootless-netns true
	SHELL=/bin/sh run --separate-stderr c unshare <<<'exit 5'
	[ "$status" = 5 ]
}

@test "unshare passes SIGTERM on" {
	: >"$WORK/out"
	"$CORACLE" unshare sh -c 'trap "echo got it; exit 3" TERM; echo ready; while :; do sleep 0.05; done' >"$WORK/out" 2>&1 3>&- 4>&- &
	local pid=$!
	soon 10 grep -q ready "$WORK/out"
	kill -TERM $pid
	status=0
	wait $pid || status=$?
	[ "$status" = 3 ]
	is $'ready\ngot it' "$(cat "$WORK/out")"
}

@test "what is mounted in unshare is seen nowhere else, and its files belong to their owners" {
	runs unshare sh -c 'mkdir -p "$0/mnt"; mount -t tmpfs none "$0/mnt"; touch "$0/mnt/x"; ls "$0/mnt"' "$WORK"
	is x
	is '' "$(ls "$WORK/mnt")"
	inside "touch '$WORK/mnt/of-two'; chown 2:2 '$WORK/mnt/of-two'; stat -c %u '$WORK/mnt/of-two'"
	is 2
	run rm -rf "$WORK/mnt"
	runs unshare rm -rf "$WORK/mnt"
}

@test "coracle works inside of unshare: run, import, rmi, ps, and unshare again" {
	inside 'coracle run --rm busybox echo hello'
	is hello
	inside 'coracle run -d --name inner busybox sleep 100 >/dev/null 2>&1'
	runs exec inner echo from outside
	is 'from outside'
	inside 'coracle rm -f -t 0 inner; coracle tag busybox other; coracle rmi other'
	has 'Untagged'
	inside 'coracle unshare coracle unshare id -u'
	is 0
}

# --- image mount

@test "image mount outside of unshare says where it works" {
	refuses 125 'image mount: works only inside of: coracle unshare' image mount
	refuses 125 'image mount: works only inside of: coracle unshare' image mount one
	refuses 125 'image unmount: works only inside of: coracle unshare' image unmount -a
}

# what an image shows, whatever the driver: $1
shows_the_image()
{
	inside 'p=$(coracle image mount two) && cd "$p" && find . | sort && cat etc/new; touch x || cd / && coracle image unmount two' "$1"
	has 'Read-only file system' "$stderr"
	has '^./file/x$'
	has '^./opaque/upper$'
	hasnt '/lower|^./dir|gone|\.wh\.'
	has '^n[0-9a-f]{64}$'
	is lock "$(ls "$CORACLE_ROOT/mounts")"
}

@test "an image is a read-only directory, with the kernel's overlay" {
	shows_the_image overlay
}

@test "an image is a read-only directory, with fuse-overlayfs" {
	need fuse-overlayfs /dev/fuse
	shows_the_image fuse-overlayfs
}

@test "an image is a read-only directory, as a copy" {
	shows_the_image vfs
}

@test "programs of fuse-overlayfs end with the unmount, and with unshare" {
	need fuse-overlayfs /dev/fuse
	inside 'coracle image mount two >/dev/null; sleep 0.3; cat "$(coracle image mount two)/etc/new"; coracle image unmount two >/dev/null
		for i in $(seq 600); do pgrep -P $PPID >/dev/null; [ $(pgrep -P $PPID | wc -l) = 1 ] && break; sleep 0.1; done; pgrep -P $PPID | wc -l' fuse-overlayfs
	is $'n1'
	inside 'coracle image mount two >/dev/null; cat "$CORACLE_ROOT"/mounts/*/fuse.pid' fuse-overlayfs
	local pid=${output%% *}
	[ "$pid" -gt 1 ]
	soon 5 gone "$pid"
}

@test "programs of fuse-overlayfs end also when what unshare runs is killed" {
	need fuse-overlayfs /dev/fuse
	local pid served
	: >"$WORK/out"
	"$CORACLE" --storage-driver fuse-overlayfs unshare sh -c 'coracle image mount two && cat "$CORACLE_ROOT"/mounts/*/fuse.pid; exec sleep 50' >"$WORK/out" 2>&1 3>&- 4>&- &
	pid=$!
	soon 10 grep -q '^[0-9]' "$WORK/out"
	served=$(sed -n 's/^\([0-9]*\) .*/\1/p' "$WORK/out")
	grep -q fuse-overlayfs "/proc/$served/cmdline"
	kill -9 $pid
	soon 5 gone "$served"
	runs --storage-driver fuse-overlayfs unshare sh -c 'CORACLE_UNSHARE=1.1 coracle image mount two || ls "$CORACLE_ROOT/mounts"'
	is lock
	has 'the command that unshare ran has ended; begin anew: coracle unshare' "$stderr"
}

@test "image mount without names lists, as table and as JSON" {
	inside 'coracle image mount; coracle image mount --format json'
	is '[]'
	inside 'coracle image mount one >/dev/null; coracle image mount'
	is "docker.io/library/one:latest  $CORACLE_ROOT/mounts/$(c image inspect -f '{{.Id}}' one | cut -c8-)/merged"
	inside 'coracle image mount one three; coracle image mount --format json; coracle image mount --format "{{.ID}}"'
	has '^docker.io/library/one:latest +/.*/merged$'
	has '^docker.io/library/three:latest +/.*/merged$'
	has '^[0-9a-f]{12}$'
	is "docker.io/library/one:latest" "$(sed -n '/^\[/,/^\]/p' <<<"$output" | jq -r '.[] | select(.mountpoint | test("/merged$")) | .Repositories[0]' | head -n 1)"
}

@test "mounting again gives the same directory; one unmount ends it" {
	inside 'a=$(coracle image mount one); b=$(coracle image mount one); [ "$a" = "$b" ] && coracle image unmount one && coracle image mount; ! ls "$a"'
	has '^[0-9a-f]{64}$'
	hasnt 'etc|merged'
}

@test "--all mounts and unmounts all" {
	inside 'coracle image mount --all | wc -l; coracle image unmount --all | wc -l; coracle image mount'
	is $'4\n4'
	refuses_inside 'exclude each other' image mount -a one
	refuses_inside 'exclude each other' image unmount -a one
	refuses_inside 'which image' image unmount
}

@test "unmount refuses while a process is in it; --force does not" {
	inside 'p=$(coracle image mount one); cd "$p"; coracle image unmount one; echo $?; coracle image unmount --force one; coracle image mount'
	has '^125$'
	has '^[0-9a-f]{64}$'
	has 'in use at .*; leave it, or: coracle image unmount --force one' "$stderr"
	hasnt merged
}

@test "what is not mounted can't be unmounted, and what is not there not mounted" {
	refuses_inside 'image "one" is not mounted here; what is: coracle image mount' image unmount one
	refuses_inside 'image not known: "nothing"' image unmount nothing
	refuses_inside 'image not known: "nothing"' image mount nothing
	inside 'coracle image mount nothing one none 2>&1; echo $?'
	has '^docker.io/library/one:latest +/'
	has '^125$'
	is 2 "$(grep -c 'image not known' <<<"$output")"
}

@test "an image that is mounted somewhere is not removed, with any driver" {
	local driver pid
	for driver in overlay vfs; do
		: >"$WORK/out"
		"$CORACLE" --storage-driver $driver unshare sh -c 'coracle image mount two; read x' <"$WORK/fifo" >"$WORK/out" 2>&1 3>&- 4>&- &
		pid=$!
		exec 8>"$WORK/fifo"
		soon 10 grep -q merged "$WORK/out"
		refuses 2 "image [0-9a-f]{12} is mounted where process [0-9]+ runs; unmount it there: coracle image unmount" rmi two
		refuses 2 'is mounted where' rmi -f two
		runs image exists two
		runs image prune -a -f --filter reference=two
		runs image exists two
		# another one's unmount leaves what is mounted here
		inside 'coracle image mount two >/dev/null; coracle image unmount two >/dev/null'
		[ -d "$(cat "$WORK/out")" ]
		exec 8>&-
		wait $pid || true
		runs rmi two
		has Deleted
		is lock "$(ls "$CORACLE_ROOT/mounts")"
		c load -q -i "$WORK/images/two.tar" >/dev/null
	done
}

@test "mounts of different drivers do not mix" {
	inside 'coracle image mount two >/dev/null; coracle --storage-driver vfs unshare sh -c "coracle image mount one" >/dev/null
		coracle --storage-driver vfs image mount one | xargs ls | head -n 1'
	is becomes
	inside 'p=$(coracle image mount two); coracle unshare coracle image unmount two; ls "$p" | head -n 1'
	is becomes
	has 'can be unmounted only there' "$stderr"
}

@test "a store in a directory with blanks and odd letters mounts, lists and unmounts" {
	local odd=$'odd \\ dir\twith\nlines'
	mkdir "$WORK/$odd"
	CORACLE_ROOT="$WORK/$odd" c load -q -i "$WORK/images/one.tar" >/dev/null
	CORACLE_ROOT="$WORK/$odd" inside 'coracle image mount one >/dev/null; coracle image mount --format json; coracle image unmount one'
	is "$WORK/$odd" "$(sed -n '/^\[/,/^\]/p' <<<"$output" | jq -r '.[0].mountpoint' | sed 's,/mounts/.*,,')"
	has '^[0-9a-f]{64}$'
	CORACLE_ROOT="$WORK/$odd" c rmi -a >/dev/null
}

@test "set-user-id programs and devices of an image mean nothing on this machine" {
	inside 'coracle image mount one >/dev/null; grep /merged /proc/self/mountinfo'
	has ' ro,nosuid,nodev'
}

@test "several mount and unmount the same image at once" {
	inside 'for i in 1 2 3 4 5 6; do (coracle image mount two >/dev/null; printf "%s\n" "$(cat "$(coracle image mount two)/etc/new")") & done; wait; coracle image mount | wc -l'
	is $'n\nn\nn\nn\nn\nn\n1'
}

@test "a full disk: the copy that can't be made leaves nothing, and the kernel's overlay needs no room" {
	mkdir "$WORK/small"
	head -c 250000 /dev/urandom >"$WORK/random"
	runs unshare sh -c '
		mount -t tmpfs -o size=700k none "$0/small" && mkdir "$0/small/data" && export CORACLE_ROOT="$0/small/data"
		tar -C "$0" -c random | coracle import - full >/dev/null
		cat /dev/zero >"$0/small/fill" 2>/dev/null
		coracle --storage-driver vfs image mount full; echo "status $?"; ls "$CORACLE_ROOT/mounts" 2>/dev/null
		cmp "$(coracle --storage-driver overlay image mount full)/random" "$0/random" && echo same' "$WORK"
	is $'status 125\nlock\nsame'
	has 'No space left on device; make room' "$stderr"
	has '^coracle: image mount: image [0-9a-f]{12}: ' "$stderr"
}

@test "a layer that is gone is named" {
	local layer
	layer=$(c image inspect -f '{{.GraphDriver.Data.UpperDir}}' three)
	mv "${layer%/diff}" "$WORK/away"
	refuses_inside 'layer [0-9a-f]{12} is missing from the store' image mount three
	is lock "$(ls "$CORACLE_ROOT/mounts")"
	mv "$WORK/away" "${layer%/diff}"
}

@test "a ctrl-C at the terminal ends what unshare runs" {
	# no shell: one that is just starting a program minds the signal when that program has ended
	run timeout 120 python3 -c '
import os, pty, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "unshare", "python3", "-c", """
import signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
print("ready", flush=True)
signal.pause()
"""])
while b"ready" not in os.read(fd, 100):
    pass
os.write(fd, b"\x03")
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))' "$CORACLE" 3>&- 4>&-
	# by the signal itself, of which a shell makes 130
	is -2
}
