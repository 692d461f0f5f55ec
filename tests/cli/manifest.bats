#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# manifest.bats - manifest lists made, changed, pushed: docker-registry, podman and skopeo, and a registry that lies

load helper
load registries

file_setup()
{
	registries_begin
	lying open
	lying basic --auth basic
	registry plain
	registry other
	export OPEN=$(port open) BASIC=$(port basic) PLAIN=$(port plain) OTHER=$(port other)
	printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$PLAIN" "$OTHER" "$OPEN" "$BASIC" \
		>"$XDG_CONFIG_HOME/containers/registries.conf"
	layout
	skopeo --insecure-policy copy -q --all --dest-tls-verify=false "oci:$WORK/layout:it" "docker://$OTHER/team/both:1" 3>&-
	skopeo --insecure-policy copy -q --override-arch s390x --dest-tls-verify=false "docker://$OTHER/team/both:1" \
		--src-tls-verify=false "docker://$PLAIN/team/s390x:1" 3>&-
}

file_teardown()
{
	registries_end
}

test_teardown()
{
	c manifest rm -i list other >/dev/null 2>&1 || true
	c rmi -f -a >/dev/null 2>&1 || true
	image_busybox
}

# layout: $WORK/layout, an index of an image for this machine and one for s390x
layout()
{
	layouts "$WORK/layout" <<-'END'
	made = Layout(sys.argv[1])
	made.finish(made.index([made.instance(arch, [layer_of('hello', arch.encode() * 1000)], {'Cmd': ['x']}, {'kept': 'yes'})
	                        for arch in (HERE, 's390x')]))
	END
}

# of FILTER [LIST]: what jq finds in a list
of()
{
	c manifest inspect "${2:-list}" | jq -cr "$1"
}

@test "a list is made, shown, found, and taken away" {
	local id
	runs manifest create list
	has '^[0-9a-f]{64}$'
	id=$output
	is '{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json","manifests":[]}' "$(of .)"
	is "$(of .)" "$(of . "${id:0:12}")"
	runs images --no-trunc --format '{{.ID}}' localhost/list
	is "sha256:$id"
	is true "$(c images --format json | jq '.[] | select(.Names[0] == "localhost/list:latest").IsManifestList')"
	gives 0 manifest exists list
	gives 1 manifest exists nothing
	gives 1 manifest exists busybox
	refuses 125 'already.*--amend' manifest create list
	refuses 125 'is a manifest list' push list "$PLAIN/team/x:1"
	runs manifest create --amend list
	is "$id"
	refuses 125 'name of an image' manifest create busybox
	runs manifest rm list
	is "Untagged: localhost/list:latest
Deleted: $id"
	refuses 1 'not known: "list"' manifest rm list
	runs manifest rm --ignore list
	runs manifest create list
	runs rmi -f -a
	gives 1 manifest exists list
	image_busybox
	runs manifest create list
	runs rmi list
	has '^Untagged: localhost/list:latest$'
	gives 1 manifest exists list
	refuses 125 'not known: "list".*coracle manifest create' manifest add list busybox
	refuses 125 'not known' manifest annotate --index --annotation a=b list
	refuses 125 'not known' manifest remove list "sha256:$(printf '%064d' 1)"
	ln -sf "$CORACLE" "$WORK/docker"
	run --separate-stderr "$WORK/docker" manifest create list
	is 'Created manifest list docker.io/library/list:latest'
	runs manifest rm docker.io/library/list
}

@test "images of the store keep their digests, and what is said of them" {
	local digest
	digest=$(c image inspect --format '{{.Digest}}' busybox)
	c manifest create list
	runs manifest add list busybox
	is "$digest" "$(of '.manifests[].digest')"
	is "$(c image inspect --format '{{.Os}}/{{.Architecture}}' busybox)" "$(of '.manifests[0].platform | .os + "/" + .architecture')"
	is application/vnd.oci.image.index.v1+json "$(of .mediaType)"
	# again: the same one
	runs manifest add --arch arm64 --variant v8 --os-version 1 --features a,b --annotation x=y=z --annotation k= list containers-storage:busybox
	is 1 "$(of '.manifests | length')"
	is '{"architecture":"arm64","features":["a","b"],"os":"linux","os.version":"1","variant":"v8"}' "$(of '.manifests[0].platform' | jq -cS .)"
	is '{"x":"y=z","k":""}' "$(of '.manifests[0].annotations')"
	runs manifest annotate --arch s390x --os-features c list "$digest"
	runs manifest annotate --variant z list busybox
	is '{"architecture":"s390x","features":["a","b"],"os":"linux","os.features":["c"],"os.version":"1","variant":"z"}' "$(of '.manifests[0].platform' | jq -cS .)"
	runs manifest annotate --index --annotation of=list list
	is '{"of":"list"}' "$(of .annotations)"
	is '{"x":"y=z","k":""}' "$(of '.manifests[0].annotations')"
	runs manifest annotate --subject busybox list
	is "$digest" "$(of .subject.digest)"
	refuses 125 'KEY=VALUE' manifest add --annotation nothing list busybox
	refuses 125 'which image' manifest annotate --arch arm list
	refuses 125 'no image goes with it' manifest annotate --index --arch arm list
	refuses 125 'artifacts' manifest add --artifact list "$WORK/busybox.tar"
	refuses 125 'load it first' manifest add list "oci:$WORK/layout"
	runs manifest remove list "$digest"
	is '[]' "$(of .manifests)"
	refuses 125 'is not in manifest list' manifest remove list "$digest"
	refuses 125 'is not in manifest list' manifest annotate --arch arm list "$digest"
}

@test "images of registries are listed without being fetched" {
	local here
	runs manifest create list "$OTHER/team/both:1"
	is 1 "$(of '.manifests | length')"
	here=$(of '.manifests[0].digest')
	is yes "$(of '.manifests[0].annotations.kept')"
	runs manifest create --amend --all list "docker://$OTHER/team/both:1"
	is 2 "$(of '.manifests | length')"
	is "$here" "$(of '.manifests[0].digest')"
	is s390x "$(of '.manifests[1].platform.architecture')"
	# one that stands alone: its configuration says for what it is
	runs manifest create other "$PLAIN/team/s390x:1"
	is s390x "$(of '.manifests[0].platform.architecture' other)"
	# of another list
	runs manifest add --all other list
	is 2 "$(of '.manifests | length' other)"
	is '' "$(c images --format '{{.Repository}}' | grep -E 'both|s390x' || true)"
	refuses 125 'not known|not found|unknown' manifest add list "$OTHER/team/none:1"
	refuses 125 'not known' manifest add list containers-storage:nothing
	is 2 "$(of '.manifests | length')"
	runs manifest inspect -v list
	is "$OTHER/team/both@$here" "$(jq -r '.[0].Ref' <<<"$output")"
}

@test "run takes the image of a list that is for this machine" {
	c manifest create list "$PLAIN/team/s390x:1"
	refuses 125 'has no image for linux/' run --rm list echo works
	c manifest add list busybox
	runs run --rm list echo works
	is works
	is '' "$stderr"
	refuses 125 'no image for linux/riscv64' run --rm --platform linux/riscv64 list
	# from a registry: fetched, and called by its digest
	c manifest create other "$OTHER/team/both:1"
	refuses 125 'not known' run --rm --pull never other
	gives 127 run --rm --quiet other no-such-command
	has "^$OTHER/team/both" "$(c images --digests --format '{{.Repository}}')"
}

@test "several that add to one list at once lose nothing" {
	local i pids=()
	c manifest create list
	for i in 1 2 3 4 5 6 7 8; do
		echo "$i" >"$WORK/file$i"
		tar -C "$WORK" -cf "$WORK/one.tar" "file$i"
		c import "$WORK/one.tar" "one:$i" >/dev/null
	done
	for i in 1 2 3 4 5 6 7 8; do
		c manifest add list "one:$i" >/dev/null &
		pids+=($!)
	done
	wait "${pids[@]}"
	is 8 "$(of '.manifests | length')"
}

@test "what a list names is no garbage" {
	local digest
	digest=$(c image inspect --format '{{.Digest}}' busybox)
	c manifest create list busybox
	c tag busybox keep:1
	c rmi busybox >/dev/null
	# another image goes, and takes along what nobody names
	tar -C "$WORK" -cf "$WORK/one.tar" busybox.tar
	c import "$WORK/one.tar" gone:1 >/dev/null
	c rmi gone:1 >/dev/null
	c rmi -f keep:1 >/dev/null
	is "$digest" "$(of '.manifests[].digest')"
	[ -e "$CORACLE_ROOT/store/blobs/sha256/${digest#sha256:}" ]
	runs manifest rm list
	c import "$WORK/one.tar" gone:1 >/dev/null
	c rmi gone:1 >/dev/null
	[ ! -e "$CORACLE_ROOT/store/blobs/sha256/${digest#sha256:}" ]
}

@test "indexes that lie do not get into a list" {
	c manifest create list
	refuses 125 'both "manifests" and "layers"' manifest add --all list "$OPEN/both/app:1"
	refuses 125 'not a sha256 digest' manifest add --all list "$OPEN/odd-index/app:1"
	refuses 125 '1000 at the most' manifest add --all list "$OPEN/wide/app:1"
	refuses 125 'index inside an index' manifest add --all list "$OPEN/nested/app:1"
	refuses 125 'index inside an index' manifest add list "$OPEN/nested/app:1"
	refuses 125 'schema 1' manifest add list "$OPEN/schema1/app:1"
	refuses 125 'promises sha256:' manifest add list "$OPEN/wrong-header/app:1"
	refuses 125 '.' manifest add list "$OPEN/wrong-bytes/app:1"
	refuses 125 '.' manifest add list "$OPEN/huge/app:1"
	refuses 125 '.' manifest add list "$OPEN/endless/app:1"
	refuses 125 '.' manifest add list "$OPEN/html/app:1"
	is '[]' "$(of .manifests)"
}

@test "a damaged list is told, hides nothing, and can be taken away" {
	c manifest create list busybox
	echo '{' >"$CORACLE_ROOT/store/indexes/localhost%2Flist:latest"
	refuses 125 'localhost%2Flist' manifest inspect list
	runs images --format '{{.Repository}}'
	is localhost/busybox
	runs manifest rm list
	is 'Untagged: localhost/list:latest'
	gives 1 manifest exists list
	printf '{"id": "%064d", "digest": "sha256:../../../../etc/passwd"}' 1 >"$CORACLE_ROOT/store/indexes/localhost%2Flist:latest"
	refuses 125 'damaged' manifest inspect list
	runs rmi list
	gives 1 manifest exists list
}

# list_of_two: busybox from the store, and an image of another registry for s390x
list_of_two()
{
	c manifest create list busybox
	c manifest add list "$OTHER/team/both@$(skopeo inspect --raw --tls-verify=false "docker://$OTHER/team/both:1" |
		jq -r '.manifests[1].digest')" >/dev/null
}

@test "what is pushed is what skopeo, podman and we get from there" {
	local digest raw
	list_of_two
	runs manifest push --digestfile "$WORK/digest" list "docker://$PLAIN/team/list:1"
	has '^sha256:[0-9a-f]{64}$'
	digest=$output
	is "$digest" "$(cat "$WORK/digest")"
	has '^Copying image sha256:[0-9a-f]{64} \(2/2\)$' "$stderr"
	raw=$(skopeo inspect --raw --tls-verify=false "docker://$PLAIN/team/list:1")
	is "$digest" "sha256:$(printf %s "$raw" | sha256sum | cut -d' ' -f1)"
	is "$raw" "$(c image inspect --raw "docker://$PLAIN/team/list:1")"
	# the one of the other registry came as it was
	is "$(of '.manifests[1]')" "$(jq -c '.manifests[1]' <<<"$raw")"
	is "$(of '.manifests[0].platform')" "$(jq -c '.manifests[0].platform' <<<"$raw")"
	skopeo --insecure-policy copy -q --all --preserve-digests --src-tls-verify=false "docker://$PLAIN/team/list:1" "dir:$WORK/dir" 3>&-
	runs pull -q "$PLAIN/team/list:1"
	runs run --rm --pull never "$PLAIN/team/list:1" echo works
	is works
	runs pull -q --platform linux/s390x "$PLAIN/team/list:1"
	podman --root "$WORK/podman" --runroot "$WORK/podman-run" --storage-driver vfs pull -q --tls-verify=false \
		"$PLAIN/team/list:1" 3>&- 2>/dev/null | grep -Eq '^[0-9a-f]{64}$'
	# again: nothing to send, the same digest
	runs manifest push -q list "$PLAIN/team/list:1"
	is ''
	is '' "$stderr"
	is "$raw" "$(c image inspect --raw "docker://$PLAIN/team/list:1")"
	runs manifest inspect "$PLAIN/team/list:1"
	is "$raw" "$(jq -c . <<<"$output")"
}

@test "formats, compression, and lists that go when they were pushed" {
	list_of_two
	c manifest annotate --index --annotation a=b list >/dev/null
	runs manifest push -q --format v2s2 list "$PLAIN/team/docker:1"
	runs image inspect --raw "docker://$PLAIN/team/docker:1"
	is 'application/vnd.docker.distribution.manifest.list.v2+json application/vnd.docker.distribution.manifest.v2+json null' \
		"$(jq -r '.mediaType + " " + .manifests[0].mediaType + " " + (.annotations | tostring)' <<<"$output")"
	runs manifest push -q --compression-format zstd list "$PLAIN/team/zstd:1"
	runs image inspect --format '{{(index .LayersData 0).MIMEType}}' "docker://$PLAIN/team/zstd:1"
	has 'tar.zstd$'
	refuses 125 'not oci or v2s2' manifest push --format v1 list "$PLAIN/team/x:1"
	refuses 125 'names no registry' manifest push list
	refuses 125 'sign' manifest push --sign-by me list "$PLAIN/team/x:1"
	# its images are not in that repository
	refuses 125 '.' manifest push -q --all=false list "$PLAIN/team/fresh:1"
	runs manifest push -q --all=false --rm list "$PLAIN/team/zstd:2" || true
	gives 0 manifest exists list
	runs manifest push -q --rm list "$PLAIN/team/last:1"
	gives 1 manifest exists list
	runs manifest create "$PLAIN/team/own:1" busybox
	runs manifest push -q -p "$PLAIN/team/own:1"
	gives 1 manifest exists "$PLAIN/team/own:1"
	runs manifest inspect "$PLAIN/team/own:1"
}

@test "within one registry nothing is sent again, and credentials go to the destination alone" {
	c manifest create list "$OPEN/good/app:1"
	: >"$WORK/open.log"
	runs manifest push -q list "$OPEN/good/copy:1"
	is 0 "$(jq -s '[.[] | select(.path | contains("/blobs/")) | .sent] | add' "$WORK/open.log")"
	is 0 "$(jq -r 'select(.method == "GET").path' "$WORK/open.log" | grep -c /blobs/ || true)"
	# the source has its own, and must not see those of the destination
	printf '{"auths": {"%s": {"auth": "%s"}}}' "$BASIC" "$(printf tester:s3cret-word | base64)" >"$REGISTRY_AUTH_FILE"
	runs manifest create --amend list "$BASIC/good/app:1"
	: >"$WORK/basic.log"
	runs manifest push -q --creds me:secret-word list "$PLAIN/team/creds:1"
	is "Basic $(printf tester:s3cret-word | base64)" "$(jq -r '.headers.authorization // empty' "$WORK/basic.log" | sort -u)"
	echo '{}' >"$REGISTRY_AUTH_FILE"
}

@test "an image that is gone, and a registry that lies, are told; the tag appears last" {
	local lie
	list_of_two
	c rmi -f busybox >/dev/null
	refuses 125 'not in the store any more.*coracle manifest remove' manifest push -q list "$PLAIN/team/gone:1"
	gives 125 image tags "$PLAIN/team/gone"
	c manifest rm list >/dev/null
	c manifest create list "$OPEN/good/app:1"
	runs manifest push -q list "$PLAIN/team/honest:1"
	gives 125 manifest push -q list "localhost:1/team/away:1"
	# what the registry said when the image was added it does not say any more
	for lie in wrong-bytes shorter denied; do
		sed -i -E "s|$OPEN/[a-z0-9-]+/app|$OPEN/$lie/app|" "$CORACLE_ROOT/store/indexes/localhost%2Flist:latest"
		refuses 125 '.' manifest push -q list "$PLAIN/team/$lie:1"
		gives 125 image tags "$PLAIN/team/$lie"
	done
}
