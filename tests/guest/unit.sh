#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# unit.sh - in the guest: the unit test of cgroups where there must be cgroups, as dev in a delegated scope and as root
. "$IN/lib.sh"
export LD_LIBRARY_PATH=$IN/lib CK_FORK=no CORACLE_CGROUPS=1 CK_VERBOSITY=silent CK_RUN_CASE=cgroup_live

# relay WHO: lines of TAP that somebody else wrote, counted here; Check's names are "case:test:file: verdict"
relay()
{
	local line
	while IFS= read -r line; do
		case $line in
		ok* | 'not ok'*)
			count=$((count + 1))
			sed "s/ok [0-9]* - \(.*:cgroup_live:\)\{0,1\}/ok $count - $1: /; s/: *Passed$//" <<<"$line"
			;;
		1..*) ;;
		*) echo "# $line" ;;
		esac
	done
}
CK_TAP_LOG_FILE_NAME=$(mktemp)
export CK_TAP_LOG_FILE_NAME
systemd-run --user --scope --quiet -p Delegate=yes "$IN/test_cgroup"
relay dev <"$CK_TAP_LOG_FILE_NAME"
relay root <"$OUT/root"
relay devices <"$OUT/devices"
[ "$(grep -c . "$OUT/root")" -gt 0 ] || bail "nothing ran as root"
finish
