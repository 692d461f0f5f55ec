#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# cgroup.sh - in the guest, as the user dev in a log-in session: limits, both managers, what is left afterwards
#
# $IN has the program, a root (root.tar) and lib.sh. The session is in session-N.scope, which is not
# delegated; below user@1000.service cgroups are.
. "$IN/lib.sh"

fs=/sys/fs/cgroup
export CORACLE=$IN/coracle
coracle() { "$CORACLE" "$@"; }
path_of() { coracle inspect -f '{{.State.CgroupPath}}' "$1"; }
units() { systemctl --user list-units --all --plain --no-legend 'coracle-*' | awk '{ print $1 }'; }
delegated() { systemd-run --user --scope --quiet -p Delegate=yes "$@"; }

coracle import "$IN/root.tar" box >/dev/null || bail "import"

limits_are_seen()
{
	coracle run -d --name a -m 64m --memory-reservation 32m --pids-limit 50 --cpus 0.5 --cpu-shares 512 box sleep 1000 >"$log" || return
	is "$(grep -c warning "$log")" 0 || return
	group=$fs$(path_of a)
	like "$group" '*/coracle-*.scope/container' &&
		is "$(cat "$group/memory.max")" 67108864 &&
		is "$(cat "$group/memory.low")" 33554432 &&
		is "$(cat "$group/pids.max")" 50 &&
		is "$(cat "$group/cpu.max")" "50000 100000" &&
		is "$(cat "$group/cpu.weight")" 20 &&
		is "$(coracle exec a cat /sys/fs/cgroup/memory.max)" 67108864
}
it "limits from a log-in session hold by a scope" limits_are_seen

inside_is_root()
{
	is "$(coracle exec a cat /proc/self/cgroup)" "0::/" &&
		is "$(coracle exec a sh -c 'cat /proc/1/cgroup')" "0::/"
}
it "a container sees its cgroup as the root, an exec is in it" inside_is_root

scope_is_active() { is "$(units | wc -l)" 1 && systemctl --user is-active "$(units)" >/dev/null; }
it "the scope is a unit of the user's manager" scope_is_active

gone()
{
	coracle rm -f a >/dev/null && within 10 sh -c '[ -z "$(systemctl --user list-units --all --plain --no-legend "coracle-*")" ]' &&
		[ ! -e "$group" ] && [ ! -e "${group%/*}" ]
}
it "with rm the scope and its directories go" gone

oom()
{
	coracle run --name oom -m 32m --memory-swap 32m box sh -c 'tail /dev/zero' >"$log" 2>&1
	is $? 137
	local r=$?
	coracle rm -f oom >/dev/null
	return $r
}
it "who takes more memory than allowed is killed" oom

pids()
{
	coracle run --rm --pids-limit 5 box sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait' >"$log" 2>&1
	grep -q "can't fork" "$log"
}
it "more processes than allowed can't be made" pids

monitor_dies()
{
	coracle run -d --name m -m 64m box sleep 1000 >"$log" || return
	kill -9 "$(pgrep -f '^coracle-monitor' | head -n 1)"
	within 10 sh -c '[ -z "$(systemctl --user list-units --all --plain --no-legend "coracle-*")" ]'
	local r=$?
	coracle rm -f m >/dev/null
	return $r
}
it "a killed monitor leaves no scope" monitor_dies

disabled()
{
	coracle --cgroup-manager disabled run -d --name d box sleep 1000 >/dev/null || return
	is "$(path_of d)" ""
	local r=$?
	coracle rm -f d >/dev/null
	return $r
}
it "--cgroup-manager disabled makes none" disabled

by_hand_from_session()
{
	coracle --cgroup-manager cgroupfs run --rm -m 64m box true >"$log" 2>&1 && grep -q "limits asked for are not applied" "$log"
}
it "--cgroup-manager cgroupfs in a log-in session warns and runs" by_hand_from_session

by_hand()
{
	delegated "$CORACLE" run -d --name h -m 48m --pids-limit 20 box sleep 1000 >"$log" 2>&1 || { cat "$log"; return 1; }
	group=$fs$(path_of h)
	like "$group" '*/run-*.scope/coracle-*' && is "$(cat "$group/memory.max")" 50331648 && is "$(cat "$group/pids.max")" 20 &&
		is "$(coracle exec h cat /proc/self/cgroup)" "0::/"
}
it "in a delegated scope cgroups are directories" by_hand

by_hand_gone() { coracle rm -f h >/dev/null && within 10 test ! -e "$group"; }
it "with rm the directory goes" by_hand_gone

restart()
{
	coracle run -d --name r -m 64m box sleep 1000 >/dev/null && coracle restart -t 0 r >/dev/null || return
	group=$fs$(path_of r)
	is "$(cat "$group/memory.max")" 67108864 && coracle rm -f r >/dev/null
}
it "limits hold after a restart" restart

leftovers()
{
	is "$(units)" "" && is "$(find $fs/user.slice -name 'coracle-*' 2>/dev/null)" "" && is "$(pgrep -f '^coracle' | wc -l)" 0
}
it "nothing is left" within 10 leftovers

finish
