#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# images.bats - images import tag rmi inspect

load helper

test_teardown()
{
	c rm -f -a -t 0 >/dev/null 2>&1
	c rmi -f extra extra:2 renamed:1 localhost:5000/a/b:c other >/dev/null 2>&1
	# An import under a name that stands for another image leaves that one untagged.
	c images -q --filter dangling=true | xargs -r "$CORACLE" rmi -f >/dev/null 2>&1
	return 0
}

@test "the table has the captions of docker's list" {
	runs images
	has '^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE *$'
	has 'busybox +latest +[0-9a-f]{12} +.* ago +[0-9.]+ ?[kM]B *$'
	runs image ls -q
	[[ $output =~ ^[0-9a-f]{12}$ ]]
	runs images -q --no-trunc
	[[ $output =~ ^sha256:[0-9a-f]{64}$ ]]
}

@test "import prints the id, takes a file or standard input, and changes" {
	runs import -m 'from a tar' -c 'CMD ["echo","changed"]' -c 'ENV A=b' -c 'WORKDIR /etc' -c 'LABEL x=y' -c 'USER ann' "$WORK/busybox.tar" extra
	has '[0-9a-f]{64}'
	runs run --rm extra
	is changed
	runs run --rm extra sh -c 'pwd; id -u; echo $A'
	is $'/etc\n1000\nb'
	runs image inspect -f '{{.Config.Labels.x}} {{.Os}} {{.Architecture}} {{len .RootFS.Layers}}' extra
	is "y linux $(uname -m | sed 's/x86_64/amd64/;s/aarch64/arm64/') 1"
	run --separate-stderr c import - extra:2 <"$WORK/busybox.tar"
	[ "$status" = 0 ]
	runs run --rm extra:2 echo piped
	is piped
}

@test "import reads gzip, xz and zstd, told apart by content" {
	need xz zstd
	for pack in 'gzip -1' 'xz -0' 'zstd -q'; do
		$pack -c "$WORK/busybox.tar" >"$WORK/packed"
		runs import "$WORK/packed" extra
		runs run --rm extra echo "$pack"
		is "$pack"
		run --separate-stderr c import - extra <"$WORK/packed"
		[ "$status" = 0 ]
	done
}

@test "import of a URL names the command that fetches it" {
	refuses 125 'curl -fsSL https://example.test/root.tar \| coracle import' import https://example.test/root.tar
}

@test "import without a name makes an untagged image" {
	tar -C "$WORK" -cf "$WORK/other.tar" ./busybox/etc
	runs import "$WORK/other.tar"
	id=$(tail -n 1 <<<"$output")
	id=${id#sha256:}
	runs images -a --filter dangling=true -q --no-trunc
	is "sha256:$id"
	runs images
	has '<none> +<none>'
	runs rmi "$id"
}

@test "tag gives a further name; rmi takes names away one by one" {
	runs import "$WORK/busybox.tar" extra
	runs tag extra renamed:1 
	is "$(c images -q extra)" "$(c images -q renamed:1)"
	runs rmi extra
	has 'Untagged:.*extra:latest'
	hasnt 'Deleted'
	runs run --rm renamed:1 echo still
	is still
}

@test "rmi of the last name deletes the image" {
	tar -C "$WORK/busybox" -cf "$WORK/other.tar" ./bin ./etc ./dev ./proc ./sys
	runs import "$WORK/other.tar" other
	runs rmi other
	has 'Untagged:.*other:latest'
	has 'Deleted:'
	refuses 1 'image not known: "other"; those that there are: coracle images$' rmi other
	gives 0 rmi -f other
	runs images -q
	[ "${#lines[@]}" = 1 ]
}

@test "rmi by id with several names needs -f" {
	tar -C "$WORK/busybox" -cf "$WORK/other.tar" ./bin ./etc ./dev ./proc ./sys ./tmp
	runs import "$WORK/other.tar" other
	runs tag other renamed:1
	id=$(c images -q other)
	run --separate-stderr c rmi "$id"
	[ "$status" != 0 ]
	runs rmi -f "$id"
	runs images --format '{{.Repository}}'
	hasnt 'other|renamed'
}

@test "rmi of an image in use is refused with 2 and names the container" {
	tar -C "$WORK/busybox" -cf "$WORK/other.tar" ./bin ./etc ./dev ./proc ./sys
	runs import "$WORK/other.tar" other
	runs create --name user other sh
	gives 2 rmi other
	has 'user|[0-9a-f]{12}' "$stderr"
	runs rm user
	runs rmi other
}

@test "names in every form find it" {
	for name in busybox busybox:latest localhost/busybox localhost/busybox:latest; do
		runs image inspect -f '{{.Id}}' "$name"
	done
	id=$(c image inspect -f '{{.Id}}' busybox)
	id=${id#sha256:}
	for name in "$id" "sha256:$id" "${id:0:12}"; do
		runs run --rm "$name" echo found
		is found
	done
	runs tag busybox localhost:5000/a/b:c
	runs run --rm localhost:5000/a/b:c echo port
	is port
}

@test "names that are none are refused" {
	for name in UPPER 'a b' '' ':tag' 'x:' 'a//b' "$(printf 'x%.0s' {1..300})"; do
		run --separate-stderr c tag busybox "$name"
		[ "$status" = 125 ] || { echo "accepted: '$name'"; return 1; }
	done
}

@test "filters and formats" {
	runs import -c 'LABEL k=v' "$WORK/busybox.tar" extra
	runs images --filter label=k=v --format '{{.Repository}}:{{.Tag}}'
	has '^(localhost/)?extra:latest$'
	runs images --filter 'reference=*busy*' --format '{{.Repository}}'
	has '^(localhost/)?busybox$'
	runs images extra --format '{{.ID}}'
	has '^[0-9a-f]{12}$'
	run bash -c '"$CORACLE" images --format json | jq -r ".[] | (.Names // [])[]" | sort | head -n 1'
	has 'busybox:latest'
	run bash -c '"$CORACLE" images --format "{{json .}}" | jq -r .Tag | sort -u'
	is latest
	run --separate-stderr c images --filter nosuch=1
	[ "$status" = 125 ]
}

@test "filter containers: images that some container uses, and the others" {
	c import "$WORK/busybox.tar" extra >/dev/null
	c create busybox >/dev/null
	runs images --filter containers=true --format '{{.Repository}}'
	has 'busybox$'
	hasnt extra
	runs images --filter containers=false --format '{{.Repository}}'
	is localhost/extra
	refuses 125 'true or false' images --filter containers=perhaps
}

@test "filter reference shows only the names that match, so that rmi of what is listed takes no others" {
	c tag busybox extra:2
	runs images --filter 'reference=extra' --format '{{.Repository}}:{{.Tag}}'
	is localhost/extra:2
	runs images --filter 'reference=extra' --filter 'reference=*busy*' --format '{{.Tag}}'
	is $'latest\n2'
}

@test "the filters manifest, readonly and intermediate" {
	c manifest create list:1 >/dev/null
	runs images --filter manifest=true --format '{{.Repository}}'
	is localhost/list
	runs images --filter manifest=false --format '{{.Repository}}'
	hasnt list
	c manifest rm list:1 >/dev/null
	is '' "$(c images -q --filter readonly=true)$(c images -q --filter intermediate=true)"
	is "$(c images -q)" "$(c images -q --filter readonly=false --filter intermediate=false)"
}

@test "--format json is an array, for docker a line a row with its names of fields" {
	ln -sf "$CORACLE" "$WORK/docker"
	c tag busybox json:1
	c tag busybox json:2
	runs images --format json
	is array "$(jq -r type <<<"$output")"
	run --separate-stderr timeout 300 "$WORK/docker" images --format json json
	is 2 "${#lines[@]}"
	is 'localhost/json:1 localhost/json:2' "$(jq -r '.Repository + ":" + .Tag' <<<"$output" | sort | xargs)"
	run --separate-stderr timeout 300 "$WORK/docker" images --format json nothing
	is ''
	run --separate-stderr timeout 300 "$WORK/docker" ps -a --format json
	is ''
	run --separate-stderr timeout 300 "$WORK/docker" history --format json json:1
	is object "$(jq -r type <<<"${lines[0]}")"
	run --separate-stderr timeout 300 "$WORK/docker" system df --format json
	is Images "$(jq -r .Type <<<"${lines[0]}")"
	run --separate-stderr timeout 300 "$WORK/docker" volume ls --format json
	is ''
	c rmi json:1 json:2
}

@test "image inspect has what scripts use" {
	run bash -c '"$CORACLE" image inspect busybox | jq -r ".[0] | .RepoTags[0], .Os, .RootFS.Type, .Config.Cmd[0], (.Size > 100000), (.Created | length > 10)"'
	has 'busybox:latest'
	has '^linux$'
	has '^layers$'
	has '^sh$'
	[ "${lines[4]}" = true ] && [ "${lines[5]}" = true ]
	run --separate-stderr c image inspect nosuch
	[ "$status" != 0 ]
	is "[]"
}

@test "image rm, remove and rmi are the same; image exists is not needed to find out" {
	runs import "$WORK/busybox.tar" extra
	runs image rm extra
	runs import "$WORK/busybox.tar" extra
	runs image remove extra
}
