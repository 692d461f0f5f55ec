#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# check.bats - image check, system check: every kind of damage is named, and mended from where the image came

load helper
load registries

file_setup()
{
	registries_begin
	registry plain
	export PLAIN=$(port plain)
	mkdir -p "$WORK/low/etc/d" "$WORK/low/usr/lib" "$WORK/high/etc"
	cp /bin/busybox "$WORK/low/busybox"
	seq 5000 >"$WORK/low/etc/numbers"
	echo one >"$WORK/low/etc/d/one"
	ln "$WORK/low/etc/d/one" "$WORK/low/etc/again"
	ln -s usr/lib "$WORK/low/lib"
	mkfifo "$WORK/low/etc/fifo"
	chmod 4755 "$WORK/low/busybox"
	echo two >"$WORK/high/etc/two"
	: >"$WORK/high/etc/.wh.again"
	layout "$WORK/layout" "$WORK/low" "$WORK/high"
	skopeo --insecure-policy copy -q --dest-tls-verify=false "oci:$WORK/layout:it" "docker://$PLAIN/team/app:1" 3>&-
}

file_teardown()
{
	registries_end
}

setup()
{
	IMAGE=$PLAIN/team/app:1
	STORE=$CORACLE_ROOT/store
	REGISTRIES_CONF=$XDG_CONFIG_HOME/containers/registries.conf
	printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$PLAIN" >"$REGISTRIES_CONF"
	c pull -q "$IMAGE" >/dev/null
	ID=$(c image inspect -f '{{.Id}}' "$IMAGE")
	ID=${ID#sha256:}
	LOW=$(jq -r '.layers[0]' "$STORE/images/$ID.json") LOW=$STORE/layers/${LOW#sha256:}
	HIGH=$(jq -r '.layers[1]' "$STORE/images/$ID.json") HIGH=$STORE/layers/${HIGH#sha256:}
}

test_teardown()
{
	c rm -f -a -t 0 >/dev/null 2>&1 || true
	rm -f "$STORE/refs"/*
	c rmi -f -a >/dev/null 2>&1 || true
	image_busybox
}

# layout DIRECTORY LAYER...: an OCI layout with an image "it" of the trees
layout()
{
	local top=$1 tree
	shift
	for tree; do
		tar -C "$tree" --owner=0 --group=0 --numeric-owner --sort=name -cf "$tree.tar" .
	done
	layouts "$top" "${@/%/.tar}" <<-'END'
	made = Layout(sys.argv[1])
	made.finish(made.image([read(name) for name in sys.argv[2:]], {'Cmd': ['/busybox', 'sh']}))
	END
}

# damaged PATTERN: a full check names it, in one line, with status 1
damaged()
{
	gives 1 image check "$IMAGE"
	is 1 "$(grep -c '^image ' <<<"$output")" || return 1
	has "^image .*$1"
}

# mends: --repair succeeds and a check finds nothing afterwards
mends()
{
	gives 0 image check --repair "$IMAGE"
	has '^repaired: '
	gives 0 image check
	is '' "$(ls "$STORE/tmp")"
	runs run --rm "$IMAGE" /busybox cat /etc/two /etc/d/one
	is $'two\none'
}

@test "nothing is damaged after a pull, an import and a load" {
	gives 0 image check
	has '^2 images, 3 layers checked: no damage$'
	gives 0 image check busybox "$IMAGE"
	gives 0 system check
	gives 0 system check --quick --max 24h
	refuses 125 'force' system check --force
	refuses 125 'image not known' image check nosuch
}

@test "a flipped byte in a file" {
	printf X | dd of="$LOW/diff/etc/numbers" bs=1 seek=700 conv=notrunc status=none
	damaged '"etc/numbers" was changed'
	gives 0 image check --quick
	mends
}

@test "files that were shortened, removed and replaced are told together" {
	: >"$LOW/diff/etc/numbers"
	rm "$LOW/diff/etc/fifo"
	rm "$LOW/diff/lib"
	mkdir "$LOW/diff/lib"
	gives 1 image check "$IMAGE"
	has '"etc/numbers" was shortened'
	has '"etc/fifo" was removed'
	has '"lib" was replaced'
	is 3 "$(grep -c '^image ' <<<"$output")"
	mends
}

@test "a symlink that leads elsewhere" {
	ln -sfn /etc "$LOW/diff/lib"
	damaged '"lib" leads elsewhere'
	mends
}

@test "a changed mode" {
	chmod 0755 "$LOW/diff/busybox"
	damaged '"busybox" has the mode 0755, not 4755'
	mends
}

@test "an extra file and an extra directory" {
	mkdir "$HIGH/diff/etc/more"
	touch "$HIGH/diff/etc/more/file"
	damaged '"etc/more" was added'
	rmdir "$HIGH/diff/etc/more" 2>/dev/null || rm -r "$HIGH/diff/etc/more"
	gives 0 image check "$IMAGE"
	touch "$LOW/diff/extra"
	damaged '"extra" was added'
	mends
}

@test "a whiteout that is gone" {
	rm "$HIGH/diff/etc/again"
	runs run --rm "$IMAGE" /busybox ls /etc
	has again
	damaged '"etc/again" of the layers below was hidden, but is not'
	mends
	runs run --rm "$IMAGE" /busybox ls /etc
	hasnt again
}

@test "a layer's files are gone" {
	rm -rf "$LOW/diff"
	damaged 'diff/\) are missing'
	gives 1 image check --quick
	mends
}

@test "a damaged, and a missing layer.json" {
	echo '{' >"$LOW/layer.json"
	damaged 'layer.json is damaged'
	mends
	rm "$HIGH/layer.json"
	damaged 'layer.json is missing'
	mends
	sed -i 's/"diffId":"sha256:..../"diffId":"sha256:0000/' "$LOW/layer.json"
	damaged 'layer.json is damaged'
	mends
}

@test "a damaged recording of the archive" {
	printf 'XXXXXXXX' | dd of="$LOW/tar.split" bs=1 seek=8 conv=notrunc status=none
	gives 1 image check "$IMAGE"
	mends
}

@test "a record without its layer" {
	rm -rf "$LOW" "$HIGH"
	gives 1 image check --quick "$IMAGE"
	is 2 "$(grep -c 'is missing' <<<"$output")"
	mends
}

@test "a truncated, a flipped and a missing configuration" {
	truncate -s 20 "$STORE/blobs/sha256/$ID"
	damaged 'configuration .* is damaged'
	mends
	printf 'X' | dd of="$STORE/blobs/sha256/$ID" bs=1 seek=3 conv=notrunc status=none
	damaged 'configuration .* is damaged'
	mends
	rm "$STORE/blobs/sha256/$ID"
	damaged 'configuration .* is missing'
	gives 1 image check --quick
	mends
}

@test "a missing manifest" {
	rm "$STORE/blobs/sha256/$(jq -r .manifest "$STORE/images/$ID.json" | cut -d: -f2)"
	damaged 'manifest .* is missing'
	mends
}

@test "an empty name is no image, and none is damaged" {
	refuses 125 'empty' image check ''
	refuses 125 'not known' image check sha256:
}

@test "a record that can't be read" {
	echo garbage >"$STORE/images/$ID.json"
	gives 1 image check
	has 'its record can.t be read'
	gives 0 image check --repair
	gives 0 image check
}

@test "a name that stands for nothing, and one that can't be read" {
	printf 'sha256:%064d' 7 >"$STORE/refs/localhost%2Fghost:1"
	echo nonsense >"$STORE/refs/localhost%2Ftorn:1"
	gives 1 image check
	has '^name localhost/ghost:1: stands for image 000000000000'
	has '^name localhost/torn:1: can.t be read'
	gives 1 image check --repair
	has 'coracle rmi localhost/ghost:1' "$stderr"
	# and that works
	runs rmi localhost/ghost:1 torn:1
	has '^Untagged: localhost/torn:1$'
	gives 0 image check
	: >"$STORE/refs/localhost%2Ftorn:1"
	runs rmi -f torn:1
	is '' "$(ls "$STORE/refs" | grep -e ghost -e torn)"
	printf 'sha256:%064d' 7 >"$STORE/refs/localhost:${PLAIN#*:}%2Fteam%2Fapp:1"
	gives 1 image check
	gives 0 image check --repair
	gives 0 image check
}

@test "a manifest list that can't be read" {
	c manifest create whole:1 >/dev/null
	gives 0 image check
	echo nonsense >"$STORE/indexes/localhost%2Fwhole:1"
	gives 1 image check
	has '^manifest list localhost/whole:1: can.t be read'
	runs image prune -f
	has 'warning: manifest list localhost/whole:1 is damaged' "$stderr"
	gives 1 image check --repair
	has 'coracle manifest rm localhost/whole:1' "$stderr"
	runs manifest rm localhost/whole:1
	gives 0 image check
}

@test "of a damaged image with two names rmi takes the one that it was given" {
	c tag busybox second
	echo '{' >"$STORE/images/$(c images -q --no-trunc busybox | cut -d: -f2).json"
	runs rmi second
	is 'Untagged: localhost/second:latest'
	runs rmi busybox
	has Deleted
	image_busybox
}

@test "a store whose directory of locks is gone makes it again" {
	rm -r "$STORE/locks"
	runs image prune -f
	rm -r "$STORE/locks"
	c import "$WORK/busybox.tar" other >/dev/null
	rm -r "$STORE/locks"
	runs rmi other
}

@test "what came from no registry is left as it is, and said so" {
	local layer
	layer=$STORE/layers/$(c image inspect -f '{{index .RootFS.Layers 0}}' busybox | cut -d: -f2)
	touch "$layer/diff/extra"
	gives 1 image check --repair busybox
	has 'came from no registry' "$stderr"
	[ -d "$layer/diff" ]
	runs run --rm busybox ls /extra
	rm "$layer/diff/extra"
}

@test "when the registry is away what is damaged comes back to its place" {
	chmod 0711 "$LOW/diff/busybox"
	printf '[[registry]]\nlocation = "%s"\nblocked = true\n' "$PLAIN" >"$REGISTRIES_CONF"
	gives 1 image check --repair "$IMAGE"
	has 'can.t be repaired' "$stderr"
	[ -x "$LOW/diff/busybox" ]
	runs run --rm "$IMAGE" /busybox cat /etc/two
	is two
}

@test "a layer that a container runs on is not touched" {
	runs run -d --name user "$IMAGE" /busybox sleep 1000 >"$WORK/run.out" 2>&1
	chmod 0755 "$LOW/diff/busybox"
	gives 1 image check --repair "$IMAGE"
	has 'container [0-9a-f]{12} runs on layer' "$stderr"
	is 755 "$(stat -c %a "$LOW/diff/busybox")"
	runs exec user /busybox cat /etc/two
	runs stop -t 0 user
	mends
	runs start user
	runs exec user /busybox cat /etc/two
}

@test "a layer without recording: files that are missing are told by their bytes" {
	rm "$LOW/tar.split"
	gives 0 image check "$IMAGE"
	rm "$LOW/diff/etc/numbers"
	damaged 'its files have .* bytes, they had'
	mends
}

@test "a layer of two images is looked at once and mended for both" {
	mkdir -p "$WORK/third"
	echo three >"$WORK/third/three"
	rm -rf "$WORK/layout3"
	layout "$WORK/layout3" "$WORK/low" "$WORK/third"
	skopeo --insecure-policy copy -q --dest-tls-verify=false "oci:$WORK/layout3:it" "docker://$PLAIN/team/other:1" 3>&-
	runs pull -q "$PLAIN/team/other:1"
	printf X | dd of="$LOW/diff/etc/numbers" bs=1 seek=700 conv=notrunc status=none
	gives 1 image check
	is 2 "$(grep -c '"etc/numbers" was changed' <<<"$output")"
	has '^3 images, 4 layers checked'
	gives 0 image check --repair
	is 2 "$(grep -c '^repaired: ' <<<"$output")"
	gives 0 image check
}

@test "a name that has moved on does no harm" {
	skopeo --insecure-policy copy -q --src-tls-verify=false --dest-tls-verify=false "docker://$PLAIN/team/app:1" "docker://$PLAIN/team/keep:1"
	chmod 0755 "$LOW/diff/busybox"
	mkdir -p "$WORK/third"
	date +%N >"$WORK/third/now"
	rm -rf "$WORK/layout2"
	layout "$WORK/layout2" "$WORK/third"
	skopeo --insecure-policy copy -q --dest-tls-verify=false "oci:$WORK/layout2:it" "docker://$PLAIN/team/app:1" 3>&-
	mends
	is "sha256:$ID" "$(c image inspect -f '{{.Id}}' "$IMAGE")"
	is 1 "$(c image inspect -f '{{len .RepoTags}}' "$IMAGE")"
	skopeo --insecure-policy copy -q --dest-tls-verify=false "oci:$WORK/layout:it" "docker://$PLAIN/team/app:1" 3>&-
}
