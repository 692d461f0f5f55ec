#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bad_input.bats - what is wrong is told in one line that names it, with the documented status

load helper

@test "unknown commands and options, with the nearest known one" {
	refuses 125 'did you mean.*images' imags
	refuses 125 'did you mean "run"' rn
	refuses 125 'did you mean "ps"' sp
	refuses 125 'did you mean.*--network' run --netwrk none busybox true
	refuses 125 '-Z' run -Z busybox true
	refuses 125 'zzzzzz' zzzzzz
	refuses 125 'zzz' container zzz
	refuses 125 'did you mean "pull"' pul alpine
}

@test "an option behind the image is told to stand before it" {
	refuses 127 '"--rm" stands behind the image.*coracle run --rm busybox' run busybox --rm
	refuses 127 'run -it busybox' run --rm busybox -it sh
}

@test "inspect --type: says of each type what is absent" {
	for type in container image volume; do
		run --separate-stderr c inspect --type "$type" nothing
		[ "$status" = 125 ]
		is '[]'
		has 'inspect: .*nothing' "$stderr"
	done
}

@test "the word too many is named" {
	refuses 125 '"extra" is one word too many' ps extra
	refuses 125 '"b" is one word too many' images a b
}

@test "a full standard output is told once" {
	local words
	ln -sf "$CORACLE" "$WORK/docker"
	for words in ps version --help 'run --help' image; do
		run --separate-stderr timeout 300 sh -c "\"\$CORACLE\" $words >/dev/full"
		[ "$status" = 125 ] || { show "$words"; return 1; }
		[ "${#stderr_lines[@]}" = 1 ] || { show "$words"; return 1; }
		has 'No space left' "$stderr"
		run -1 --separate-stderr timeout 300 sh -c "\"\$WORK/docker\" $words >/dev/full"
		[ "${#stderr_lines[@]}" = 1 ] || { show "$words"; return 1; }
	done
}

@test "options without their value, and values for flags" {
	refuses 125 '--name' run --name
	refuses 125 '--rm' run --rm=perhaps busybox true
	refuses 125 '--pids-limit' run --pids-limit x busybox true
	refuses 125 '' run --stop-timeout=-5 busybox true
	refuses 125 '' stop -t x nothing
}

@test "too few and too many operands" {
	refuses 125 '' run
	refuses 125 '' tag busybox
	refuses 125 '' rmi
	refuses 125 '' exec
	refuses 125 '' version extra
	refuses 125 '' import
}

@test "sizes, limits, users and others that are no such thing" {
	refuses 125 '12x' run --rm --shm-size 12x busybox true
	refuses 125 '' run --rm --memory 99999999999999999999g busybox true
	refuses 125 'nofile' run --rm --ulimit nofile=x busybox true
	refuses 125 'nosuch' run --rm --ulimit nosuch=1 busybox true
	refuses 125 '' run --rm --ulimit nofile=200:100 busybox true
	refuses 125 'sometimes' run --rm --restart sometimes busybox true
	refuses 125 'NOSIG' run --rm --stop-signal NOSIG busybox true
	refuses 125 '' run --rm --add-host nothing busybox true
	refuses 125 '' run --rm --dns not-an-address busybox true
	refuses 125 '' run --rm -e =x busybox true
	refuses 125 '' run --rm --tmpfs relative busybox true
	refuses 125 '' run --rm --pid nosuch busybox true
	refuses 125 '' run --rm --ipc container: busybox true
	refuses 125 '' run --rm --userns auto:junk busybox true
	refuses 125 '' run --rm --log-opt nosuch=1 busybox true
	runs ps -aq
	is ""
}

@test "archives that are none" {
	echo text >"$WORK/text"
	refuses 125 'text' import "$WORK/text" bad
	refuses 125 '/nonexistent' import /nonexistent bad
	refuses 125 '' import "$WORK" bad
	head -c 100000 /dev/urandom | gzip >"$WORK/random.gz"
	refuses 125 'random.gz' import "$WORK/random.gz" bad
	head -c 300000 "$WORK/busybox.tar" >"$WORK/short.tar"
	refuses 125 'short.tar' import "$WORK/short.tar" bad
	runs images -q
	[ "${#lines[@]}" = 1 ]
}

# layout NAME MANIFEST-EDIT CONFIG-EDIT: an OCI layout of the busybox tar with jq's changes
layout()
{
	local dir=$WORK/$1 config manifest layer
	rm -rf "$dir"
	mkdir -p "$dir/blobs/sha256"
	echo '{"imageLayoutVersion":"1.0.0"}' >"$dir/oci-layout"
	layer=$(sha256sum <"$WORK/busybox.tar" | cut -d' ' -f1)
	cp "$WORK/busybox.tar" "$dir/blobs/sha256/$layer"
	jq -nc --arg l "sha256:$layer" "{architecture:\"$(uname -m | sed 's/x86_64/amd64/;s/aarch64/arm64/')\",os:\"linux\",config:{Cmd:[\"true\"]},rootfs:{type:\"layers\",diff_ids:[\$l]}} | $3" >"$dir/config"
	config=$(sha256sum <"$dir/config" | cut -d' ' -f1)
	cp "$dir/config" "$dir/blobs/sha256/$config"
	jq -nc --arg l "sha256:$layer" --arg c "sha256:$config" --argjson ls "$(stat -c %s "$WORK/busybox.tar")" --argjson cs "$(stat -c %s "$dir/config")" \
		"{schemaVersion:2,mediaType:\"application/vnd.oci.image.manifest.v1+json\",config:{mediaType:\"application/vnd.oci.image.config.v1+json\",digest:\$c,size:\$cs},layers:[{mediaType:\"application/vnd.oci.image.layer.v1.tar\",digest:\$l,size:\$ls}]} | $2" >"$dir/manifest"
	manifest=$(sha256sum <"$dir/manifest" | cut -d' ' -f1)
	cp "$dir/manifest" "$dir/blobs/sha256/$manifest"
	jq -nc --arg m "sha256:$manifest" --argjson ms "$(stat -c %s "$dir/manifest")" \
		'{schemaVersion:2,manifests:[{mediaType:"application/vnd.oci.image.manifest.v1+json",digest:$m,size:$ms,annotations:{"org.opencontainers.image.ref.name":"localhost/made:1"}}]}' >"$dir/index.json"
	rm "$dir/config" "$dir/manifest"
}

@test "a layout made by hand loads" {
	layout good . .
	runs load -i "$WORK/good"
	runs run --rm made:1 echo fine
	is fine
	c rmi -f made:1
}

@test "digests that are paths, wrong, or of another length (2024-3727)" {
	for digest in 'sha256:../../../../etc/passwd' 'sha256:' 'sha256:abc' '../x' 'md5:00000000000000000000000000000000' 'sha256:ZZ'; do
		layout bad ".layers[0].digest = \"$digest\"" .
		refuses 125 '' load -i "$WORK/bad"
		layout bad . ".rootfs.diff_ids = [\"$digest\"]"
		refuses 125 '' load -i "$WORK/bad"
	done
}

# other_store: what is known by its digest already need not be read again, so a store that knows nothing
other_store()
{
	export CORACLE_ROOT=$WORK/store-$BATS_TEST_NUMBER
}

@test "content that is not what its digest says" {
	other_store
	layout bad . .
	for blob in "$WORK/bad/blobs/sha256/"*; do
		layout bad . .
		printf 'x' | dd of="$blob" bs=1 seek=20 conv=notrunc status=none
		refuses 125 '' load -i "$WORK/bad"
	done
	layout bad . ".rootfs.diff_ids = [\"sha256:$(printf '0%.0s' {1..64})\"]"
	refuses 125 '' load -i "$WORK/bad"
	runs images -q
	is ""
}

@test "JSON of the wrong type, too deep, too much, doubled" {
	other_store
	for edit in '.layers = {}' '.layers = "x"' '.config = []' '.config.size = "x"' '.config.size = -1' '.layers[0].size = 1' 'del(.config)' '.schemaVersion = "two"' '.layers = [range(2000) | {}]'; do
		layout bad "$edit" .
		refuses 125 '' load -i "$WORK/bad" || { echo "manifest: $edit"; return 1; }
	done
	for edit in '.rootfs = 1' '.rootfs.diff_ids = [1]' '.config.Cmd = "x"' '.config.Env = {}' '.config = []' 'del(.rootfs)' '.rootfs.diff_ids = []'; do
		layout bad . "$edit"
		refuses 125 '' load -i "$WORK/bad" || { echo "configuration: $edit"; return 1; }
	done
	layout bad . .
	echo 'not json' >"$WORK/bad/index.json"
	refuses 125 'index.json' load -i "$WORK/bad"
	python3 -c 'print("[" * 100000)' >"$WORK/bad/index.json"
	refuses 125 '' load -i "$WORK/bad"
	rm "$WORK/bad/index.json"
	refuses 125 '' load -i "$WORK/bad"
}

@test "a manifest that is an index as well (2021-41190)" {
	layout bad '.manifests = []' .
	refuses 125 '' load -i "$WORK/bad"
}

@test "an image for another architecture is refused or told" {
	layout other . '.architecture = "s390x"'
	run --separate-stderr c load -i "$WORK/other"
	if [ "$status" = 0 ]; then
		run --separate-stderr c run --rm made:1 true
		has 's390x' "$stderr"
		c rmi -f made:1
	else
		has 's390x' "$stderr"
	fi
}

@test "environment of the image without = is dropped (2020-14370, 2026-57231)" {
	layout env . '.config.Env = ["HOME", "SECRET_OF_HOST", "GOOD=1", "=x", ""]'
	runs load -i "$WORK/env"
	SECRET_OF_HOST=leaked run --separate-stderr c run --rm made:1 env
	[ "$status" = 0 ]
	hasnt leaked
	has '^GOOD=1$'
	c rmi -f made:1
}

# The archives and what each must come to are told by make-hostile-archives.
@test "hostile archives: refused or kept as told, and nothing outside changes" {
	mkdir -p "$WORK/hostile"
	python3 "$BATS_TEST_DIRNAME/make-hostile-archives" "$WORK/hostile" >"$WORK/cases" 3>&-
	[ "$(wc -l <"$WORK/cases")" -ge 30 ]
	for place in "$WORK" "$CORACLE_ROOT" "$CORACLE_ROOT/store"; do
		mkdir -p "$place"
		echo canary >"$place/canary"
	done
	touch "$WORK/mark"
	bad=
	while IFS=$'\t' read -r name verdict words; do
		run --separate-stderr c import "$WORK/hostile/$name.tar" "hostile-$name:1" </dev/null
		case $verdict:$status in
		refused:125) [ "${#stderr_lines[@]}" = 1 ] || bad+="$name: ${#stderr_lines[@]} lines"$'\n' ;;
		kept:0)
			status=0
			c run --rm --network none "hostile-$name:1" /bin/true </dev/null >/dev/null 2>&1 || status=$?
			[ "$status" != 124 ] || bad+="$name: run hangs"$'\n'
			c rmi -f "hostile-$name:1" >/dev/null
			;;
		*) bad+="$name: wanted $verdict ($words), got status $status: $stderr"$'\n' ;;
		esac
		for place in "$WORK" "$CORACLE_ROOT" "$CORACLE_ROOT/store"; do
			[ "$(cat "$place/canary" 2>/dev/null)" = canary ] || bad+="$name: canary in $place"$'\n'
		done
	done <"$WORK/cases"
	is "" "$bad"
	is "" "$(find /tmp /var/tmp /home "$HOME" -xdev -maxdepth 2 -newer "$WORK/mark" \( -name '*escaped*' -o -name '*pwned*' -o -name '*evil*' \) 2>/dev/null)"
	rm -f "$CORACLE_ROOT/canary" "$CORACLE_ROOT/store/canary"
	runs run --rm busybox echo still
	is still
}

@test "standard streams that are closed do no harm" {
	run bash -c '"$CORACLE" run --rm busybox echo x >&-'
	run bash -c '"$CORACLE" run --rm busybox echo x <&- 2>&-'
	is x
	run bash -c '"$CORACLE" ps >&- 2>&- <&-'
	runs ps
}

@test "very long and very many arguments" {
	long=$(printf 'x%.0s' {1..100000})
	runs run --rm busybox sh -c 'echo ${#1}' - "$long"
	is 100000
	runs run --rm busybox sh -c 'echo $#' - $(seq 2000)
	is 2000
	arguments=()
	for i in $(seq 500); do arguments+=(-e "VARIABLE_$i=$i"); done
	run bash -c '"$CORACLE" run --rm "$@" busybox env | grep -c ^VARIABLE_' - "${arguments[@]}"
	is 500
}
