#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# create_start.bats - the life of a container after run: create start stop kill restart rm wait

load helper

@test "create prints the id and runs nothing" {
	runs create --name c1 busybox sh -c 'echo ran >/ran'
	[[ $output =~ ^[0-9a-f]{64}$ ]]
	is created "$(status_of c1)"
}

@test "start prints what it was given; start -a attaches and gives the status" {
	runs create --name c1 busybox sh -c 'echo hello; exit 5'
	runs start c1
	is c1
	runs wait c1
	is 5
	gives 5 start -a c1
	is hello
}

@test "start -ai passes input" {
	runs create -i --name c1 busybox cat
	run --separate-stderr c start -ai c1 <<<'in and out'
	is "in and out"
}

@test "a container keeps its files from start to start" {
	runs create --name c1 busybox sh -c 'echo x >>/n; wc -l </n'
	gives 0 start -a c1
	is 1
	gives 0 start -a c1
	is 2
}

@test "start of a running container is no error" {
	runs run -d --name c1 busybox sleep 100
	runs start c1
}

@test "start, stop, rm of several: goes on after a failure" {
	runs create --name c1 busybox sleep 100
	runs create --name c2 busybox sleep 100
	# podman looks all names up first; docker, and we, start what can be started
	gives 125 start c1 nosuch c2
	has '^c1$'
	has '^c2$'
	has nosuch "$stderr"
	is running "$(status_of c2)"
	gives 125 stop -t 0 c1 nosuch c2
	is exited "$(status_of c2)"
	gives 1 rm c1 nosuch c2
	runs ps -aq
	is ""
}

@test "ids can be shortened as long as they are unique" {
	runs create busybox true
	id=$output
	for length in 64 12 6; do
		runs inspect -f '{{.Id}}' "${id:0:length}"
		is "$id"
	done
	refuses 125 'no such|not found|no container' stop ffffffffffff0
}

@test "stop sends the stop signal, waits, and kills" {
	runs run -d --name c1 busybox sh -c 'trap "exit 3" TERM; echo ready; while :; do sleep 0.1; done'
	says c1 ready
	# for ever, should the signal not arrive
	runs stop -t 1000 c1
	is c1
	runs wait c1
	is 3
	runs run -d --name c2 --stop-timeout 1000 busybox sleep 10000
	SECONDS=0
	runs stop -t 1 c2
	[ $SECONDS -ge 1 ]
	runs wait c2
	is 137
}

@test "stop of a stopped container is no error, of an unknown one is" {
	runs create --name c1 busybox true
	runs stop c1
	gives 125 stop nosuch
	runs stop --ignore nosuch
}

@test "stop -a stops all" {
	runs run -d busybox sleep 100
	runs run -d busybox sleep 100
	runs stop -a -t 0
	runs ps -q
	is ""
}

@test "kill sends KILL or what is asked for, by name and number" {
	runs run -d --name c1 busybox sh -c 'trap "exit 4" HUP; trap "exit 5" USR1; echo ready; while :; do sleep 0.1; done'
	says c1 ready
	runs kill -s HUP c1
	runs wait c1
	is 4
	runs start c1
	says c1 ready 2
	runs kill --signal 10 c1
	runs wait c1
	is 5
	runs start c1
	says c1 ready 3
	runs kill -s SIGUSR1 c1
	runs wait c1
	is 5
	runs start c1
	runs kill c1
	runs wait c1
	is 137
	gives 125 kill c1
	runs start c1
	gives 125 kill -s NOSUCH c1
	gives 125 kill -s 0 c1
}

@test "restart starts it anew, also a stopped one" {
	runs run -d --name c1 busybox sleep 100
	before=$(c inspect -f '{{.State.Pid}}' c1)
	runs restart -t 0 c1
	is running "$(status_of c1)"
	[ "$before" != "$(c inspect -f '{{.State.Pid}}' c1)" ]
	runs stop -t 0 c1
	runs restart -t 0 c1
	is running "$(status_of c1)"
}

@test "rm refuses a running container with 2 and removes with -f" {
	# that is what it has without -t
	runs run -d --name c1 --stop-timeout 1000 busybox sleep 10000
	refuses 2 '(running|force|stop)' rm c1
	runs rm -f -t 0 c1
	is c1
	gives 1 rm c1
	gives 0 rm -f c1
	gives 0 rm --ignore c1
}

@test "rm -v removes anonymous volumes and keeps named ones" {
	runs create --name c1 -v /anon -v named:/named busybox true
	runs volume ls -q
	[ "${#lines[@]}" = 2 ]
	runs rm -v c1
	runs volume ls -q
	is named
	runs volume rm named
}

@test "rm -a removes all that are stopped" {
	runs create busybox true
	runs create busybox true
	runs rm -a
	runs ps -aq
	is ""
}

@test "wait gives the codes of several in order" {
	runs run -d --name c1 busybox sh -c 'sleep 0.3; exit 1'
	runs run -d --name c2 busybox sh -c 'sleep 0.1; exit 2'
	runs wait c1 c2
	is $'1\n2'
}

@test "wait --condition running returns while it runs" {
	runs run -d --name c1 busybox sleep 100
	runs wait --condition running c1
}

@test "the container's own end is seen at once" {
	runs run -d --name c1 busybox true
	soon 3 is_status c1 exited
}

@test "children of a container end with it" {
	runs run -d --name c1 busybox sh -c 'sleep 1234 & sleep 1234 & echo begun; wait'
	says c1 begun
	pid=$(c inspect -f '{{.State.Pid}}' c1)
	[ -d /proc/$pid ]
	runs kill c1
	runs wait c1
	soon 3 gone "$pid"
	soon 3 bash -c '! pgrep -u "$(id -u)" -f "^sleep 1234"'
}

@test "no process is left when the last container has ended" {
	runs run -d --name c1 busybox sleep 100
	runs rm -f -t 0 c1
	soon 5 bash -c '! grep -lsz "^CORACLE_ROOT=$CORACLE_ROOT" /proc/[0-9]*/environ | grep -v "^/proc/$$/" | while read -r f; do p=${f%/environ}; readlink "$p/exe"; done | grep -q "/coracle$\|memfd:coracle"'
}
