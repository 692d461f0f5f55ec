#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# search.bats - search, tags, image inspect of registries: docker-registry, and a registry that lies

load helper
load registries

file_setup()
{
	registries_begin
	lying open
	lying basic --auth basic
	registry plain
	export OPEN=$(port open) BASIC=$(port basic) PLAIN=$(port plain)
	image_pushed
}

file_teardown()
{
	registries_end
}

test_teardown()
{
	rm -f "$XDG_CONFIG_HOME/containers/registries.conf"
}

# image_pushed: team/app:1, :2 and team/tool:latest, an index of this machine's image and one for s390x
image_pushed()
{
	layouts "$WORK/layout" <<-'END'
	made, layers = Layout(sys.argv[1]), [layer_of('hello', b'hello\n')]
	config = {'Env': ['A=b', 'PATH=/bin'], 'Labels': {'one': 'two'}, 'Cmd': ['x']}
	fields = {'created': '2026-01-02T03:04:05Z', 'author': 'ann', 'history': [{'created_by': 'hand'}]}
	made.finish(made.index([made.instance(arch, layers, config, fields=fields) for arch in (HERE, 's390x')]))
	END
	local name
	for name in team/app:1 team/app:2 team/tool:latest; do
		skopeo --insecure-policy copy -q --all --dest-tls-verify=false "oci:$WORK/layout:it" "docker://$PLAIN/$name" 3>&-
	done
}

@test "a search lists names in podman's table and JSON" {
	runs search --tls-verify=false "$PLAIN/team"
	has '^NAME +DESCRIPTION *$'
	has "^$PLAIN/team/app *$"
	has "^$PLAIN/team/tool *$"
	is 3 "${#lines[@]}"
	runs search --tls-verify=false "$PLAIN/tool"
	is 2 "${#lines[@]}"
	runs search --tls-verify=false --format json "$PLAIN/tool"
	is '["Automated","Description","Index","Name","Official","Stars","Tag"]' "$(jq -c '.[0] | keys' <<<"$output")"
	is "$PLAIN $PLAIN/team/tool" "$(jq -r '.[] | .Index + " " + .Name' <<<"$output")"
	runs search --tls-verify=false --limit 1 "$PLAIN/team"
	is 2 "${#lines[@]}"
	runs search --tls-verify=false "$PLAIN/nothing-of-the-kind"
	is ''
	runs image search --tls-verify=false --format '{{.Name}}|{{.StarCount}}|{{.Official}}' "$OPEN/noise"
	is "$OPEN/library/noise|7|[OK]"
}

@test "stars and the like are columns for docker, and filters" {
	runs search --tls-verify=false --compatible "$OPEN/noise"
	has '^NAME +DESCRIPTION +STARS +OFFICIAL +AUTOMATED *$'
	has "^$OPEN/library/noise +found +7 +\[OK\] *$"
	runs search --tls-verify=false --filter stars=7 --filter is-official=true --filter is-automated=false "$OPEN/noise"
	is 2 "${#lines[@]}"
	runs search --tls-verify=false --filter stars=8 "$OPEN/noise"
	is ''
	runs search --tls-verify=false --filter is-official=false "$OPEN/noise"
	is ''
	runs search --tls-verify=false --filter is-automated "$OPEN/noise"
	is ''
	refuses 125 'stars=N' search --filter color=red "$OPEN/noise"
	refuses 125 'number of stars' search --filter stars=many "$OPEN/noise"
	refuses 125 'true or false' search --filter is-official=perhaps "$OPEN/noise"
	refuses 125 '1 to 100' search --limit 101 "$OPEN/noise"
	refuses 125 '1 to 100' search --limit=-1 "$OPEN/noise"
	ln -sf "$CORACLE" "$WORK/docker"
	run --separate-stderr "$WORK/docker" search --tls-verify=false "$OPEN/noise"
	has '^NAME +DESCRIPTION +STARS +OFFICIAL *$'
}

@test "a term without registry goes to all that registries.conf names, and one that is away is told" {
	cat >"$XDG_CONFIG_HOME/containers/registries.conf" <<-END
	unqualified-search-registries = ["$PLAIN", "localhost:1", "$OPEN"]
	[[registry]]
	location = "$PLAIN"
	insecure = true
	[[registry]]
	location = "$OPEN"
	insecure = true
	[[registry]]
	location = "localhost:1"
	insecure = true
	END
	refuses 125 'give the one in front' search --creds me:secret tool
	runs search --format '{{.Name}}' tool
	is "$PLAIN/team/tool
$OPEN/library/tool"
	is 1 "${#stderr_lines[@]}"
	has 'localhost:1' "$stderr"
	printf 'unqualified-search-registries = ["localhost:1", "localhost:2"]\n' >"$XDG_CONFIG_HOME/containers/registries.conf"
	refuses 125 '2 registries were asked: .*localhost:1.*localhost:2' search --tls-verify=false tool
	printf 'unqualified-search-registries = []\n' >"$XDG_CONFIG_HOME/containers/registries.conf"
	refuses 125 'registries.conf names no registry' search tool
}

@test "tags are listed as podman does, and plainly" {
	runs search --tls-verify=false --list-tags "$PLAIN/team/app"
	has '^NAME +TAG *$'
	has "^$PLAIN/team/app +1 *$"
	has "^$PLAIN/team/app +2 *$"
	runs search --tls-verify=false --list-tags --limit 1 --format '{{.Tag}}' "$PLAIN/team/app"
	has '^[12]$'
	is 1 "${#lines[@]}"
	runs search --tls-verify=false --list-tags --format json "$PLAIN/team/app"
	is "[{\"Name\":\"$PLAIN/team/app\",\"Tags\":[\"1\",\"2\"]}]" "$(jq -c '.[].Tags |= sort' <<<"$output")"
	runs image tags --tls-verify=false "docker://$PLAIN/team/app"
	is '1 2' "$(sort <<<"$output" | xargs)"
	# page by page
	runs image tags --tls-verify=false "$OPEN/good/app"
	is '1.0 1.1 2.0 latest next' "$(xargs <<<"$output")"
	refuses 125 'name not known|not found' image tags --tls-verify=false "$PLAIN/team/none"
	refuses 125 'without tag' image tags --tls-verify=false "$PLAIN/team/app:1"
	refuses 125 'not for tags' search --list-tags --filter stars=1 "$PLAIN/team/app"
}

@test "credentials are used, and wanted" {
	refuses 125 'coracle login' image tags --tls-verify=false "$BASIC/good/app"
	runs image tags --tls-verify=false --creds tester:s3cret-word "$BASIC/good/app"
	has '^latest$'
	hasnt s3cret-word "$output$stderr"
}

@test "what a registry says does not reach the terminal as it is" {
	runs search --tls-verify=false --format '{{.Description}}' "$OPEN/escapes"
	is 'a  [31mred  one   1m'
	runs image tags --tls-verify=false "$OPEN/escapes/app"
	is '1.0 1.1 2.0 latest next' "$(xargs <<<"$output")"
	runs image tags --tls-verify=false "$OPEN/pages-loop/app"
	refuses 125 'said to be elsewhere' image tags --tls-verify=false "$OPEN/pages-elsewhere/app"
}

@test "image inspect shows what skopeo shows of an image in its registry" {
	local key
	runs image inspect --tls-verify=false "docker://$PLAIN/team/app:1"
	skopeo inspect --tls-verify=false "docker://$PLAIN/team/app:1" >"$WORK/skopeo.json"
	for key in $(jq -r 'keys[]' "$WORK/skopeo.json"); do
		is "$(jq -c ".$key" "$WORK/skopeo.json")" "$(jq -c ".[0].$key" <<<"$output")"
	done
	is ann "$(jq -r '.[0].Author' <<<"$output")"
	is '["x"]' "$(jq -c '.[0].Config.Cmd' <<<"$output")"
	has '^sha256:[0-9a-f]{64}$' "$(jq -r '.[0].Id' <<<"$output")"
	runs image inspect --tls-verify=false --no-tags --format '{{.RepoTags}} {{.Architecture}}' --platform linux/s390x "docker://$PLAIN/team/app:1"
	is '[] s390x'
	runs image inspect --tls-verify=false --raw "docker://$PLAIN/team/app:1"
	is "$(skopeo inspect --raw --tls-verify=false "docker://$PLAIN/team/app:1")"
	c image inspect --tls-verify=false --raw "docker://$PLAIN/team/app:1" >"$WORK/raw"
	is "$(jq -r .Digest "$WORK/skopeo.json")" "sha256:$(sha256sum <"$WORK/raw" | cut -d' ' -f1)"
	runs image inspect --tls-verify=false --raw --platform s390x "docker://$PLAIN/team/app:1"
	is application/vnd.oci.image.manifest.v1+json "$(jq -r .mediaType <<<"$output")"
	runs image inspect --tls-verify=false --config "docker://$PLAIN/team/app:1"
	is "$(skopeo inspect --config --tls-verify=false "docker://$PLAIN/team/app:1" | jq -cS .config)" "$(jq -cS .config <<<"$output")"
	runs image inspect --tls-verify=false --raw --config "docker://$PLAIN/team/app:1"
	is '["A=b","PATH=/bin"]' "$(jq -c .config.Env <<<"$output")"
	# together with one that is here
	runs image inspect --tls-verify=false busybox "docker://$PLAIN/team/app:1"
	is 2 "$(jq length <<<"$output")"
	refuses 125 'no image for linux/riscv64' image inspect --raw --tls-verify=false --platform linux/riscv64 "docker://$PLAIN/team/app:1"
	refuses 125 'docker://NAME' image inspect --raw busybox
	refuses 125 'is for linux/.*not linux/riscv64' image inspect --platform linux/riscv64 busybox
	gives 125 image inspect --tls-verify=false "docker://$PLAIN/team/none"
	is '[]'
}

@test "manifest inspect shows what is in a registry, also in docker's form" {
	runs manifest inspect --tls-verify=false "$PLAIN/team/app:1"
	is "$(skopeo inspect --raw --tls-verify=false "docker://$PLAIN/team/app:1" | jq -cS .)" "$(jq -cS . <<<"$output")"
	is '' "$stderr"
	runs manifest inspect -v --insecure "docker://$PLAIN/team/app:1"
	is 2 "$(jq length <<<"$output")"
	is s390x "$(jq -r '.[1].Descriptor.platform.architecture' <<<"$output")"
	is "$(jq -c '.[1].OCIManifest' <<<"$output")" "$(jq -r '.[1].Raw' <<<"$output" | base64 -d | jq -c .)"
	runs manifest inspect -v --tls-verify=false "$OPEN/good/app:1"
	has 'one image, not a manifest list' "$stderr"
	is amd64 "$(jq -r '.Descriptor.platform.architecture' <<<"$output")"
	refuses 125 'no list made here.*not known|not found|unknown' manifest inspect --tls-verify=false "$PLAIN/team/none"
}

@test "buildx imagetools inspect shows the images of an index" {
	runs buildx imagetools inspect --tls-verify=false "$PLAIN/team/app:1"
	is "Name:      $PLAIN/team/app:1" "${lines[0]}"
	has '^MediaType: application/vnd.oci.image.index.v1\+json$'
	has "^Digest:    $(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$PLAIN/team/app:1")$"
	has '^  Platform:  linux/s390x$'
	is 2 "$(grep -c "^  Name:      $PLAIN/team/app:1@sha256:" <<<"$output")"
	runs buildx imagetools inspect --tls-verify=false --format '{{len .Manifest.Manifests}} {{.Image.OS}} {{.Name}}' "$PLAIN/team/app:1"
	is "2 linux $PLAIN/team/app:1"
	runs buildx imagetools inspect --tls-verify=false --raw "$PLAIN/team/app:1"
	is "$(skopeo inspect --raw --tls-verify=false "docker://$PLAIN/team/app:1")"
	runs buildx imagetools inspect --tls-verify=false "$OPEN/good/app:1"
	hasnt Manifests
	refuses 125 'both "manifests" and "layers"' buildx imagetools inspect --tls-verify=false "$OPEN/both/app:1"
	refuses 125 'not in this version' buildx imagetools create "$PLAIN/team/app:1"
	refuses 125 'not in this version' buildx build .
}

@test "indexes that lie are refused in one line" {
	local what
	for what in 'manifest inspect' 'image inspect --no-tags --format {{.Id}}'; do
		# shellcheck disable=SC2086 # words
		refuses 125 'both "manifests" and "layers"' $what --tls-verify=false "docker://$OPEN/both/app:1"
		# shellcheck disable=SC2086
		refuses 125 'not a sha256 digest' $what --tls-verify=false "docker://$OPEN/odd-index/app:1"
		# shellcheck disable=SC2086
		refuses 125 'schema 1' $what --tls-verify=false "docker://$OPEN/schema1/app:1"
		# shellcheck disable=SC2086
		refuses 125 '.' $what --tls-verify=false "docker://$OPEN/huge/app:1"
		# shellcheck disable=SC2086
		refuses 125 '.' $what --tls-verify=false "docker://$OPEN/endless/app:1"
		# shellcheck disable=SC2086
		refuses 125 '.' $what --tls-verify=false "docker://$OPEN/html/app:1"
		# shellcheck disable=SC2086
		refuses 125 'promises sha256:' $what --tls-verify=false "docker://$OPEN/wrong-header/app:1"
	done
	refuses 125 'index inside an index' image inspect --format '{{.Id}}' --tls-verify=false "docker://$OPEN/nested/app:1"
}
