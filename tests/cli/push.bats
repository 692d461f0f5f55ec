#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# push.bats - push to docker-registry, read back by skopeo and podman, and to registries that lie

load helper
load registries

file_setup()
{
	registries_begin
	lying lies
	lying bearer --auth bearer
	registry plain
	registry second
	python3 -c 'import crypt; print("ann:" + crypt.crypt("correct horse", crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=1 << 5)))' \
		2>/dev/null >"$WORK/htpasswd"
	registry users "auth: {htpasswd: {realm: test, path: $WORK/htpasswd}}"
	export PLAIN SECOND USERS LIES BEARER
	PLAIN=$(port plain) SECOND=$(port second) USERS=$(port users) LIES=$(port lies) BEARER=$(port bearer)
	for host in "$PLAIN" "$SECOND" "$USERS" "$LIES" "$BEARER"; do
		printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$host"
	done >"$XDG_CONFIG_HOME/containers/registries.conf"
	# an image of three layers: one above DEFLATE_BLOCK, one of noise, a small one; its manifest has an annotation
	mkdir -p "$WORK/l1" "$WORK/l2"
	head -c 700000 /dev/urandom >"$WORK/l1/noise"
	echo 'hello from a layer' >"$WORK/l2/hello"
	tar -C "$WORK/l1" --owner=0 --group=0 --numeric-owner -cf "$WORK/l1.tar" .
	tar -C "$WORK/l2" --owner=0 --group=0 --numeric-owner -cf "$WORK/l2.tar" .
	layout "$WORK/layout" "$WORK/busybox.tar" "$WORK/l1.tar" "$WORK/l2.tar"
}

file_teardown()
{
	registries_end
}

# layout DIRECTORY TAR...: an image of these layers, compressed by python
layout()
{
	layouts "$@" <<-'END'
	made = Layout(sys.argv[1], indent=3)
	made.finish(made.image([read(name) for name in sys.argv[2:]], {'Cmd': ['cat', '/hello']}, annotations={'test.note': 'kept'}))
	END
}

test_teardown()
{
	c rmi -f -a >/dev/null 2>&1 || true
	image_busybox
}

# loaded NAME: the image of the layout, by that name
loaded()
{
	c load -q -i "$WORK/layout" >/dev/null
	c tag "$(jq -r .config.digest "$(manifest_file)")" "$1"
}

manifest_file()
{
	echo "$WORK/layout/blobs/sha256/$(jq -r '.manifests[0].digest' "$WORK/layout/index.json" | cut -d: -f2)"
}

# raw NAME: the manifest as the registry has it; digest NAME: its digest
raw()
{
	skopeo inspect --raw --tls-verify=false "docker://$1"
}

digest()
{
	raw "$1" | sha256sum | sed 's/^/sha256:/; s/ .*//'
}

# requests NAME: "METHOD path" of what docker-registry was asked for since forget_requests
requests()
{
	grep -Eo '"(HEAD|GET|POST|PUT|PATCH) [^ ?"]*' "$WORK/$1.out" | tail -n +"$(($(cat "$WORK/$1.seen") + 1))" | tr -d '"'
}

forget_requests()
{
	grep -Eco '"(HEAD|GET|POST|PUT|PATCH) [^ ?"]*' "$WORK/$1.out" >"$WORK/$1.seen" || true
}

# count PATTERN TEXT
count()
{
	grep -Ec -- "$1" <<<"$2" || true
}

# holds NAME: what the registry has is read back by skopeo, layer by layer, with the digests of the layout's archives
holds()
{
	local i=1 layer tar
	rm -rf "$WORK/read"
	skopeo --insecure-policy copy -q --src-tls-verify=false "docker://$1" "dir:$WORK/read"
	for layer in $(jq -r '.layers[].digest' "$WORK/read/manifest.json" | cut -d: -f2); do
		for tar in gzip zstd cat; do
			[ "$tar" = cat ] && set -- cat || set -- "$tar" -dcq
			"$@" <"$WORK/read/$layer" >"$WORK/read/tar" 2>/dev/null && break
		done
		is "$(jq -r ".rootfs.diff_ids[$((i - 1))]" "$WORK/layout/blobs/sha256/$(jq -r .config.digest "$(manifest_file)" | cut -d: -f2)")" \
			"sha256:$(sha256sum "$WORK/read/tar" | cut -d' ' -f1)"
		i=$((i + 1))
	done
	is 4 "$i"
}

@test "an image that was loaded is pushed, told as podman does, and read back by podman and by us" {
	loaded "$PLAIN/team/first:1"
	runs push "$PLAIN/team/first:1"
	is ''
	is 3 "$(count '^Copying blob sha256:[0-9a-f]{64}$' "$stderr")"
	has '^Copying config sha256:[0-9a-f]{64}$' "$stderr"
	has '^Writing manifest to image destination$' "$stderr"
	holds "$PLAIN/team/first:1"
	is kept "$(raw "$PLAIN/team/first:1" | jq -r '.annotations["test.note"]')"
	# the configuration, and so the image's id, is the same byte for byte
	is "$(jq -r .config.digest "$(manifest_file)")" "$(raw "$PLAIN/team/first:1" | jq -r .config.digest)"
	runs rmi -f "$PLAIN/team/first:1"
	runs run --rm --quiet "$PLAIN/team/first:1"
	is 'hello from a layer'
	run --separate-stderr timeout 300 podman --root "$WORK/podman" --runroot "$WORK/podman.run" --storage-driver vfs \
		--tmpdir "$WORK/podman.tmp" pull -q --tls-verify=false "docker://$PLAIN/team/first:1" 3>&-
	[ "$status" = 0 ]
	is "$(jq -r .config.digest "$(manifest_file)" | cut -d: -f2)"
	remove_tree "$WORK/podman"
}

@test "a second push sends only the manifest, and another repository gets the layers by mounting" {
	local got
	loaded "$PLAIN/team/second:1"
	runs push -q "$PLAIN/team/second:1"
	is '' "$output$stderr"
	forget_requests plain
	runs push "$PLAIN/team/second:1"
	is 3 "$(count 'skipped: already exists' "$stderr")"
	got=$(requests plain)
	is '' "$(grep -E '^(POST|PATCH|GET)' <<<"$got" || true)"
	is 1 "$(count '^PUT .*/manifests/1$' "$got")"
	is 1 "$(count '^PUT' "$got")"
	forget_requests plain
	runs push "$PLAIN/team/second:1" "docker://$PLAIN/other/mounted:2"
	got=$(requests plain)
	is 0 "$(count '^PATCH' "$got")"
	is 4 "$(count '^POST .*/blobs/uploads/' "$got")" # three layers and the configuration
	is 1 "$(count '^PUT' "$got")"
	is "$(digest "$PLAIN/team/second:1")" "$(digest "$PLAIN/other/mounted:2")"
	holds "$PLAIN/other/mounted:2"
}

@test "after a push the image has the digest that the registry has, and is found by it" {
	local sent
	c import "$WORK/l2.tar" "$PLAIN/digests/app:1" >/dev/null
	c tag "$PLAIN/digests/app:1" "$SECOND/digests/other:1"
	runs push -q --digestfile "$WORK/digest" "$PLAIN/digests/app:1"
	sent=$(cat "$WORK/digest")
	runs image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$PLAIN/digests/app:1"
	has "^$PLAIN/digests/app@$sent\$"
	hasnt "^$SECOND/digests/other@$sent\$"
	runs images --digests --format '{{.Digest}}' "$PLAIN/digests/app:1"
	is "$sent"
	runs image exists "$PLAIN/digests/app@$sent"
	# another compression is another manifest: the last one counts
	runs push -q --compression-format zstd --digestfile "$WORK/digest" "$PLAIN/digests/app:1"
	runs images --digests --format '{{.Digest}}' "$PLAIN/digests/app:1"
	is "$(cat "$WORK/digest")"
	is "$(digest "$PLAIN/digests/app:1")"
	gives 1 image exists "$PLAIN/digests/app@$sent"
}

@test "what was pulled keeps its digest in another repository of the registry" {
	local before got
	skopeo --insecure-policy copy -q --dest-tls-verify=false "oci:$WORK/layout:it" "docker://$PLAIN/src/image:1" 3>&-
	runs pull -q "$PLAIN/src/image:1"
	forget_requests plain
	runs push -q --digestfile "$WORK/digest" "$PLAIN/src/image:1" "$PLAIN/dst/image:1"
	got=$(requests plain)
	is 0 "$(count '^PATCH' "$got")"
	is "$(digest "$PLAIN/src/image:1")" "$(digest "$PLAIN/dst/image:1")"
	is "$(digest "$PLAIN/src/image:1")" "$(cat "$WORK/digest")"
	# in another registry it is compressed anew, by us; the image in it is the same
	runs push -q "$PLAIN/src/image:1" "$SECOND/dst/image:1"
	holds "$SECOND/dst/image:1"
	is "$(raw "$PLAIN/src/image:1" | jq -r .config.digest)" "$(raw "$SECOND/dst/image:1" | jq -r .config.digest)"
}

@test "the format of the manifest is chosen" {
	loaded format:1
	runs push -q --format v2s2 format:1 "$PLAIN/team/format:docker"
	is application/vnd.docker.distribution.manifest.v2+json "$(raw "$PLAIN/team/format:docker" | jq -r .mediaType)"
	is application/vnd.docker.container.image.v1+json "$(raw "$PLAIN/team/format:docker" | jq -r .config.mediaType)"
	is application/vnd.docker.image.rootfs.diff.tar.gzip "$(raw "$PLAIN/team/format:docker" | jq -r '.layers[].mediaType' | sort -u)"
	is null "$(raw "$PLAIN/team/format:docker" | jq -r .annotations)"
	holds "$PLAIN/team/format:docker"
	runs rmi -f -a
	image_busybox
	runs pull -q "$PLAIN/team/format:docker"
	runs push -q "$PLAIN/team/format:docker" "$PLAIN/team/format:same"
	is "$(digest "$PLAIN/team/format:docker")" "$(digest "$PLAIN/team/format:same")"
	runs push -q --format oci "$PLAIN/team/format:docker" "$PLAIN/team/format:oci"
	is application/vnd.oci.image.manifest.v1+json "$(raw "$PLAIN/team/format:oci" | jq -r .mediaType)"
	is application/vnd.oci.image.layer.v1.tar+gzip "$(raw "$PLAIN/team/format:oci" | jq -r '.layers[].mediaType' | sort -u)"
	holds "$PLAIN/team/format:oci"
	refuses 125 'schema 1' push --format v2s1 "$PLAIN/team/format:docker"
	refuses 125 'not oci or v2s2' push --format oic "$PLAIN/team/format:docker"
}

@test "the compression is chosen, and what the registry has in another one stays unless that is asked for" {
	local first
	loaded "$PLAIN/team/zip:1"
	runs push -q "$PLAIN/team/zip:1"
	first=$(digest "$PLAIN/team/zip:1")
	runs push -q --compression-format zstd --force-compression=false "$PLAIN/team/zip:1"
	is "$first" "$(digest "$PLAIN/team/zip:1")"
	runs push -q --compression-format zstd "$PLAIN/team/zip:1" "$PLAIN/team/zip:zstd"
	is application/vnd.oci.image.layer.v1.tar+zstd "$(raw "$PLAIN/team/zip:zstd" | jq -r '.layers[].mediaType' | sort -u)"
	holds "$PLAIN/team/zip:zstd"
	runs push -q "$PLAIN/team/zip:1"
	is "$first" "$(digest "$PLAIN/team/zip:1")"
	runs push -q --compression-format none "$PLAIN/team/zip:1" "$PLAIN/team/zip:none"
	is application/vnd.oci.image.layer.v1.tar "$(raw "$PLAIN/team/zip:none" | jq -r '.layers[].mediaType' | sort -u)"
	holds "$PLAIN/team/zip:none"
	runs push -q --force-compression --compression-level 9 "$PLAIN/team/zip:1" "$PLAIN/team/zip:9"
	holds "$PLAIN/team/zip:9"
	[ "$(raw "$PLAIN/team/zip:9" | jq '.layers[0].size')" -lt "$(raw "$PLAIN/team/zip:1" | jq '.layers[0].size')" ]
	refuses 125 'zstd:chunked' push --compression-format zstd:chunked "$PLAIN/team/zip:1"
	refuses 125 'levels from 0 to 9' push --compression-level 10 "$PLAIN/team/zip:1"
	refuses 125 'levels from 1 to 22' push --compression-format zstd --compression-level 0 "$PLAIN/team/zip:1"
	refuses 125 'no zstd layers.*--format oci' push --compression-format zstd --format v2s2 "$PLAIN/team/zip:1"
	runs rmi -f -a
	image_busybox
	runs run --rm --quiet "$PLAIN/team/zip:zstd"
	is 'hello from a layer'
}

# layer_type NAME: of its layers
layer_type()
{
	raw "$1" | jq -r '.layers[].mediaType' | sort -u
}

@test "a layer that the registry has as zstd is none for docker's formats" {
	c import "$WORK/l2.tar" docker:1 >/dev/null
	runs push -q --format v2s2 docker:1 "$SECOND/zstd/docker:1"
	c rmi docker:1 >/dev/null
	runs pull -q "$SECOND/zstd/docker:1"
	runs push -q --compression-format zstd "$SECOND/zstd/docker:1" "$PLAIN/zstd/docker:1"
	is application/vnd.oci.image.layer.v1.tar+zstd "$(layer_type "$PLAIN/zstd/docker:1")"
	# neither asked for nor possible
	runs push -q "$SECOND/zstd/docker:1" "$PLAIN/zstd/docker:2"
	is application/vnd.docker.image.rootfs.diff.tar.gzip "$(layer_type "$PLAIN/zstd/docker:2")"
	# and an image whose own manifest has it
	c rmi "$SECOND/zstd/docker:1" >/dev/null
	runs pull -q "$PLAIN/zstd/docker:1"
	runs push -q --format v2s2 "$PLAIN/zstd/docker:1" "$PLAIN/zstd/new:1"
	is application/vnd.docker.image.rootfs.diff.tar.gzip "$(layer_type "$PLAIN/zstd/new:1")"
	runs pull -q "$PLAIN/zstd/new:1"
}

@test "an image that was imported, and all tags of a repository, are pushed; as docker in its words" {
	ln -sf "$CORACLE" "$WORK/docker"
	runs tag busybox "$PLAIN/team/box:a"
	runs tag busybox "$PLAIN/team/box:b"
	run --separate-stderr "$WORK/docker" push -a "$PLAIN/team/box"
	[ "$status" = 0 ]
	has "^The push refers to repository \[$PLAIN/team/box\]$"
	has '^[0-9a-f]{12}: Preparing$'
	has '^[0-9a-f]{12}: Pushed$'
	has '^[0-9a-f]{12}: Layer already exists$'
	has "^a: digest: $(digest "$PLAIN/team/box:a") size: $(raw "$PLAIN/team/box:a" | wc -c)$"
	has "^b: digest: $(digest "$PLAIN/team/box:b") size: [0-9]+$"
	run --separate-stderr "$WORK/docker" push -q "$PLAIN/team/box:a"
	is "$PLAIN/team/box:a"
	runs tag busybox "$PLAIN/team/box2:a"
	run --separate-stderr "$WORK/docker" push "$PLAIN/team/box2:a"
	has '^[0-9a-f]{12}: Mounted from team/box$'
	run --separate-stderr "$WORK/docker" push "$PLAIN/team/none:a"
	[ "$status" = 1 ]
	refuses 125 'without tag' push -a "$PLAIN/team/box:a"
	refuses 125 'no image is named' push -a "$PLAIN/team/none"
	refuses 125 'without a destination' push -a "$PLAIN/team/box" "$PLAIN/team/box3"
	runs run --rm --quiet --pull always "$PLAIN/team/box:b" echo it runs
	is 'it runs'
}

@test "names that lead nowhere are told" {
	local id
	id=$(c images -q --no-trunc busybox | cut -d: -f2)
	refuses 125 'image not known' push nothing
	refuses 125 'localhost/busybox:latest is a name of this machine.*coracle push busybox' push --quiet busybox
	refuses 125 'registries only.*coracle save' push busybox oci:/tmp/nowhere
	refuses 125 'registries only' push busybox dir:/tmp/nowhere
	refuses 125 'digest' push busybox "$PLAIN/team/x@sha256:$(printf '%064d' 1)"
	runs tag busybox also
	refuses 125 'has 2 names' push "$id"
	refuses 125 "can't sign" push --sign-by me busybox
	runs push -q "$id" "$PLAIN/team/by-id:1"
	runs run --rm --quiet --pull always "$PLAIN/team/by-id:1" true
	refuses 125 '.' push -q busybox "localhost:1/team/app:1"
}

@test "credentials are wanted, checked and never shown" {
	loaded app:1
	refuses 125 "coracle login $USERS" push -q app:1 "$USERS/team/app:1"
	run --separate-stderr c --log-level debug push --creds 'ann:wrong donkey' app:1 "$USERS/team/app:1"
	[ "$status" = 125 ]
	hasnt 'donkey|d3Jvbmc' "$output$stderr"
	run --separate-stderr c --log-level debug push --creds 'ann:correct horse' app:1 "$USERS/team/app:1"
	[ "$status" = 0 ]
	hasnt 'horse|Y29ycmVjdC' "$output$stderr"
	run --separate-stderr c login -u tester --password-stdin "$BEARER" <<<s3cret-word
	[ "$status" = 0 ]
	forget bearer
	runs push app:1 "$BEARER/team/app:1"
	hasnt 's3cret|token-' "$output$stderr"
	# one token does for all of it
	[ "$(jq -r 'select(.path | startswith("/token")).path' "$WORK/bearer.log" | wc -l)" -le 4 ]
	echo '{}' >"$REGISTRY_AUTH_FILE"
	refuses 125 'coracle login' push -q app:1 "$BEARER/team/app:2"
}

@test "an upload that breaks goes on where it stopped, and one whose session is gone begins anew" {
	loaded app:1
	forget lies
	runs push -q app:1 "$LIES/upload-cut/app:1"
	# what had arrived did not come again
	is 1 "$(jq -r 'select(.method == "PATCH" and .sent == 0).path' "$WORK/lies.log" | wc -l)"
	is 4 "$(jq -r 'select(.method == "PATCH").path' "$WORK/lies.log" | wc -l)"
	holds "$LIES/upload-cut/app:1"
	c rmi -f -a >/dev/null
	lying gone
	printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$(port gone)" >>"$XDG_CONFIG_HOME/containers/registries.conf"
	loaded app:1
	runs push -q app:1 "$(port gone)/upload-gone/app:1"
	holds "$(port gone)/upload-gone/app:1"
	runs push -q --force-compression app:1 "$LIES/flaky/app:1"
	runs push -q --force-compression app:1 "$LIES/upload-elsewhere/app:1"
}

@test "a registry that says no is told in one line, and nothing of it is remembered" {
	loaded app:1
	refuses 125 'read-only' push -q app:1 "$LIES/read-only/app:1"
	refuses 125 'in trouble \(500' push -q --retry-delay 100ms app:1 "$LIES/upload-down/app:1"
	refuses 125 'did not match' push -q app:1 "$LIES/upload-wrong/app:1"
	refuses 125 'denied' push -q app:1 "$LIES/denied/app:1"
	refuses 125 '503' push -q --retry-delay 100ms app:1 "$LIES/down/app:1"
	is '' "$(find "$CORACLE_ROOT/store/layers" -name blobs.json)"
	refuses 125 'manifest invalid' push -q app:1 "$LIES/manifest-refused/app:1"
	is '' "$(ls "$CORACLE_ROOT/store/tmp")"
	runs push -q app:1 "$LIES/good/app:1"
	runs push -q app:1 "$LIES/mount-refused/app:1"
	holds "$LIES/mount-refused/app:1"
}

@test "what is remembered of a layer may be wrong or damaged: then it is sent" {
	local file
	loaded "$PLAIN/team/memory:1"
	runs push -q "$PLAIN/team/memory:1"
	is 3 "$(find "$CORACLE_ROOT/store/layers" -name blobs.json | wc -l)"
	for file in $(find "$CORACLE_ROOT/store/layers" -name blobs.json); do
		jq -c ".blobs |= map(.digest = \"sha256:$(printf '%064d' 5)\" | .repositories = [\"$PLAIN/no/where\", \"$PLAIN/memory/wrong\"])" \
			"$file" >"$file.new"
		mv "$file.new" "$file"
	done
	runs push -q "$PLAIN/team/memory:1" "$PLAIN/memory/wrong:1"
	holds "$PLAIN/memory/wrong:1"
	for file in $(find "$CORACLE_ROOT/store/layers" -name blobs.json); do
		printf '{"blobs": [{"digest": "../../x"' >"$file"
	done
	runs push -q "$PLAIN/team/memory:1" "$SECOND/memory/damaged:1"
	holds "$SECOND/memory/damaged:1"
}

@test "a layer without a recording is pushed as another archive, and the image is told to be another one" {
	local file got
	loaded "$PLAIN/team/anew:1"
	for file in $(find "$CORACLE_ROOT/store/layers" -name tar.split); do
		rm "$file"
	done
	runs push "$PLAIN/team/anew:1"
	is 1 "$(count 'without a recording' "$stderr")"
	got=$(raw "$PLAIN/team/anew:1" | jq -r .config.digest)
	has "there its id is ${got:7:12}" "$stderr"
	runs push "$PLAIN/team/anew:1"
	is 3 "$(count 'already exists' "$stderr")"
	is "$got" "$(raw "$PLAIN/team/anew:1" | jq -r .config.digest)"
	runs rmi -f "$PLAIN/team/anew:1"
	runs run --rm --quiet "$PLAIN/team/anew:1"
	is 'hello from a layer'
}

@test "a layer whose files were changed is not pushed" {
	local file
	loaded changed:1
	file=$(find "$CORACLE_ROOT/store/layers" -name noise)
	printf 'X' | dd of="$file" bs=1 seek=40 conv=notrunc status=none
	refuses 125 'noise.*changed' push -q changed:1 "$SECOND/team/changed:1"
	[ "$(curl -s -o "$WORK/answer" -w '%{http_code}' "http://$SECOND/v2/team/changed/manifests/1")" = 404 ]
}

# no_workers: nobody of this file's program pushes
no_workers()
{
	! pgrep -u "$(id -u)" -f "^$CORACLE push .*upload-slow"
}

@test "a signal ends it with 130, SIGKILL leaves no process, and the next push does it" {
	local pid
	loaded app:1
	forget lies
	interruptible "$CORACLE" push app:1 "$LIES/upload-slow/app:1" >/dev/null 2>"$WORK/interrupted" 3>&- &
	pid=$!
	soon 10 grep -q upload-slow/app/blobs/uploads "$WORK/lies.log"
	kill -INT $pid
	status=0
	wait $pid || status=$?
	[ "$status" = 130 ]
	has 'interrupted' "$(cat "$WORK/interrupted")"
	soon 5 no_workers
	forget lies
	"$CORACLE" push -q app:1 "$LIES/upload-slow/app:2" >/dev/null 2>&1 3>&- &
	pid=$!
	soon 10 grep -q upload-slow/app/blobs/uploads "$WORK/lies.log"
	kill -KILL $pid
	wait $pid 2>/dev/null || true
	soon 5 no_workers
	runs push -q app:1 "$LIES/good/app:1"
	holds "$LIES/good/app:1"
}
