#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# security.bats - isolation that holds: the attacks that peers fell to, tried
#
# Numbers are CVE ids. A canary outside the container must be as before, or the attack must get nowhere.

load helper

@test "namespaces: all seven are the container's own" {
	for ns in user mnt pid ipc uts net cgroup; do
		inside=$(c run --rm --network none busybox readlink /proc/self/ns/$ns)
		[ -n "$inside" ] && [ "$inside" != "$(readlink /proc/self/ns/$ns)" ] || { echo "shared: $ns"; return 1; }
	done
}

@test "namespaces are shared with host and containers where asked" {
	runs run -d --name other busybox sleep 100
	for ns in pid ipc uts; do
		is "$(readlink /proc/self/ns/$ns)" "$(c run --rm --$ns host busybox readlink /proc/self/ns/$ns)"
	done
	for ns in pid ipc; do
		is "$(c exec other readlink /proc/self/ns/$ns)" "$(c run --rm --$ns container:other busybox readlink /proc/self/ns/$ns)"
	done
}

@test "root inside is the caller outside; others are subordinate ids" {
	runs run --rm busybox cat /proc/self/uid_map
	has "^ +0 +0 +1$|^ +0 +$(id -u) +1$"
	runs run -d --name r busybox sleep 100
	is "$(id -u)" "$(stat -c %u "/proc/$(c inspect -f '{{.State.Pid}}' r)")"
	runs run -d --name a -u ann busybox sleep 100
	[ "$(awk '/^Uid/ { print $2 }' "/proc/$(c inspect -f '{{.State.Pid}}' a)/status")" -ge 65536 ]
}

@test "--userns=keep-id: the caller's own number inside" {
	runs run --rm --userns=keep-id busybox id -u
	is "$(id -u)"
	mkdir -p "$WORK/keep"
	runs run --rm --userns=keep-id -v "$WORK/keep:/k" busybox touch /k/mine
	is "$(id -u)" "$(stat -c %u "$WORK/keep/mine")"
}

@test "2022-29162 and kin: inheritable capabilities are empty, in run and exec" {
	runs run --rm busybox grep CapInh /proc/self/status
	has '0000000000000000'
	runs run --rm --cap-add NET_ADMIN busybox grep CapInh /proc/self/status
	has '0000000000000000'
	runs run -d --name e busybox sleep 100
	runs exec e grep CapInh /proc/self/status
	has '0000000000000000'
	runs exec --privileged e grep CapInh /proc/self/status
	has '0000000000000000'
}

@test "the default capabilities are podman's, and none for other users" {
	# chown dac_override fowner fsetid kill net_bind_service setfcap setgid setpcap setuid sys_chroot
	runs run --rm busybox grep CapEff /proc/self/status
	has '00000000800405fb|00000000a80425fb'
	runs run --rm -u ann busybox grep CapEff /proc/self/status
	has '0000000000000000'
}

@test "--cap-add and --cap-drop" {
	runs run --rm --cap-drop ALL busybox grep -E 'Cap(Eff|Prm|Bnd)' /proc/self/status
	hasnt '[1-9a-f]$'
	runs run --rm --cap-drop ALL --cap-add NET_BIND_SERVICE busybox grep CapEff /proc/self/status
	has '0000000000000400'
	runs run --rm --cap-drop all --cap-add cap_chown busybox grep CapEff /proc/self/status
	has '0000000000000001'
	run --separate-stderr c run --rm --cap-add NOSUCH busybox true
	[ "$status" = 125 ]
	has NOSUCH "$stderr"
}

@test "--privileged has all capabilities and no filter, but no more than the caller" {
	runs run --rm --privileged busybox grep -E 'CapEff|^Seccomp:' /proc/self/status
	has 'CapEff:.*ffffffff'
	has 'Seccomp:[[:space:]]+0'
	runs run --rm --privileged busybox sh -c 'mount -t tmpfs none /mnt 2>/dev/null || mkdir /m && mount -t tmpfs none /m && echo mounted'
	has mounted
	gives 1 run --rm --privileged busybox sh -c 'cat /proc/kcore >/dev/null 2>&1 && exit 0; exit 1'
}

@test "no_new_privs: as the peers by default, and when asked" {
	runs run --rm --security-opt no-new-privileges busybox grep NoNewPrivs /proc/self/status
	has '1$'
	need gcc
	euid_program "$WORK/euid"
	image_from suid <<<"cp $WORK/euid bin/suid; chmod 4755 bin/suid"
	runs run --rm -u ann suid /bin/suid
	is 0
	runs run --rm -u ann --security-opt no-new-privileges suid /bin/suid
	is 1000
}

@test "seccomp is on, and what it must refuse is refused" {
	runs run --rm busybox grep '^Seccomp:' /proc/self/status
	has '2$'
	need python3
	cat >"$WORK/calls.py" <<-'END'
	import ctypes, errno, platform
	libc = ctypes.CDLL(None, use_errno=True)
	x86 = platform.machine() == 'x86_64'
	calls = {
	    'unshare(NEWUSER)': (272 if x86 else 97, 0x10000000), 'mount': (165 if x86 else 40, 0, 0, 0, 0, 0),
	    'keyctl': (250 if x86 else 219, 0, 0), 'add_key': (248 if x86 else 217, 0, 0, 0, 0, 0),
	    'bpf': (321 if x86 else 280, 0, 0, 0), 'userfaultfd': (323 if x86 else 282, 1),
	    'perf_event_open': (298 if x86 else 241, 0, 0, 0, 0, 0), 'io_uring_setup': (425, 1, 0),
	    'kexec_load': (246 if x86 else 104, 0, 0, 0, 0), 'init_module': (175 if x86 else 105, 0, 0, 0),
	    'setns': (308 if x86 else 268, 0, 0), 'open_by_handle_at': (304 if x86 else 265, 0, 0, 0),
	    'swapon': (167 if x86 else 224, 0, 0), 'reboot': (169 if x86 else 142, 0, 0, 0, 0),
	    'pivot_root': (155 if x86 else 41, 0, 0), 'fsopen': (430, 0, 0), 'move_mount': (429, 0, 0, 0, 0, 0),
	}
	for name, (number, *args) in calls.items():
	    ctypes.set_errno(0)
	    result = libc.syscall(number, *args)
	    print(name, 'allowed' if result >= 0 else errno.errorcode[ctypes.get_errno()])
	# clone3 has to be ENOSYS so that libc falls back to clone, whose flags can be checked
	libc.syscall(435, 0, 0)
	print('clone3', errno.errorcode[ctypes.get_errno()])
	libc.syscall(999, 0, 0)
	print('unknown', errno.errorcode[ctypes.get_errno()])
	END
	runs run --rm -v "$WORK/calls.py:/run/calls.py:ro" host: python3 /run/calls.py
	for call in 'unshare\(NEWUSER\)' mount keyctl add_key bpf userfaultfd perf_event_open io_uring_setup kexec_load init_module setns open_by_handle_at swapon reboot pivot_root fsopen move_mount; do
		has "^$call (EPERM|ENOSYS)$"
	done
	has '^clone3 ENOSYS$'
	has '^unknown ENOSYS$'
}

@test "--security-opt seccomp=unconfined and a profile file" {
	runs run --rm --security-opt seccomp=unconfined busybox grep '^Seccomp:' /proc/self/status
	has '0$'
	echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":28}]}' >"$WORK/profile.json"
	run --separate-stderr c run --rm --security-opt "seccomp=$WORK/profile.json" busybox mkdir /x
	[ "$status" = 1 ]
	has 'No space left' "$stderr"
	echo '{"defaultAction":"SCMP_ACT_NOSUCH"}' >"$WORK/profile.json"
	refuses 125 'NOSUCH|profile.json' run --rm --security-opt "seccomp=$WORK/profile.json" busybox true
	refuses 125 '/nonexistent' run --rm --security-opt seccomp=/nonexistent busybox true
	refuses 125 'nosuch' run --rm --security-opt nosuch=1 busybox true
	runs run --rm --security-opt label=disable --security-opt apparmor=unconfined busybox true
}

@test "masked and read-only paths" {
	runs run --rm busybox sh -c 'for f in /proc/kcore /proc/keys /proc/timer_list /proc/latency_stats /proc/sched_debug; do [ ! -e $f ] || [ -c $f ] || echo "open: $f"; done
		for d in /proc/acpi /proc/scsi /sys/firmware; do [ ! -d $d ] || [ -z "$(ls $d)" ] || echo "open: $d"; done
		for f in /proc/sys/kernel/hostname /proc/sysrq-trigger /proc/irq/default_smp_affinity; do (echo 1 >$f) 2>/dev/null && echo "written: $f"; done
		touch /sys/x /sys/fs/cgroup/x 2>/dev/null && echo "written: sys"; true'
	is ""
}

@test "--security-opt mask and unmask" {
	runs run --rm --security-opt mask=/etc/passwd:/tmp busybox sh -c 'test -c /etc/passwd && wc -c </etc/passwd; ls /tmp'
	is 0
	runs run --rm --security-opt unmask=/proc/timer_list busybox sh -c '[ ! -c /proc/timer_list ] && echo unmasked'
	is unmasked
	runs run --rm --security-opt unmask=ALL busybox sh -c '[ ! -c /proc/keys ] && echo unmasked'
	is unmasked
}

@test "leaked descriptors: 0, 1, 2 and no other, in run, run -t, exec and detached" {
	for options in '' '-t' '-i' '--init'; do
		runs run --rm $options busybox sh -c 'ls /proc/self/fd | sort -n | tr -d "\r" | tr "\n" " "'
		# ls opens the directory itself as 3
		has '^0 1 2 3 ?$'
	done
	exec 7</etc/passwd
	runs run --rm busybox sh -c 'ls /proc/self/fd | sort -n | tr "\n" " "'
	exec 7<&-
	has '^0 1 2 3 ?$'
	runs run -d --name d busybox sleep 100
	runs exec d ls /proc/1/fd
	is $'0\n1\n2'
	runs exec d sh -c 'ls /proc/self/fd | tr "\n" " "'
	has '^0 1 2 3 ?$'
	runs exec d sh -c 'for f in /proc/1/fd/*; do readlink $f; done'
	hasnt '^/(tmp|home|work|run)/'
}

@test "2024-21626: a working directory through a descriptor gets nowhere" {
	for fd in 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
		run --separate-stderr c run --rm -w /proc/self/fd/$fd busybox sh -c 'cat ../../../../etc/hostname 2>/dev/null; pwd -P'
		[ "$status" != 0 ] || { echo "fd $fd: $output"; return 1; }
	done
	runs run -d --name d busybox sleep 100
	for fd in 3 5 7 9 11; do
		run --separate-stderr c exec -w /proc/self/fd/$fd d pwd -P
		[ "$status" != 0 ]
	done
	image_from wd 'WORKDIR /link' <<<'ln -s /proc/self/fd/7 link'
	run --separate-stderr c run --rm wd pwd -P
	[ "$status" != 0 ]
}

@test "2019-5736: PID 1 can't reach our binary" {
	# The program under test is the caller's own file here: the worst case.
	cp "$CORACLE" "$WORK/own"
	chmod 0755 "$WORK/own"
	before=$(sha256sum <"$WORK/own")
	image_from selfexe 'ENTRYPOINT ["/proc/self/exe"]' <<-'END'
	printf '#!/proc/self/exe\n' >evil; chmod 755 evil
	END
	! timeout 180 "$WORK/own" run --rm selfexe version 3>&- || return 1
	! timeout 180 "$WORK/own" run --rm --entrypoint /evil selfexe 3>&- || return 1
	cat >"$WORK/attack" <<-'END'
	# Every process that enters: hold its executable, then write to it.
	while :; do
		for p in /proc/[0-9]*; do
			case $(readlink $p/exe 2>/dev/null) in
			/bin/busybox | '') ;;
			*) (exec 9<$p/exe && : && { echo broken >/proc/self/fd/9; } ) 2>/dev/null && echo WROTE $p ;;
			esac
		done
	done
	END
	"$WORK/own" run -d --name attacker -v "$WORK/attack:/attack:ro" busybox sh /attack >/dev/null 3>&-
	for i in $(seq 30); do
		timeout 180 "$WORK/own" exec attacker true 3>&- || true
		timeout 180 "$WORK/own" exec attacker /proc/self/exe 3>&- >/dev/null 2>&1 || true
	done
	is "$before" "$(sha256sum <"$WORK/own")"
	hasnt WROTE "$(c logs attacker 2>&1)"
}

@test "an image with /proc, /sys or /dev as a symbolic link" {
	for dir in proc sys dev; do
		for target in /tmp ../etc /proc; do
			[ "$dir" != proc ] || [ "$target" != /proc ] || continue
			echo "rm -rf $dir; ln -s $target $dir" | image_from "link-$dir"
			run --separate-stderr c run --rm "link-$dir" sh -c 'stat -f -c %T /proc/self 2>/dev/null; echo ran'
			# Refused, or mounted on a real directory: never onto what the link names.
			if [ "$status" = 0 ]; then
				runs run --rm "link-$dir" sh -c "grep -c ' /$dir ' /proc/mounts"
				is 1
			fi
			c rmi -f "link-$dir" >/dev/null
		done
	done
}

@test "mounts below /proc are refused" {
	mkdir -p "$WORK/fake"
	for target in /proc /proc/self/attr /proc/sys /sys/fs; do
		run --separate-stderr c run --rm -v "$WORK/fake:$target" busybox true
		[ "$status" != 0 ] || [ "$target" = /sys/fs ] || { echo "accepted: $target"; return 1; }
	done
}

@test "2026-88265: /dev/null of the image is not followed" {
	image_from null <<<'rm -rf dev; mkdir dev; ln -s /etc/passwd dev/null; ln -s /etc/passwd dev/console; ln -s /etc/passwd dev/tty'
	runs run -d --name n null sleep 100
	runs exec n sh -c 'stat -c "%u %a" /etc/passwd; test -c /dev/null && echo device'
	is $'0 644\ndevice'
	runs run --rm -t null sh -c 'stat -c "%u %a" /etc/passwd'
	has '^0 644'
}

@test "files of the image that are FIFOs or devices neither hang nor leak" {
	image_from fifo <<<'rm etc/passwd etc/group; mkfifo etc/passwd; mkfifo etc/group; mkfifo etc/hosts; mkfifo etc/resolv.conf'
	run --separate-stderr c run --rm fifo echo ran
	[ "$status" != 124 ] && [ "$status" != 137 ]
	run --separate-stderr c run --rm -u nobody fifo true
	[ "$status" = 125 ]
}

@test "links of the image at files that the engine writes or reads lead nowhere" {
	echo canary >"$WORK/canary"
	for file in etc/hosts etc/resolv.conf etc/hostname etc/passwd etc/group run/.containerenv .dockerenv etc/mtab etc/localtime; do
		echo "mkdir -p \$(dirname $file); rm -f $file; ln -s ../../../../../..$WORK/canary $file; rm -rf nothing" | image_from victim
		run --separate-stderr c run --rm victim true
		run --separate-stderr c run --rm -u ann victim true
		is canary "$(cat "$WORK/canary")"
		c rmi -f victim >/dev/null
	done
	echo "rm -f etc/passwd; ln -s $WORK/canary2 etc/passwd" | image_from victim
	echo 'evil:x:0:0::/:/bin/sh' >"$WORK/canary2"
	run --separate-stderr c run --rm -u evil victim id
	[ "$status" != 0 ]
}

@test "the working directory is made inside, not through links" {
	image_from wdlink <<<"ln -s $WORK out"
	run --separate-stderr c run --rm -w /out/made wdlink pwd
	[ ! -e "$WORK/made" ]
}

@test "2022-0492 and kin: no cgroup can be written" {
	runs run --rm busybox sh -c 'grep cgroup /proc/mounts | grep -v " ro,\| ro " | grep -v "ro,"; mkdir /sys/fs/cgroup/x 2>/dev/null && echo made; true'
	is ""
}

@test "setuid programs on binds stay harmless to the host" {
	cp /bin/busybox "$WORK/suid"
	runs run --rm -v "$WORK:/w" busybox sh -c 'chown 0:0 /w/suid; chmod 4755 /w/suid; stat -c "%u %a" /w/suid'
	is "0 4755"
	# What was root inside is the caller outside: set-user-id to oneself.
	is "$(id -u)" "$(stat -c %u "$WORK/suid")"
}

@test "devices can't be made and the host's can't be opened" {
	run --separate-stderr c run --rm --cap-add MKNOD busybox mknod /dev/sda b 8 0
	[ "$status" != 0 ]
	run --separate-stderr c run --rm --privileged busybox sh -c 'mknod /x b 254 0 && head -c 1 /x'
	[ "$status" != 0 ]
}

@test "supplementary groups of the caller stay outside" {
	runs run --rm busybox id -G
	is 0
	runs run --rm -u 1234 busybox id -G
	is 0
	runs run --rm busybox grep '^Groups:' /proc/self/status
	hasnt '65534'
}

@test "the monitor's socket and files are the caller's alone" {
	runs run -d --name m busybox sleep 100
	run find "$CORACLE_ROOT" "$CORACLE_RUNROOT" -maxdepth 0 -perm /077
	is ""
	runs run --rm --network host busybox sh -c 'grep -c "@.*coracle" /proc/net/unix || true'
	is 0
}

@test "environment of the caller and of other containers stays out" {
	AWS_SECRET=host runs run -d --name m -e TOKEN=first busybox sleep 100
	runs exec m env
	hasnt 'AWS_SECRET|CORACLE'
	runs run --rm busybox env
	hasnt 'TOKEN|AWS_SECRET'
	runs exec m sh -c 'tr "\0" "\n" </proc/1/environ'
	hasnt 'AWS_SECRET|CORACLE|BATS'
}

@test "2021-30465: a target swapped for a link while a container starts" {
	mkdir -p "$WORK/vol/dir" "$WORK/canary-dir"
	cat >"$WORK/swap.py" <<-'END'
	import ctypes, os, sys
	libc = ctypes.CDLL(None)
	base = sys.argv[1].encode()
	while os.path.exists(sys.argv[2]):
	    libc.syscall(316 if os.uname().machine == 'x86_64' else 276, -100, base + b'/dir', -100, base + b'/link', 2)
	END
	ln -s "../../../../../..$WORK/canary-dir" "$WORK/vol/link"
	touch "$WORK/swapping"
	python3 "$WORK/swap.py" "$WORK/vol" "$WORK/swapping" 3>&- &
	swapper=$!
	for i in $(seq 40); do
		run --separate-stderr c run --rm --network none -v "$WORK/vol:/vol" --tmpfs /vol/dir/inner busybox touch /vol/dir/inner/x
	done
	rm "$WORK/swapping"
	wait $swapper || true
	is "" "$(ls -A "$WORK/canary-dir")"
}
