#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# runtime_manage.sh - in the guest, as the user dev: ps, update and events of `coracle runtime` in a scope of systemd
. "$IN/lib.sh"

fs=/sys/fs/cgroup
work=$(mktemp -d)
runtime() { "$IN/coracle" runtime --root "$work/state" "$@"; }
pid_of() { runtime state "$1" | jq -r .pid; }
group_of() { echo "$fs$(sed -n 's/^0:://p' "/proc/$(pid_of "$1")/cgroup")"; }

mkdir -p "$work/b/rootfs"
tar -C "$work/b/rootfs" -xf "$IN/root.tar" || bail "no root"
"$IN/coracle" runtime spec --rootless --bundle "$work/b" || bail "no configuration"
jq '.process.terminal = false | .process.args = ["sh", "-c", "sleep 900 & sleep 901"] |
	.linux.resources = {"memory": {"limit": 134217728}, "cpu": {"quota": 20000, "period": 50000}, "pids": {"limit": 50}}' \
	"$work/b/config.json" >"$work/new" && mv "$work/new" "$work/b/config.json"
runtime --systemd-cgroup run -d -b "$work/b" one </dev/null >"$log" 2>&1 || bail "no container: $(cat "$log")"
group=$(group_of one)

by_cgroup()
{
	within 10 sh -c "[ \$($IN/coracle runtime --root $work/state ps -f json one | jq length) = 2 ]" &&
		is "$(runtime ps -f json one | jq -r '.[]' | sort)" "$(sort "$group/cgroup.procs")" &&
		is "$(runtime ps one -e -o pid,args | sed 1d | wc -l)" 2
}
it "ps has the members of the cgroup" by_cgroup

below_too()
{
	mkdir "$group/below" && pid_of one >"$group/below/cgroup.procs" && is "$(runtime ps -f json one | jq length)" 2 &&
		pid_of one >"$group/cgroup.procs" && rmdir "$group/below"
}
it "ps has those of cgroups below it" below_too

cpu_parts()
{
	runtime update --cpu-quota 30000 one && is "$(cat "$group/cpu.max")" "30000 50000" &&
		runtime update --cpu-period 100000 one && is "$(cat "$group/cpu.max")" "30000 100000" &&
		runtime update --cpu-quota -1 one && is "$(cat "$group/cpu.max")" "max 100000" &&
		runtime update --cpu-share 2048 one && is "$(cat "$group/cpu.weight")" 79
}
it "update: quota and period alone leave the other as it is" cpu_parts

memory_parts()
{
	runtime update --memory 64m one && is "$(cat "$group/memory.max")" 67108864 || return
	[ -e "$group/memory.swap.max" ] || return 0
	runtime update --memory-swap 96m one && is "$(cat "$group/memory.swap.max")" 33554432 && is "$(cat "$group/memory.max")" 67108864
}
it "update: swap alone counts from the limit of memory" memory_parts

# it has the container's pidfd, and next it looks how many were killed so far
is_watching() { ls -l "/proc/$(pgrep -u "$(id -u)" -n -f 'runtime .*events --interval 1h')/fd" 2>/dev/null | grep -q pidfd; }

oom_is_told()
{
	runtime update --memory 32m --memory-swap 32m one || return
	runtime events --interval 1h one >"$work/events" &
	local events=$!
	within 60 is_watching && sleep 1
	runtime exec one tail /dev/zero >"$log" 2>&1
	is $? 137 || return
	within 20 test -s "$work/events" && is "$(head -n 1 "$work/events")" '{"type":"oom","id":"one"}' || return
	runtime kill one KILL && wait $events
}
it "events: who is killed for lack of memory is told, and the end ends them" oom_is_told

removed() { runtime delete one && within 10 test ! -e "$group"; }
it "with delete the cgroup goes" removed

finish
