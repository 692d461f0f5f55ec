#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# logs.bats - logs: streams, tail, times, following, rotation, drivers

load helper

@test "logs gives both streams where they belong" {
	runs run -d --name l busybox sh -c 'echo out; echo err >&2'
	runs wait l
	runs logs l
	is out
	is err "$stderr"
}

@test "logs of an attached run are kept as well" {
	gives 0 run --name l busybox echo kept
	runs logs l
	is kept
}

@test "--tail" {
	gives 0 run --name l busybox seq 100
	runs logs --tail 3 l
	is $'98\n99\n100'
	runs logs -n 0 l
	is ""
	runs logs --tail all l
	[ "${#lines[@]}" = 100 ]
	run --separate-stderr c logs --tail x l
	[ "$status" = 125 ]
}

@test "-t puts a time before each line" {
	gives 0 run --name l busybox echo x
	runs logs -t l
	has '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+) x$'
}

@test "--since and --until" {
	gives 0 run --name l busybox sh -c 'echo a; sleep 1.2; echo b'
	runs logs -t l
	second=$(tail -n 1 <<<"$output" | cut -d' ' -f1)
	runs logs --since "$second" l
	is b
	runs logs --until "$second" l
	has '^a$'
	runs logs --since 10m l
	is $'a\nb'
	runs logs --since "$(date -d '+1 hour' +%s)" l
	is ""
	run --separate-stderr c logs --since nonsense l
	[ "$status" = 125 ]
}

@test "-f follows to the end" {
	runs run -d --name l busybox sh -c 'for i in 1 2 3; do echo $i; sleep 0.2; done'
	runs logs -f l
	is $'1\n2\n3'
}

@test "a line without end and lines of 100,000 bytes come whole" {
	gives 0 run --name l busybox sh -c 'head -c 100000 /dev/zero | tr "\0" x; echo; printf end'
	run bash -c '"$CORACLE" logs l | wc -c'
	is 100004
	run bash -c '"$CORACLE" logs l | head -n 1 | wc -c'
	is 100001
}

@test "bytes that are no text come out as they went in" {
	gives 0 run --name l busybox printf '\377\376a\n'
	run bash -c '"$CORACLE" logs l | od -An -tx1 | tr -d " \n"'
	is fffe610a
}

@test "drivers: k8s-file, json-file, none, passthrough" {
	for driver in k8s-file json-file; do
		gives 0 run --name "l-$driver" --log-driver $driver busybox echo "by $driver"
		runs logs "l-$driver"
		is "by $driver"
		runs inspect -f '{{.HostConfig.LogConfig.Type}}' "l-$driver"
		is $driver
	done
	gives 0 run --name l-none --log-driver none busybox echo shown
	is shown
	run --separate-stderr c logs l-none
	[ "$status" != 0 ] || is ""
	gives 0 run --name l-pass --log-driver passthrough busybox echo through
	is through
	run --separate-stderr c run --log-driver nosuch busybox true
	[ "$status" = 125 ]
}

@test "logs rotate by default and when asked" {
	gives 0 run --name l --log-opt max-size=20k --log-opt max-file=2 busybox seq 20000 
	path=$(c inspect -f '{{.LogPath}}' l)
	[ "$(cat "$path"* | wc -c)" -lt 100000 ]
	runs logs --tail 1 l
	is 20000
	run --separate-stderr c run --log-opt max-size=abc busybox true
	[ "$status" = 125 ]
}

@test "logs of several have the order of the names; of nothing is an error" {
	gives 125 logs nosuch
	runs create --name l busybox true
	runs logs l
	is ""
}

@test "a terminal's output is in the log" {
	gives 0 run -t --name l busybox echo tty
	runs logs l
	has '^tty.?$'
}
