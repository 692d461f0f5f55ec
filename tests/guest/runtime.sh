#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# runtime.sh - in the guest, as the user dev: `coracle runtime` with both managers of cgroups
. "$IN/lib.sh"

fs=/sys/fs/cgroup
work=$(mktemp -d)
export XDG_RUNTIME_DIR
delegated() { systemd-run --user --scope --quiet -p Delegate=yes "$@"; }
units() { systemctl --user list-units --all --plain --no-legend "*$1*" | awk '{ print $1 }'; }

# bundle NAME JQ-FILTER: a bundle that sleeps
mkdir -p "$work/rootfs"
tar -C "$work/rootfs" -xf "$IN/root.tar" || bail "no root"
bundle()
{
	mkdir -p "$work/$1"
	rm -f "$work/$1/config.json"
	ln -sfn "$work/rootfs" "$work/$1/rootfs"
	"$IN/coracle" runtime spec --rootless --bundle "$work/$1" &&
		jq ".root.path = \"$work/rootfs\" | .process.terminal = false | .process.args = [\"sleep\", \"1000\"] | $2" \
			"$work/$1/config.json" >"$work/$1/new" && mv "$work/$1/new" "$work/$1/config.json"
}
runtime() { "$IN/coracle" runtime --root "$work/state" --cgroup-manager "$manager" "$@"; }
pid_of() { runtime state "$1" | jq -r .pid; }
group_of() { sed -n 's/^0:://p' "/proc/$(pid_of "$1")/cgroup"; }

limits='.linux.resources = {"memory": {"limit": 67108864, "swap": 67108864, "reservation": 33554432},
	"pids": {"limit": 30}, "cpu": {"shares": 512, "quota": 20000, "period": 100000, "cpus": "0"},
	"unified": {"memory.high": "60000000"}}'

# --- systemd, from a log-in session
manager=systemd

scope_has_limits()
{
	bundle one "$limits | .linux.cgroupsPath = \"app.slice:test:one\" |
		.annotations = {\"org.systemd.property.TimeoutStopUSec\": \"uint64 7000000\", \"org.systemd.property.Description\": \"'of a test'\"}" || return
	(cd "$work/one" && runtime create one </dev/null >"$log" 2>&1) || return
	runtime start one || return
	group=$fs$(group_of one)
	like "$group" '*/app.slice/test-one.scope/container' &&
		is "$(cat "$group/memory.max")" 67108864 &&
		is "$(cat "$group/memory.swap.max")" 0 &&
		is "$(cat "$group/memory.high")" 59998208 &&
		is "$(cat "$group/pids.max")" 30 &&
		is "$(cat "$group/cpu.max")" "20000 100000" &&
		is "$(cat "$group/cpuset.cpus")" 0
}
it "systemd: the scope of cgroupsPath has the limits" scope_has_limits

properties()
{
	is "$(systemctl --user show -p TimeoutStopUSec --value test-one.scope)" 7s &&
		is "$(systemctl --user show -p Description --value test-one.scope)" "of a test" &&
		is "$(systemctl --user show -p Delegate --value test-one.scope)" yes
}
it "systemd: annotations are properties of the scope" properties

exec_is_in_it() { is "$(runtime exec one cat /proc/self/cgroup)" "0::/"; }
it "systemd: an exec from the session is in the cgroup" exec_is_in_it

freeze()
{
	runtime pause one && is "$(runtime state one | jq -r .status)" paused &&
		grep -q "frozen 1" "$group/cgroup.events" && runtime resume one &&
		is "$(runtime state one | jq -r .status)" running && grep -q "frozen 0" "$group/cgroup.events"
}
it "systemd: pause freezes, resume thaws" freeze

stats()
{
	"$IN/coracle" runtime events --help >/dev/null 2>&1 || { echo "no events yet"; return 1; }
	runtime events --stats one >"$work/stats" && is "$(jq .data.pids.limit "$work/stats")" 30 &&
		[ "$(jq .data.memory.usage.usage "$work/stats")" -gt 0 ] && [ "$(jq .data.cpu.usage.total "$work/stats")" -gt 0 ] &&
		is "$(jq .data.memory.usage.limit "$work/stats")" 67108864
}
it "systemd: events --stats has the figures" stats

update()
{
	echo '{"pids": {"limit": 44}, "memory": {"limit": 50331648}}' | runtime update --resources - one &&
		is "$(cat "$group/pids.max")" 44 && is "$(cat "$group/memory.max")" 50331648 &&
		is "$(systemctl --user show -p TasksMax --value test-one.scope)" 44
}
it "systemd: update changes cgroup and scope" update

update_back()
{
	echo '{"pids": {"limit": 55}, "unified": {"no.such": "1"}}' | runtime update --resources - one && return 1
	is "$(cat "$group/pids.max")" 44
}
it "systemd: an update that fails changes nothing" update_back

killed()
{
	runtime kill one KILL && within 10 sh -c "[ \"\$($IN/coracle runtime --root $work/state state one | jq -r .status)\" = stopped ]" &&
		runtime delete one && within 10 sh -c '[ -z "$(systemctl --user list-units --all --plain --no-legend test-one.scope)" ]' &&
		[ ! -e "${group%/*}" ]
}
it "systemd: kill and delete leave neither scope nor directory" killed

foreground()
{
	bundle two "$limits | .process.args = [\"cat\", \"/sys/fs/cgroup/pids.max\"] |
		.mounts += [{\"destination\": \"/sys/fs/cgroup\", \"type\": \"cgroup\", \"source\": \"cgroup\", \"options\": [\"ro\", \"nosuid\", \"noexec\", \"nodev\"]}]" || return
	is "$(cd "$work/two" && runtime run two 2>"$log")" 30 && within 10 sh -c '[ -z "$(systemctl --user list-units --all --plain --no-legend "coracle-two*")" ]'
}
it "systemd: run in the foreground, limits seen inside, no scope afterwards" foreground

bad_property()
{
	bundle bad '.annotations = {"org.systemd.property.X": "(1, 2)"}' || return
	(cd "$work/bad" && runtime create bad </dev/null >"$log" 2>&1) && { runtime delete --force bad; return 1; }
	grep -q "org.systemd.property.X" "$log" && is "$(units coracle-bad)" ""
}
it "systemd: a property that is no value is refused" bad_property

oom_killed()
{
	bundle oom '.linux.resources = {"memory": {"limit": 16777216, "swap": 16777216}} | .process.args = ["tail", "/dev/zero"]' || return
	(cd "$work/oom" && runtime run oom >"$log" 2>&1)
	is $? 137
}
it "systemd: who takes more memory than allowed is killed" oom_killed

# --- cgroupfs
manager=cgroupfs

by_hand()
{
	bundle three "$limits | .linux.cgroupsPath = \"/user.slice/user-1000.slice/user@1000.service/three.slice/c\"" || return
	(cd "$work/three" && delegated "$IN/coracle" runtime --root "$work/state" run -d three </dev/null >"$log" 2>&1) || return
	group=$fs$(group_of three)
	like "$group" '*/user@1000.service/three.slice/c' && is "$(cat "$group/memory.max")" 67108864 &&
		is "$(cat "$group/cpuset.cpus")" 0
}
it "cgroupfs: a path below the user's manager has the limits" by_hand

by_hand_kill()
{
	runtime delete --force three && [ ! -e "$group" ] && rmdir "${group%/*}"
}
it "cgroupfs: delete --force removes it" by_hand_kill

from_session()
{
	bundle four "$limits | .linux.cgroupsPath = \"/user.slice/user-1000.slice/user@1000.service/four\" | .process.args = [\"true\"]" || return
	(cd "$work/four" && runtime run four >"$log" 2>&1) && [ ! -e $fs/user.slice/user-1000.slice/user@1000.service/four ]
}
it "cgroupfs: a container of a log-in session runs without" from_session

nothing_left()
{
	is "$(units test-)" "" && is "$(units coracle-)" "" && is "$(pgrep -f 'coracle runtime' | wc -l)" 0 &&
		is "$(find $fs/user.slice \( -name 'coracle-*' -o -name container \) 2>/dev/null)" ""
}
it "nothing is left" within 10 nothing_left

finish
