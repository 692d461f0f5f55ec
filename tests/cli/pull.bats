#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# pull.bats - pull, login, logout, and run with images that are not here: docker-registry, and a registry that lies

load helper
load registries

file_setup()
{
	registries_begin
	# the lies: plain http, users tester with s3cret-word where --auth is given
	lying open
	lying basic --auth basic
	lying big --layer-bytes 40000000
	# the real one, with users; what it keeps is under $WORK/registry
	python3 -c 'import crypt; print("ann:" + crypt.crypt("correct horse", crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=1 << 5)))' \
		2>/dev/null >"$WORK/htpasswd"
	certificates
	openssl x509 -in "$WORK/certs/server.pem" -out "$WORK/certs/server.crt"
	registry plain
	registry users "auth: {htpasswd: {realm: test, path: $WORK/htpasswd}}"
	registry tls '' "tls: {certificate: $WORK/certs/server.crt, key: $WORK/certs/server.key}"
	OPEN=$(port open) BASIC=$(port basic) BIG=$(port big) PLAIN=$(port plain) USERS=$(port users) TLS=$(port tls)
	export OPEN BASIC BIG PLAIN USERS TLS
	layout_index "$WORK/layout"
	push "$PLAIN/team/app:1"
	push "$PLAIN/team/app:2"
	push "$USERS/team/app:1" --dest-creds 'ann:correct horse'
	push "$TLS/team/app:1"
}

file_teardown()
{
	registries_end
}

test_teardown()
{
	rm -f "$XDG_CONFIG_HOME/containers/registries.conf"
	nothing_kept
}

# push NAME OPTION...
push()
{
	local name=$1
	shift
	skopeo --insecure-policy copy -q --all --dest-tls-verify=false "$@" "oci:$WORK/layout:it" "docker://$name" 3>&-
}

# insecure HOST: registries.conf says so
insecure()
{
	printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$1" >"$XDG_CONFIG_HOME/containers/registries.conf"
}

@test "an image with an index is fetched, runs, and is called as podman and docker call it" {
	runs pull --tls-verify=false "$PLAIN/team/app:1"
	has '^[0-9a-f]{64}$'
	has "^Trying to pull $PLAIN/team/app:1\.\.\.$" "$stderr"
	has '^Copying blob sha256:[0-9a-f]{64}$' "$stderr"
	has '^Writing manifest to image destination$' "$stderr"
	runs run --rm --pull never "$PLAIN/team/app:1"
	is 'hello from a layer'
	is '' "$(ls "$CORACLE_ROOT/store/parts")"
	is '' "$(ls "$CORACLE_ROOT/store/tmp")"
	ln -sf "$CORACLE" "$WORK/docker"
	run --separate-stderr "$WORK/docker" pull "$PLAIN/team/app:2"
	[ "$status" = 1 ] # a certificate or https is wanted
	insecure "$PLAIN"
	run --separate-stderr "$WORK/docker" pull "$PLAIN/team/app:2"
	[ "$status" = 0 ]
	has "^2: Pulling from $PLAIN/team/app$"
	has '^Digest: sha256:[0-9a-f]{64}$'
	has "^Status: Downloaded newer image for $PLAIN/team/app:2$"
	is "$PLAIN/team/app:2" "${lines[-1]}"
	run --separate-stderr "$WORK/docker" pull "$PLAIN/team/app:2"
	has "^Status: Image is up to date for $PLAIN/team/app:2$"
	hasnt 'default tag'
	run --separate-stderr "$WORK/docker" pull -q "$PLAIN/team/app:2"
	is "$PLAIN/team/app:2"
	c tag "$PLAIN/team/app:2" "$PLAIN/team/app"
	c push -q "$PLAIN/team/app"
	run --separate-stderr "$WORK/docker" pull "$PLAIN/team/app"
	is 'Using default tag: latest' "${lines[0]}"
	run --separate-stderr "$WORK/docker" pull -q "$PLAIN/team/app"
	is "$PLAIN/team/app:latest"
}

@test "pull names the command for what is no registry" {
	refuses 125 'image copy docker-archive:image.tar NAME' pull docker-archive:image.tar
	refuses 125 'not from oci-archive' pull oci-archive:/x.tar:1
	refuses 125 'not from dir' pull "dir:$WORK"
	refuses 125 'not from containers-storage' pull containers-storage:busybox
	# a registry whose host is called so, and an image
	refuses 125 'dir:5/x is not here' pull --policy never dir:5/x
	refuses 125 'is not here' pull --policy never oci:1
}

@test "run and create fetch what is not here, as --pull says" {
	refuses 125 'without TLS' run --rm --quiet "$PLAIN/team/app:1"
	insecure "$PLAIN"
	refuses 125 'not known.*coracle pull' run --rm --pull never "$PLAIN/team/app:1"
	runs run --rm "$PLAIN/team/app:1"
	is 'hello from a layer'
	has '^Trying to pull' "$stderr"
	runs run --rm "$PLAIN/team/app:1"
	is '' "$stderr"
	runs run --rm --pull always "$PLAIN/team/app:1"
	has '^Trying to pull' "$stderr"
	runs run --rm --pull always --quiet "$PLAIN/team/app:1"
	is '' "$stderr"
	runs create --name made "$PLAIN/team/app:2"
	has '^[0-9a-f]{64}$'
	runs pull --policy never "$PLAIN/team/app:2"
	is '' "$stderr"
	refuses 125 'not here' pull --policy never "$PLAIN/team/app:3"
	# what is here will do for newer when the registry is away
	runs tag busybox "localhost:1/team/away:1"
	runs pull --policy newer "localhost:1/team/away:1"
	runs pull --policy missing "localhost:1/team/away:1"
	runs run --rm --pull newer localhost:1/team/away:1 true
}

@test "a short name means what registries.conf makes of it" {
	cat >"$XDG_CONFIG_HOME/containers/registries.conf" <<-END
	unqualified-search-registries = ["localhost:1", "$PLAIN"]
	[[registry]]
	location = "localhost:1"
	insecure = true
	[[registry]]
	location = "$PLAIN"
	insecure = true
	[[registry]]
	prefix = "old.test/team"
	location = "$PLAIN/team"
	insecure = true
	[[registry.mirror]]
	location = "localhost:1/nothing"
	insecure = true
	[[registry]]
	location = "bad.test"
	blocked = true
	[aliases]
	"shorter" = "$PLAIN/team/app"
	END
	runs pull team/app:1
	runs images --format '{{.Repository}}:{{.Tag}}' "$PLAIN/team/app"
	is "$PLAIN/team/app:1"
	runs run --rm shorter:2
	runs run --rm --pull never shorter:2
	runs pull old.test/team/app:1
	runs run --rm --pull never old.test/team/app:1
	refuses 125 'blocked' pull -q bad.test/team/app:1
	refuses 125 '2 registries were asked' pull -q team/nothing:1
	refuses 125 'creds: 2 registries would get them' pull -q --creds me:secret team/app:1
	runs pull -q --creds me:secret shorter:1
	printf '{"default": [{"type": "insecureAcceptAnything"}], "transports": {"docker": {"old.test": [{"type": "reject"}]}}}' \
		>"$WORK/policy.json"
	refuses 125 'reject|policy' pull -q --signature-policy "$WORK/policy.json" old.test/team/app:1
}

@test "a pull of what is here asks for the manifest only, and another tag brings no layer" {
	runs pull --tls-verify=false "$OPEN/good/app:1.0"
	forget open
	runs pull --tls-verify=false "$OPEN/good/app:1.0"
	is 0 "$(gets open /blobs/)"
	is 1 "$(gets open /manifests/)"
	runs pull --tls-verify=false "$OPEN/good/app:2.0"
	is 0 "$(gets open /blobs/)"
	is "$(c images -q --no-trunc "$OPEN/good/app:1.0")" "$(c images -q --no-trunc "$OPEN/good/app:2.0")"
	runs rmi "$OPEN/good/app:1.0"
	runs pull -a -q --tls-verify=false "$OPEN/good/app"
	is 5 "${#lines[@]}"
	is 5 "$(c images --format '{{.Tag}}' "$OPEN/good/app" | wc -l)"
	refuses 125 'without tag' pull -a --tls-verify=false "$OPEN/good/app:1.0"
}

@test "a pull of what is here starts no process, and a name that stands for another image brings it" {
	need strace
	runs tag busybox "$OPEN/good/app:1.0"
	runs pull -q --tls-verify=false "$OPEN/good/app:1.0"
	[ "$(c images -q busybox)" != "$(c images -q "$OPEN/good/app:1.0")" ]
	runs image check "$OPEN/good/app:1.0"
	strace -f -qq -e trace=clone,clone3,fork,vfork,execve -o "$WORK/trace" \
		"$CORACLE" pull -q --tls-verify=false "$OPEN/good/app:1.0" 3>&-
	# its own, and where others may write its binary that of the sealed copy
	[ "$(grep -c execve "$WORK/trace")" -le 2 ]
	is 0 "$(grep -cE '(clone3?|fork)\(' "$WORK/trace" || true)"
}

@test "a digest names an image, also one of an index" {
	local digest
	digest=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$PLAIN/team/app:1")
	runs pull --tls-verify=false "$PLAIN/team/app@$digest"
	runs run --rm --pull never "$PLAIN/team/app@$digest"
	is 'hello from a layer'
	refuses 125 'manifest unknown|not found' pull -q --tls-verify=false "$PLAIN/team/app@sha256:$(printf '%064d' 7)"
}

@test "the digest of an index is kept beside that of the manifest" {
	local index manifest id
	index=$(skopeo inspect --raw --tls-verify=false "docker://$PLAIN/team/app:1" | sha256sum | sed 's/^/sha256:/;s/ .*//')
	runs pull -q --tls-verify=false "$PLAIN/team/app:1"
	id=$output
	manifest=$(c image inspect --format '{{.Digest}}' "$PLAIN/team/app:1")
	[ "$index" != "$manifest" ]
	is "$index" "$(c images --digests --format '{{.Digest}}' "$PLAIN/team/app:1")"
	is "[\"$PLAIN/team/app@$index\",\"$PLAIN/team/app@$manifest\"]" "$(c image inspect --format '{{json .RepoDigests}}' "$id")"
	is "$id" "$(c images -q --no-trunc -f "digest=$index" | sed 's/^sha256://')"
	# both are names of it, in its own repository alone
	runs run --rm --pull never "$PLAIN/team/app@$index"
	runs run --rm --pull never "$PLAIN/team/app@$manifest"
	refuses 125 'not known' image inspect "$PLAIN/team/other@$index"
	runs pull -q --policy never "$PLAIN/team/app@$index"
	is "$id"
	# what was loaded knows no index; a pull of what is whole notes it
	c save -o "$WORK/saved.tar" "$PLAIN/team/app:1"
	runs rmi "$PLAIN/team/app@$index"
	gives 1 image exists "$PLAIN/team/app:1"
	runs pull -q --tls-verify=false "$PLAIN/team/app@$manifest"
	hasnt "$index" "$(c image inspect --format '{{json .RepoDigests}}' "$id")"
	runs pull -q --tls-verify=false "$PLAIN/team/app:2"
	is "$index" "$(c images --digests --format '{{.Digest}}' "$PLAIN/team/app:2")"
	# by a digest that is one of several names only that one goes
	runs rmi "$PLAIN/team/app@$manifest"
	runs image exists "$PLAIN/team/app:2"
	runs pull -q --tls-verify=false "$PLAIN/team/app:1"
	refuses 2 '2 names' rmi "$PLAIN/team/app@$index"
	# a load of the same image keeps what is known
	runs load -q -i "$WORK/saved.tar"
	has "$PLAIN/team/app@$index" "$(c image inspect --format '{{json .RepoDigests}}' "$PLAIN/team/app:1")"
}

@test "docker run tells of a missing image as docker does" {
	insecure "$PLAIN"
	ln -sf "$CORACLE" "$WORK/docker"
	run --separate-stderr "$WORK/docker" run --rm "$PLAIN/team/app:1"
	[ "$status" = 0 ]
	is 'hello from a layer'
	is "Unable to find image '$PLAIN/team/app:1' locally" "${stderr_lines[0]}"
	is "1: Pulling from $PLAIN/team/app" "${stderr_lines[1]}"
	has '^Digest: sha256:[0-9a-f]{64}$' "${stderr_lines[-2]}"
	is "Status: Downloaded newer image for $PLAIN/team/app:1" "${stderr_lines[-1]}"
	run --separate-stderr "$WORK/docker" run --rm "$PLAIN/team/app:1"
	is '' "$stderr"
	run --separate-stderr "$WORK/docker" run --rm --pull always "$PLAIN/team/app:1"
	is "1: Pulling from $PLAIN/team/app" "${stderr_lines[0]}"
	is "Status: Image is up to date for $PLAIN/team/app:1" "${stderr_lines[-1]}"
	run --separate-stderr "$WORK/docker" run --rm -q "$PLAIN/team/app:2"
	is '' "$stderr"
}

@test "a platform is chosen, and what there is instead is told" {
	runs pull --tls-verify=false --platform linux/s390x "$PLAIN/team/app:1"
	runs image inspect --format '{{.Architecture}}' "$PLAIN/team/app:1"
	is s390x
	# what is here for another platform is as good as nothing
	insecure "$PLAIN"
	runs run --rm --platform linux/amd64 "$PLAIN/team/app:1"
	is 'hello from a layer'
	refuses 125 'is for linux/amd64, not for linux/s390x' run --rm --pull never --platform linux/s390x "$PLAIN/team/app:1"
	runs pull --tls-verify=false --arch s390x "$PLAIN/team/app:2"
	refuses 125 'no image for linux/riscv64.*linux/s390x' pull -q --tls-verify=false --platform linux/riscv64 "$PLAIN/team/app:1"
	refuses 125 'not for linux/s390x' pull -q --tls-verify=false --platform linux/s390x "$OPEN/good/app:1"
	# nor does it become one by being here
	runs pull -q --tls-verify=false "$OPEN/good/app:1"
	refuses 125 'not for linux/s390x' pull -q --tls-verify=false --platform linux/s390x "$OPEN/good/app:1"
	runs pull -q --tls-verify=false --platform linux/amd64 "$OPEN/good/app:1"
	refuses 125 'not for linux/s390x' pull -q --tls-verify=false --policy missing --platform linux/s390x "$OPEN/good/app:1"
	refuses 125 'here is for linux/amd64, not for linux/s390x' pull -q --policy never --platform linux/s390x "$OPEN/good/app:1"
	runs pull -q --policy never --platform linux/amd64 "$OPEN/good/app:1"
}

@test "what lies is refused in one line, and leaves nothing" {
	refuses 125 'promises sha256:' pull -q --tls-verify=false "$OPEN/wrong-bytes/app:1"
	refuses 125 'promises sha256:0' pull -q --tls-verify=false "$OPEN/wrong-header/app:1"
	refuses 125 'schema' pull -q --tls-verify=false "$OPEN/schema1/app:1"
	refuses 125 'index inside an index' pull -q --tls-verify=false "$OPEN/nested/app:1"
	refuses 125 '.' pull -q --tls-verify=false "$OPEN/html/app:1"
	refuses 125 '.' pull -q --tls-verify=false "$OPEN/huge/app:1"
	refuses 125 '.' pull -q --tls-verify=false "$OPEN/longer/app:1"
	refuses 125 '.' pull -q --tls-verify=false "$OPEN/endless/app:1"
	refuses 125 "manifest unknown; .*coracle image tags $OPEN/good/app\$" pull -q --tls-verify=false "$OPEN/good/app:missing"
	nothing_half_made
}

@test "a layer whose bytes are others is refused and not kept" {
	local digest file
	digest=$(jq -r '.layers[1].digest' "$WORK/layout/blobs/sha256/$(jq -r '.manifests[0].digest' \
		"$WORK/layout/blobs/sha256/$(jq -r '.manifests[0].digest' "$WORK/layout/index.json" | cut -d: -f2)" | cut -d: -f2)" | cut -d: -f2)
	file=$WORK/registry/plain/docker/registry/v2/blobs/sha256/${digest:0:2}/$digest/data
	cp "$file" "$WORK/right"
	printf 'X' | dd of="$file" bs=1 seek=40 conv=notrunc status=none
	refuses 125 "layer sha256:${digest:0:12}" pull -q --tls-verify=false "$PLAIN/team/app:1"
	cp "$WORK/right" "$file"
	is '' "$(ls "$CORACLE_ROOT/store/parts")"
	nothing_half_made
	# what was found in a part from earlier is not believed either
	printf 'Y' | cat - "$WORK/right" | head -c 50 >"$CORACLE_ROOT/store/parts/$digest"
	runs pull -q --tls-verify=false "$PLAIN/team/app:1"
	runs run --rm --pull never "$PLAIN/team/app:1"
	is 'hello from a layer'
}

# broken_off SIGNAL STATUS: a pull that was ended so in the middle of a layer; $part and $size are what it left
broken_off()
{
	local pid got=0
	c rmi -f "$BIG/good/app:1" "$BIG/halts-layer/app:1" >/dev/null 2>&1 || true
	rm -f "$CORACLE_ROOT"/store/parts/*
	"$CORACLE" pull -q --tls-verify=false "$BIG/halts-layer/app:1" >/dev/null 2>&1 3>&- &
	pid=$!
	soon 30 large_part >/dev/null
	kill "-$1" $pid
	wait $pid || got=$?
	is "$2" "$got"
	part=$(basename "$(large_part)")
	# whoever unpacked may need a moment to end
	soon 5 sh -c "flock -n '$CORACLE_ROOT/store/parts/$part' true"
	size=$(stat -c %s "$CORACLE_ROOT/store/parts/$part")
	[ "$size" -lt 40000000 ]
}

@test "an interrupted layer goes on where it stopped" {
	local part size
	broken_off KILL 137
	forget big
	runs pull -q --tls-verify=false "$BIG/good/app:1"
	is "bytes=$size-" "$(jq -r "select(.path | test(\"$part\")).headers.range" "$WORK/big.log")"
	is '' "$(ls "$CORACLE_ROOT/store/parts")"
	is '' "$(ls "$CORACLE_ROOT/store/tmp")"
	# the same where Range is ignored
	broken_off KILL 137
	runs pull -q --tls-verify=false "$BIG/no-range/app:1"
	is '' "$(ls "$CORACLE_ROOT/store/parts")"
	runs rmi "$BIG/no-range/app:1"
}

@test "a part with a gap that was cut short as well is completed, not thrown away" {
	local part size
	broken_off KILL 137
	fallocate -p -o 0 -l 65536 "$CORACLE_ROOT/store/parts/$part" || skip 'no holes in files here'
	forget big
	runs pull -q --tls-verify=false "$BIG/late-end-layer/app:1"
	is "bytes=0-65535 bytes=$size-" "$(jq -r "select(.path | test(\"$part\")).headers.range" "$WORK/big.log" | paste -sd ' ')"
	is '' "$(ls "$CORACLE_ROOT/store/parts")"
	runs rmi "$BIG/late-end-layer/app:1"
}

@test "a signal ends it with 130 and keeps the parts" {
	local part size
	local pid status=0
	forget open
	interruptible "$CORACLE" pull --tls-verify=false "$OPEN/slow/app:1" >/dev/null 2>"$WORK/interrupted" 3>&- &
	pid=$!
	soon 30 grep -q /slow/app/blobs/ "$WORK/open.log"
	kill -INT "$pid"
	wait "$pid" || status=$?
	is 130 "$status"
	has 'interrupted; what was downloaded is kept' "$(cat "$WORK/interrupted")"
	nothing_half_made
	broken_off TERM 130
	nothing_half_made
	forget big
	runs pull -q --tls-verify=false "$BIG/good/app:1"
	is "bytes=$size-" "$(jq -r "select(.path | test(\"$part\")).headers.range" "$WORK/big.log")"
	is '' "$(ls "$CORACLE_ROOT/store/parts")"
}

@test "several pulls of one image do the work once" {
	local i pids=()
	forget big
	for i in 1 2 3 4; do
		c pull -q --tls-verify=false "$BIG/good/app:1" >"$WORK/pulled.$i" 2>&1 &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || { cat "$WORK"/pulled.*; return 1; }
	done
	is 1 "$(sort -u "$WORK"/pulled.* | wc -l)"
	# the two layers; how often the configuration was asked for does not count
	for i in $(skopeo inspect --raw --tls-verify=false "docker://$BIG/good/app:1" | jq -r '.layers[].digest'); do
		is 1 "$(gets big "$i")"
	done
	is '' "$(ls "$CORACLE_ROOT/store/parts")"
}

no_pulls()
{
	! pgrep -u "$(id -u)" -f "^$CORACLE pull "
}

@test "killed at any moment it leaves nothing half-made" {
	local i pid
	for i in $(seq 20); do
		c rmi -f "$BIG/good/app:1" >/dev/null 2>&1 || true
		"$CORACLE" pull -q --tls-verify=false "$BIG/good/app:1" >/dev/null 2>&1 3>&- &
		pid=$!
		sleep "0.$(printf '%03d' $((RANDOM % 500)))"
		kill -KILL $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
		c images --format json >/dev/null
	done
	# a worker dies with its pull, but not in the middle of a system call
	soon 5 no_pulls
	runs pull -q --tls-verify=false "$BIG/good/app:1"
	runs image inspect "$BIG/good/app:1"
	is '' "$(ls "$CORACLE_ROOT/store/parts")"
	is '' "$(ls "$CORACLE_ROOT/store/tmp")"
}

@test "a full disk is told in one line" {
	run on_small_disk 8m "$CORACLE" pull -q --tls-verify=false "$BIG/good/app:1"
	[ "$status" = 125 ]
	has 'No space left on device'
	is 1 "$(grep -c 'coracle: ' <<<"$output")"
}

@test "login checks, keeps, and never shows a password" {
	refuses 125 'login' pull -q --tls-verify=false "$USERS/team/app:1"
	run --separate-stderr c login --tls-verify=false -u ann --password-stdin "$USERS" <<<'wrong donkey'
	[ "$status" = 125 ]
	hasnt 'donkey' "$output$stderr"
	is '{}' "$(cat "$REGISTRY_AUTH_FILE")"
	refuses 125 'nobody is logged in' login --get-login "$USERS"
	run --separate-stderr c login -v --tls-verify=false -u ann --password-stdin "$USERS" <<<'correct horse'
	[ "$status" = 0 ]
	has '^Login Succeeded!$'
	has "^Used: $REGISTRY_AUTH_FILE$"
	is 600 "$(stat -c %a "$REGISTRY_AUTH_FILE")"
	hasnt 'horse' "$output$stderr$(cat "$REGISTRY_AUTH_FILE")"
	runs login --get-login "$USERS"
	is ann
	runs pull -q --tls-verify=false "$USERS/team/app:1"
	# podman knows it too
	runs_podman login --get-login --authfile "$REGISTRY_AUTH_FILE" "$USERS"
	is ann
	runs logout "$USERS"
	has "^Removed login credentials for $USERS$"
	refuses 125 'login' pull -q --tls-verify=false "$USERS/team/app:1"
	refuses 125 '.' logout "$USERS"
	runs pull -q --tls-verify=false --creds 'ann:correct horse' "$USERS/team/app:1"
	refuses 125 'login|denied|unauthorized' pull -q --tls-verify=false --creds 'ann:wrong donkey' "$USERS/team/app:1"
	hasnt donkey "$stderr"
	run --separate-stderr c login --tls-verify=false -u ann -p 'correct horse' "http://$USERS/"
	[ "$status" = 0 ]
	runs login --tls-verify=false "$USERS"
	has "^Existing credentials are valid. Already logged in to $USERS\$"
	refuses 125 "^coracle: login: $USERS: user name or password refused .*: coracle login $USERS\$" \
		login --tls-verify=false -u ann -p 'wrong donkey' "$USERS"
	refuses 125 'no connection|not a registry|resolve' login --tls-verify=false 127.0.0.1:1 -u ann -p x
	# what is not taken any longer is asked for anew
	printf '{"auths": {"%s": {"auth": "%s"}}}' "$USERS" "$(printf 'ann:wrong donkey' | base64)" >"$REGISTRY_AUTH_FILE"
	run --separate-stderr c login --tls-verify=false "$USERS" </dev/null
	[ "$status" = 125 ]
	has "warning: the credentials in $REGISTRY_AUTH_FILE are not taken" "$stderr"
	has 'no terminal|no answer' "$stderr"
	hasnt 'donkey|Already' "$output$stderr"
	runs logout --all
	refuses 125 'nobody is logged in' login --get-login "$USERS"
	refuses 125 'terminal|answer' login --tls-verify=false "$USERS"
}

runs_podman()
{
	run --separate-stderr podman "$@" 3>&-
	[ "$status" = 0 ] || { echo "podman $*: $output $stderr"; return 1; }
}

@test "a terminal is asked without echo, and shows a line a layer" {
	run --separate-stderr python3 "$BATS_TEST_DIRNAME/login_terminal.py" "$USERS" "$CORACLE"
	[ "$status" = 0 ] || { echo "$output $stderr"; return 1; }
	is ann "$(c login --get-login "$USERS")"
	# who answers as soon as the question is there, while the terminal takes its time
	need strace
	c logout "$USERS"
	run --separate-stderr python3 "$BATS_TEST_DIRNAME/login_terminal.py" "$USERS" \
		strace -f -qq -o "$WORK/trace" -e trace=ioctl -e inject=ioctl:delay_enter=300000 "$CORACLE"
	[ "$status" = 0 ] || { echo "$output $stderr"; return 1; }
	run python3 -c 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' \
		"$CORACLE" pull --tls-verify=false "$PLAIN/team/app:1" </dev/null
	[ "$status" = 0 ]
	has '[0-9a-f]{12}: Pull complete'
}

@test "no line of a narrow terminal is longer than the terminal" {
	local columns
	for columns in 1 2 19 59; do
		c rmi -f "$OPEN/good/app:1" >/dev/null 2>&1 || true
		run timeout 60 python3 "$BATS_TEST_DIRNAME/narrow_terminal.py" "$columns" "$CORACLE" pull --tls-verify=false \
			"$OPEN/good/app:1" 3>&-
		[ "$status" = 0 ] || { echo "$columns columns: $output"; return 1; }
	done
}

@test "certificates come from certs.d or --cert-dir, and are asked for" {
	refuses 125 'certificate|verif' pull -q "$TLS/team/app:1"
	mkdir -p "$XDG_CONFIG_HOME/containers/certs.d/$TLS" "$WORK/own"
	cp "$WORK/certs/ca.crt" "$XDG_CONFIG_HOME/containers/certs.d/$TLS/"
	runs pull -q "$TLS/team/app:1"
	runs rmi "$TLS/team/app:1"
	rm -r "$XDG_CONFIG_HOME/containers/certs.d"
	refuses 125 'certificate|verif' pull -q "$TLS/team/app:1"
	cp "$WORK/certs/ca.crt" "$WORK/own/"
	runs pull -q --cert-dir "$WORK/own" "$TLS/team/app:1"
	runs rmi "$TLS/team/app:1"
	runs pull -q --tls-verify=false "$TLS/team/app:1"
}

@test "words that can't be meant are refused" {
	refuses 125 'policy "often"' pull --policy often busybox
	refuses 125 'retry-delay' pull --retry-delay never busybox
	refuses 125 'USER:PASSWORD' pull -q --creds ann --tls-verify=false "$USERS/team/app:1"
	refuses 125 'platform' pull --platform linux/amd64 --arch arm64 busybox
	refuses 125 'lower' pull lower/UPPER
	refuses 125 'one of them' logout --all "$USERS"
}
