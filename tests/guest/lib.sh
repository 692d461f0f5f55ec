# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lib.sh - tests in the guest: TAP on standard output

count=0
log=$(mktemp)

# bail REASON: nothing can be tested
bail() { echo "Bail out! $*"; exit 1; }

# it NAME COMMAND...: one test
it()
{
	local name=$1 out
	shift
	count=$((count + 1))
	out=$(mktemp)
	if "$@" >"$out" 2>&1; then
		echo "ok $count - $name"
	else
		echo "not ok $count - $name"
		sed 's/^/# /' "$out" "$log"
	fi
	rm -f "$out"
}

# skip NAME REASON
skip() { count=$((count + 1)); echo "ok $count - $1 # skip $2"; }

is() { [ "$1" = "$2" ] || { echo "have \"$1\", want \"$2\""; return 1; }; }
# shellcheck disable=SC2053 # a pattern
like() { [[ $1 == $2 ]] || { echo "have \"$1\", want something like \"$2\""; return 1; }; }

# within SECONDS COMMAND...: until it works
within()
{
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.2
	done
}

finish() { echo "1..$count"; }
