#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# exec.bats - exec: a command beside the container's own

load helper

setup()
{
	c run -d --name e -e FROM=container -w /tmp busybox sleep 1000 >/dev/null
}

@test "exec gives output, errors and the status" {
	runs exec e echo hello
	is hello
	gives 42 exec e sh -c 'echo err >&2; exit 42'
	is err "$stderr"
	gives 137 exec e sh -c 'kill -9 $$'
}

@test "exec gives 127 and 126 as run does" {
	refuses 127 nosuch exec e nosuch
	refuses 126 '/etc' exec e /etc
}

@test "exec sees the container: pids, name, files, network" {
	runs exec e sh -c 'ps | grep -c "[s]leep 1000"; pwd'
	is $'1\n/tmp'
	runs exec e cat /proc/1/comm
	is sleep
	runs exec e sh -c 'echo x >/shared'
	runs exec e cat /shared
	is x
	is "$(c exec e readlink /proc/1/ns/net)" "$(c exec e readlink /proc/self/ns/net)"
	is "$(c exec e readlink /proc/1/ns/user)" "$(c exec e readlink /proc/self/ns/user)"
}

@test "exec has the container's environment and what -e adds" {
	runs exec -e MORE=yes e env
	has '^FROM=container$'
	has '^MORE=yes$'
	has '^PATH='
	has '^HOME=/root$'
}

@test "exec -w and -u" {
	runs exec -w /etc e pwd
	is /etc
	runs exec -u ann e sh -c 'id -u; id -G; echo $HOME'
	is $'1000\n1000 10 44\n/home/ann'
	runs exec -u 77:88 e sh -c 'id -u; id -g'
	is $'77\n88'
	for user in nosuch -1 4294967296; do
		run --separate-stderr c exec "--user=$user" e id
		[ "$status" != 0 ]
	done
	run --separate-stderr c exec -w /nosuchdir e pwd
	[ "$status" != 0 ]
}

@test "exec -i takes input, and without it there is none" {
	run --separate-stderr c exec -i e cat <<<'into'
	is into
	run --separate-stderr c exec e cat <<<'not'
	is ""
}

@test "exec -t gives a terminal" {
	runs exec -t e tty
	has '^/dev/pts/[0-9]+.?$'
}

@test "exec -d returns at once and runs on" {
	runs exec -d e sh -c 'echo done >/done; sleep 100'
	soon 5 c exec e test -f /done
}

@test "exec in a container that does not run is an error" {
	runs stop -t 0 e
	run --separate-stderr c exec e true
	[ "$status" != 0 ]
	has 'e.*(not running|is not|start)' "$stderr"
	gives 125 exec nosuch true
}

@test "exec has no more rights than the container" {
	is "$(c exec e grep -E '^(Cap|Seccomp|NoNewPrivs)' /proc/1/status)" "$(c exec e grep -E '^(Cap|Seccomp|NoNewPrivs)' /proc/self/status)"
	runs exec --privileged e grep CapEff /proc/self/status
	[ "$output" != "$(c exec e grep CapEff /proc/self/status)" ]
}

@test "exec'd processes end with the container" {
	runs exec -d e sleep 4321
	runs rm -f -t 0 e
	soon 3 bash -c '! pgrep -u "$(id -u)" -f "^sleep 4321"'
}

@test "fifty execs in a row and ten at once" {
	for i in $(seq 50); do
		is "$i" "$(c exec e echo "$i")"
	done
	for i in $(seq 10); do
		"$CORACLE" exec e echo "$i" >"$WORK/e.$i" 3>&- &
	done
	wait
	is "$(seq 10)" "$(cat $(seq -f "$WORK/e.%g" 10))"
}

@test "a client that dies takes its command along or leaves it, but the container lives" {
	"$CORACLE" exec e sh -c 'echo begun >/begun; sleep 50' 3>&- &
	client=$!
	soon 5 c exec e test -s /begun
	kill -9 $client
	wait $client || true
	runs exec e true
	is running "$(status_of e)"
}

@test "a container with an init is entered as any other" {
	runs run -d --init --name i -w /tmp busybox sleep 100
	runs exec i sh -c 'pwd; cat /proc/1/comm'
	is $'/tmp\ncoracle-init'
}
