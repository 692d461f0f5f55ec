#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# misc.bats - version info doctor help completion, and names of commands

load helper

@test "version: text, template and JSON, also what scripts ask for" {
	runs version
	has '[0-9]+\.[0-9]+'
	runs version --format '{{.Client.Version}}'
	has '^[0-9]+\.[0-9]+'
	is "$output" "$(c version --format '{{.Server.Version}}')"
	run bash -c '"$CORACLE" version --format json | jq -r .Client.Version'
	has '^[0-9]+\.[0-9]+'
	runs --version
	has '[0-9]+\.[0-9]+'
}

@test "info: docker's and podman's keys" {
	runs info --format '{{.ServerVersion}} {{.OSType}}'
	has ' linux$'
	runs info --format '{{.Host.Security.Rootless}}'
	is true
	run bash -c '"$CORACLE" info --format json | jq -e "(.DockerRootDir | length > 0) and (.host.arch | length > 0)"'
	is true
	runs info
}

@test "help: of the program, of a group, of a command" {
	runs --help
	for command in run ps exec images load volume doctor; do
		has "^ +$command\b"
	done
	runs help run
	has '--name'
	runs run --help
	has '--name'
	runs container --help
	has 'ls'
	run --separate-stderr c
	has 'run'
}

@test "every command helps itself" {
	for name in run create start stop kill restart rm ps logs exec wait inspect images rmi tag import load "volume ls" version info doctor attach; do
		runs $name --help
		has "coracle $name|coracle ${name% *}"
	done
}

@test "completion in bash offers commands, options, containers and images" {
	c create --name offered busybox true
	cat >"$WORK/complete" <<-'END'
	source <("$CORACLE" completion bash)
	PATH=$WORK/bin:$PATH
	try() {
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMPREPLY=()
		$(complete -p coracle | sed 's/.*-F \([^ ]*\).*/\1/') coracle "${@: -1}" "${@: -2:1}"
		echo "${COMPREPLY[@]}"
	}
	try coracle ru
	try coracle run --nam
	try coracle start off
	try coracle run bus
	END
	mkdir -p "$WORK/bin"
	ln -sf "$CORACLE" "$WORK/bin/coracle"
	run bash "$WORK/complete"
	has '^run runtime ?$'
	has -- '--name'
	has '^offered ?$'
	has '^busybox'
}

@test "groups: container and image forms of the commands" {
	runs container create --name g busybox sleep 100
	runs container start g
	runs container exec g echo in
	is in
	runs container logs g
	runs container stop -t 0 g
	runs container wait g
	runs container rm g
	runs image ls -q
	runs image tag busybox again:1
	runs image rm again:1
}
