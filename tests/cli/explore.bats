#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# explore.bats - history, image tree, image diff, image exists, untag, images --tree and --history, --platform

load helper

file_setup()
{
	local name
	mkdir "$WORK/images"
	python3 "$BATS_TEST_DIRNAME/explore_images.py" "$WORK/images"
	for name in one two three same kinds plain foreign deep; do
		c load -q -i "$WORK/images/$name.tar" >/dev/null
	done
}

hex_of()
{
	c image inspect -f '{{.Id}}' "$1" | sed 's/sha256://'
}

# --- history

@test "history has a line a step, the newest first, and only the top has an id" {
	runs history two
	has '^IMAGE +CREATED +CREATED BY +SIZE +COMMENT *$' "${lines[0]}"
	[ "${#lines[@]}" = 4 ]
	has "^$(hex_of two | cut -c1-12) +.* ago +RUN .* 24 B +buildkit$" "${lines[1]}"
	has '^<missing> +.* ago +ENV A=b x+\.\.\. +0 B' "${lines[2]}"
	has '^<missing> +.* ago +ADD base in / +37 B' "${lines[3]}"
	runs image history -q two
	is "$(hex_of two | cut -c1-12)"$'\n<missing>\n<missing>'
}

@test "history never sends a control character of an image to the terminal" {
	for format in '' '{{.CreatedBy}}' 'table {{.CreatedBy}}' json; do
		runs history --no-trunc ${format:+--format "$format"} three
		! LC_ALL=C grep -q '[[:cntrl:]]' <<<"${output//$'\n'/}" || return 1
	done
	runs history --no-trunc --format '{{.CreatedBy}}' three
	has '^RUN \?\[31mred$'
	has '^ENV A=b x{60}$'
}

@test "history --human=false has bytes and dates; --no-trunc the whole id" {
	runs history --human=false --no-trunc two
	has "^sha256:$(hex_of two) +2024-01-01T00:00:02Z +RUN .* 24 +buildkit"
	runs history -H=false --format '{{.CreatedAt}} {{.CreatedSince}} {{.Size}}' one
	is '2024-01-01T00:00:00Z 2024-01-01T00:00:00Z 37'
}

@test "history --format json is podman's array, with all bytes of the commands" {
	runs history --format json three
	is 4 "$(jq length <<<"$output")"
	is "$(hex_of three)" "$(jq -r '.[0].id' <<<"$output")"
	is 'docker.io/library/three:latest' "$(jq -r '.[0].tags[]' <<<"$output")"
	is $'RUN \e[31mred' "$(jq -r '.[1].CreatedBy' <<<"$output")"
	is '0 24 0 37' "$(jq -r '[.[].size] | join(" ")' <<<"$output")"
	is '<missing> 2024-01-01T00:00:01Z' "$(jq -r '.[2] | .id + " " + .created' <<<"$output")"
}

@test "layers that no step tells of are steps without words" {
	runs history --format '{{.ID}}|{{.CreatedBy}}|{{.Size}}' plain
	is "$(hex_of plain | cut -c1-12)||37 B"
	runs history --format '{{.Size}}' same
	is $'37 B\n37 B'
}

@test "--platform of history and image inspect is an error for another platform" {
	runs history --platform linux/s390x -q foreign
	refuses 125 'image "foreign" is for linux/s390x, not arm64; get the other with: coracle pull --platform arm64 foreign' \
		history --platform arm64 foreign
	runs image inspect --platform s390x -f '{{.Architecture}}' foreign
	is s390x
	refuses 125 'is for linux/s390x, not linux/amd64' image inspect -f x --platform linux/amd64 foreign
	refuses 125 'platform' history --platform '///' foreign
}

@test "history and the others name the image that is not there" {
	for command in history 'image tree' 'image diff' 'image diff one'; do
		refuses 125 'image not known: "nothing"; get it with: coracle pull nothing' $command nothing
	done
}

# --- image tree

@test "image tree shows the layers, lowest first, and who ends where" {
	runs image tree three
	is "Image ID: $(hex_of three | cut -c1-12)" "${lines[0]}"
	has '^Tags: +\[docker.io/library/three:latest\]$' "${lines[1]}"
	has '^├── ID: [0-9a-f]{12} Size: 37B Top Layer of: \[.*docker.io/library/one:latest.*\]$' "${lines[4]}"
	has 'docker.io/library/plain:latest' "${lines[4]}"
	has '^├── ID: [0-9a-f]{12} Size: 24B Top Layer of: \[docker.io/library/two:latest\]$' "${lines[5]}"
	has '^└── ID: [0-9a-f]{12} Size: 0B Top Layer of: \[docker.io/library/three:latest\]$' "${lines[6]}"
	[ "${#lines[@]}" = 7 ]
}

@test "image tree --whatrequires shows what stands on an image" {
	runs image tree --whatrequires one
	has '^└── ID: [0-9a-f]{12} Size: 37B' "${lines[4]}"
	has '^    (├|└)── ID: [0-9a-f]{12} Size: 24B Top Layer of: \[docker.io/library/two:latest\]$'
	has '^    (│| )   └── ID: [0-9a-f]{12} Size: 0B Top Layer of: \[docker.io/library/three:latest\]$'
	has '^    (├|└)── ID: [0-9a-f]{12} Size: 37B Top Layer of: \[docker.io/library/same:latest\]$'
	[ "${#lines[@]}" = 8 ]
	runs image tree --whatrequires three
	[ "${#lines[@]}" = 5 ]
}

# --- image diff

@test "image diff knows whiteouts, opaque directories and changes of kind" {
	runs image diff two
	is 'C /becomes
D /dir
C /etc
D /etc/gone
A /etc/new
C /file
A /file/x
C /keep
C /keep/a
C /keep/a/b
C /keep/a/b/c
C /opaque
D /opaque/lower
D /opaque/sub
A /opaque/upper'
}

@test "image diff of an image with one layer is all that is in it" {
	runs image diff one
	hasnt '^[^A]'
	is "$(tar -tf <(tar -xOf "$WORK/images/one.tar" --wildcards '*/layer.tar') | wc -l)" "$(($(grep -c . <<<"$output") - 4))"
	has '^A /keep/a/b/c$'
}

@test "image diff with a second image is what leads from that to the first" {
	runs image diff one three
	has '^A /dir$'
	has '^A /dir/in$'
	has '^A /etc/gone$'
	has '^D /etc/new$'
	has '^A /opaque/sub/f$'
	has '^D /opaque/upper$'
	hasnt '/etc/passwd|/etc/same|untouched'
	runs image diff three three
	is ''
	runs image diff plain one
	is ''
}

@test "files are equal only when mode, owner, time, size, attributes and content are" {
	runs image diff same
	is ''
	runs image diff kinds
	is 'C /closed
C /content
C /link
C /mode
C /owner
C /size
C /time
C /xattr'
}

@test "names with control characters and broken UTF-8 come out harmless" {
	runs image diff three
	is 'C /etc
A /etc/back\slash
A /etc/latin\xe9
A /etc/odd\x1b[31m\x0aname
A /etc/ünïcode'
	runs image diff --format json three
	is $'["/etc"]\n["/etc/back\\\\slash","/etc/latin\\\\xe9","/etc/odd\\u001b[31m\\nname","/etc/ünïcode"]\nnull' \
		"$(jq -c '.changed, .added, .deleted' <<<"$output")"
	refuses 125 'option --format: "table" is not json' image diff --format table three
}

@test "image diff goes as deep as layers do" {
	runs image diff deep
	[ "${#lines[@]}" = 200 ]
	has '^C (/d){199}/x$'
}

@test "which layer is gone, and what mends it, is said by all of them" {
	local layer
	c load -q -i "$WORK/images/two.tar" >/dev/null
	layer=$(c image inspect -f '{{.GraphDriver.Data.UpperDir}}' two)
	mv "${layer%/diff}" "$WORK/away"
	for command in history 'image tree' 'image diff' 'image diff one' 'image tree --whatrequires'; do
		refuses 125 "layer [0-9a-f]{12} is missing from the store; load or pull its image again" $command two
	done
	mv "$WORK/away" "${layer%/diff}"
}

# --- image exists, untag

@test "image exists answers with its exit status and says nothing" {
	gives 0 image exists one
	is ''
	gives 0 image exists "$(hex_of one | cut -c1-12)"
	gives 1 image exists nothing
	is '' "$output$stderr"
	gives 1 image exists "$(printf 'f%.0s' {1..64})"
	refuses 125 'the tag behind' image exists 'one:'
}

@test "untag without names takes all of them, by name or by id" {
	runs tag plain plain:2 other/plain
	runs untag plain:2 plain:latest
	gives 1 image exists plain
	runs untag plain:2
	gives 1 image exists other/plain
	runs images --filter dangling=true -q
	local id=$output
	[ -n "$id" ]
	runs tag "$id" plain:4 plain:3
	runs untag "$id"
	gives 1 image exists plain:4
	gives 1 image exists plain:3
	runs tag "$id" docker.io/library/plain:latest
}

# --- images

@test "images --tree has each image once, with its platform and what was fetched" {
	runs tag one one:again
	runs images --tree
	has '^IMAGE +ID +DISK USAGE +CONTENT SIZE +EXTRA$' "${lines[0]}"
	has '^docker.io/library/three:latest +[0-9a-f]{12} +61 B +[0-9.]+ kB'
	has '^localhost/one:again *$'
	has '^└─ linux/s390x +[0-9a-f]{12} +37 B'
	is 9 "$(grep -c '^[a-z./]*:latest ' <<<"$output")"
	runs untag one one:again
	runs create --name user busybox
	runs images --tree busybox
	has '^[a-z./]*busybox:latest .* U *$'
	for other in -q --no-trunc --digests --history '--format json' '--sort size'; do
		refuses 125 "--tree and --[a-z-]+ exclude each other" images --tree $other
	done
}

@test "images --history has all names of an image in a last column" {
	runs tag one one:again
	runs images --history one
	has '^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE +HISTORY$' "${lines[0]}"
	has 'docker.io/library/one:latest, localhost/one:again$' "${lines[1]}"
	runs images --format '{{.Tag}} {{.History}}' one:again
	is 'again docker.io/library/one:latest, localhost/one:again'
	runs untag one one:again
}

@test "completion knows the commands" {
	for shell in bash zsh fish; do
		runs completion $shell
		has 'whatrequires'
	done
	runs image --help
	has '^  diff '
	has '^  history '
}
