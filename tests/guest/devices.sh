#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# devices.sh - in the guest, as root: device rules of a cgroup are a program that holds
export IN=/in
. "$IN/lib.sh"
work=$(mktemp -d)
mkdir -p "$work/rootfs"
tar -C "$work/rootfs" -xf "$IN/root.tar" || bail "no root"
cd "$work" || exit 1

# run_with RULES COMMAND: in a container with these rules and a node of the guest's disk
run_with()
{
	rm -f config.json
	"$IN/coracle" runtime spec &&
		jq --argjson rules "$1" --arg command "$2" '.process.terminal = false | .root.readonly = false |
			.process.args = ["sh", "-c", $command] | .linux.resources.devices = $rules |
			.linux.devices = [{"path": "/dev/disk", "type": "b", "major": 254, "minor": 0, "fileMode": 438}]' config.json >new &&
		mv new config.json && timeout 60 "$IN/coracle" runtime --root "$work/state" run "test$RANDOM" </dev/null 2>&1
}
deny='{"allow": false, "access": "rwm"}'
open='cat </dev/null && echo null; (: </dev/disk) 2>/dev/null && echo disk'

denied() { is "$(run_with "[$deny]" "$open")" null; }
it "devices that no rule allows can't be opened, the default ones can" denied
allowed() { is "$(run_with "[$deny, {\"allow\": true, \"type\": \"b\", \"major\": 254, \"minor\": 0, \"access\": \"r\"}]" "$open" | tr '\n' ' ')" "null disk "; }
it "one that a rule allows can be opened" allowed
for_reading() { is "$(run_with "[$deny, {\"allow\": true, \"type\": \"b\", \"major\": 254, \"minor\": 0, \"access\": \"r\"}]" '(: >/dev/disk) 2>/dev/null && echo written; true')" ""; }
it "and only in the way that it allows" for_reading
finish
