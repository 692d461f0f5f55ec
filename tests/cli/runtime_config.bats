#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# runtime_config.bats - coracle runtime: the fields of config.json (runtime-spec config.md, config-linux.md) as a process sees them

load helper

file_setup()
{
	export B=$WORK/b STATES=$WORK/run/oci
	bundle "$B"
	mkdir -p "$B/rootfs"/{data,other,ro}
	echo below >"$B/rootfs/data/file"
	mkdir -p "$WORK/tree/sub"
	echo host >"$WORK/tree/file"
}

setup()
{
	ID=c$BATS_TEST_NUMBER
}

test_teardown()
{
	local id
	outside_end
	for id in $(c runtime list -q); do
		c runtime delete --force "$id"
	done
}

# config FILTER SCRIPT: the bundle with sh -c SCRIPT as its program, changed by the filter; $tree is a directory of the host
config()
{
	bundle "$B" ".process.args = [\"sh\", \"-c\", \$script] | $1" --arg script "$2" --arg tree "$WORK/tree"
}

# prints FILTER SCRIPT: runs it and must succeed
prints()
{
	config "$1" "$2"
	runs runtime run --bundle "$B" "$ID"
}

# invalid PATTERN FILTER: create refuses it with one line, and nothing is left; by files, so that one that is taken
# after all holds up nothing
invalid()
{
	config "$2" true
	status=0
	c runtime create --bundle "$B" "$ID" >"$WORK/invalid.out" 2>"$WORK/invalid.err" </dev/null || status=$?
	stderr=$(cat "$WORK/invalid.err")
	if [ "$status" != 1 ] || ! grep -Eqi -- "$1" <<<"$stderr" || [ -e "$STATES/$ID" ] || [ "$(wc -l <"$WORK/invalid.err")" != 1 ]; then
		printf 'wanted status 1 and one line like: %s\nwith: %s\nstatus: %s\nstderr: %s\n' "$1" "$2" "$status" "$stderr"
		c runtime delete --force "$ID"
		return 1
	fi
}

# ids_map: a filter that maps ids 0 to 65535
ids_map()
{
	local uid gid
	uid=$(awk -F: -v user="$(id -un)" '$1 == user { print $2; exit }' /etc/subuid)
	gid=$(awk -F: -v user="$(id -un)" '$1 == user { print $2; exit }' /etc/subgid)
	[ -n "$uid" ] && [ -n "$gid" ] || skip 'no subordinate ids'
	printf '.linux.uidMappings = [{containerID: 0, hostID: %d, size: 1}, {containerID: 1, hostID: %d, size: 65535}]' "$(id -u)" "$uid"
	printf '| .linux.gidMappings = [{containerID: 0, hostID: %d, size: 1}, {containerID: 1, hostID: %d, size: 65535}]' "$(id -g)" "$gid"
}

# outside FLAG...: a process of ours in new namespaces; its pid is $other
outside()
{
	unshare "$@" sleep 600 3>&- 4>&- >/dev/null 2>&1 </dev/null &
	local parent=$!
	OUTSIDE=$parent
	other=$parent
	case " $* " in
	*' --fork '*)
		soon 5 pgrep -P $parent -x sleep
		other=$(pgrep -P $parent -x sleep)
		;;
	esac
	# all is made when the program runs
	soon 5 grep -qx sleep "/proc/$other/comm"
	OUTSIDE="$parent $other"
}

outside_end()
{
	[ -z "${OUTSIDE:-}" ] || kill -9 $OUTSIDE 2>/dev/null || true
	OUTSIDE=
}

# ---------------------------------------------------------------- versions and unknown members

@test "versions 1.0.0 to 1.3.0 are accepted, others refused" {
	for version in 1.0.0 1.0.2-dev 1.1.0 1.2.0 1.2.1 1.3.0 1.0.0-rc5+dev 1.9.0; do
		prints ".ociVersion = \"$version\"" 'echo fine'
		is fine
	done
	for version in 2.0.0 0.9.0 1 1.0 '' latest v1.0.0 1.0.0.0 '1.0.0 '; do
		invalid ociVersion ".ociVersion = \"$version\""
	done
	invalid ociVersion 'del(.ociVersion)'
	invalid ociVersion '.ociVersion = 1'
}

@test "unknown members and annotations are ignored" {
	prints '.unknown = {a: [1]} | .process.unknown = 1 | .process.user.unknown = "x" | .root.unknown = null | .linux.unknown = []
		| .mounts[0].unknown = true | .linux.namespaces[0].unknown = 1 | .windows = {x: 1} | .vm = {y: 2} | .solaris = {}
		| .annotations = {"no.such.annotation": "1", "run.oci.nosuch": "yes"}' 'echo fine'
	is fine
}

@test "members of a wrong type, or values that can't be, are refused" {
	invalid 'cwd' '.process.cwd = "tmp"'
	invalid 'cwd' '.process.cwd = ""'
	invalid 'args' '.process.args = "sh"'
	invalid 'args' '.process.args = [1]'
	invalid 'env' '.process.env = {"A": "1"}'
	invalid 'uid' '.process.user.uid = -1'
	invalid 'uid' '.process.user.uid = "0"'
	invalid 'uid' '.process.user.uid = 4294967295'
	invalid 'umask' '.process.user.umask = 512'
	invalid 'additionalGids' '.process.user.additionalGids = [4294967296]'
	invalid 'terminal' '.process.terminal = "no"'
	invalid 'rlimits' '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 2, hard: 1}]'
	invalid 'rlimits' '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 1, hard: 1}, {type: "RLIMIT_NOFILE", soft: 1, hard: 1}]'
	invalid 'rlimits' '.process.rlimits = [{type: "nofile", soft: 1, hard: 1}]'
	invalid 'oomScoreAdj' '.process.oomScoreAdj = 1001'
	invalid 'ioPriority' '.process.ioPriority = {class: "IOPRIO_CLASS_NONE", priority: 1}'
	invalid 'ioPriority' '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 8}'
	invalid 'scheduler' '.process.scheduler = {policy: "SCHED_NOSUCH"}'
	invalid 'scheduler' '.process.scheduler = {policy: "SCHED_OTHER", nice: 20}'
	invalid 'scheduler' '.process.scheduler = {policy: "SCHED_FIFO", priority: 0}'
	invalid 'execCPUAffinity' '.process.execCPUAffinity = {initial: "a-b"}'
	invalid 'root' '.root = {}'
	invalid 'root' '.root.path = 1'
	invalid 'hostname' ".hostname = \"$(printf 'x%.0s' {1..65})\""
	invalid 'hostname.*uts' '.linux.namespaces |= map(select(.type != "uts"))'
	invalid 'domainname' ".domainname = \"$(printf 'x%.0s' {1..65})\""
	invalid 'destination' '.mounts += [{destination: "", type: "tmpfs"}]'
	invalid 'destination' '.mounts += [{type: "tmpfs"}]'
	invalid 'namespaces' '.linux.namespaces += [{type: "disk"}]'
	invalid 'namespaces' '.linux.namespaces += [{type: "uts"}]'
	invalid 'namespaces.*path' '.linux.namespaces += [{type: "network", path: "relative"}]'
	invalid 'uidMappings' '.linux.uidMappings += .linux.uidMappings'
	invalid 'uidMappings' '.linux.uidMappings[0].size = 0'
	invalid 'sysctl' '.linux.sysctl = {"kernel.panic": "1"}'
	invalid 'sysctl' '.linux.sysctl = {"vm.swappiness": "1"}'
	invalid 'sysctl' '.linux.sysctl = {"net/../kernel/panic": "1"}'
	invalid 'rootfsPropagation' '.linux.rootfsPropagation = "open"'
	invalid 'maskedPaths' '.linux.maskedPaths = ["relative"]'
	invalid 'readonlyPaths' '.linux.readonlyPaths = [1]'
	invalid 'personality' '.linux.personality = {domain: "BSD"}'
	invalid 'seccomp' '.linux.seccomp = {defaultAction: "SCMP_ACT_PERHAPS"}'
	invalid 'seccomp' '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_Z80"]}'
	invalid 'unified' '.linux.resources.unified = {"../memory.max": "1"}'
	invalid 'hooks' '.hooks = {prestart: [{path: "sh"}]}'
	invalid 'annotations' '.annotations = {"": "x"}'
	invalid 'annotations' '.annotations = {"a": 1}'
	invalid 'timeOffsets' '.linux.timeOffsets = {monotonic: {secs: 1}}'
	invalid 'memoryPolicy' '.linux.memoryPolicy = {mode: "MPOL_NOSUCH"}'
}

@test "what needs the host's root is refused: intelRdt, netDevices" {
	invalid 'intelRdt.*refused' '.linux.intelRdt = {closID: "x", l3CacheSchema: "L3:0=f"}'
	invalid 'netDevices.*refused' '.linux.netDevices = {eth0: {name: "eth1"}}'
}

# ---------------------------------------------------------------- process

@test "process: cwd, env, args" {
	prints '.process.cwd = "/var/tmp" | .process.env = ["PATH=/bin", "A=1", "B=x y", "A=2", "EMPTY="]' 'pwd; env | grep -E "^(A|B|EMPTY)=" | sort'
	is $'/var/tmp\nA=2\nB=x y\nEMPTY='
	# made when it is missing, where the root can be written to
	prints '.process.cwd = "/made/for/it" | .root.readonly = false' pwd
	is /made/for/it
	config '.process.cwd = "/etc/passwd"' true
	refuses 1 'working directory' runtime run --bundle "$B" "$ID"
	# args[0] is found by the PATH of the container
	bundle "$B" '.process.env = ["PATH=/nowhere:/data/bin:/bin"] | .process.args = ["tool", "a b", "", "*"] | .root.readonly = false'
	mkdir -p "$B/rootfs/data/bin"
	printf '#!/bin/sh\necho "$# <$1> <$2> <$3>"\n' >"$B/rootfs/data/bin/tool"
	chmod 755 "$B/rootfs/data/bin/tool"
	runs runtime run --bundle "$B" "$ID"
	is '3 <a b> <> <*>'
}

@test "process: user, groups, umask" {
	prints "$(ids_map) | .process.user = {uid: 1000, gid: 1001, umask: 63, additionalGids: [7, 9]}" 'id -u; id -g; id -G; umask; cat /proc/self/uid_map | wc -l'
	is $'1000\n1001\n1001 7 9\n0077\n2'
	prints "$(ids_map)" 'id -G; umask'
	is $'0\n0022'
	for user in '{uid: 65536, gid: 0}' '{uid: 0, gid: 65536}' '{uid: 0, gid: 0, additionalGids: [65536]}'; do
		config "$(ids_map) | .process.user = $user" true
		refuses 1 'does not exist' runtime run --bundle "$B" "$ID"
	done
	# setgroups(2) is denied where one id was mapped without newgidmap, so the groups can't be had
	config '.process.user.additionalGids = [5]' 'id -G'
	run --separate-stderr c runtime run --bundle "$B" "$ID"
	[ "$status" = 1 ]
	has 'groups|does not exist' "$stderr"
}

@test "run.oci.keep_original_groups keeps the caller's groups" {
	ours=$(grep ^Groups: /proc/self/status | wc -w)
	[ "$ours" -gt 1 ] || skip 'the caller has no groups to keep'
	prints "$(ids_map) | .annotations = {\"run.oci.keep_original_groups\": \"1\"}" 'grep ^Groups: /proc/self/status | wc -w'
	is "$ours"
	prints "$(ids_map)" 'grep ^Groups: /proc/self/status | wc -w'
	is 1
}

@test "process: rlimits" {
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}, {type: "RLIMIT_CORE", soft: 0, hard: 4096},
		{type: "RLIMIT_FSIZE", soft: 1048576, hard: "INFINITY"}]' \
		"awk '/open files|core file|file size/ { print \$(NF-2), \$(NF-1) }' /proc/self/limits"
	# jq would round it
	sed -i 's/"INFINITY"/18446744073709551615/' "$B/config.json"
	runs runtime run --bundle "$B" "$ID"
	has '^100 200$'
	has '^0 4096$'
	has '^1048576 unlimited$'
	hard=$(ulimit -Hn)
	[ "$hard" = unlimited ] || invalid 'RLIMIT_NOFILE' ".process.rlimits = [{type: \"RLIMIT_NOFILE\", soft: 1, hard: $((hard + 1))}]"
}

@test "process: five capability sets" {
	sets='grep -E "^Cap" /proc/self/status | cut -f2 | tr "\n" " "'
	# root after execve has permitted and effective from the bounding set
	prints '.process.noNewPrivileges = false | .process.capabilities = {bounding: ["CAP_KILL", "CAP_CHOWN", "CAP_NET_RAW"], permitted: ["CAP_KILL", "CAP_CHOWN"],
		effective: ["CAP_KILL"], inheritable: ["CAP_CHOWN"], ambient: []}' "$sets"
	is '0000000000000001 0000000000002021 0000000000002021 0000000000002021 0000000000000000 '
	prints '.process.capabilities = {}' "$sets"
	is '0000000000000000 0000000000000000 0000000000000000 0000000000000000 0000000000000000 '
	# another user has after execve what is ambient
	prints "$(ids_map)"' | .process.user = {uid: 5, gid: 5} | .process.capabilities = {bounding: ["CAP_KILL", "CAP_CHOWN"], permitted: ["CAP_KILL", "CAP_CHOWN"],
		effective: ["CAP_KILL", "CAP_CHOWN"], inheritable: ["CAP_CHOWN"], ambient: ["CAP_CHOWN"]}' "$sets"
	is '0000000000000001 0000000000000001 0000000000000001 0000000000000021 0000000000000001 '
	prints "$(ids_map)"' | .process.user = {uid: 5, gid: 5} | .process.capabilities = {bounding: ["CAP_KILL"], permitted: ["CAP_KILL"], effective: ["CAP_KILL"]}' "$sets"
	is '0000000000000000 0000000000000000 0000000000000000 0000000000000020 0000000000000000 '
}

@test "process: noNewPrivileges, oomScoreAdj" {
	prints '.process.noNewPrivileges = true | .process.oomScoreAdj = 321' 'grep NoNewPrivs /proc/self/status; cat /proc/self/oom_score_adj'
	is $'NoNewPrivs:\t1\n321'
	prints '.process.noNewPrivileges = false' 'grep NoNewPrivs /proc/self/status; cat /proc/self/oom_score_adj'
	is $'NoNewPrivs:\t0\n'"$(cat /proc/self/oom_score_adj)"
}

@test "process: ioPriority, scheduler, personality" {
	prints '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}' 'ionice -p $$'
	has 'prio 6'
	prints '.process.ioPriority = {class: "IOPRIO_CLASS_IDLE", priority: 0}' 'ionice -p $$'
	has 'idle'
	# proc(5), /proc/PID/stat: nice and policy
	prints '.process.scheduler = {policy: "SCHED_BATCH", nice: 7}' "awk '{ print \$19, \$41 }' /proc/self/stat"
	is '7 3'
	prints '.process.scheduler = {policy: "SCHED_IDLE"}' "awk '{ print \$19, \$41 }' /proc/self/stat"
	is '0 5'
	prints '.' "awk '{ print \$19, \$41 }' /proc/self/stat"
	is '0 0'
	prints '.linux.personality = {domain: "LINUX32"}' 'uname -m; cat /proc/self/personality'
	has '^i.86$|^armv'
	has '^00000008$'
	prints '.linux.personality = {domain: "LINUX"}' 'cat /proc/self/personality'
	is 00000000
	invalid 'scheduler|not permitted' '.process.scheduler = {policy: "SCHED_FIFO", priority: 10}'
}

@test "personality and memory policy are those of processes that exec brings in, too" {
	config '.linux.personality = {domain: "LINUX32"} | .linux.memoryPolicy = {mode: "MPOL_PREFERRED", nodes: "0"}' 'sleep 100'
	c runtime run --detach --bundle "$B" "$ID" >"$WORK/out" 2>&1 </dev/null || { cat "$WORK/out"; return 1; }
	for more in '' "--process $WORK/process.json"; do
		if [ -z "$more" ]; then
			runs runtime exec "$ID" sh -c 'cat /proc/self/personality; grep -c prefer /proc/self/numa_maps'
		else
			jq '.process | .args = ["sh", "-c", "cat /proc/self/personality; grep -c prefer /proc/self/numa_maps"]' "$B/config.json" >"$WORK/process.json"
			runs runtime exec $more "$ID"
		fi
		is 00000008 "${lines[0]}"
		[ ! -e /proc/self/numa_maps ] || [ "${lines[1]}" -gt 0 ]
	done
	runs run -d --name lived --personality LINUX32 busybox sleep 100
	runs exec lived cat /proc/self/personality
	is 00000008
}

@test "process: execCPUAffinity is for exec" {
	all=$(awk '/Cpus_allowed_list/ { print $2 }' /proc/self/status)
	first=${all%%[,-]*} last=${all##*[,-]}
	[ "$first" != "$last" ] || skip 'one CPU only'
	# nothing is said about the CPUs after the start, so it is all that there are
	for row in "{final: \"$first\"}=$first" "{initial: \"$last\", final: \"$first\"}=$first" "{initial: \"$last\"}=$all"; do
		config ".process.execCPUAffinity = ${row%=*}" 'grep Cpus_allowed_list /proc/self/status; sleep 100'
		c runtime run --detach --bundle "$B" "$ID" >"$WORK/out" 2>&1 </dev/null
		soon 5 grep -q Cpus "$WORK/out"
		is "Cpus_allowed_list:	$all" "$(cat "$WORK/out")"
		runs runtime exec "$ID" grep Cpus_allowed_list /proc/self/status
		is "Cpus_allowed_list:	${row##*=}"
		runs runtime delete --force "$ID"
	done
}

# ---------------------------------------------------------------- names, time, sysctl

@test "hostname and domainname" {
	prints '.hostname = "host.of-mine" | .domainname = "dom"' 'hostname; cat /proc/sys/kernel/domainname'
	is $'host.of-mine\ndom'
	[ "$(hostname)" != host.of-mine ]
}

@test "timeOffsets move the clocks of a time namespace" {
	need /proc/self/ns/time
	local before
	before=$(cut -d. -f1 /proc/uptime)
	prints '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {boottime: {secs: 1000000, nanosecs: 5}, monotonic: {secs: 5000}}' \
		'cut -d. -f1 /proc/uptime; tr -s " " <"/proc/self/timens_offsets"'
	here=$(cut -d. -f1 /proc/uptime)
	[ "${lines[0]}" -ge $((before + 1000000)) ] && [ "${lines[0]}" -le $((here + 1000001)) ]
	has 'boottime 1000000 5'
	has 'monotonic 5000 0'
}

@test "sysctl: of the namespaces that the container has" {
	prints '.linux.namespaces += [{type: "network"}] | .linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel/msgmax": "4242", "kernel.shmmni": "77",
		"fs.mqueue.msg_max": "13"}' 'cd /proc/sys; cat net/ipv4/ip_forward kernel/msgmax kernel/shmmni fs/mqueue/msg_max'
	is $'1\n4242\n77\n13'
	invalid 'sysctl' '.linux.sysctl = {"net.ipv4.ip_forward": "1"}'
	invalid 'sysctl' 'del(.linux.namespaces[] | select(.type == "ipc")) | del(.mounts[] | select(.type == "mqueue")) | .linux.sysctl = {"kernel.msgmax": "1"}'
}

# ---------------------------------------------------------------- file systems

# mount_of TARGET [OPTIONS]: a filter for a bind of the host's tree; the program prints the mount's flags
flags_of='awk -v at="$1" "\$5 == at { print \$6; for (i = 7; \$i != \"-\"; i++) print \$i; print \$(i + 1), \$(i + 3) }" /proc/self/mountinfo'

# flags TYPE WORDS...: the line of mountinfo of a mount at /data with these options
flags()
{
	local type=$1 source='"tmpfs"'
	shift
	[ "$type" != bind ] || source='$tree'
	bundle "$B" ".process.args = [\"sh\", \"-c\", \$script, \"sh\", \"/data\"]
		| .mounts += [{destination: \"/data\", type: \"$type\", source: $source, options: (\$words | split(\" \"))}]" \
		--arg script "$flags_of" --arg tree "$WORK/tree" --arg words "$*"
	runs runtime run --bundle "$B" "$ID" || { echo "with $*"; return 1; }
}

@test "options of a tmpfs, as /proc/self/mountinfo shows them" {
	local -A shown=(
		[ro]='^ro,' [rw]='^rw,' [nosuid]=',nosuid' [nodev]=',nodev' [noexec]=',noexec' [noatime]=',noatime' [nodiratime]=',nodiratime'
		[relatime]=',relatime' [nosymfollow]=',nosymfollow' [size=1m]='size=1024k' [mode=700]='mode=700' [nr_inodes=99]='nr_inodes=99'
		['nosuid nodev noexec ro']='^ro,nosuid,nodev,noexec'
	)
	for words in "${!shown[@]}"; do
		flags tmpfs $words
		has "${shown[$words]}" || { echo "with $words"; return 1; }
	done
	local -A hidden=(['ro rw']='^ro' ['nosuid suid']='nosuid' ['nodev dev']=nodev ['noexec exec']=noexec [strictatime]='atime' ['noatime atime']=noatime
		['nodiratime diratime']=nodiratime ['nosymfollow symfollow']=nosymfollow)
	for words in "${!hidden[@]}"; do
		flags tmpfs $words
		hasnt "${hidden[$words]}" || { echo "with $words"; return 1; }
	done
}

@test "options of a bind, and propagation" {
	local -A shown=(
		['bind ro']='^ro' ['rbind rro']='^ro' ['bind nosuid']=nosuid ['bind nodev']=nodev ['bind noexec']=noexec ['rbind rnoexec']=noexec
		['bind shared']='^shared:' ['bind rshared']='^shared:' ['rbind unbindable']='^unbindable' ['bind']='^rw'
	)
	for words in "${!shown[@]}"; do
		flags bind $words
		has "${shown[$words]}" || { echo "with $words"; return 1; }
	done
	for words in 'bind private' 'bind rprivate' 'rbind'; do
		flags bind $words
		hasnt '^(shared|unbindable)' || { echo "with $words"; return 1; }
	done
	invalid 'no option "nosuchword"' '.mounts += [{destination: "/data", type: "bind", source: $tree, options: ["bind", "nosuchword"]}]'
}

@test "binds: of a directory, of a file, to what is not there yet, without a type" {
	prints '.root.readonly = false | .mounts += [
		{destination: "/data", type: "bind", source: $tree, options: ["rbind", "ro"]},
		{destination: "/new/dir", source: $tree, options: ["bind"]},
		{destination: "/new/file", type: "none", source: ($tree + "/file"), options: ["bind", "rw"]},
		{destination: "relative", type: "bind", source: ($tree + "/file"), options: []}]' \
		'cat /data/file /new/dir/file /new/file /relative; touch /data/x 2>&1; echo written >/new/dir/w; stat -c %F /new/file'
	has '^host$'
	is 4 "$(grep -c '^host$' <<<"$output")"
	has 'Read-only'
	has '^regular file'
	is written "$(cat "$WORK/tree/w")"
	[ ! -e "$WORK/tree/x" ]
	rm "$WORK/tree/w"
}

@test "binds: a file over a directory, and the reverse, are told as such" {
	invalid 'mount /tmp: a directory is there, but .*/file is none$' '.mounts += [{destination: "/tmp", type: "bind", source: ($tree + "/file")}]'
	invalid 'mount /etc/passwd: Not a directory$' '.mounts += [{destination: "/etc/passwd", type: "bind", source: $tree}]'
}

@test "a destination that is a symlink stays inside the root" {
	ln -sfn /../../../../etc "$B/rootfs/escape"
	prints '.mounts += [{destination: "/escape/inside", type: "tmpfs", source: "tmpfs"}] | .root.readonly = false' 'grep -c " /etc/inside " /proc/self/mountinfo'
	is 1
	[ ! -e /etc/inside ]
	rm -rf "$B/rootfs/escape" "$B/rootfs/etc/inside"
}

@test "tmpcopyup fills a tmpfs with what it covers" {
	prints '.mounts += [{destination: "/data", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup", "mode=0755"]}]' \
		'cat /data/file; echo changed >/data/file; stat -f -c %T /data'
	is $'below\ntmpfs'
	is below "$(cat "$B/rootfs/data/file")"
}

@test "idmap: clear errors where it can't be had" {
	invalid 'idmap.*binds only' '.mounts += [{destination: "/data", type: "tmpfs", source: "tmpfs", options: ["idmap"]}]'
	invalid 'mapped|idmap' '.mounts += [{destination: "/data", type: "bind", source: $tree, options: ["bind", "idmap"]}]'
	invalid 'mapped|idmap' '.mounts += [{destination: "/data", type: "bind", source: $tree, options: ["bind"],
		uidMappings: [{containerID: 0, hostID: 1, size: 1}], gidMappings: [{containerID: 0, hostID: 1, size: 1}]}]'
	invalid 'gidMappings' '.mounts += [{destination: "/data", type: "bind", source: $tree, options: ["bind"], uidMappings: [{containerID: 0, hostID: 1, size: 1}]}]'
}

@test "root.readonly, and without it" {
	prints '.' 'touch /x 2>&1; touch /dev/shm/y && echo shm'
	has 'Read-only'
	has '^shm$'
	prints '.root.readonly = false' 'touch /x && echo written'
	is written
	[ -e "$B/rootfs/x" ]
	rm "$B/rootfs/x"
	mv "$B/rootfs" "$WORK/elsewhere"
	prints '.root.path = $tree + "/../elsewhere"' 'echo absolute'
	is absolute
	mv "$WORK/elsewhere" "$B/rootfs"
}

@test "maskedPaths and readonlyPaths" {
	prints '.linux.maskedPaths = ["/proc/cpuinfo", "/data", "/etc/passwd", "/no/such"] | .linux.readonlyPaths = ["/other", "/proc/sys", "/no/such"]
		| .root.readonly = false' \
		'wc -c </etc/passwd; wc -c </proc/cpuinfo; ls -A /data | wc -l; touch /data/x 2>/dev/null || echo data; touch /other/x 2>/dev/null || echo other
		echo x 2>/dev/null >/proc/sys/kernel/hostname || echo sys; touch /free && echo free'
	is $'0\n0\n0\ndata\nother\nsys\nfree'
	rm -f "$B/rootfs/free"
}

@test "default file systems, devices and links are there" {
	config '.' 'for d in null zero full random urandom tty; do [ -c /dev/$d ] || echo no $d; done; echo x >/dev/null; head -c 3 /dev/zero | wc -c
		for l in fd stdin stdout stderr ptmx; do readlink /dev/$l; done; stat -f -c %T /proc /dev/shm /dev/pts; ls /dev/mqueue; ( echo x >/dev/full ) 2>&1'
	run --separate-stderr c runtime run --bundle "$B" "$ID"
	hasnt '^no '
	has 'No space left'
	is $'3\n/proc/self/fd\n/proc/self/fd/0\n/proc/self/fd/1\n/proc/self/fd/2\npts/ptmx' "$(head -6 <<<"$output")"
	has '^proc$'
}

@test "devices: those of the host by number, others refused" {
	prints '.linux.devices = [{path: "/dev/mine", type: "c", major: 1, minor: 5}, {path: "/dev/full", type: "c", major: 1, minor: 7, fileMode: 438}]' \
		'head -c 2 /dev/mine | wc -c; [ -c /dev/mine ] && [ -c /dev/full ] && echo both' || true
	if [ "$status" = 0 ]; then
		is $'2\nboth'
	else
		# a node under another name can't be made without root; the one of the host's name can be bound
		has 'device /dev/mine' "$stderr"
	fi
	prints '.linux.devices = [{path: "/dev/full", type: "c", major: 1, minor: 7}]' '[ -c /dev/full ] && echo there'
	is there
	invalid 'device /dev/null' '.linux.devices = [{path: "/dev/null", type: "c", major: 1, minor: 99}]'
	invalid 'device|type' '.linux.devices = [{path: "/dev/x", type: "z", major: 1, minor: 3}]'
}

@test "rootfsPropagation is the propagation of /" {
	prints '.linux.rootfsPropagation = "rslave"' "grep ' / / \\| / ' /proc/self/mountinfo | awk '\$5 == \"/\"'"
	hasnt 'shared:'
	prints '.linux.rootfsPropagation = "shared"' "awk '\$5 == \"/\"' /proc/self/mountinfo"
	has 'shared:'
	prints '.linux.rootfsPropagation = "unbindable"' "awk '\$5 == \"/\"' /proc/self/mountinfo"
	has 'unbindable'
}

# ---------------------------------------------------------------- namespaces

@test "namespaces: each is new or, when it is not named, the caller's" {
	prints '.linux.namespaces += [{type: "network"}]' 'for ns in user mnt pid ipc uts net cgroup; do readlink /proc/self/ns/$ns; done'
	i=0
	for ns in user mnt pid ipc uts net cgroup; do
		[ "${lines[$i]}" != "$(readlink /proc/self/ns/$ns)" ] || { echo "$ns is ours"; return 1; }
		i=$((i + 1))
	done
	prints 'del(.linux.namespaces[] | select(.type == "ipc" or .type == "uts" or .type == "cgroup")) | del(.hostname) | del(.mounts[] | select(.type == "mqueue"))' \
		'for ns in ipc uts net cgroup; do readlink /proc/self/ns/$ns; done'
	is "$(for ns in ipc uts net cgroup; do readlink /proc/self/ns/$ns; done)"
}

@test "namespaces with a path: network, ipc and uts of somebody else, and the user namespace they belong to" {
	outside --user --map-root-user --net --ipc --uts
	prints ".linux.namespaces |= map(if .type == \"user\" then .path = \"/proc/$other/ns/user\" elif .type == \"ipc\" then .path = \"/proc/$other/ns/ipc\"
		elif .type == \"uts\" then .path = \"/proc/$other/ns/uts\" else . end) + [{type: \"network\", path: \"/proc/$other/ns/net\"}]
		| del(.linux.uidMappings, .linux.gidMappings) | del(.hostname)" 'for ns in user ipc uts net; do readlink /proc/self/ns/$ns; done; readlink /proc/self/ns/pid'
	theirs=$(for ns in user ipc uts net; do readlink "/proc/$other/ns/$ns"; done)
	outside_end
	is "$theirs" "$(head -4 <<<"$output")"
	[ "${lines[4]}" != "$(readlink /proc/self/ns/pid)" ]
}

@test "namespaces with a path: the pid namespace of somebody else" {
	outside --user --map-root-user --pid --fork
	prints ".linux.namespaces |= map(if .type == \"user\" then .path = \"/proc/$other/ns/user\" elif .type == \"pid\" then .path = \"/proc/$other/ns/pid\" else . end)
		| del(.linux.uidMappings, .linux.gidMappings)" 'readlink /proc/self/ns/pid; tr "\0" " " </proc/1/cmdline'
	theirs=$(readlink "/proc/$other/ns/pid")
	outside_end
	is "$theirs" "${lines[0]}"
	is 'sleep 600 ' "${lines[1]}"
}

@test "containers can share namespaces with one another" {
	config '.hostname = "first"' 'echo up; sleep 100'
	c runtime run --detach --bundle "$B" first >"$WORK/out" 2>&1 </dev/null
	soon 5 grep -q up "$WORK/out"
	pid=$(c runtime state first | jq .pid)
	soon 5 grep -qx sleep "/proc/$pid/comm"
	prints ".linux.namespaces |= map(if .type == \"uts\" or .type == \"user\" or .type == \"ipc\" or .type == \"pid\" then .path = \"/proc/$pid/ns/\" + .type else . end)
		| del(.linux.uidMappings, .linux.gidMappings) | del(.hostname)" 'hostname; tr "\0" " " </proc/1/cmdline'
	is $'first\nsleep 100 '
	invalid 'namespace|path' '.linux.namespaces |= map(if .type == "ipc" then .path = "/etc/passwd" else . end)'
	invalid 'namespace|path' ".linux.namespaces |= map(if .type == \"ipc\" then .path = \"/proc/$pid/ns/uts\" else . end)"
	invalid 'namespace|path' ".linux.namespaces |= map(if .type == \"ipc\" then .path = \"/proc/$pid/ns/nosuch\" else . end)"
}

@test "without a user namespace in the configuration one is made, with all ids there are" {
	prints 'del(.linux.namespaces[] | select(.type == "user")) | del(.linux.uidMappings, .linux.gidMappings)' 'id -u; readlink /proc/self/ns/user'
	is 0 "${lines[0]}"
	[ "${lines[1]}" != "$(readlink /proc/self/ns/user)" ]
}

# ---------------------------------------------------------------- seccomp

@test "seccomp: ERRNO with errnoRet, defaultErrnoRet, arguments" {
	prints '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_AARCH64"],
		syscalls: [{names: ["mkdir", "mkdirat", "no_such_call"], action: "SCMP_ACT_ERRNO", errnoRet: 28}]}' 'mkdir /tmp/x 2>&1; grep Seccomp: /proc/self/status; true'
	has 'No space left'
	has 'Seccomp:.2'
	prints '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO"}]}' 'mkdir /tmp/x 2>&1; true'
	has 'not permitted'
	# only where the argument is that: kill(2) with signal 12
	prints '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["kill"], action: "SCMP_ACT_ERRNO", errnoRet: 38,
		args: [{index: 1, value: 12, op: "SCMP_CMP_EQ"}]}]}' 'kill -10 $$ && echo ten; kill -12 $$ 2>&1; true'
	has '^ten$'
	has 'not implemented'
	invalid 'seccomp' '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["kill"], action: "SCMP_ACT_ERRNO", args: [{index: 6, value: 1, op: "SCMP_CMP_EQ"}]}]}'
}

@test "seccomp: a list of what is allowed, with defaultErrnoRet" {
	bundle "$B" '.process.args = ["mkdir", "/tmp/x"] | .linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 7,
		syscalls: [{names: ["read", "write", "close", "execve", "exit", "exit_group", "brk", "mmap", "munmap", "mprotect", "arch_prctl", "set_tid_address", "set_robust_list",
		"rseq", "prlimit64", "readlink", "readlinkat", "getrandom", "uname", "getuid", "geteuid", "getgid", "getegid", "setuid", "setgid", "umask", "newfstatat", "fstat", "rt_sigaction",
		"ioctl", "fcntl", "stat", "lstat", "prctl", "rt_sigprocmask", "open", "openat", "sendto", "sendmsg", "futex", "dup", "dup2", "dup3", "close_range", "getpid"], action: "SCMP_ACT_ALLOW"}]}'
	run --separate-stderr c runtime run --bundle "$B" "$ID"
	is 1 "$status"
	has 'Argument list too long' "$stderr"
}

@test "seccomp: KILL, KILL_PROCESS, TRAP end with SIGSYS, LOG lets it pass" {
	for action in SCMP_ACT_KILL SCMP_ACT_KILL_PROCESS SCMP_ACT_KILL_THREAD SCMP_ACT_TRAP; do
		prints ".linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: [\"mkdir\", \"mkdirat\"], action: \"$action\"}]}" 'sh -c "mkdir /dev/shm/x"; echo "status $?"'
		has '^status 159$' || { echo "with $action"; return 1; }
	done
	prints '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_LOG"}]}' 'mkdir /dev/shm/x && echo made'
	is made
	prints '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", flags: ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"],
		syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_TRACE", errnoRet: 5}]}' 'mkdir /dev/shm/x 2>&1; true'
	has 'not implemented'
}

@test "seccomp without noNewPrivileges, and for exec too" {
	config '.process.noNewPrivileges = false | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 30}]}' \
		'mkdir /dev/shm/x; sleep 100'
	c runtime run --detach --bundle "$B" "$ID" >"$WORK/out" 2>&1 </dev/null
	soon 5 grep -q 'Read-only' "$WORK/out"
	run --separate-stderr c runtime exec "$ID" mkdir /dev/shm/y
	has 'Read-only' "$stderr"
}

# agent NAME ERRNO COUNT: listens on $WORK/NAME, writes to $WORK/NAME.out
agent()
{
	python3 "$BATS_TEST_DIRNAME/runtime_agent.py" notify "$WORK/$1" "$2" "$3" >"$WORK/$1.out" 2>&1 3>&- 4>&- &
	soon 5 test -S "$WORK/$1"
}

@test "seccomp: SCMP_ACT_NOTIFY hands the listener to an agent, which answers" {
	local notify='.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $path, listenerMetadata: "meta data",
		syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_NOTIFY"}]} | .annotations = {"a.b": "c"}'
	for privileges in true false; do
		agent "agent-$privileges" 122 1
		bundle "$B" "$notify | .process.noNewPrivileges = $privileges | .process.args = [\"mkdir\", \"/dev/shm/asked\"]" --arg path "$WORK/agent-$privileges"
		run --separate-stderr c runtime run --bundle "$B" "$ID"
		is 1 "$status"
		has 'Disk quota exceeded|quota' "$stderr"
		soon 5 grep -q '"call"' "$WORK/agent-$privileges.out"
		jq -se --arg id "$ID" '.[0].fds == 1 and .[0].state.fds == ["seccompFd"] and .[0].state.metadata == "meta data" and .[0].state.state.id == $id
			and .[0].state.state.annotations == {"a.b": "c"} and .[0].state.pid == .[0].state.state.pid and .[0].state.ociVersion and .[1].pid > 0' "$WORK/agent-$privileges.out"
	done
}

@test "seccomp: NOTIFY without an agent is an error, and nothing is left" {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}]}' true
	refuses 1 'listenerPath' runtime run --bundle "$B" "$ID"
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/nowhere/socket", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}]}' true
	refuses 1 'seccomp listener /nowhere/socket' runtime run --bundle "$B" "$ID"
	[ ! -e "$STATES/$ID" ]
}

# ---------------------------------------------------------------- limits

@test "resources that this caller can't have are a warning; errors with --rootless=false" {
	config '.linux.resources = {memory: {limit: 100000000}, pids: {limit: 50}}' 'echo ran'
	run --separate-stderr c runtime run --bundle "$B" "$ID"
	is ran
	warned=$stderr
	run --separate-stderr c runtime --rootless=false run --bundle "$B" "$ID"
	if [ -n "$warned" ]; then
		is 1 "$status"
		has 'limits' "$stderr"
		[ ! -e "$STATES/$ID" ]
	else
		is ran
	fi
	invalid 'memory' '.linux.resources = {memory: {limit: -2}}'
	invalid 'memory' '.linux.resources = {memory: {limit: "1g"}}'
	invalid 'cgroup' '.linux.cgroupsPath = "/a/../../b"'
	# devices can't be limited without root, and nobody is told
	prints '.linux.resources = {devices: [{allow: false, access: "rwm"}]}' 'echo quiet'
	is quiet
	is '' "$stderr"
}

@test "memoryPolicy" {
	grep -q '^Mems_allowed_list' /proc/self/status || skip 'kernel without CONFIG_NUMA'
	prints '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0"}' 'head -1 /proc/self/numa_maps 2>/dev/null || echo none'
	has 'bind:0|none'
	invalid 'memoryPolicy' '.linux.memoryPolicy = {mode: "MPOL_BIND"}'
	invalid 'memoryPolicy' '.linux.memoryPolicy = {mode: "MPOL_LOCAL", nodes: "0"}'
}
