#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# scp_ssh.bats - image scp through OpenSSH: its sshd run by the user on a loopback port, other machines are keys of its own
#
# Each key that the server knows comes with an environment: another store, another PATH. No file of the user's is read.

load helper
load registries

# machine NAME VARIABLE=VALUE...: a host name of that kind, which goes to the server with a key of its own
machine()
{
	local name=$1 words= word
	shift
	mkdir -p -m 0700 "$WORK/$name" "$WORK/$name/run" "$WORK/$name/home"
	for word in "CORACLE_ROOT=$WORK/$name/data" "CORACLE_RUNROOT=$WORK/$name/run" "HOME=$WORK/$name/home" "$@"; do
		words+="environment=\"$word\","
	done
	ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$WORK/ssh/$name"
	echo "${words%,} $(cat "$WORK/ssh/$name.pub")" >>"$WORK/ssh/authorized"
	printf 'Host %s.test\n\tIdentityFile %s\n' "$name" "$WORK/ssh/$name" >>"$WORK/ssh/hosts"
}

# server: sshd itself, on a port that nobody else took meanwhile
server()
{
	local try
	for try in 1 2 3 4 5 6 7 8; do
		SSH_PORT=$(free_port)
		/usr/sbin/sshd -D -e -f "$WORK/ssh/sshd_config" -p "$SSH_PORT" >/dev/null 2>"$WORK/ssh/log" </dev/null 3>&- 4>&- &
		echo $! >"$WORK/sshd.pid"
		soon 30 grep -Eq 'listening on|Cannot bind|Address already in use' "$WORK/ssh/log" || break
		! grep -q 'Server listening on' "$WORK/ssh/log" || return 0
	done
	cat "$WORK/ssh/log" >&2
	return 1
}

file_setup()
{
	# HOME stays: registries_begin would change it
	[ -x /usr/sbin/sshd ] || return 0
	mkdir -p "$WORK/ssh" "$WORK/bin" "$WORK/there" "$WORK/bare" "$WORK/podmans"
	ln -s "$(readlink -f "$CORACLE")" "$WORK/there/coracle"
	ln -s /bin/sh "$WORK/bare/sh"
	ssh-keygen -q -t ed25519 -N '' -C server -f "$WORK/ssh/host"
	cat >"$WORK/ssh/sshd_config" <<-END
	ListenAddress 127.0.0.1
	HostKey $WORK/ssh/host
	AuthorizedKeysFile $WORK/ssh/authorized
	PidFile none
	StrictModes no
	UsePAM no
	UseDNS no
	PasswordAuthentication no
	KbdInteractiveAuthentication no
	PermitUserEnvironment yes
	PermitUserRC no
	PrintMotd no
	PrintLastLog no
	MaxStartups 100
	LoginGraceTime 60
	END
	local system=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
	machine one "PATH=$WORK/there:$system"
	machine two "PATH=$WORK/there:$system"
	machine bare "PATH=$WORK/bare"
	ssh-keygen -q -t ed25519 -N '' -C stranger -f "$WORK/ssh/stranger"
	# a login script that greets
	machine loud "PATH=$WORK/there:$system"
	sed -i '/ loud$/s/^/command="echo Welcome; eval \\"$SSH_ORIGINAL_COMMAND\\"",/' "$WORK/ssh/authorized"
	server
	export SSH_PORT
	cat >"$WORK/ssh/config" <<-END
	Host stranger.test
		IdentityFile $WORK/ssh/stranger
	Host impostor.test
		HostKeyAlias impostor
		IdentityFile $WORK/ssh/one
	Host 127.0.0.1
		IdentityFile $WORK/ssh/one
	Host cutsend.test
		IdentityFile $WORK/ssh/one
		ProxyCommand python3 $BATS_TEST_DIRNAME/../registry/cut.py $SSH_PORT send 400000
	Host cutfetch.test
		IdentityFile $WORK/ssh/one
		ProxyCommand python3 $BATS_TEST_DIRNAME/../registry/cut.py $SSH_PORT fetch 400000
	$(cat "$WORK/ssh/hosts")
	Host *
		HostName 127.0.0.1
		Port $SSH_PORT
		HostKeyAlias server
		UserKnownHostsFile $WORK/ssh/known
		GlobalKnownHostsFile /dev/null
		StrictHostKeyChecking yes
		BatchMode yes
		IdentitiesOnly yes
		IdentityAgent none
	END
	{
		echo "server $(cut -d' ' -f1,2 "$WORK/ssh/host.pub")"
		echo "impostor $(cut -d' ' -f1,2 "$WORK/ssh/one.pub")"
	} >"$WORK/ssh/known"
	printf '#!/bin/sh\nexec /usr/bin/ssh -F "%s" "$@"\n' "$WORK/ssh/config" >"$WORK/bin/ssh"
	chmod 0755 "$WORK/bin/ssh"
	export PATH=$WORK/bin:$PATH
	c tag busybox team/app:7
}

file_teardown()
{
	registries_end
}

setup()
{
	need /usr/sbin/sshd ssh
}

test_teardown()
{
	local name
	for name in one two loud; do
		there $name rmi -f -a >/dev/null 2>&1 || true
	done
	c rmi -f back:1 two:2 >/dev/null 2>&1 || true
	c image exists busybox || c load -q -i "$WORK/kept.archive" >/dev/null 2>&1 || true
}

# there MACHINE ARGUMENT...: the program on that machine, without ssh
there()
{
	local name=$1
	shift
	CORACLE_ROOT=$WORK/$name/data CORACLE_RUNROOT=$WORK/$name/run c "$@"
}

id_of()
{
	c image inspect --format '{{.Id}}' "$1"
}

# fails PATTERN ARGUMENT...: status 125, and our own last line on standard error is like that
fails()
{
	local pattern=$1
	shift
	run --separate-stderr c "$@" </dev/null
	if [ "$status" != 125 ] || ! grep -Eq -- "^coracle: .*$pattern" <<<"${stderr_lines[-1]}"; then
		show "$@"
		return 1
	fi
}

@test "an image goes through sshd and comes back, with the same id" {
	local id
	id=$(id_of busybox)
	runs image scp busybox one.test::
	is 'Loaded image: localhost/busybox:latest'
	is "$id" "$(there one image inspect --format '{{.Id}}' busybox)"
	c save -q -o "$WORK/kept.archive" busybox
	c rmi -f busybox team/app:7
	runs image scp one.test::busybox
	is 'Loaded image: localhost/busybox:latest'
	is "$id" "$(id_of busybox)"
	is hi "$(c run --rm --network none busybox echo hi)"
	c tag busybox team/app:7
}

@test "several images, one of them again, by name, by id and with a new name" {
	runs image scp -q busybox one.test::
	is ''
	is '' "$stderr"
	runs image scp -q busybox one.test::
	runs image scp team/app:7 one.test::other/name:9
	is 'Loaded image: localhost/other/name:9'
	runs image scp "$(id_of busybox)" two.test::
	has '^Loaded image ID: sha256:[0-9a-f]{64}$'
	is 'busybox:latest other/name:9' "$(there one images --format '{{.Repository}}:{{.Tag}}' | sed 's|^localhost/||' | sort | xargs)"
	is "$(id_of busybox)" "$(there two images --no-trunc --format '{{.ID}}')"
	runs image scp -q one.test::other/name:9 back:1
	is ''
	is '' "$stderr"
	is "$(id_of busybox)" "$(id_of back:1)"
}

@test "user and port are ssh's" {
	runs image scp -q busybox "$(id -un)@127.0.0.1:$SSH_PORT::"
	is '' "$stderr"
	there one image exists busybox
}

@test "from one machine to another one" {
	runs image scp -q team/app:7 one.test::
	runs image scp one.test::team/app:7 two.test::
	is 'Loaded image: localhost/team/app:7'
	is "$(id_of busybox)" "$(there two image inspect --format '{{.Id}}' team/app:7)"
	fails 'one.test: the program there ended with status 125' image scp one.test::nothing two.test::
	has 'nothing' "$stderr"
}

@test "a key that the server does not know, a server that we do not know, and none at all" {
	local try
	for try in 'busybox stranger.test::' 'stranger.test::busybox' 'stranger.test::busybox one.test::'; do
		# shellcheck disable=SC2086 # a list of words
		fails 'stranger.test: ssh failed; try: ssh stranger.test true' image scp $try
		has 'Permission denied \(publickey' "$stderr"
	done
	fails 'impostor.test: ssh failed' image scp busybox impostor.test::
	has 'Host key verification failed' "$stderr"
	fails '127.0.0.1: ssh failed; try: ssh -p 1 nobody@127.0.0.1 true' image scp busybox nobody@127.0.0.1:1::
	has 'Connection refused' "$stderr"
}

@test "a machine that has no program of the kind says so" {
	fails 'bare.test: the program there ended with status 127' image scp busybox bare.test::
	has '^neither coracle nor podman nor docker is installed here$' "$stderr"
	fails 'bare.test: the program there ended with status 127' image scp bare.test::busybox
	has '^neither coracle nor podman nor docker is installed here$' "$stderr"
	fails 'bare.test: the program there ended with status 127' image scp bare.test::busybox two.test::
}

@test "a connection that breaks off brings nothing, and is told" {
	fails 'cutsend.test: ssh failed' image scp busybox cutsend.test::
	there one system check
	is '' "$(there one images -q)"
	runs image scp -q busybox one.test::
	c rmi -f busybox team/app:7
	fails 'cutfetch.test: ssh failed' image scp cutfetch.test::busybox
	gives 1 image exists busybox
	runs system check
	fails 'cutfetch.test: ssh failed' image scp cutfetch.test::busybox two.test::
	is '' "$(there two images -q)"
	runs image scp -q one.test::busybox
	c tag busybox team/app:7
}

@test "what a login there prints is not taken for an archive" {
	c save -q -o "$WORK/kept.archive" busybox
	there loud load -q -i "$WORK/kept.archive" >/dev/null
	fails 'archive from loud.test' image scp loud.test::busybox back:1
	gives 1 image exists back:1
}
