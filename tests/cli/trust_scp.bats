#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# trust_scp.bats - image trust: policy.json and what pull makes of it; image scp: with an ssh that goes nowhere

load helper
load registries

file_setup()
{
	registries_begin
	export POLICY=$XDG_CONFIG_HOME/containers/policy.json
	lying open
	export OPEN=$(port open)
	# an ssh that runs the command with sh, where "coracle" is the program under test with a store of HOST's own
	mkdir -p "$WORK/ssh" "$WORK/there" "$WORK/bare"
	ln -s /bin/sh "$WORK/bare/sh"
	ln -s "$(readlink -f "$CORACLE")" "$WORK/there/coracle"
	cat >"$WORK/ssh/ssh" <<-'END'
	#!/bin/bash
	printf '%s\n' "$@" >"$WORK/words"
	while [ "$1" != -- ]; do shift; done
	host=${2//:/_}
	[ "$host" != away.test ] || { echo 'ssh: no route' >&2; exit 255; }
	export CORACLE_ROOT=$WORK/$host/data CORACLE_RUNROOT=$WORK/$host/run
	mkdir -p "$CORACLE_ROOT" "$CORACLE_RUNROOT"
	chmod 0700 "$CORACLE_RUNROOT"
	[ "$host" != bare.test ] || PATH=$WORK/bare exec /bin/sh -c "$3"
	[ "$host" != cut.test ] || { PATH=$WORK/there:$PATH /bin/sh -c "$3" | head -c 100000; exit 3; }
	PATH=$WORK/there:$PATH exec /bin/sh -c "$3"
	END
	chmod +x "$WORK/ssh/ssh"
	export PATH=$WORK/ssh:$PATH
}

file_teardown()
{
	registries_end
}

test_teardown()
{
	rm -f "$POLICY"
	c rmi -f "$OPEN/good/app:1.0" >/dev/null 2>&1 || true
}

# accept_all: instead of what this machine's policy is
accept_all()
{
	echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$POLICY"
}

# there HOST ARGUMENT...: the program on that machine
there()
{
	local host=$1
	shift
	mkdir -p "$WORK/$host/run"
	chmod 0700 "$WORK/$host/run"
	CORACLE_ROOT=$WORK/$host/data CORACLE_RUNROOT=$WORK/$host/run c "$@"
}

id_of()
{
	c image inspect --format '{{.Id}}' "$1"
}

# ---------------------------------------------------------------- image trust

@test "reject makes pull refuse a registry, accept lets it again" {
	accept_all
	runs image trust set --type reject "$OPEN"
	is ''
	runs image trust set --type reject "$OPEN"
	refuses 125 'reject' pull -q --tls-verify=false "$OPEN/good/app:1.0"
	runs image trust set -t accept "$OPEN/good"
	runs pull -q --tls-verify=false "$OPEN/good/app:1.0"
	runs image trust set --type accept "$OPEN"
	is '["'"$OPEN"'","'"$OPEN"'/good"]' "$(jq -c '.transports.docker | keys' "$POLICY")"
}

@test "reject as the default counts for all that nothing more specific is said of" {
	accept_all
	runs image trust set -t reject default
	refuses 125 'reject' pull -q --tls-verify=false "$OPEN/good/app:1.0"
	runs image trust set -t accept "$OPEN/good/app:1.0"
	runs pull -q --tls-verify=false "$OPEN/good/app:1.0"
}

@test "each of all tags is for the policy to permit" {
	local tag
	accept_all
	runs image trust set -t reject "$OPEN/good/app:1.0"
	run --separate-stderr c pull -q -a --tls-verify=false "$OPEN/good/app"
	[ "$status" = 125 ]
	has 'tag 1.0: .*rejects' "$stderr"
	is '1.1 2.0 latest next ' "$(c images --format '{{.Tag}}' "$OPEN/good/app" | sort | tr '\n' ' ')"
	for tag in 1.1 2.0 latest next; do
		c rmi -f "$OPEN/good/app:$tag"
	done
}

@test "show as a table, as JSON and raw" {
	accept_all
	runs image trust show
	has '^TRANSPORT +NAME +TYPE +ID +STORE'
	has '^all +default +accept'
	runs image trust set -t reject docker.io
	runs image trust set -t accept '*.example.com'
	runs image trust show -n
	hasnt TRANSPORT
	has '^repository +docker.io +reject'
	runs image trust show --json
	is 'all default accept,repository docker.io reject,repository *.example.com accept' \
		"$(jq -r '[.[] | "\(.transport) \(.repo_name) \(.type)"] | join(",")' <<<"$output")"
	runs image trust show --raw
	is "$(cat "$POLICY")"
	runs image trust show -n docker.io/library/debian
	has 'docker.io'
	hasnt 'example'
	runs image trust show -n a.example.com/x
	has '\*.example.com'
	hasnt 'docker'
}

@test "a policy begins as a copy, keeps what it has, and --signature-policy names another" {
	printf '{"default": [{"type": "reject"}], "transports": {"dir": {"/x": [{"type": "insecureAcceptAnything"}]},
		"docker": {"a.test": [{"type": "signedBy", "keyType": "GPGKeys", "keyPath": "/k", "odd": 1}]}}}' >"$WORK/own.json"
	chmod 0640 "$WORK/own.json"
	runs image trust set --signature-policy "$WORK/own.json" -t accept b.test
	is '{"default":[{"type":"reject"}],"transports":{"dir":{"/x":[{"type":"insecureAcceptAnything"}]},"docker":{"a.test":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"/k","odd":1}],"b.test":[{"type":"insecureAcceptAnything"}]}}}' \
		"$(jq -c . "$WORK/own.json")"
	is 640 "$(stat -c %a "$WORK/own.json")"
	[ ! -e "$POLICY" ]
	runs image trust show -n --signature-policy "$WORK/own.json"
	has '^repository +a.test +signed +/k'
	has '^dir +/x +accept'
	runs image trust set --signature-policy "$WORK/new/p.json" -t reject c.test
	is insecureAcceptAnything "$(jq -r '.default[0].type' "$WORK/new/p.json")"
}

@test "keys must exist, are written with absolute paths, and a warning says that nothing checks them" {
	echo key >"$WORK/a.key"
	refuses 125 'pubkeysfile' image trust set "$OPEN"
	refuses 125 'none.key.*No such file' image trust set -f "$WORK/none.key" "$OPEN"
	refuses 125 'not a file' image trust set -f "$WORK" "$OPEN"
	[ ! -e "$POLICY" ]
	cd "$WORK"
	runs image trust set -f a.key -f "$WORK/a.key" "$OPEN"
	has "can't check signatures" "$stderr"
	is '[{"type":"signedBy","keyType":"GPGKeys","keyPath":"'"$WORK"'/a.key"},{"type":"signedBy","keyType":"GPGKeys","keyPath":"'"$WORK"'/a.key"}]' \
		"$(jq -c --arg key "$OPEN" '.transports.docker[$key]' "$POLICY")"
	refuses 125 'signature' pull -q --tls-verify=false "$OPEN/good/app:1.0"
	runs image trust set -t sigstoreSigned -f a.key "$OPEN"
	is '[{"type":"sigstoreSigned","keyPath":"'"$WORK"'/a.key"}]' "$(jq -c --arg key "$OPEN" '.transports.docker[$key]' "$POLICY")"
}

@test "a damaged file is not overwritten" {
	local text
	for text in '{"default": [' '{"default": []}' '{"default": [{"type": "reject"}], "new": 1}' '[]' '' \
		'{"default": [{"type": "reject"}], "transports": {"docker": []}}'; do
		printf '%s' "$text" >"$POLICY"
		refuses 125 'policy.json' image trust set -t accept docker.io
		is "$text" "$(cat "$POLICY")"
		refuses 125 'policy.json' image trust show
	done
}

@test "wrong words of image trust are told in one line" {
	refuses 125 'neither show nor set' image trust list
	refuses 125 'for which images' image trust set -t accept
	refuses 125 'sigstoreSigned' image trust set -t maybe docker.io
	refuses 125 'does not go with' image trust set -t accept -f /etc/passwd docker.io
	refuses 125 'image trust set' image trust show -t accept
	refuses 125 'image trust show' image trust set --raw -t accept docker.io
	local scope
	for scope in '' ' ' docker:// docker.io/ 'a b' '*.x/y' '*' $'a\nb' 'ä.test' a//b; do
		refuses 125 'is not REGISTRY' image trust set -t accept "$scope"
	done
	[ ! -e "$POLICY" ]
}

# ---------------------------------------------------------------- image scp

@test "an image goes to another machine and comes back, with the same id" {
	local id
	id=$(id_of busybox)
	runs image scp busybox one.test::
	has 'Loaded image: localhost/busybox:latest'
	is "$id" "$(there one.test image inspect --format '{{.Id}}' busybox)"
	c rmi -f busybox
	runs image scp one.test::busybox
	is 'Loaded image: localhost/busybox:latest'
	is "$id" "$(id_of busybox)"
	is hi "$(c run --rm busybox echo hi)"
}

@test "an image gets another name at its destination, and only that" {
	runs image scp -q busybox ann@two.test:2222::team/app:7
	is ''
	is '-T -p 2222 -l ann -- two.test' "$(head -n 7 "$WORK/words" | tr '\n' ' ' | sed 's/ $//')"
	is localhost/team/app:7 "$(there two.test images --format '{{.Repository}}:{{.Tag}}')"
	runs image scp two.test::team/app:7 back:1
	is 'Loaded image: localhost/back:1'
	is "$(id_of busybox)" "$(id_of back:1)"
	gives 1 image exists team/app:7
	c rmi back:1
}

@test "an image goes from one machine to another" {
	runs image scp busybox four.test::
	runs image scp four.test::busybox [::1]::
	is "$(id_of busybox)" "$(there __1 image inspect --format '{{.Id}}' busybox)"
	refuses 125 'keeps its name' image scp four.test::busybox five.test::new
}

@test "what fails on either side is told, with status 125" {
	refuses 125 'image not known' image scp nothing:1 one.test::
	run --separate-stderr c image scp one.test::nothing:1
	is 125 "$status"
	has 'one.test: the program there ended with status 125' "$stderr"
	run --separate-stderr c image scp busybox away.test::
	is 125 "$status"
	has 'away.test: ssh failed' "$stderr"
	run --separate-stderr c image scp away.test::busybox six.test::
	is 125 "$status"
	has 'away.test: ssh failed' "$stderr"
	run --separate-stderr c image scp bare.test::busybox
	is 125 "$status"
	has 'neither coracle nor podman nor docker' "$stderr"
	has 'status 127' "$stderr"
}

@test "an archive that ends early brings nothing" {
	c save -o "$WORK/busybox.archive" busybox
	there cut.test load -q -i "$WORK/busybox.archive" >/dev/null
	c rmi -f busybox
	run --separate-stderr c image scp cut.test::busybox
	is 125 "$status"
	has 'cut.test' "$stderr"
	gives 1 image exists busybox
	runs system check
	c load -q -i "$WORK/busybox.archive" >/dev/null
}

@test "wrong words of image scp never reach ssh" {
	rm -f "$WORK/words"
	refuses 125 'neither side' image scp busybox
	refuses 125 'neither side' image scp busybox other
	refuses 125 'another user' image scp root@localhost::busybox
	refuses 125 'another user' image scp busybox root@localhost::
	refuses 125 'no path of a socket' image scp ann@host:22/run/podman.sock::busybox
	refuses 125 'names no image' image scp one.test::
	refuses 125 'docker-archive' image scp --format oci-archive busybox one.test::
	local word
	for word in ::busybox -oProxyCommand=x::busybox 'a;b::busybox' 'a b::busybox' '$(x)::busybox' 'one.test:0::busybox' \
		'one.test:x::busybox' '-l@one.test::busybox' '[::1::busybox' '[x]::busybox' '@::busybox' "one.test::b'usy" \
		'one.test::$(touch x)' 'one.test::a b' 'one.test::-x' 'one.test::`x`' $'one.test::a\nb' 'one.test::a;b'; do
		refuses 125 '' image scp -- "$word"
	done
	[ ! -e "$WORK/words" ]
}
