#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# load.bats - load: archives that podman, buildah and skopeo wrote

load helper
load registries

ARCHIVES=${XDG_CACHE_HOME:-$HOME/.cache}/coracle-tests/archives-$(cksum <"$BATS_TEST_DIRNAME/make-archives" | cut -d' ' -f1)

file_setup()
{
	need_programs='podman buildah skopeo xz zstd setcap'
	for program in $need_programs; do
		command -v $program >/dev/null || return 0
	done
	if [ ! -d "$ARCHIVES" ]; then
		mkdir -p "$(dirname "$ARCHIVES")"
		bash "$BATS_TEST_DIRNAME/make-archives" "$ARCHIVES" 3>&- >"$WORK/made" 2>&1 || { cat "$WORK/made" >&2; return 1; }
	fi
}

setup()
{
	need podman buildah skopeo xz zstd setcap
}

test_teardown()
{
	c rm -f -a -t 0 >/dev/null 2>&1
	c rmi -f layered:1.0 second:1.0 >/dev/null 2>&1
	return 0
}

# layered_is_right: every trait of the image that make-archives put in
layered_is_right()
{
	runs run --rm --entrypoint sh layered:1.0 -c '
		long=$(printf "n%.0s" $(seq 200))
		check() { "$@" >/dev/null 2>&1 || echo "not: $*"; }
		checknot() { ! "$@" >/dev/null 2>&1 || echo "unwanted: $*"; }
		is() { [ "$1" = "$2" ] || echo "got \"$1\", wanted \"$2\""; }
		is "$(cat /etc/second /etc/third | tr "\n" " ")" "two three "
		checknot test -e /removed
		is "$(cat /gone)" back
		is "$(ls /opaque)" upper
		is "$(cat /becomes-directory/in)" in
		is "$(cat /become)" now-a-file
		checknot test -e /etc/hard-a
		is "$(cat /etc/hard-b)" linked
		is "$(cat /$long/$long)" long
		is "$(readlink /etc/absolute)" /etc/first
		is "$(cat /etc/absolute)" one
		is "$(cat /usr/relative)" one
		is "$(readlink /etc/nowhere)" dangling
		is "$(stat -c %s /sparse)" 67108864
		is "$(tail -c 3 /sparse)" end
		is "$(stat -c %u:%g /etc/owned)" 1234:4321
		is "$(stat -c %a /usr/bin/suid)" 4755
		is "$(stat -c %a /tmp)" 1777
		is "$(stat -c %a /closed)" 500
		check test -p /var/lib/fifo
		check test -f "/etc/name with blank"
		check test -f "/etc/new
line"
		check test -f /etc/ünïcode
		is "$(stat -c %Y /etc/first)" 946684799
		is "$(find / -xdev -name ".wh.*")" ""
		is "$IMAGE_ENV" yes
		is "$(pwd)" /etc
	'
	is ""
}

@test "docker-archive by podman, with several layers" {
	runs load -i "$ARCHIVES/podman-docker.tar"
	has 'Loaded image.*: (localhost/)?layered:1.0'
	layered_is_right
	runs run --rm layered:1.0
	is "entry cmd"
}

@test "docker-archive by skopeo" {
	runs load -i "$ARCHIVES/skopeo-docker.tar"
	layered_is_right
}

@test "oci-archive by podman" {
	runs load -i "$ARCHIVES/podman-oci.tar"
	layered_is_right
}

@test "oci-archive by skopeo" {
	runs load -i "$ARCHIVES/skopeo-oci.tar"
	layered_is_right
}

@test "OCI layout directories by podman and skopeo" {
	runs load -i "$ARCHIVES/podman-oci-dir"
	layered_is_right
	c rmi -f layered:1.0
	runs load -i "$ARCHIVES/skopeo-oci-dir"
	layered_is_right
}

@test "layers compressed with zstd" {
	runs load -i "$ARCHIVES/skopeo-zstd-dir"
	layered_is_right
}

@test "of an index's variants the one that fits best is taken" {
	layout_index "$WORK/variants"
	# the first one is only for machines of a newer variant
	python3 - "$WORK/variants" <<-'END'
	import hashlib, json, sys
	top = json.load(open(sys.argv[1] + '/index.json'))
	entry = top['manifests'][0]
	index = json.load(open(f"{sys.argv[1]}/blobs/sha256/{entry['digest'][7:]}"))
	usual, newer = index['manifests']
	newer['platform'] = {**usual['platform'], 'variant': 'v9'}
	index['manifests'] = [newer, usual]
	data = json.dumps(index).encode()
	entry.update(digest='sha256:' + hashlib.sha256(data).hexdigest(), size=len(data))
	open(f"{sys.argv[1]}/blobs/sha256/{entry['digest'][7:]}", 'wb').write(data)
	json.dump(top, open(sys.argv[1] + '/index.json', 'w'))
	END
	runs load -q -i "$WORK/variants"
	hasnt s390x "$(c image inspect -f '{{.Architecture}}' it)"
	platform="linux/$(c image inspect -f '{{.Architecture}}' it)/v9"
	runs rmi it
	runs load -q --platform "$platform" -i "$WORK/variants"
	is s390x "$(c image inspect -f '{{.Architecture}}' it)"
	runs rmi it
}

@test "archives on standard input, plain and compressed as a whole" {
	for pack in '' .gz .xz .zst; do
		c rmi -f layered:1.0 >/dev/null 2>&1 || true
		run --separate-stderr c load <"$ARCHIVES/podman-docker.tar$pack"
		[ "$status" = 0 ] || { show load "$pack"; return 1; }
		layered_is_right
	done
	c rmi -f layered:1.0 >/dev/null
	run --separate-stderr bash -c 'cat "$1" | "$CORACLE" load' - "$ARCHIVES/podman-oci.tar"
	[ "$status" = 0 ]
	layered_is_right
}

@test "several images in one archive share a layer" {
	runs load -i "$ARCHIVES/podman-both.tar"
	has 'layered:1.0'
	has 'second:1.0'
	layered_is_right
	runs run --rm second:1.0 cat /etc/other
	is other
	is "$(c image inspect -f '{{index .RootFS.Layers 0}}' second:1.0)" "$(c image inspect -f '{{index .RootFS.Layers 0}}' layered:1.0)"
	runs rmi layered:1.0
	runs run --rm second:1.0 cat /etc/first
	is one
}

@test "loading twice changes nothing" {
	runs load -i "$ARCHIVES/podman-docker.tar"
	first=$(c image inspect -f '{{.Id}}' layered:1.0)
	runs load -i "$ARCHIVES/podman-oci.tar"
	runs load -q -i "$ARCHIVES/podman-docker.tar"
	is "$first" "$(c image inspect -f '{{.Id}}' layered:1.0)"
	layered_is_right
}

@test "the id is that of podman and docker: the digest of the configuration" {
	runs load -i "$ARCHIVES/podman-docker.tar"
	want=$(tar -xOf "$ARCHIVES/podman-docker.tar" manifest.json | jq -r '.[0].Config' | sed 's/\.json$//')
	runs image inspect -f '{{.Id}}' layered:1.0
	is "sha256:$want"
}

@test "the command and entrypoint of the image" {
	runs load -i "$ARCHIVES/podman-both.tar"
	runs image inspect -f '{{json .Config.Entrypoint}} {{json .Config.Cmd}}' layered:1.0
	is '["/bin/echo","entry"] ["cmd"]'
	runs run --rm second:1.0
	is one
}

@test "file capabilities and user xattrs survive" {
	runs load -i "$ARCHIVES/podman-docker.tar"
	need getcap
	# The capability shows by what it does: a user may bind a low port with it.
	runs run --rm -u 1000 --network none --sysctl net.ipv4.ip_unprivileged_port_start=1024 --entrypoint sh layered:1.0 -c '
		for program in /usr/bin/busybox-capable /bin/busybox; do
			$program nc -l -p 81 >/dev/null 2>&1 &
			until grep -q ":0051 .* 0A " /proc/net/tcp /proc/net/tcp6 || ! kill -0 $! 2>/dev/null; do sleep 0.05; done
			kill $! 2>/dev/null && echo "bound by $program"
			wait
		done; true'
	is 'bound by /usr/bin/busybox-capable'
}

@test "a load that is cut short leaves nothing" {
	head -c 40000000 "$ARCHIVES/podman-docker.tar" >"$WORK/cut.tar"
	before=$(find "$CORACLE_ROOT" | wc -l)
	refuses 125 'cut.tar' load -i "$WORK/cut.tar"
	runs images -q
	[ "${#lines[@]}" = 1 ]
	[ "$(find "$CORACLE_ROOT" | wc -l)" -le $((before + 3)) ]
}

@test "a load that is killed leaves nothing that a next one minds" {
	for delay in 0.02 0.05 0.1 0.2 0.3; do
		"$CORACLE" load -i "$ARCHIVES/podman-docker.tar" >/dev/null 2>&1 3>&- &
		client=$!
		sleep $delay
		kill -9 $client 2>/dev/null || true
		wait $client || true
		runs images
	done
	runs load -i "$ARCHIVES/podman-docker.tar"
	layered_is_right
}

@test "two loads at once" {
	"$CORACLE" load -i "$ARCHIVES/podman-docker.tar" >"$WORK/a" 2>&1 3>&- &
	a=$!
	"$CORACLE" load -i "$ARCHIVES/podman-oci.tar" >"$WORK/b" 2>&1 3>&- &
	b=$!
	wait $a && wait $b
	layered_is_right
}

@test "what is no archive is refused in one line" {
	echo nonsense >"$WORK/nonsense"
	refuses 125 'nonsense' load -i "$WORK/nonsense"
	refuses 125 '/nonexistent' load -i /nonexistent
	refuses 125 '' load -i /dev/null
	tar -cf "$WORK/plain.tar" -C "$WORK" nonsense
	refuses 125 'import' load -i "$WORK/plain.tar"
}

@test "of an archive with a broken image those before it are there, whole, and are told" {
	local before
	before=$(c images -q | wc -l)
	mkdir -p "$WORK/broken"
	cp "$WORK/busybox.tar" "$WORK/broken/a.tar"
	printf '{"architecture":"amd64","os":"linux","config":{"Cmd":["true"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
		"$(sha256sum "$WORK/broken/a.tar" | cut -d' ' -f1)" >"$WORK/broken/right.json"
	sed "s/sha256:[0-9a-f]*/sha256:$(printf '%064d' 1)/" "$WORK/broken/right.json" >"$WORK/broken/wrong.json"
	printf '[{"Config":"right.json","RepoTags":["localhost/right:1"],"Layers":["a.tar"]},
		{"Config":"wrong.json","RepoTags":["localhost/wrong:1"],"Layers":["a.tar"]}]' >"$WORK/broken/manifest.json"
	tar -C "$WORK/broken" -cf "$WORK/broken.tar" .
	refuses 125 'localhost/wrong:1: layer 1 of 1' load -i "$WORK/broken.tar"
	is 'Loaded image: localhost/right:1'
	runs run --rm right:1
	is $((before + 1)) "$(c images -q | wc -l)"
	c rmi right:1 >/dev/null
}

# A new file takes the group of a directory with the setgid bit: the archive's word counts.
@test "owners and modes are the archive's also below a setgid directory" {
	busybox_root "$WORK/setgid"
	python3 - "$WORK/setgid" "$WORK/setgid.tar" <<-'END'
	import io, sys, tarfile
	with tarfile.open(sys.argv[2], 'w') as tar:
	    def plain(info):
	        info.uid = info.gid = 0
	        return info
	    tar.add(sys.argv[1], '.', filter=plain)
	    def put(name, mode, uid, gid, folder=False):
	        info = tarfile.TarInfo(name)
	        info.type, info.mode, info.uid, info.gid = tarfile.DIRTYPE if folder else tarfile.REGTYPE, mode, uid, gid
	        tar.addfile(info, io.BytesIO(b''))
	    put('d', 0o2775, 0, 7, True)
	    put('d/a', 0o644, 0, 0)
	    put('d/b', 0o2755, 0, 7)
	    put('d/c', 0o6711, 3, 0)
	    put('d/e', 0o666, 0, 7)
	    put('d/f', 0o644, 0, 0)
	    put('d/a', 0o400, 5, 6)
	END
	runs import "$WORK/setgid.tar" setgid:1
	runs run --rm --network none setgid:1 stat -c '%n %a %u:%g' /d /d/a /d/b /d/c /d/e /d/f
	is "/d 2775 0:7
/d/a 400 5:6
/d/b 2755 0:7
/d/c 6711 3:0
/d/e 666 0:7
/d/f 644 0:0"
}
