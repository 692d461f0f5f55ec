#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# copy.bats - image copy: registries, layouts, archives, directories and the store, in all directions, and what is hostile

load helper
load registries

file_setup()
{
	registries_begin
	echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$XDG_CONFIG_HOME/containers/policy.json"
	lying open --layer-bytes 3000000
	lying other
	lying basic --auth basic
	registry plain
	export PLAIN=$(port plain) OPEN=$(port open) OTHER=$(port other) BASIC=$(port basic)
	layout_index "$WORK/lay"
	export INDEX=$(jq -r '.manifests[0].digest' "$WORK/lay/index.json")
	export MANIFEST=$(jq -r '.manifests[0].digest' "$WORK/lay/blobs/sha256/${INDEX#*:}")
	c image copy -q -a --tls-verify=false "oci:$WORK/lay:it" "docker://$PLAIN/team/app:1"
}

file_teardown()
{
	registries_end
}

copies()
{
	runs image copy --tls-verify=false "$@"
}

# unwilling PATTERN ARGUMENT...
unwilling()
{
	local pattern=$1
	shift
	refuses 125 "$pattern" image copy -q --tls-verify=false "$@"
}

# raw TRANSPORT-NAME: the manifest's digest, as skopeo sees it
raw()
{
	local tls=
	case $1 in docker://*) tls=--tls-verify=false ;; esac
	# shellcheck disable=SC2086 # no word when empty
	echo "sha256:$(skopeo inspect $tls --raw "$1" | sha256sum | cut -d' ' -f1)"
}

# sent LOG: how many blobs were uploaded
sent()
{
	jq -r 'select(.method == "PUT").path' "$WORK/$1.log" | grep -c /blobs/ || true
}

@test "an index goes from registry to registry byte for byte, with all its images" {
	is "$INDEX" "$(raw "docker://$PLAIN/team/app:1")"
	copies -a --digestfile "$WORK/digest" "docker://$PLAIN/team/app:1" "docker://$OTHER/team/app:1"
	is "$INDEX" "$(cat "$WORK/digest")"
	is "$INDEX" "$(raw "docker://$OTHER/team/app:1")"
	is 4 "$(sent other)" # two layers, two configurations
	forget other
	copies -a "docker://$PLAIN/team/app:1" "docker://$OTHER/team/app:2"
	is 0 "$(sent other)"
	hasnt 'Copying blob sha256:[0-9a-f]{64}$' "$stderr"
	# without --all it is the one for this machine
	copies "docker://$PLAIN/team/app:1" "docker://$OTHER/team/app:3"
	is "$MANIFEST" "$(raw "docker://$OTHER/team/app:3")"
	copies --platform linux/s390x "docker://$PLAIN/team/app:1" "docker://$OTHER/team/app:4"
	has s390x "$(skopeo inspect --tls-verify=false --override-arch s390x "docker://$OTHER/team/app:4")"
	unwilling 'no image for linux/riscv64.*linux/s390x.*--platform' --platform linux/riscv64 "docker://$PLAIN/team/app:1" "oci:$WORK/x"
}

@test "within a registry blobs are mounted" {
	copies "docker://$OPEN/good/app:1.0" "docker://$OPEN/good/elsewhere:1"
	forget open
	copies -a "docker://$PLAIN/team/app:1" "docker://$PLAIN/new/place:1"
	is "$INDEX" "$(raw "docker://$PLAIN/new/place:1")"
	is "$(raw "docker://$OPEN/good/app:1.0")" "$(raw "docker://$OPEN/good/elsewhere:1")"
	is 0 "$(gets open /blobs/sha256:)"
}

@test "layouts, archives and directories keep the digest, there and back; skopeo reads and writes them too" {
	local form
	for form in oci:$WORK/f1:it oci-archive:$WORK/f2.tar:it dir:$WORK/f3; do
		copies -a "docker://$PLAIN/team/app:1" "$form"
		is "$INDEX" "$(raw "$form")"
		copies -a "$form" "docker://$PLAIN/back/app:${#form}"
		is "$INDEX" "$(raw "docker://$PLAIN/back/app:${#form}")"
		timeout 300 skopeo --insecure-policy copy -q --all "$form" "dir:$WORK/peer" 3>&-
		is "$INDEX" "$(raw "dir:$WORK/peer")"
		rm -rf "$WORK/peer"
	done
	for form in oci:$WORK/s1:it oci-archive:$WORK/s2.tar:it dir:$WORK/s3; do
		timeout 300 skopeo --insecure-policy copy -q --all --src-tls-verify=false "docker://$PLAIN/team/app:1" "$form" 3>&-
		copies -a "$form" "dir:$WORK/peer"
		is "$INDEX" "$(raw "dir:$WORK/peer")"
		(cd "$WORK/peer" && for blob in *[0-9a-f]; do [ "${#blob}" != 64 ] || echo "$blob  $blob"; done | sha256sum -c --quiet)
		rm -rf "$WORK/peer"
	done
}

@test "into an archive through a pipe come the same bytes as into a file" {
	copies -a "docker://$PLAIN/team/app:1" "oci-archive:$WORK/p1.tar"
	c image copy -q -a --tls-verify=false "docker://$PLAIN/team/app:1" oci-archive:/dev/stdout | cat >"$WORK/p2.tar"
	cmp "$WORK/p1.tar" "$WORK/p2.tar"
	c image copy -q --tls-verify=false "docker://$PLAIN/team/app:1" docker-archive:/dev/stdout | cat >"$WORK/p3.tar"
	copies "docker://$PLAIN/team/app:1" "docker-archive:$WORK/p4.tar"
	cmp "$WORK/p3.tar" "$WORK/p4.tar"
	# each blob once, though two images have it
	is '' "$(tar -tf "$WORK/p1.tar" | sort | uniq -d)"
}

@test "docker-archives: layers are uncompressed on the way in, compressed on the way out" {
	copies "docker://$PLAIN/team/app:1" "docker-archive:$WORK/d.tar:some/name:1"
	is '["docker.io/some/name:1"]' "$(tar -xOf "$WORK/d.tar" manifest.json | jq -c '.[0].RepoTags')"
	tar -xOf "$WORK/d.tar" "$(tar -xOf "$WORK/d.tar" manifest.json | jq -r '.[0].Layers[0]')" | cmp - "$WORK/busybox.tar"
	runs load -i "$WORK/d.tar"
	runs run --rm some/name:1
	is 'hello from a layer'
	c rmi some/name:1 >/dev/null
	for from in "docker-archive:$WORK/d.tar" "docker-archive:$WORK/d.tar:@0" "docker-archive:$WORK/d.tar:some/name:1"; do
		copies "$from" "docker://$PLAIN/from/archive:1"
		has 'diff.tar.gzip' "$(skopeo inspect --tls-verify=false --raw "docker://$PLAIN/from/archive:1")"
	done
	runs pull -q --tls-verify=false "$PLAIN/from/archive:1"
	runs run --rm --pull never "$PLAIN/from/archive:1"
	is 'hello from a layer'
	c rmi "$PLAIN/from/archive:1" >/dev/null
	copies "docker-archive:$WORK/d.tar" "oci:$WORK/d:x"
	has 'image.manifest.v1' "$(skopeo inspect --raw "oci:$WORK/d:x")"
	timeout 300 skopeo --insecure-policy copy -q "docker-archive:$WORK/d.tar" "docker-archive:$WORK/skopeo.tar:x/y:1" 3>&-
	copies "docker-archive:$WORK/skopeo.tar" "dir:$WORK/ddir"
	timeout 300 skopeo inspect "dir:$WORK/ddir" >/dev/null
	unwilling 'no image @1' "docker-archive:$WORK/d.tar:@1" "dir:$WORK/x"
	unwilling 'no image named docker.io/library/none' "docker-archive:$WORK/d.tar:none" "dir:$WORK/x"
	unwilling 'one platform' -a "docker://$PLAIN/team/app:1" "docker-archive:$WORK/x"
}

@test "formats change when they have to, or are asked to, and never behind one's back" {
	copies -a -f v2s2 "docker://$PLAIN/team/app:1" "docker://$PLAIN/as/docker:1"
	run skopeo inspect --tls-verify=false --raw "docker://$PLAIN/as/docker:1"
	is '["application/vnd.docker.distribution.manifest.v2+json"]' "$(jq -c '[.manifests[].mediaType] | unique' <<<"$output")"
	has 'manifest.list.v2'
	hasnt 'oci'
	timeout 300 skopeo --insecure-policy copy -q --all --src-tls-verify=false "docker://$PLAIN/as/docker:1" "dir:$WORK/v2" 3>&-
	# back again: in a layout there are the OCI's only
	copies -a "docker://$PLAIN/as/docker:1" "oci:$WORK/again:x"
	hasnt 'docker' "$(skopeo inspect --raw "oci:$WORK/again:x")"
	unwilling 'another digest' --preserve-digests "docker://$PLAIN/as/docker:1" "oci:$WORK/again:y"
	unwilling 'oci only' -f v2s2 "docker://$PLAIN/team/app:1" "oci:$WORK/again:y"
	unwilling 'not oci or v2s2' -f v2s1 "docker://$PLAIN/team/app:1" "dir:$WORK/x"
	copies -a --preserve-digests "docker://$PLAIN/as/docker:1" "docker://$PLAIN/as/docker:2"
}

@test "a layout keeps its other images, and gets index.json last" {
	copies -a "oci:$WORK/lay:it" "oci:$WORK/many:one"
	copies "oci:$WORK/lay:it" "oci:$WORK/many:two"
	copies -a "oci:$WORK/lay:it" "oci:$WORK/many:two"
	is '["one","two"]' "$(jq -c '[.manifests[].annotations["org.opencontainers.image.ref.name"]]' "$WORK/many/index.json")"
	unwilling 'there are: one, two' "oci:$WORK/many" "dir:$WORK/x"
	unwilling 'no images in it are named "three"; there are: one, two' "oci:$WORK/many:three" "dir:$WORK/x"
	copies "oci:$WORK/many:two" "dir:$WORK/picked"
	is "$MANIFEST" "$(raw "dir:$WORK/picked")"
}

@test "the store at either end" {
	local form
	copies "docker://$PLAIN/team/app:1" here:1
	runs run --rm here:1
	is 'hello from a layer'
	# not under the registry's name, which was not asked for
	hasnt team/app "$(c images --format '{{.Repository}}')"
	copies containers-storage:here:1 there:2
	runs run --rm there:2
	c rmi -f here:1 there:2 >/dev/null
	copies -a "docker://$PLAIN/team/app:1" "oci:$WORK/st:x"
	copies "docker://$PLAIN/team/app:1" "oci-archive:$WORK/st.tar:x"
	copies "docker://$PLAIN/team/app:1" "docker-archive:$WORK/std.tar"
	copies "docker://$PLAIN/team/app:1" "dir:$WORK/stdir"
	for form in oci:$WORK/st:x oci-archive:$WORK/st.tar docker-archive:$WORK/std.tar dir:$WORK/stdir; do
		copies "$form" "came:${#form}"
		runs run --rm "came:${#form}"
		is 'hello from a layer'
		c rmi -f "came:${#form}" >/dev/null
	done
	for form in oci:$WORK/bo:x oci-archive:$WORK/bo.tar:x docker-archive:$WORK/bod.tar:x/y:1 dir:$WORK/bodir; do
		copies busybox "$form"
		is "$(c images -q --no-trunc busybox)" "$(skopeo inspect --raw "$form" | jq -r .config.digest)"
	done
	copies busybox "docker://$PLAIN/from/store:1"
	is "$(c images -q --no-trunc busybox)" "$(skopeo inspect --tls-verify=false --raw "docker://$PLAIN/from/store:1" | jq -r .config.digest)"
	unwilling 'one platform' -a busybox "oci:$WORK/x"
	unwilling 'coracle pull nonesuch' nonesuch "oci:$WORK/x"
}

@test "a digest that can't be preserved is told before there is a copy" {
	local form
	for form in "oci:$WORK/pre" "oci-archive:$WORK/pre" "dir:$WORK/pre" "docker://$PLAIN/pre/served:1"; do
		unwilling 'another digest' --preserve-digests busybox "$form"
		[ ! -e "$WORK/pre" ]
	done
	unwilling 'manifest unknown|not found' "docker://$PLAIN/pre/served:1" "dir:$WORK/pre"
	copies busybox "docker-archive:$WORK/pre.tar"
	unwilling 'has no manifest' --preserve-digests "docker-archive:$WORK/pre.tar" "oci:$WORK/pre"
	unwilling 'has no manifest' --preserve-digests busybox "docker-archive:$WORK/pre"
	unwilling 'has no manifest' --preserve-digests "docker://$PLAIN/team/app:1" "docker-archive:$WORK/pre"
	[ ! -e "$WORK/pre" ]
	# what nothing has to change in keeps it
	copies "docker://$PLAIN/team/app:1" kept:1
	copies --preserve-digests --digestfile "$WORK/digest" kept:1 "docker://$PLAIN/team/app:kept"
	is "$MANIFEST" "$(cat "$WORK/digest")"
	is "$MANIFEST" "$(raw "docker://$PLAIN/team/app:kept")"
	c rmi kept:1 >/dev/null
}

@test "the digest is written wherever a copy has one" {
	local digest
	c image copy -q --tls-verify=false --digestfile /dev/stdout "docker://$PLAIN/team/app:1" "oci:$WORK/df:x" | cat >"$WORK/digest"
	is "$MANIFEST" "$(cat "$WORK/digest")"
	copies --digestfile "$WORK/digest" "oci:$WORK/df:x" digest:1
	is "$MANIFEST" "$(cat "$WORK/digest")"
	copies --digestfile "$WORK/digest" digest:1 digest:2
	is "$MANIFEST" "$(cat "$WORK/digest")"
	copies digest:1 "docker-archive:$WORK/df.tar"
	copies --digestfile "$WORK/digest" "docker-archive:$WORK/df.tar" digest:3
	digest=$(c image inspect -f '{{.Digest}}' digest:3)
	has '^sha256:[0-9a-f]{64}$' "$digest"
	is "$digest" "$(cat "$WORK/digest")"
	unwilling 'has no manifest whose digest' --digestfile "$WORK/digest" digest:1 "docker-archive:$WORK/df.tar"
	unwilling 'is complete, but its digest sha256:.*none/digest' --digestfile "$WORK/none/digest" digest:1 "oci:$WORK/df:y"
	c rmi -f digest:1 digest:2 digest:3 >/dev/null
}

@test "a directory called - is no pipe" {
	mkdir "$WORK/dash"
	(cd "$WORK/dash" && c image copy -q --tls-verify=false "docker://$PLAIN/team/app:1" oci:-)
	is - "$(ls "$WORK/dash")"
	[ -e "$WORK/dash/-/index.json" ]
}

@test "credentials are for their side only" {
	unwilling 'coracle login' "docker://$BASIC/good/app:1" "oci:$WORK/x"
	forget open
	copies --src-creds tester:s3cret-word "docker://$BASIC/good/app:1.0" "docker://$OPEN/good/got:1"
	is '' "$(jq -r '.headers.authorization // empty' "$WORK/open.log")"
	unwilling 'coracle login' --dest-creds tester:s3cret-word "docker://$BASIC/good/app:1" "oci:$WORK/x"
	copies --dest-creds tester:s3cret-word "oci:$WORK/lay:it" "docker://$BASIC/mine/app:1"
	printf '{"auths": {"%s": {"auth": "%s"}}}' "$BASIC" "$(printf tester:s3cret-word | base64)" >"$WORK/both.json"
	copies --authfile "$WORK/both.json" "docker://$BASIC/mine/app:1" "docker://$BASIC/mine/app:2"
	refuses 125 'without TLS' image copy -q --dest-tls-verify=false "docker://$PLAIN/team/app:1" "oci:$WORK/x"
	runs image copy -q --src-tls-verify=false "docker://$PLAIN/team/app:1" "oci:$WORK/tls"
}

@test "a registry that lies, or breaks off, leaves nothing under the name" {
	local lie
	unwilling . "docker://$OPEN/cut/app:1.0" "oci-archive:$WORK/lie.tar"
	for lie in wrong-bytes wrong-header longer shorter html huge schema1 nested; do
		unwilling . "docker://$OPEN/$lie/app:1.0" "oci-archive:$WORK/lie.tar"
		unwilling . "docker://$OPEN/$lie/app:1.0" "docker-archive:$WORK/lie.tar"
		unwilling . "docker://$OPEN/$lie/app:1.0" "docker://$PLAIN/lie/app:1"
		[ ! -e "$WORK/lie.tar" ]
	done
	unwilling 'manifest unknown' "docker://$PLAIN/lie/app:1" "oci:$WORK/lie"
	[ ! -e "$WORK/lie" ]
	is '' "$(find "$WORK" -maxdepth 1 -name '.coracle-*')"
	# what is only unlucky goes on
	for lie in cut-once cut-once-no-range; do
		copies "docker://$OPEN/$lie/app:1.0" "oci-archive:$WORK/$lie.tar"
		is "$(raw "docker://$OPEN/good/app:1.0")" "$(raw "oci-archive:$WORK/$lie.tar")"
	done
}

@test "a registry whose blob has other bytes is found out, on every way" {
	local digest file
	copies "oci:$WORK/lay:it" "docker://$PLAIN/rotten/app:1"
	digest=$(jq -r '.layers[1].digest' "$WORK/lay/blobs/sha256/${MANIFEST#*:}" | cut -d: -f2)
	file=$WORK/registry/plain/docker/registry/v2/blobs/sha256/${digest:0:2}/$digest/data
	cp "$file" "$WORK/right"
	printf X | dd of="$file" bs=1 seek=40 conv=notrunc status=none
	# one that has no blob of this yet
	lying fresh
	unwilling 'another digest' "docker://$PLAIN/rotten/app:1" "docker://$(port fresh)/rotten/app:1"
	unwilling 'another digest' "docker://$PLAIN/rotten/app:1" "oci-archive:$WORK/rotten.tar"
	unwilling 'another digest' "docker://$PLAIN/rotten/app:1" "docker-archive:$WORK/rotten.tar"
	cp "$WORK/right" "$file"
	[ ! -e "$WORK/rotten.tar" ]
	is 0 "$(jq -r 'select(.method == "PUT").path' "$WORK/fresh.log" | grep -c /manifests/ || true)"
	copies "docker://$PLAIN/rotten/app:1" "docker://$(port fresh)/rotten/app:1"
}

@test "an upload that breaks goes on, and takes the download with it" {
	local lie want
	want=$(raw "docker://$OPEN/good/app:1.0")
	for lie in upload-cut upload-gone; do
		registry_fresh "$lie"
		copies "docker://$OPEN/good/app:1.0" "docker://$(port "$lie")/$lie/app:1"
		is "$want" "$(raw "docker://$(port "$lie")/$lie/app:1")"
	done
}

# registry_fresh NAME: a lying one that has only small blobs so far
registry_fresh()
{
	lying "$1" --layer-bytes 1000
}

@test "an interrupted copy says so and leaves nothing" {
	local pid got=0
	forget open
	"$CORACLE" image copy -q --tls-verify=false "docker://$OPEN/slow/app:1.0" "oci-archive:$WORK/slow.tar" 2>"$WORK/slow.err" 3>&- &
	pid=$!
	soon 10 grep -q 'slow/app/blobs' "$WORK/open.log"
	kill -TERM $pid
	wait $pid || got=$?
	is 130 "$got"
	has interrupted "$(cat "$WORK/slow.err")"
	[ ! -e "$WORK/slow.tar" ]
	is '' "$(find "$WORK" -maxdepth 1 -name '.coracle-*')"
}

@test "layouts and directories that are hostile or damaged are refused in one line" {
	local hex blob
	echo secret >"$WORK/secret"
	hex=$(sha256sum "$WORK/secret" | cut -d' ' -f1)
	fresh()
	{
		rm -rf "$WORK/bad"
		cp -a "$WORK/lay" "$WORK/bad"
	}
	# digests that lead out of it
	fresh
	printf '{"schemaVersion": 2, "manifests": [{"digest": "sha256:../../../secret", "size": 7}]}' >"$WORK/bad/index.json"
	unwilling 'digest' "oci:$WORK/bad" "dir:$WORK/x"
	printf '{"schemaVersion": 2, "manifests": [{"digest": "sha512:%s", "size": 7}]}' "$hex" >"$WORK/bad/index.json"
	unwilling 'digest' "oci:$WORK/bad" "dir:$WORK/x"
	# links that lead out of it, of the blob and of the directory
	fresh
	ln -s ../../../secret "$WORK/bad/blobs/sha256/$hex"
	printf '{"schemaVersion": 2, "manifests": [{"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "sha256:%s", "size": 7}]}' \
		"$hex" >"$WORK/bad/index.json"
	unwilling 'holds no file' "oci:$WORK/bad" "dir:$WORK/x"
	mkdir -p "$WORK/outside/sha256"
	cp "$WORK/secret" "$WORK/outside/sha256/$hex"
	rm -rf "$WORK/bad/blobs"
	ln -s "$WORK/outside" "$WORK/bad/blobs"
	unwilling 'holds no file' "oci:$WORK/bad" "dir:$WORK/x"
	# a FIFO must not make us wait
	rm "$WORK/bad/index.json"
	mkfifo "$WORK/bad/index.json"
	unwilling 'index.json' "oci:$WORK/bad" "dir:$WORK/x"
	# sizes and bytes that are others
	fresh
	sed -i 's/"size": [0-9]*/"size": 5/' "$WORK/bad/index.json"
	unwilling 'index.json says 5' "oci:$WORK/bad" "dir:$WORK/x"
	fresh
	for blob in "$WORK"/bad/blobs/sha256/*; do
		[ "$(head -c 2 "$blob" | od -An -tx1)" != ' 1f 8b' ] || printf X | dd of="$blob" bs=1 seek=30 conv=notrunc status=none
	done
	unwilling 'another digest' "oci:$WORK/bad" "dir:$WORK/x"
	unwilling 'digest' "oci:$WORK/bad" "docker://$PLAIN/bad/app:1"
	unwilling . "oci:$WORK/bad" "docker-archive:$WORK/x"
	fresh
	for blob in "$WORK"/bad/blobs/sha256/*; do
		[ "$(head -c 2 "$blob" | od -An -tx1)" != ' 1f 8b' ] || echo more >>"$blob"
	done
	unwilling 'the manifest says' "oci:$WORK/bad" "dir:$WORK/x"
	unwilling 'the manifest says' "oci:$WORK/bad" "docker-archive:$WORK/x"
	# an index.json without end, and one that is none
	fresh
	head -c 5000000 /dev/zero | tr '\0' ' ' >"$WORK/bad/index.json"
	unwilling 'too large' "oci:$WORK/bad" "dir:$WORK/x"
	echo '[]' >"$WORK/bad/index.json"
	unwilling 'index.json' "oci:$WORK/bad" "dir:$WORK/x"
	[ ! -e "$WORK/x" ]
	# as destination: neither through a link, nor over what is no layout
	rm -rf "$WORK/bad"
	mkdir "$WORK/bad" "$WORK/empty"
	ln -s ../empty "$WORK/bad/blobs"
	unwilling 'bad/blobs' "oci:$WORK/lay:it" "oci:$WORK/bad"
	is '' "$(ls -A "$WORK/empty")"
	unwilling 'other files' "oci:$WORK/lay:it" "dir:$WORK"
	unwilling 'another digest|holds no file|digest' "docker-archive:$WORK/lay" "dir:$WORK/x"
}

@test "words that name no place are told what there is" {
	unwilling 'docker://NAME, oci:DIR' docker-daemon:x "dir:$WORK/x"
	unwilling 'docker://NAME, oci:DIR' https://x/y "dir:$WORK/x"
	unwilling 'names no file' oci: "dir:$WORK/x"
	unwilling 'names no image' docker:// "dir:$WORK/x"
	unwilling 'No such file' oci:/nonexistent "dir:$WORK/x"
	unwilling 'archive' "oci-archive:$WORK/hello" "dir:$WORK/x"
	refuses 125 'DESTINATION|operand|argument' image copy one
}
