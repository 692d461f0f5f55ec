#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# prune.bats - container, image and system prune, system df; what goes, what stays, and nothing is lost

load helper
load registries

file_setup()
{
	registries_begin
	lying open
	lying big --layer-bytes 40000000
	export OPEN=$(port open) BIG=$(port big)
}

file_teardown()
{
	registries_end
}

setup()
{
	STORE=$CORACLE_ROOT/store
}

test_teardown()
{
	touch "$WORK/enough"
	c rm -f -a -t 0 >/dev/null 2>&1 || true
	c volume prune -a -f >/dev/null 2>&1 || true
	rm -f "$STORE/images/"*.damaged
	c rmi -f -a >/dev/null 2>&1 || true
	c image prune -f >/dev/null 2>&1 || true
	image_busybox
}

# image NAME [CHANGE...]: an image of one small layer that no other has
image()
{
	local name=$1 change=()
	shift
	while [ $# -gt 0 ]; do
		change+=(--change "$1")
		shift
	done
	mkdir -p "$WORK/small.tree"
	{ echo "$name"; date +%s%N; head -c 100000 /dev/zero; } >"$WORK/small.tree/content"
	tar -C "$WORK/small.tree" -cf "$WORK/small.tar" .
	c import "${change[@]}" "$WORK/small.tar" ${name:+"$name"} | tail -n 1
}

layers()
{
	ls "$STORE/layers" | wc -l
}

# clean: every layer and blob in the store belongs to an image, and nothing lies about
clean()
{
	local wanted
	is '' "$(ls "$STORE/tmp")" || return 1
	is '' "$(ls "$STORE/parts" 2>/dev/null)" || return 1
	wanted=$(cat "$STORE"/images/*.json | jq -r '.layers[]' | sort -u | cut -d: -f2)
	is "$wanted" "$(ls "$STORE/layers")" || return 1
	wanted=$(cat "$STORE"/images/*.json | jq -r '.id, .manifest' | sort -u | cut -d: -f2)
	is "$wanted" "$(ls "$STORE/blobs/sha256")"
}

@test "image prune takes images without a name, their layers and blobs, and says how much" {
	image '' >/dev/null
	image kept >/dev/null
	is 3 "$(layers)"
	runs image prune -f
	has '^Deleted Images:$'
	has '^deleted: sha256:[0-9a-f]{64}$'
	hasnt '^untagged'
	has '^Total reclaimed space: 100\.?[0-9]*kB$'
	is 2 "$(layers)"
	clean
	runs image prune -f
	is 'Total reclaimed space: 0B'
}

@test "image prune -a takes all that no container uses" {
	image one >/dev/null
	image two >/dev/null
	runs create --name user two /content
	runs image prune --all --force
	has '^untagged: localhost/one:latest$'
	has '^untagged: localhost/busybox:latest$'
	hasnt 'two'
	runs images --format '{{.Repository}}'
	is localhost/two
	clean
}

@test "nothing happens without a yes" {
	image '' >/dev/null
	run --separate-stderr c image prune <<<n
	[ "$status" = 0 ]
	has '\[y/N\]'
	run --separate-stderr c image prune </dev/null
	is 2 "$(layers)"
	runs create --name idle busybox true
	run --separate-stderr c container prune </dev/null
	run --separate-stderr c system prune -a --volumes </dev/null
	has 'all anonymous volumes'
	is 2 "$(layers)"
	is_status idle created
	run --separate-stderr c image prune <<<y
	has '^deleted: '
	is 1 "$(layers)"
}

@test "filters choose" {
	image '' 'LABEL keep=1' >/dev/null
	image '' 'LABEL drop=1' >/dev/null
	runs image prune -f --filter label=drop=1
	is 1 "$(grep -c '^deleted' <<<"$output")"
	is 2 "$(layers)"
	runs image prune -f --filter 'label!=keep'
	hasnt '^deleted'
	runs image prune -f --filter until=1h
	hasnt '^deleted'
	runs image prune -f --filter "until=$(($(date +%s) + 10))"
	has '^deleted'
	image named >/dev/null
	runs image prune -f --filter dangling=true
	hasnt '^deleted'
	runs image prune -f --filter dangling=false --filter reference=named
	has '^untagged: localhost/named:latest'
	is 1 "$(layers)"
	refuses 125 'filter' image prune -f --filter nosuch=1
	refuses 125 'filter' container prune -f --filter name=x
	refuses 125 'until' system prune -f --volumes --filter until=1h
	clean
}

@test "as podman only ids are printed" {
	local id
	ln -sf "$CORACLE" "$WORK/podman"
	id=$(image '')
	run --separate-stderr timeout 180 "$WORK/podman" image prune -f 3>&-
	is "${id#sha256:}"
	id=$(c create busybox true)
	run --separate-stderr timeout 180 "$WORK/podman" container prune -f 3>&-
	is "$id"
	run --separate-stderr timeout 180 "$WORK/podman" system df --format '{{.Type}}' 3>&-
	hasnt 'Build'
}

@test "container prune takes what does not run, and says how much it had written" {
	runs run -d --name runs busybox sleep 100 >"$WORK/out" 2>&1
	runs run --name wrote busybox sh -c 'head -c 30000 /dev/zero >/file'
	runs create --name idle --label a=b busybox true
	runs container prune -f --filter label=a=c
	is 'Total reclaimed space: 0B'
	runs container prune -f --filter label=a=b
	is 1 "$(grep -cE '^[0-9a-f]{64}$' <<<"$output")"
	runs container prune -f
	has '^Deleted Containers:$'
	has '^Total reclaimed space: 30kB$'
	runs ps -a --format '{{.Names}}'
	is runs
}

@test "system prune takes containers, images, anonymous volumes and broken-off downloads" {
	mkdir -p "$STORE/parts"
	head -c 50000 /dev/zero >"$STORE/parts/$(printf '%064d' 5)"
	mkdir "$STORE/tmp/layer-dead"
	head -c 7000 /dev/zero >"$STORE/tmp/layer-dead/file"
	image app >/dev/null
	runs volume create named
	runs run -v /data -v named:/named busybox sh -c 'head -c 1000 /dev/zero >/data/x'
	image '' >/dev/null
	runs system prune -f
	has '^Deleted Containers:'
	has '^Deleted Images:'
	hasnt 'Deleted Volumes'
	has '^Total reclaimed space: 1[0-9.]+kB'
	is 2 "$(c volume ls -q | wc -l)"
	clean
	runs system prune -f -a --volumes
	has '^Deleted Volumes:'
	has '^Total reclaimed space: '
	is named "$(c volume ls -q)"
	is '' "$(c images -q)"
	is 0 "$(layers)"
}

@test "unreferenced layers and blobs go, and half removed ones" {
	mkdir -p "$STORE/layers/$(printf '%064d' 6)/diff"
	echo x >"$STORE/layers/$(printf '%064d' 6)/diff/x"
	echo x >"$STORE/blobs/sha256/$(printf '%064d' 6)"
	runs image prune -f
	clean
	runs run --rm busybox echo fine
	is fine
}

@test "what a damaged record needs is not known, so layers stay, and this is said" {
	local id
	id=$(image odd)
	echo garbage >"$STORE/images/${id#sha256:}.json"
	mkdir -p "$STORE/layers/$(printf '%064d' 6)/diff"
	runs image prune -f -a
	has 'is damaged, what it needs is not known' "$stderr"
	is 3 "$(layers)"
	runs rmi -f "${id:7:12}"
	runs image prune -f
	clean
}

@test "layers stay while somebody holds the store" {
	image '' >/dev/null
	flock -s "$STORE/locks/layers" timeout 180 "$CORACLE" image prune -f >"$WORK/out" 2>&1 3>&-
	grep -q 'another process is fetching' "$WORK/out"
	is 2 "$(layers)"
	runs image prune -f
	clean
}

@test "layers that a container stands on stay after its image was forced away" {
	image '' >/dev/null
	runs run -d --name user busybox sleep 100 >"$WORK/out" 2>&1
	mv "$STORE/refs/localhost%2Fbusybox:latest" "$WORK/ref"
	rm "$STORE/images"/*.json
	runs image prune -f
	is 1 "$(layers)"
	runs exec user echo alive
	is alive
	runs rm -f user
	runs image prune -f
	is 0 "$(layers)"
}

@test "prune works on a disk without a free byte" {
	on_small_disk 12m sh -ec '
		c() { timeout 60 "$CORACLE" "$@"; }
		head -c 3000000 /dev/urandom >"$1/random"
		tar -C "$1" -cf "$1/random.tar" random
		c import "$1/random.tar" >/dev/null
		c import "$1/random.tar" again >/dev/null
		mkdir -p "$CORACLE_ROOT/store/parts"
		head -c 100000 /dev/zero >"$CORACLE_ROOT/store/parts/$(printf "%064d" 5)"
		dd if=/dev/zero of="$1/small/fill" bs=4096 2>/dev/null || true
		: 3>"$1/small/none" && echo x >"$1/small/none" 2>/dev/null && exit 9
		c system df >/dev/null
		c image prune -f
		c image prune -f -a
		ls "$CORACLE_ROOT/store/layers" "$CORACLE_ROOT/store/parts" "$CORACLE_ROOT/store/tmp" | grep -c "^[0-9a-f]\{64\}" || true
	' - "$WORK" >"$WORK/out" 2>&1 || { cat "$WORK/out"; return 1; }
	has 'deleted: sha256' "$(cat "$WORK/out")"
	has 'reclaimed space: 3' "$(cat "$WORK/out")"
	is 0 "$(tail -n 1 "$WORK/out")"
}

@test "pulls and prunes at the same time: every pull ends with a whole image" {
	local i pid
	rm -f "$WORK/enough"
	(while [ ! -e "$WORK/enough" ]; do timeout 180 "$CORACLE" image prune -a -f >/dev/null 2>>"$WORK/prune.err" || echo failed >>"$WORK/prune.err"; done) 3>&- &
	pid=$!
	for i in 1 2 3 4 5 6 7 8; do
		c pull -q --tls-verify=false "$BIG/good/app:1" >/dev/null
		! c create --name racer "$BIG/good/app:1" true >/dev/null 2>&1 || c rm racer >/dev/null
	done
	touch "$WORK/enough"
	wait $pid
	hasnt 'failed' "$(cat "$WORK/prune.err")"
	gives 0 image check
}

@test "kill -9 at any moment of prune leaves whole images" {
	local i
	image keep >/dev/null
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		image '' >/dev/null
		image '' >/dev/null
		timeout -s KILL "0.0$((i * 3 + 4))" "$CORACLE" image prune -f >/dev/null 2>&1 3>&- || true
		gives 0 image check --quick
	done
	runs image prune -f
	clean
	gives 0 image check
	is 2 "$(layers)"
}

@test "system df counts shared layers once and tells what can be had" {
	image one >/dev/null
	runs tag one again
	runs run --name wrote busybox sh -c 'head -c 30000 /dev/zero >/file'
	runs volume create full
	runs run --rm -v full:/full busybox sh -c 'head -c 2000 /dev/zero >/full/x'
	runs system df
	has '^TYPE +TOTAL +ACTIVE +SIZE +RECLAIMABLE *$'
	has '^Images +2 +1 +[0-9.]+MB +10[0-9.]+kB \([0-9]+%\)$'
	has '^Containers +1 +0 +30kB +30kB \(100%\)$'
	has '^Local Volumes +1 +0 +2kB +2kB \(100%\)$'
	has '^Build Cache +0 +0 +0B +0B$'
	runs system df --format '{{.Type}} {{.TotalCount}} {{.Total}} {{.RawSize}} {{.RawReclaimable}}'
	has '^Containers 1 1 30000 30000$'
	runs system df --format json
	is 2 "$(jq '.[] | select(.Type == "Images").TotalCount' <<<"$output")"
	runs system df --format '{{json .}}'
	is 4 "$(wc -l <<<"$output")"
	runs system df -v
	has '^Images space usage:$'
	has '^localhost/one +latest +[0-9a-f]{12} .* 10[0-9.]+kB +0B +10[0-9.]+kB +0$'
	has '^localhost/again +latest'
	has ' 30kB .*wrote'
	has '^full +0 +2kB$'
	runs system df -v --format '{{json .}}'
	is '3 1 1 0' "$(jq -r '"\(.Images | length) \(.Containers | length) \(.Volumes | length) \(.BuildCache | length)"' <<<"$output")"
}

@test "system df: a layer of two images is shared by both" {
	local busybox
	runs pull -q --tls-verify=false "$OPEN/good/app:1"
	jq '.layers[0]' "$STORE"/images/*.json >/dev/null
	image x 'LABEL a=1' >/dev/null
	tar -C "$WORK/small.tree" -cf "$WORK/small.tar" .
	c import --change 'LABEL a=2' "$WORK/small.tar" y >/dev/null
	runs system df -v
	has '^localhost/y +latest +.* 10[0-9.]+kB +10[0-9.]+kB +0B +0$'
	has '^localhost/x +latest +.* 10[0-9.]+kB +10[0-9.]+kB +0B +0$'
}

# --- rmi ---

@test "rmi by a name takes only that name; by id all of them need force" {
	local id
	id=$(image one)
	runs tag one two
	refuses 2 'has 2 names' rmi "${id#sha256:}"
	runs rmi one
	is 'Untagged: localhost/one:latest'
	runs rmi "${id:7:12}"
	has '^Untagged: localhost/two:latest$'
	has "^Deleted: $id$"
	clean
}

@test "rmi of an image that a container uses: 2, also when it runs; a second name goes all the same" {
	image one >/dev/null
	runs create --name idle busybox true
	refuses 2 'in use by container' rmi busybox
	runs tag busybox second
	runs rmi second
	refuses 2 'in use' rmi busybox
	runs rm idle
	runs run -d --name live busybox sleep 100 >"$WORK/out" 2>&1
	refuses 2 'in use' rmi busybox
	is_status live running
	refuses 2 'in use by container' rmi -f busybox
	refuses 2 'in use by container' rmi -a -f
	is_status live running
	runs rm -f -t 0 live
	runs rmi busybox
	has '^Deleted: '
	clean
}

@test "rmi goes on after a failure; what is absent is 1, with force or ignore 0" {
	image one >/dev/null
	gives 1 rmi nosuch one
	has 'image not known' "$stderr"
	has 'Untagged: localhost/one:latest'
	gives 0 rmi -f nosuch
	gives 0 rmi --ignore nosuch
	gives 1 rmi 0123456789ab
	refuses 125 'exclude' rmi -a busybox
	refuses 125 'which image' rmi
}

@test "rmi -a takes all images, by all names; those of containers only with --force" {
	image one >/dev/null
	image '' >/dev/null
	runs tag one two
	runs tag busybox other
	runs create --name user one /content
	gives 2 rmi -a
	has 'in use by container' "$stderr"
	is user "$(c ps -a --format '{{.Names}}')"
	is $'localhost/one\nlocalhost/two' "$(c images --format '{{.Repository}}')"
	runs rmi -a -f
	is '' "$(c images -a -q)"
	is user "$(c ps -a --format '{{.Names}}')"
	is 1 "$(layers)"
	runs rm user
	runs image prune -f
	is 0 "$(layers)"
	is 0 "$(ls "$STORE/blobs/sha256" | wc -l)"
}

@test "rmi -f of one name of several leaves the image's containers alone" {
	image one >/dev/null
	runs tag one two
	runs create --name user one /content
	runs rmi -f two
	is 'Untagged: localhost/two:latest'
	is user "$(c ps -a --format '{{.Names}}')"
	runs rmi -f one
	has '^Deleted: '
	is user "$(c ps -a --format '{{.Names}}')"
	runs rm user
	runs image prune -f
	clean
}

@test "a container whose image went by rmi -f starts all the same, and goes with all it had" {
	runs create --name user busybox echo I live
	runs rmi -f busybox
	runs start -a user
	is 'I live'
	runs ps -a --format '{{.Names}} {{.Image}}'
	is 'user localhost/busybox:latest'
	runs inspect --format '{{.State.ExitCode}}' user
	is 0
	gives 0 image prune -f -a
	runs start -a user
	is 'I live'
	runs rm user
	runs image prune -f
	clean
}

@test "rmi by a digest, and of an image without a name" {
	local id digest
	runs pull -q --tls-verify=false "$OPEN/good/app:1"
	digest=$(c images --digests --format '{{.Digest}}' "$OPEN/good/app:1")
	runs rmi "$OPEN/good/app@$digest"
	gives 1 rmi "$OPEN/good/app:1"
	id=$(image '')
	runs rmi "${id:7:8}"
	is "Deleted: $id"
	clean
}

@test "two that take away the last two names at the same time take the image" {
	local i one two
	for i in {1..4}; do
		image one >/dev/null
		runs tag one two
		c rmi one >"$WORK/rmi.1" 2>&1 & one=$!
		c rmi two >"$WORK/rmi.2" 2>&1 & two=$!
		wait $one
		wait $two
		is localhost/busybox "$(c images -a --format '{{.Repository}}')"
		is 1 "$(cat "$WORK/rmi.1" "$WORK/rmi.2" | grep -c Deleted)"
	done
	clean
}

@test "prunes at the same time leave nothing behind" {
	local i jobs
	for i in {1..3}; do
		jobs=()
		image '' >/dev/null
		image '' >/dev/null
		c image prune -f >"$WORK/prune.1" 2>&1 & jobs+=($!)
		c image prune -f >"$WORK/prune.2" 2>&1 & jobs+=($!)
		c system prune -f >"$WORK/prune.3" 2>&1 & jobs+=($!)
		wait "${jobs[@]}"
		is 2 "$(cat "$WORK"/prune.? | grep -c '^deleted: ')"
		is '' "$(cat "$WORK"/prune.? | grep 'another process')"
		clean
	done
}
