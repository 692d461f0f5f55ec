# SPDX-License-Identifier: GPL-2.0-or-later
# registries.bash - what tests of registries share: docker-registry, registries that lie, proxies; after helper.bash
#
# The users of a file call registries_begin in file_setup and registries_end in file_teardown.

LYING=$BATS_TEST_DIRNAME/../registry/lying.py

registries_begin()
{
	# names that are nowhere are asked for once, should this machine's name server not answer
	export RES_OPTIONS='timeout:3 attempts:1'
	# for every test and every peer: none of this machine's settings
	export XDG_CONFIG_HOME=$WORK/config HOME=$WORK/home REGISTRY_AUTH_FILE=$WORK/auth.json
	mkdir -p "$HOME" "$XDG_CONFIG_HOME/containers" "$WORK/registry"
	echo '{}' >"$REGISTRY_AUTH_FILE"
}

# lies_begin: registries that lie, $OPEN and (with users) $BASIC, and certificates
lies_begin()
{
	registries_begin
	lying open
	lying basic --auth basic
	certificates
	OPEN=$(port open) BASIC=$(port basic)
	export OPEN BASIC
}

# noise_begin BYTES: a registry $OPEN that lies; its good images have a layer with a file of that much noise, $NOISE its digest
noise_begin()
{
	registries_begin
	lying open --layer-bytes "$1"
	OPEN=$(port open)
	NOISE=$(python3 -c "import hashlib, random; print(hashlib.sha256(random.Random(1).randbytes($1)).hexdigest())")
	export OPEN NOISE
}

# certificates: $WORK/certs, and in $WORK/trust what a client needs to know
certificates()
{
	mkdir -p "$WORK/certs" "$WORK/trust"
	sh "$BATS_TEST_DIRNAME/../registry/certs.sh" "$WORK/certs"
	cp "$WORK/certs/ca.crt" "$WORK/trust/"
}

registries_end()
{
	local pid
	for pid in "$WORK"/*.pid; do
		[ ! -e "$pid" ] || kill "$(cat "$pid")" 2>/dev/null || true
	done
}

# serve NAME PROGRAM OPTION...: it prints its ports into NAME.port, and ends with its standard input
serve()
{
	local name=$1
	shift
	mkfifo "$WORK/$name.in"
	python3 "$@" <"$WORK/$name.in" >"$WORK/$name.port" 2>"$WORK/$name.err" 3>&- &
	# its standard input stays open as long as this one lives
	sleep 100000 >"$WORK/$name.in" 2>/dev/null </dev/null 3>&- &
	echo $! >"$WORK/$name.pid"
	soon 30 grep -q '[0-9]$' "$WORK/$name.port" || { cat "$WORK/$name.err" >&2; return 1; }
}

# lying NAME OPTION...: a lying registry; its ports are in NAME.port, its requests in NAME.log
lying()
{
	local name=$1
	shift
	serve "$name" "$LYING" --log "$WORK/$name.log" "$@"
}

# port NAME [FIELD]: localhost:PORT
port()
{
	echo "localhost:$(cut -d' ' -f"${2:-1}" "$WORK/$1.port")"
}

# registry NAME [AUTH [TLS]]: docker-registry; what it keeps is in $WORK/registry/NAME
registry()
{
	mkdir -p "$WORK/registry/$1"
	cat >"$WORK/$1.yml" <<-END
	version: 0.1
	log: {level: info}
	storage: {filesystem: {rootdirectory: $WORK/registry/$1}}
	http:
	  addr: 127.0.0.1:0
	  ${3:-}
	${2:-}
	END
	# it takes every variable REGISTRY_... for configuration
	env -u REGISTRY_AUTH_FILE docker-registry serve "$WORK/$1.yml" >"$WORK/$1.out" 2>&1 </dev/null 3>&- &
	echo $! >"$WORK/$1.pid"
	soon 20 listens "$1" || { cat "$WORK/$1.out" >&2; return 1; }
}

# listens NAME: docker-registry has said at which port
listens()
{
	grep -Eo 'listening on 127\.0\.0\.1:[0-9]+' "$WORK/$1.out" | grep -Eo '[0-9]+$' >"$WORK/$1.port"
}

# gets LOG PATTERN: how many GET requests went to paths that match
gets()
{
	jq -r 'select(.method == "GET").path' "$WORK/$1.log" | grep -Ec -- "$2" || true
}

forget()
{
	: >"$WORK/$1.log"
}

# interruptible COMMAND...: with SIGINT as usual, which background jobs of this shell ignore
interruptible()
{
	exec python3 -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])' "$@"
}

# nothing_kept: as before the first test: no credentials, no parts, of images busybox only
nothing_kept()
{
	echo '{}' >"$REGISTRY_AUTH_FILE"
	c rmi -f -a >/dev/null 2>&1 || true
	rm -rf "$CORACLE_ROOT/store/parts"/*
	image_busybox
}

# nothing_half_made: no part, no temporary, no image but busybox
nothing_half_made()
{
	is '' "$(ls "$CORACLE_ROOT/store/tmp")"
	is busybox "$(c images --format '{{.Repository}}' | sed 's|.*/||' | sort -u | tr -d '\n')"
}

# on_small_disk MIB COMMAND...: with a store of its own on a tmpfs of that size, in $WORK/small
on_small_disk()
{
	local size=$1
	shift
	mkdir -p "$WORK/small"
	timeout -k 5 300 unshare --user --map-root-user --mount sh -ec '
		mount -t tmpfs -o size=$1,mode=777 none "$WORK/small"
		shift
		mkdir "$WORK/small/run"
		export CORACLE_ROOT=$WORK/small/data CORACLE_RUNROOT=$WORK/small/run
		exec unshare --user --map-user=12345 --map-group=12345 "$@"' - "$size" "$@" 3>&-
}

# large_part: the part that has more than 500 kB
large_part()
{
	find "$CORACLE_ROOT/store/parts" -size +1000 -name '[0-9a-f]*' ! -name '*.mark' | grep .
}

# is_whole: every image that the store names is complete; the file noise of any layer has the digest $NOISE
is_whole()
{
	python3 "$BATS_TEST_DIRNAME/store_check.py" "$CORACLE_ROOT/store" "noise=$NOISE"
}

# works: a pull from $OPEN does, and leaves nothing but the image
works()
{
	runs pull -q --tls-verify=false "$OPEN/good/app:1"
	is_whole
	is '' "$(ls "$CORACLE_ROOT/store/parts" "$CORACLE_ROOT/store/tmp" | grep -v ':$')"
}

# layouts ARGUMENT...: python of standard input, with what layout.py has
layouts()
{
	{ echo 'import sys; from layout import *' && cat; } \
		| PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$BATS_TEST_DIRNAME/../registry python3 - "$@"
}

# layout_index DIRECTORY: an index "it" of an image with two layers for this machine and one for s390x
layout_index()
{
	printf 'hello from a layer\n' >"$WORK/hello"
	tar -C "$WORK" --owner=0 --group=0 --numeric-owner -cf "$WORK/second.tar" hello
	layouts "$1" "$WORK/busybox.tar" "$WORK/second.tar" <<-'END'
	made, layers = Layout(sys.argv[1]), [read(name) for name in sys.argv[2:]]
	made.finish(made.index([made.instance(arch, layers, {'Cmd': ['cat', '/hello']}) for arch in (HERE, 's390x')],
	                       {'kept': 'yes'}))
	END
}
