#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# stores.bats - image stores of somebody else: made for all, used without copying, never written to

load helper
load registries

file_setup()
{
	registries_begin
	registry plain
	export PLAIN
	PLAIN=$(port plain)
	gcc -static -O1 -w "$BATS_TEST_DIRNAME/rung_probe.c" -o "$WORK/probe"
	python3 "$BATS_TEST_DIRNAME/rung_image.py" "$WORK/changes.tar" localhost/changes:1 changes "$WORK/busybox" "$WORK/probe"
	c store create "$WORK/site"
	(umask 077; c --root "$WORK/site" --runroot "$WORK/siterun" load -q -i "$WORK/changes.tar")
	# its maker's own commands make a lock when they are first used
	c --root "$WORK/site" --runroot "$WORK/siterun" image check >/dev/null
	snapshot >"$WORK/before"
}

file_teardown()
{
	registries_end
}

# what others see of the store: it must be the same at the end of each test
snapshot()
{
	(cd "$WORK/site" && find store -type f -exec sha256sum {} + | sort -k 2; find store -printf '%p %m %U:%G %s %T@ %C@\n' | sort)
}

test_teardown()
{
	chmod 0755 "$WORK/site" 2>/dev/null
	[ ! -d "$WORK/away" ] || mv "$WORK/away" "$WORK/site"
	c rm -f -a -t 0 >/dev/null 2>&1
	c rmi -f -a >/dev/null 2>&1
	rm -f "$CORACLE_ROOT/stores.json" "$XDG_CONFIG_HOME/containers/storage.conf"
	image_busybox
	diff "$WORK/before" <(snapshot)
}

listing()
{
	"$@" run --rm --network none localhost/changes:1 sh -c 'probe list /attr /bin/probe /closed /d /opaque /owned /removed /secret /setgid /setuid /sticky /symlink /tree2 /tmp /etc/passwd' |
		sed 's/ user\.containers\.override_stat=[0-9:]*//' | sort
}

@test "all of a store for others can be read by everybody" {
	run find "$WORK/site" -not -type l -not -type c -not -perm -o+r -not -path '*/store/tmp*' -not -path '*/store/locks*' -not -name .lock
	is '' "$(grep -v -e '^.*/runtime$' -e '^.*/\.' <<<"$output" | grep '/store/\(layers\|images\|refs\|blobs\)')"
	run find "$WORK/site/store" -not -user "$(id -un)"
	is ''
	run find "$WORK/site/store/layers" -type d -not -perm -o+x
	is ''
	run find "$WORK/site/store/layers" -perm /7000
	is ''
}

@test "its images are listed, run and inspected as own ones, owners and modes as in the image" {
	need fuse-overlayfs /dev/fuse
	refuses 125 'image not known' image inspect localhost/changes:1
	runs store add "$WORK/site"
	is "$WORK/site"
	runs images --format '{{.Repository}}:{{.Tag}} {{.ReadOnly}}'
	has '^localhost/changes:1 true$'
	has '^localhost/busybox:latest false$'
	is localhost/changes "$(c images --filter readonly=true --format '{{.Repository}}')"
	is localhost/busybox "$(c images --filter readonly=false --format '{{.Repository}}')"
	is "localhost/changes:1" "$(c image inspect -f '{{index .RepoTags 0}}' localhost/changes:1)"
	c --root "$WORK/plain" --runroot "$WORK/plainrun" load -q -i "$WORK/changes.tar"
	wanted=$(listing c --root "$WORK/plain" --runroot "$WORK/plainrun")
	is "$wanted" "$(listing c)"
	is "$wanted" "$(STORAGE_DRIVER=copy listing c)"
	# by the digits of its id, too
	runs run --rm --network none "$(c images -q localhost/changes)" echo by id
	is "by id"
	# nothing was copied
	[ "$(ls "$CORACLE_ROOT/store/layers" | wc -l)" = 1 ]
	remove_tree "$WORK/plain"
}

@test "what a container changes is its own and stays; special directories keep their look" {
	need fuse-overlayfs /dev/fuse
	c store add "$WORK/site"
	for STORAGE_DRIVER in '' copy; do
		export STORAGE_DRIVER
		c create --name change --network none localhost/changes:1 sh -c '
			[ -e /new ] || { touch /new /tmp/x /sticky/y /closed/z; echo more >>/owned; rm -r /d /setuid; chown 65534:1 /new; }
			probe list /new /owned | sed "s/ .*sum=.*//; s/ user.*//"; stat -c "%n %a %u:%g" /new /owned /tmp /sticky /closed /etc /; ls -d /d /setuid 2>&1; true' >/dev/null
		runs start -a change
		first=$output
		has '^/new 644 65534:1$'
		has '^/owned 600 1000:100$'
		has '^/tmp 1777 0:0$'
		has '^/sticky 1777 0:0$'
		has '^/closed 700 1000:1000$'
		has '^/etc 755 0:0$'
		has '^/ 755 0:0$'
		runs start -a change
		is "$first"
		c rm change
	done
	unset STORAGE_DRIVER
}

# as_other SCRIPT: as user 1000 with subordinate ids, in a namespace of our own subordinate ids alone: $WORK/site belongs
# to nobody there
as_other()
{
	need newuidmap
	local uids gids
	uids=$(awk -F: -v me="$(id -un)" '$1 == me && $3 >= 65536 {print $2; exit}' /etc/subuid)
	gids=$(awk -F: -v me="$(id -un)" '$1 == me && $3 >= 65536 {print $2; exit}' /etc/subgid)
	[ -n "$uids" ] && [ -n "$gids" ] || skip "too few subordinate ids"
	timeout 300 unshare --user --map-users "$uids,0,65536" --map-groups "$gids,0,65536" --setuid 0 --setgid 0 --mount sh -ec '
		mount -t tmpfs -o mode=0755 none /mnt
		for p in newuidmap newgidmap; do cp /usr/bin/$p /mnt/$p; chmod 4755 /mnt/$p; mount --bind /mnt/$p /usr/bin/$p; done
		printf "1000:0:1000\n1000:1001:64535\n" >/mnt/sub; mount --bind /mnt/sub /etc/subuid; mount --bind /mnt/sub /etc/subgid
		mkdir -m 0755 /mnt/home /mnt/home/run; chown -R 1000:1000 /mnt/home
		export HOME=/mnt/home CORACLE_ROOT=/mnt/home/data CORACLE_RUNROOT=/mnt/home/run
		exec setpriv --reuid 1000 --regid 1000 --clear-groups sh -c "$1"' - "$1" 3>&-
}

@test "a store of another user: owners are right though that one has no id here" {
	need fuse-overlayfs /dev/fuse setpriv
	chmod 0755 "$WORK"
	run --separate-stderr as_other '"$CORACLE" store add "$WORK/site" && [ "$(stat -c %u "$WORK/site/store")" = 65534 ] &&
		"$CORACLE" run --rm --network none localhost/changes:1 sh -c "grep -c \" / fuse\" /proc/mounts; stat -c \"%n %a %u:%g\" /tmp /owned /secret /bin/probe /etc; touch /etc/new /tmp/new; mkdir /bin/sub; echo x >>/etc/passwd; su ann -c \"echo ann >/tmp/ann\"; chown 65534 /tmp/new; stat -c \"%n %a %u:%g\" /etc /bin /tmp /tmp/ann /tmp/new /etc/passwd /" && "$CORACLE" info -f "{{json .Store.ImageStores}}"'
	[ "$status" = 0 ] || { show; return 1; }
	is "/tmp 1777 0:0,/owned 600 1000:100,/secret 640 0:42,/bin/probe 755 0:0,/etc 755 0:0,/etc 755 0:0,/bin 755 0:0,/tmp 1777 0:0,/tmp/ann 644 1000:1000,/tmp/new 644 65534:0,/etc/passwd 644 0:0,/ 755 0:0" \
		"$(grep '^/' <<<"$output" | grep -v "^$WORK" | paste -sd,)"
	has '^1$'
	has '"state":"ok"'
}

@test "from a read-only mount, and with one id only" {
	need fuse-overlayfs /dev/fuse
	run --separate-stderr timeout 300 unshare --user --map-root-user --mount sh -ec '
		mount --bind "$WORK/site" "$WORK/site"; mount -o remount,bind,ro "$WORK/site"
		! touch "$WORK/site/store/x" 2>/dev/null || exit 9
		export CORACLE_ROOT=$WORK/one CORACLE_RUNROOT=$WORK/onerun
		exec unshare --user --map-user=$(id -u) --map-group=$(id -g) sh -c "
			\"$CORACLE\" store add \"$WORK/site\"
			\"$CORACLE\" run --rm --network none localhost/changes:1 sh -c \"cat /d/replaced; id -u; echo more >>/owned && wc -l </owned; rm /d/kept && echo removed\"
			\"$CORACLE\" rmi localhost/changes:1; \"$CORACLE\" pull -q localhost:1/changes:1; \"$CORACLE\" store ls -n"' 3>&-
	has '^replaced by two$'
	has '^2$'
	has '^removed$'
	has 'store add +1 +ok'
	has 'rmi: image "localhost/changes:1" is in .*/site, which is only read' "$stderr"
	remove_tree "$WORK/one"
}

@test "rmi, prune and tag leave it alone; own names win" {
	c store add "$WORK/site"
	refuses 2 "is in $WORK/site, which is only read.*store rm" rmi localhost/changes:1
	refuses 2 'is only read' rmi -f "$(c images -q localhost/changes)"
	runs tag localhost/changes:1 mine:1
	runs images --format '{{.Repository}}:{{.Tag}}'
	has '^localhost/mine:1$'
	has '^localhost/changes:1$'
	runs rmi mine:1
	has '^Untagged: localhost/mine:1$'
	refuses 125 'not known' image inspect mine:1
	# the own one of that name counts
	runs tag busybox localhost/changes:1
	is "$(c images -q --no-trunc busybox)" "sha256:$(c image inspect -f '{{.Id}}' localhost/changes:1 | sed s/sha256://)"
	runs rmi localhost/changes:1
	runs run --rm --network none localhost/changes:1 cat /d/replaced
	is "replaced by two"
	c rmi -a >/dev/null 2>&1
	runs images -q
	is 1 "${#lines[@]}"
}

@test "a load takes layers from there and brings only others" {
	need fuse-overlayfs /dev/fuse
	c rmi -f -a >/dev/null
	c store add "$WORK/site"
	cat >"$WORK/more.py" <<-'END'
		import hashlib, io, json, sys, tarfile
		src, dst = sys.argv[1:]
		blobs = {}
		with tarfile.open(src) as tar:
		    for member in tar:
		        blobs[member.name] = tar.extractfile(member).read()
		manifest = json.loads(blobs.pop('manifest.json'))[0]
		config = json.loads(blobs.pop(manifest['Config']))
		layer = io.BytesIO()
		with tarfile.open(fileobj=layer, mode='w') as tar:
		    for name, data, uid, mode in (('d/top', b'top\n', 5, 0o640), ('d/.wh.kept', b'', 0, 0o644), ('closed/new', b'n\n', 0, 0o644)):
		        info = tarfile.TarInfo(name)
		        info.size, info.uid, info.gid, info.mode = len(data), uid, uid, mode
		        tar.addfile(info, io.BytesIO(data))
		    info = tarfile.TarInfo('d/link-below')
		    info.type, info.linkname = tarfile.LNKTYPE, 'owned'
		    tar.addfile(info)
		digest = hashlib.sha256(layer.getvalue()).hexdigest()
		blobs[digest + '.tar'] = layer.getvalue()
		config['rootfs']['diff_ids'].append('sha256:' + digest)
		blobs['c.json'] = json.dumps(config).encode()
		blobs['manifest.json'] = json.dumps([{'Config': 'c.json', 'RepoTags': ['localhost/more:1'], 'Layers': manifest['Layers'] + [digest + '.tar']}]).encode()
		with tarfile.open(dst, 'w') as tar:
		    for name, data in blobs.items():
		        info = tarfile.TarInfo(name)
		        info.size = len(data)
		        tar.addfile(info, io.BytesIO(data))
	END
	python3 "$WORK/more.py" "$WORK/changes.tar" "$WORK/more.tar"
	runs load -q -i "$WORK/more.tar"
	is 1 "$(ls "$CORACLE_ROOT/store/layers" | wc -l)"
	for driver in '' copy; do
		STORAGE_DRIVER=$driver runs run --rm --network none localhost/more:1 sh -c 'ls /d; stat -c "%n %a %u:%g" /d/top /closed /closed/new /d/link-below /d; cat /d/link-below'
		hasnt '^kept$'
		has '^/d/top 640 5:5$'
		has '^/closed 700 1000:1000$'
		has '^/d/link-below 600 1000:100$'
		has '^owned$'
	done
	runs save -o "$WORK/saved.tar" localhost/more:1
	runs run --name stays --network none localhost/more:1 true
	# without the store its own layers are not enough; with it again they are
	mv "$WORK/site" "$WORK/away"
	refuses 125 "image store $WORK/site, which the container's image is in.*No such file" start stays
	runs store ls --format '{{.State}}'
	has 'No such file'
	mv "$WORK/away" "$WORK/site"
	runs start stays
}

@test "diff, tree, history, inspect, save, copy, mount and check read its images as own ones" {
	need fuse-overlayfs /dev/fuse
	c --root "$WORK/plain" --runroot "$WORK/plainrun" load -q -i "$WORK/changes.tar"
	for words in "image diff" "image tree" history; do
		wanted=$(c --root "$WORK/plain" --runroot "$WORK/plainrun" $words localhost/changes:1)
		[ -n "$wanted" ]
		c store add "$WORK/site"
		is "$wanted" "$(c $words localhost/changes:1)"
		c store rm "$WORK/site"
	done
	c store add "$WORK/site"
	runs image inspect -f '{{.GraphDriver.Data.UpperDir}}:{{.GraphDriver.Data.LowerDir}}' localhost/changes:1
	for path in ${output//:/ }; do
		[ "${path#"$WORK/site/store/layers/"}" != "$path" ] && [ -d "$path" ]
	done
	runs save -q -o "$WORK/saved.tar" localhost/changes:1
	runs image copy -q "containers-storage:localhost/changes:1" "oci-archive:$WORK/copied.tar"
	for archive in saved copied; do
		remove_tree "$WORK/again"
		c --root "$WORK/again" --runroot "$WORK/againrun" load -q -i "$WORK/$archive.tar"
		is "$(c images -q --no-trunc localhost/changes)" "$(c --root "$WORK/again" --runroot "$WORK/againrun" images -q --no-trunc)"
	done
	runs unshare sh -c 'm=$("$CORACLE" image mount localhost/changes:1) && stat -c "%n %a %u:%g" "$m/owned" "$m/tmp" | sed "s|$m||"; "$CORACLE" image unmount localhost/changes:1 >/dev/null'
	is "/owned 600 1000:100,/tmp 1777 0:0" "$(paste -sd, <<<"$output")"
	runs image check localhost/changes:1
	has '^1 image, 3 layers checked: no damage'
	runs --root "$WORK/site" --runroot "$WORK/siterun" image check
	has '^1 image, 3 layers checked: no damage'
	refuses 125 "is in $WORK/site, which is only read" untag localhost/changes:1
	remove_tree "$WORK/plain"; remove_tree "$WORK/again"
}

@test "damage in it is found, and not repaired from here; without recordings owners are still the image's" {
	cp -a "$WORK/site" "$WORK/bad"
	c store add "$WORK/bad"
	rm "$WORK"/bad/store/layers/*/tar.split*
	runs save -q -o "$WORK/saved.tar" localhost/changes:1
	c --root "$WORK/again" --runroot "$WORK/againrun" load -q -i "$WORK/saved.tar"
	is "/owned 600 1000:100,/secret 640 0:42,/sticky 1777 0:0,/closed 700 1000:1000" \
		"$(c --root "$WORK/again" --runroot "$WORK/againrun" run --rm --network none localhost/changes:1 stat -c '%n %a %u:%g' /owned /secret /sticky /closed | paste -sd,)"
	remove_tree "$WORK/again"
	for layer in "$WORK"/site/store/layers/*; do
		cp "$layer"/tar.split* "$WORK/bad/store/layers/${layer##*/}/"
	done
	runs image check localhost/changes:1
	file=$(find "$WORK/bad/store/layers" -name owned)
	python3 -c 'import os, sys; os.removexattr(sys.argv[1], "user.containers.override_stat")' "$file"
	gives 1 image check localhost/changes:1
	has '"owned" has lost the attribute with its owner'
	echo more >>"$(find "$WORK/bad/store/layers" -path '*/d/replaced' | head -n 1)"
	gives 1 image check localhost/changes:1
	has '"d/replaced" has [0-9]* bytes, not [0-9]*'
	is 2 "$(grep -c '^image' <<<"$output")"
	gives 1 image check --repair localhost/changes:1
	has "is in $WORK/bad, which is only read" "$output$stderr"
	is 3 "$(ls "$WORK/bad/store/layers" | wc -l)"
	c store rm "$WORK/bad"
	chmod -R u+w "$WORK/bad"; rm -rf "$WORK/bad"
}

@test "push sends its images; a pull takes from it what is there, and what it made is checked, counted and removed alone" {
	c store add "$WORK/site"
	runs push -q --tls-verify=false localhost/changes:1 "$PLAIN/changes:1"
	runs pull --tls-verify=false "$PLAIN/changes:1"
	is 1 "$(ls "$CORACLE_ROOT/store/layers" | wc -l)"
	runs images --format '{{.Repository}}:{{.Tag}} {{.ReadOnly}}'
	has "^$PLAIN/changes:1 false$"
	runs run --rm --network none "$PLAIN/changes:1" cat /d/replaced
	is "replaced by two"
	runs image check
	has '^2 images, 4 layers checked: no damage'
	own=$(du -sb "$(echo "$CORACLE_ROOT"/store/layers/*/diff)" | cut -f1)
	size=$(c system df --format json | jq -s 'flatten | .[] | select(.Type == "Images") | .RawSize // .Size')
	[ "${size//\"/}" -le "$own" ]
	runs rmi "$PLAIN/changes:1"
	runs run --rm --network none localhost/changes:1 cat /d/replaced
	# without the store all of it comes
	c store rm "$WORK/site"
	runs pull -q --tls-verify=false "$PLAIN/changes:1"
	is 4 "$(ls "$CORACLE_ROOT/store/layers" | wc -l)"
}

@test "a store that vanishes under a running container: exec may fail; ps, inspect, stop and rm work" {
	need fuse-overlayfs /dev/fuse
	for driver in fuse-overlayfs copy; do
		cp -a "$WORK/site" "$WORK/gone"
		c store add "$WORK/gone"
		STORAGE_DRIVER=$driver c run -d --name stays --network none localhost/changes:1 sh -c 'while :; do sleep 1; done' >/dev/null 2>&1
		runs inspect -f '{{.State.Status}} {{.GraphDriver.Data.LowerDir}}' stays
		has "^running $WORK/gone/store/layers/[0-9a-f]*/diff:$WORK/gone/"
		chmod -R u+w "$WORK/gone"; rm -rf "$WORK/gone"
		runs ps --format '{{.Names}}'
		is stays
		runs inspect -f '{{.State.Status}} {{.GraphDriver.Data.LowerDir}}' stays
		has "^running $WORK/gone/store/layers/"
		runs stop -t 1 stays
		refuses 125 "image store $WORK/gone" start stays
		runs rm stays
		c store rm "$WORK/gone"
	done
}

@test "stores that are damaged, absent, closed or of another kind are told of, and the own one works" {
	mkdir -p "$WORK/podman/overlay-images" "$WORK/empty" "$WORK/future/store" "$WORK/broken/store" "$WORK/closed/store"
	echo '{"version":9}' >"$WORK/future/store/shared.json"
	echo '{"version"' >"$WORK/broken/store/shared.json"
	chmod 0 "$WORK/closed"
	printf '[storage.options]\nadditionalimagestores = ["%s/podman", "%s/empty", "%s/absent", "%s/future", "%s/broken", "%s/closed", "%s/site"]\n' \
		"$WORK" "$WORK" "$WORK" "$WORK" "$WORK" "$WORK" "$WORK" >"$XDG_CONFIG_HOME/containers/storage.conf"
	runs store ls --format '{{.Path}}: {{.From}}: {{.State}}'
	has "^$WORK/podman: storage.conf: it is a store of podman's layout"
	has "^$WORK/empty: storage.conf: it holds no image store"
	has "^$WORK/absent: storage.conf: open it: No such file"
	has "^$WORK/future: storage.conf: it is of version 9"
	has "^$WORK/broken: storage.conf: .*shared.json"
	has "^$WORK/closed: storage.conf: .*Permission denied"
	has "^$WORK/site: storage.conf: ok"
	is 7 "${#lines[@]}"
	runs run --rm --network none busybox echo own
	is own
	runs run --rm --network none localhost/changes:1 echo theirs
	is theirs
	refuses 125 'image not known' run --rm --pull never no-such-image true
	refuses 125 'podman.*layout' store add "$WORK/podman"
	refuses 125 'No such file' store add "$WORK/absent"
	refuses 125 'in use already' store add "$WORK/site" "$WORK/site"
	refuses 1 'was not added' store rm "$WORK/nothing"
	runs store rm "$WORK/site"
	printf 'not toml' >"$XDG_CONFIG_HOME/containers/storage.conf"
	runs store ls
	has 'storage.conf' "$stderr"
	runs images -q
	chmod 0755 "$WORK/closed"
}

@test "a damaged image of it is one line" {
	cp -a "$WORK/site" "$WORK/bad"
	c store add "$WORK/bad"
	: >"$(ls "$WORK"/bad/store/images/*.json)"
	runs images -q busybox
	gives 125 run --rm --network none localhost/changes:1 true
	is 1 "${#stderr_lines[@]}"
	cp "$WORK"/site/store/images/*.json "$WORK/bad/store/images/"
	rm -rf "$WORK"/bad/store/layers/*/layer.json
	gives 125 run --rm --network none localhost/changes:1 true
	is 1 "${#stderr_lines[@]}"
	has 'layer [0-9a-f]{12} is missing' "$stderr"
	c store rm "$WORK/bad"
	chmod -R u+w "$WORK/bad"; rm -rf "$WORK/bad"
}

@test "store create refuses what can't be a store" {
	refuses 125 'store is there already' store create "$WORK/site"
	refuses 125 'No such file' store create "$WORK/no/such"
	CORACLE_IMAGE_STORES=$WORK/site runs images --format '{{.Repository}}'
	has '^localhost/changes$'
	# the maker can run from it, too
	runs --root "$WORK/site2" --runroot "$WORK/site2run" store create "$WORK/site2"
	c --root "$WORK/site2" --runroot "$WORK/site2run" load -q -i "$WORK/changes.tar"
	runs --root "$WORK/site2" --runroot "$WORK/site2run" run --rm --network none localhost/changes:1 stat -c '%a %u:%g' /owned
	is '600 1000:100'
}

@test "store create goes on where one was killed, and leaves alone what is not its own" {
	local state
	for state in . blobs/sha256 'blobs/sha256 layers images refs' 'blobs/sha256 layers images refs shared.json.12.ab.tmp shared.json.new'; do
		mkdir -p -m 0700 "$WORK/half/store"
		(cd "$WORK/half/store" && mkdir -p -m 0700 $state)
		rmdir "$WORK/half/store/"shared.json.* 2>/dev/null && : >"$WORK/half/store/shared.json.new"
		(umask 077; c store create "$WORK/half") || { echo "after: $state"; return 1; }
		is '' "$(find "$WORK/half" -type d -not -perm 0755; find "$WORK/half" -name shared.json -not -perm 0644)"
		refuses 125 'store is there already' store create "$WORK/half"
		rm -r "$WORK/half"
	done
	for state in locks layers/x blobs/sha256/x overlay-images; do
		mkdir -p "$WORK/half/store/$state"
		refuses 125 'store is there already' store create "$WORK/half"
		rm -r "$WORK/half"
	done
}

@test "stores that are added and removed at the same time are all added and removed" {
	local i jobs=()
	for i in {1..8}; do c store create "$WORK/many$i" >/dev/null; done
	for i in {1..8}; do c store add "$WORK/many$i" >/dev/null & jobs+=($!); done
	wait "${jobs[@]}"
	is 8 "$(c store ls -q | wc -l)"
	jobs=()
	for i in {1..8}; do c store rm "$WORK/many$i" >/dev/null & jobs+=($!); done
	wait "${jobs[@]}"
	is '' "$(c store ls -q)"
	rm -r "$WORK"/many?
}
