#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# save.bats - save: docker-archive, OCI layouts, directories; read back here and by the peers

load helper

file_setup()
{
	# none of this machine's settings, for us and for the peers
	export XDG_CONFIG_HOME=$WORK/config HOME=$WORK/home
	mkdir -p "$HOME" "$XDG_CONFIG_HOME/containers" "$WORK/two"
	echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$XDG_CONFIG_HOME/containers/policy.json"
	# an image of two layers, of which busybox has the first; the second is small, with a whiteout and a hard link
	printf 'hello\n' >"$WORK/two/hello"
	ln "$WORK/two/hello" "$WORK/two/again"
	: >"$WORK/two/.wh.tmp"
	tar -C "$WORK/two" --owner=0 --group=0 --numeric-owner -cf "$WORK/two.tar" hello again .wh.tmp
	two_layers "$WORK/made" >"$WORK/made.tar"
	c load -q -i "$WORK/made.tar" >/dev/null
}

# two_layers DIRECTORY: docker-archive of the image two:1
two_layers()
{
	mkdir -p "$1"
	cp "$WORK/busybox.tar" "$1/a.tar"
	cp "$WORK/two.tar" "$1/b.tar"
	printf '{"architecture":"%s","os":"linux","config":{"Cmd":["cat","/hello"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s","sha256:%s"]}}' \
		"$(c version --format '{{.Client.Arch}}' 2>/dev/null || echo amd64)" \
		"$(sha256sum "$1/a.tar" | cut -d' ' -f1)" "$(sha256sum "$1/b.tar" | cut -d' ' -f1)" >"$1/c.json"
	printf '[{"Config":"c.json","RepoTags":["localhost/two:1"],"Layers":["a.tar","b.tar"]}]' >"$1/manifest.json"
	tar -C "$1" -c manifest.json c.json a.tar b.tar
}

id_of()
{
	c images -q --no-trunc "$1" | head -n 1
}

@test "a docker-archive has the layers bit for bit, and the same bytes in a file and a pipe" {
	runs save -o "$WORK/a.tar" two:1
	is ''
	is '' "$stderr"
	c save two:1 >"$WORK/p.tar"
	cmp "$WORK/a.tar" "$WORK/p.tar"
	c save two:1 | cat >"$WORK/p.tar"
	cmp "$WORK/a.tar" "$WORK/p.tar"
	run tar -xOf "$WORK/a.tar" manifest.json
	is '["localhost/two:1"]' "$(jq -c '.[0].RepoTags' <<<"$output")"
	is "$(id_of two:1 | cut -d: -f2).json" "$(jq -r '.[0].Config' <<<"$output")"
	tar -xOf "$WORK/a.tar" "$(jq -r '.[0].Layers[0]' <<<"$output")" | cmp - "$WORK/busybox.tar"
	tar -xOf "$WORK/a.tar" "$(jq -r '.[0].Layers[1]' <<<"$output")" | cmp - "$WORK/two.tar"
	is "$(jq -r '.[0].Layers[1]' <<<"$output" | cut -d. -f1)" \
		"$(tar -xOf "$WORK/a.tar" repositories | jq -r '."localhost/two"."1"')"
}

@test "several images share their layers, and come back with their names and ids" {
	local before
	c tag two:1 localhost/zwei:1
	runs save -m -o "$WORK/m.tar" two:1 busybox localhost/zwei:1
	is 2 "$(tar -tf "$WORK/m.tar" | grep -c '\.tar$')"
	run tar -xOf "$WORK/m.tar" manifest.json
	is '[["localhost/two:1","localhost/zwei:1"],["localhost/busybox:latest"]]' "$(jq -c '[.[].RepoTags]' <<<"$output")"
	before=$(id_of two:1)
	c rmi -f two:1 localhost/zwei:1 >/dev/null
	runs load -i "$WORK/m.tar"
	is "$before" "$(id_of two:1)"
	is "$before" "$(id_of localhost/zwei:1)"
	runs run --rm two:1
	is hello
	c rmi localhost/zwei:1 >/dev/null
}

@test "an id goes without a name" {
	runs save -o "$WORK/i.tar" "$(id_of two:1)"
	is null "$(tar -xOf "$WORK/i.tar" manifest.json | jq -c '.[0].RepoTags')"
	runs load -i "$WORK/i.tar"
	is "Loaded image ID: $(id_of two:1)"
}

@test "skopeo and podman read what we write" {
	need skopeo podman
	local config
	config=$(id_of two:1)
	c save -o "$WORK/r.tar" two:1
	is "$config" "$(skopeo inspect --raw "docker-archive:$WORK/r.tar:localhost/two:1" | jq -r .config.digest)"
	c save --format oci-archive -o "$WORK/o.tar" two:1
	is "$config" "$(skopeo inspect --raw "oci-archive:$WORK/o.tar:localhost/two:1" | jq -r .config.digest)"
	c save --format oci-dir -o "$WORK/o" two:1
	is "$config" "$(skopeo inspect --raw "oci:$WORK/o:localhost/two:1" | jq -r .config.digest)"
	c save --format docker-dir -o "$WORK/d" two:1
	is "$config" "$(skopeo inspect --raw "dir:$WORK/d" | jq -r .config.digest)"
	c save --format docker-dir --compress -o "$WORK/dz" two:1
	has 'diff.tar.gzip' "$(skopeo inspect --raw "dir:$WORK/dz")"
	# they unpack each blob and compare it with its digest
	for from in "docker-archive:$WORK/r.tar" "oci-archive:$WORK/o.tar" "oci:$WORK/o:localhost/two:1" "dir:$WORK/d" "dir:$WORK/dz"; do
		rm -rf "$WORK/peer"
		timeout 300 skopeo --insecure-policy copy -q "$from" "docker-archive:$WORK/peer:x/y:1" 3>&-
		is "$(tar -xOf "$WORK/r.tar" manifest.json | jq -c '.[0].Layers')" "$(tar -xOf "$WORK/peer" manifest.json | jq -c '.[0].Layers')"
	done
	run timeout 300 podman --root "$WORK/podman" --runroot "$WORK/podman-run" --storage-driver vfs load -i "$WORK/r.tar" 3>&-
	has 'Loaded image: localhost/two:1'
	remove_tree "$WORK/podman"
}

@test "OCI archives are the same each time, and keep their manifest from then on" {
	local digest
	c save --format oci-archive -o "$WORK/1.tar" two:1 busybox
	c save --format oci-archive two:1 busybox | cat >"$WORK/2.tar"
	cmp "$WORK/1.tar" "$WORK/2.tar"
	digest=$(tar -xOf "$WORK/1.tar" index.json | jq -r '.manifests[0].digest')
	is 'application/vnd.oci.image.layer.v1.tar+gzip' \
		"$(tar -xOf "$WORK/1.tar" "blobs/sha256/${digest#*:}" | jq -r '.layers[1].mediaType')"
	c rmi -f two:1 >/dev/null
	runs load -i "$WORK/1.tar"
	c save --format oci-archive -o "$WORK/3.tar" two:1
	is "$digest" "$(tar -xOf "$WORK/3.tar" index.json | jq -r '.manifests[0].digest')"
	c save --format oci-archive --uncompressed -o "$WORK/4.tar" two:1
	tar -xOf "$WORK/4.tar" "blobs/sha256/$(sha256sum "$WORK/two.tar" | cut -d' ' -f1)" | cmp - "$WORK/two.tar"
}

@test "a layout keeps the images that it has" {
	c save --format oci-dir -o "$WORK/lay" busybox
	c save --format oci-dir -o "$WORK/lay" two:1
	c save --format oci-dir -o "$WORK/lay" two:1
	is '["localhost/busybox:latest","localhost/two:1"]' \
		"$(jq -c '[.manifests[].annotations["org.opencontainers.image.ref.name"]]' "$WORK/lay/index.json")"
	(cd "$WORK/lay/blobs/sha256" && for blob in *; do echo "$blob  $blob"; done | sha256sum -c --quiet)
	runs load -i "$WORK/lay"
}

@test "what can't be is refused in one line" {
	refuses 125 'coracle pull nonesuch' save -o "$WORK/x" nonesuch
	refuses 125 'not docker-archive, oci-archive' save --format tar -o "$WORK/x" two:1
	refuses 125 'docker-dir' save --compress -o "$WORK/x" two:1
	refuses 125 '-o DIRECTORY' save --format oci-dir two:1
	refuses 125 'one image' save --format docker-dir -o "$WORK/x" two:1 busybox
	refuses 125 'is a directory' save -o "$WORK" two:1
	c save --format docker-dir -o "$WORK/skopeos" two:1
	refuses 125 "coracle image copy dir:$WORK/skopeos" load -i "$WORK/skopeos"
	refuses 125 'other files' save --format docker-dir -o "$WORK" two:1
	refuses 125 'No such file' save -o "$WORK/none/x" two:1
	refuses 125 'coracle pull --platform linux/s390x' save --platform linux/s390x -o "$WORK/x" two:1
	[ ! -e "$WORK/x" ]
	run -125 script -qec "$CORACLE save two:1" /dev/null </dev/null
	has 'is a terminal'
}

@test "podman's meaning of several operands is refused, docker's statuses are docker's" {
	mkdir -p "$WORK/names"
	ln -sf "$CORACLE" "$WORK/names/podman"
	ln -sf "$CORACLE" "$WORK/names/docker"
	run -125 --separate-stderr "$WORK/names/podman" save -o "$WORK/x" two:1 busybox
	has '-m' "$stderr"
	"$WORK/names/podman" save -m -o "$WORK/x.tar" two:1 busybox
	"$WORK/names/docker" save -o "$WORK/y.tar" two:1 busybox
	cmp "$WORK/x.tar" "$WORK/y.tar"
	run -1 --separate-stderr "$WORK/names/docker" save -o "$WORK/x" nonesuch
}

@test "a full disk, a limit or a reader that goes: one line, and what was there stays" {
	echo before >"$WORK/keep.tar"
	run --separate-stderr bash -c 'trap "" XFSZ; ulimit -f 100; "$CORACLE" save -o "$WORK/keep.tar" two:1 3>&-'
	[ "$status" = 125 ]
	is 1 "${#stderr_lines[@]}"
	has 'File too large' "$stderr"
	is before "$(cat "$WORK/keep.tar")"
	run --separate-stderr bash -c '"$CORACLE" save two:1 >/dev/full 3>&-'
	[ "$status" = 125 ]
	has 'No space left' "$stderr"
	run --separate-stderr bash -c 'trap - PIPE; "$CORACLE" save two:1 2>"$WORK/err" 3>&- | head -c 10 >/dev/null; exit ${PIPESTATUS[0]}'
	[ "$status" = 125 ]
	has 'Broken pipe' "$(cat "$WORK/err")"
	is '' "$(find "$WORK" -maxdepth 1 -name '.coracle-*')"
}

@test "standard output by its name is appended to, a link stays, and a file that is replaced keeps its mode" {
	c save two:1 >"$WORK/want.tar"
	printf head >"$WORK/out.tar"
	run --separate-stderr bash -c '"$CORACLE" save -o /dev/stdout two:1 3>&- >>"$WORK/out.tar"'
	is 0 "$status$stderr"
	cmp <(printf head | cat - "$WORK/want.tar") "$WORK/out.tar"
	mkdir "$WORK/target"
	echo old >"$WORK/target/real.tar"
	chmod 0640 "$WORK/target/real.tar"
	ln -s target/real.tar "$WORK/link.tar"
	runs save -o "$WORK/link.tar" two:1
	is target/real.tar "$(readlink "$WORK/link.tar")"
	cmp "$WORK/want.tar" "$WORK/target/real.tar"
	is 640 "$(stat -c %a "$WORK/target/real.tar")"
	is real.tar "$(ls -A "$WORK/target")"
}

@test "killed in the middle it leaves nothing behind" {
	local i pid
	mkdir -p "$WORK/killed"
	head -c 150000000 /dev/urandom >"$WORK/noise"
	tar -C "$WORK" -c noise | c import - noise:1 >/dev/null
	for i in 1 2 3 4 5 6; do
		"$CORACLE" save -o "$WORK/killed/noise.tar" noise:1 3>&- &
		pid=$!
		sleep "0.0$((i * 2))"
		kill -9 $pid 2>/dev/null || true
		wait $pid || true
		# either not yet, or all of it
		[ ! -e "$WORK/killed/noise.tar" ] || tar -tf "$WORK/killed/noise.tar" >/dev/null
		rm -f "$WORK/killed/noise.tar"
	done
	soon 5 rmdir "$WORK/killed"
	rm -f "$WORK/noise"
	c rmi noise:1 >/dev/null
}

@test "a layer without its recording gets another digest, with a warning" {
	local layer
	image_from legacy:1 <<-'END'
		echo old >legacy
	END
	layer=$(grep -l "$(c image inspect --format '{{index .RootFS.Layers 0}}' legacy:1)" "$CORACLE_ROOT"/store/layers/*/layer.json)
	chmod u+w "$(dirname "$layer")" 2>/dev/null || true
	rm -f "$(dirname "$layer")/tar.split"
	runs save -o "$WORK/legacy.tar" legacy:1
	has 'another id' "$stderr"
	c save legacy:1 2>/dev/null | cmp - "$WORK/legacy.tar"
	run tar -xOf "$WORK/legacy.tar" manifest.json
	is "$(tar -xOf "$WORK/legacy.tar" "$(jq -r '.[0].Layers[0]' <<<"$output")" | sha256sum | cut -d' ' -f1).tar" \
		"$(jq -r '.[0].Layers[0]' <<<"$output")"
	c rmi -f legacy:1 >/dev/null
	runs load -i "$WORK/legacy.tar"
	runs run --rm legacy:1 cat /legacy
	is old
}

@test "many layers without their recordings, side by side" {
	local layer
	python3 "$BATS_TEST_DIRNAME/rung_image.py" "$WORK/three.tar" localhost/three:1 changes "$WORK/busybox" "$BATS_TEST_DIRNAME/rung_probe.c"
	c load -q -i "$WORK/three.tar" >/dev/null
	for layer in $(c image inspect -f '{{range .RootFS.Layers}}{{.}} {{end}}' three:1); do
		rm -f "$(dirname "$(grep -l "\"diffId\": *\"$layer\"" "$CORACLE_ROOT"/store/layers/*/layer.json)")/tar.split"
	done
	runs save -q -o "$WORK/saved.tar" three:1
	c save three:1 2>/dev/null | cmp - "$WORK/saved.tar"
	c rmi three:1 >/dev/null
	runs load -q -i "$WORK/saved.tar"
	is 3 "$(c image inspect -f '{{len .RootFS.Layers}}' three:1)"
	c rmi three:1 >/dev/null
}

@test "a changed layer is told, and not saved" {
	local file
	image_from changed:1 <<-'END'
		echo right >secret
	END
	file=$(find "$CORACLE_ROOT/store/layers" -path '*/diff/secret')
	echo wrong >"$file"
	refuses 125 'secret.*changed since it was unpacked' save -o "$WORK/changed.tar" changed:1
	refuses 125 'secret.*changed since it was unpacked' save --format oci-archive -o "$WORK/changed.tar" changed:1
	[ ! -e "$WORK/changed.tar" ]
	refuses 125 'changed since' save --format oci-dir -o "$WORK/changed" changed:1
	[ ! -e "$WORK/changed" ]
	c rmi changed:1 >/dev/null
}

@test "a changed configuration or manifest is told, not saved, and right again when the image was loaded once more" {
	local id digest blobs=$CORACLE_ROOT/store/blobs/sha256
	id=$(id_of two:1)
	sed -i 's|"cat"|"dog"|' "$blobs/${id#*:}"
	refuses 125 "digest of ${id:0:19}.*repair" save -o "$WORK/dog.tar" two:1
	refuses 125 "digest of ${id:0:19}.*repair" save --format oci-dir -o "$WORK/dog" two:1
	refuses 125 "digest of ${id:0:19}.*repair" push -q two:1 localhost:1/two:1
	refuses 125 "digest of ${id:0:19}.*repair" manifest create "two-list:1" two:1
	[ ! -e "$WORK/dog.tar" ] && [ ! -e "$WORK/dog" ]
	runs load -q -i "$WORK/made.tar"
	runs save -o "$WORK/cat.tar" two:1
	is "$id" "$(id_of two:1)"
	digest=$(c image inspect -f '{{.Digest}}' two:1)
	sed -i 's|"size":|"site":|' "$blobs/${digest#*:}"
	refuses 125 "digest of ${digest:0:19}.*repair" save --format oci-dir -o "$WORK/dog" two:1
	runs load -q -i "$WORK/made.tar"
	runs save --format oci-dir -o "$WORK/cat" two:1
}

@test "a layout with a symlink in place of its blobs is not written through" {
	mkdir -p "$WORK/evil" "$WORK/outside"
	ln -s ../outside "$WORK/evil/blobs"
	refuses 125 'evil/blobs' save --format oci-dir -o "$WORK/evil" two:1
	is '' "$(ls -A "$WORK/outside")"
	rm "$WORK/evil/blobs"
	echo '{"manifests": 1}' >"$WORK/evil/index.json"
	refuses 125 'no index of images' save --format oci-dir -o "$WORK/evil" two:1
	is '{"manifests": 1}' "$(cat "$WORK/evil/index.json")"
}
