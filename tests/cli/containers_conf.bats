#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# containers_conf.bats - what containers.conf sets for new containers and for images; the command line wins

load helper
load registries

file_setup()
{
	export CONTAINERS_CONF=$WORK/containers.conf
	registries_begin
	mkdir -p "$WORK/shown"
	: >"$CONTAINERS_CONF"
	echo shown >"$WORK/shown/file"
	lying lies --layers 5
	registry plain
	export PLAIN LIES
	PLAIN=$(port plain) LIES=$(port lies)
}

file_teardown()
{
	registries_end
}

test_teardown()
{
	: >"$CONTAINERS_CONF"
}

conf()
{
	cat >"$CONTAINERS_CONF"
}

inspect()
{
	c inspect --type container -f "$1" conf
}

@test "environment: below the image's, which is below the command line's" {
	image_from with-env 'ENV B=image' <<<'true'
	conf <<-END
		[containers]
		env = ["A=file", "B=file", "C=file"]
	END
	runs run --rm --network none -e C=option with-env sh -c 'echo $A $B $C'
	is "file image option"
	runs run --rm --network none --unsetenv A with-env sh -c 'echo ${A-none}'
	is none
}

@test "texts and flags are defaults, options win" {
	conf <<-END
		[containers]
		tz = "UTC"
		umask = "0077"
		shm_size = "3m"
		log_driver = "k8s-file"
		ipcns = "host"
		utsns = "private"
		netns = "none"
		init = true
		read_only = true
		pids_limit = 77
		annotations = ["who=file", "what=file"]
		default_ulimits = ["nofile=100:200", "core=0:0"]
		volumes = ["$WORK/shown:/shown:ro"]
		dns_servers = ["10.0.0.1"]
		[engine]
		stop_timeout = 3
	END
	runs create --name conf --annotation who=option --ulimit nofile=300:400 busybox sh -c 'umask; cat /shown/file; ulimit -n; touch /x 2>&1'
	is none "$(inspect '{{.HostConfig.NetworkMode}}')"
	is host "$(inspect '{{.HostConfig.IpcMode}}')"
	is k8s-file "$(inspect '{{.HostConfig.LogConfig.Type}}')"
	is 3145728 "$(inspect '{{.HostConfig.ShmSize}}')"
	is 'true true' "$(inspect '{{.HostConfig.Init}} {{.HostConfig.ReadonlyRootfs}}')"
	is 77 "$(inspect '{{.HostConfig.PidsLimit}}')"
	is 3 "$(inspect '{{.Config.StopTimeout}}')"
	is '[10.0.0.1]' "$(inspect '{{.HostConfig.Dns}}')"
	has '"who":"option"' "$(inspect '{{json .Config.Annotations}}')"
	has '"what":"file"' "$(inspect '{{json .Config.Annotations}}')"
	c rm conf
	runs create --name conf --network host --ipc private --log-driver none --shm-size 5m --stop-timeout 9 --dns 10.0.0.2 busybox true
	is host "$(inspect '{{.HostConfig.NetworkMode}}')"
	is private "$(inspect '{{.HostConfig.IpcMode}}')"
	is none "$(inspect '{{.HostConfig.LogConfig.Type}}')"
	is 5242880 "$(inspect '{{.HostConfig.ShmSize}}')"
	is 9 "$(inspect '{{.Config.StopTimeout}}')"
	is '[10.0.0.2]' "$(inspect '{{.HostConfig.Dns}}')"
}

@test "they take effect in the container" {
	conf <<-END
		[containers]
		umask = "0077"
		netns = "none"
		default_ulimits = ["nofile=100:200"]
		volumes = ["$WORK/shown:/shown:ro"]
	END
	runs run --rm busybox sh -c 'umask; cat /shown/file; ulimit -n; ls /sys/class/net'
	is "0077,shown,100,lo" "$(paste -sd, <<<"$output")"
}

capabilities()
{
	c run --rm --network none "$@" busybox sed -n 's/^CapBnd:\t0*//p' /proc/self/status
}

@test "default_capabilities stand in place of the usual ones" {
	usual=$(capabilities)
	conf <<-END
		[containers]
		default_capabilities = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"]
		default_sysctls = ["net.ipv4.ping_group_range=0 0"]
	END
	is "$usual" "$(capabilities)"
	echo '[containers]
		default_capabilities = ["CHOWN", "cap_net_raw"]' >"$CONTAINERS_CONF"
	is 2001 "$(capabilities)"
	is 2003 "$(capabilities --cap-add dac_override)"
	is 2000 "$(capabilities --cap-drop chown)"
	runs run -d --name conf --network none busybox sleep 100 >/dev/null
	is 0000000000002001 "$(c exec conf sed -n 's/^CapBnd:\t//p' /proc/self/status)"
	c rm -f -t 0 conf
	printf '[containers]\ndefault_capabilities = []\n' >"$CONTAINERS_CONF"
	is '' "$(capabilities)"
	is 1 "$(capabilities --cap-add chown)"
	printf '[containers]\ndefault_capabilities = ["CHOWM"]\n' >"$CONTAINERS_CONF"
	refuses 125 'containers.conf: default_capabilities CHOWM' run --rm --network none busybox true
}

@test "default_sysctls count where the namespace is the container's own" {
	usual=$(c run --rm --network none busybox cat /proc/sys/net/ipv4/ping_group_range)
	conf <<-END
		[containers]
		default_sysctls = ["net.ipv4.ping_group_range=0 0", "net.ipv4.ip_default_ttl=33", "kernel.msgmax=9000"]
	END
	runs run --rm --network none busybox cat /proc/sys/net/ipv4/ping_group_range /proc/sys/net/ipv4/ip_default_ttl /proc/sys/kernel/msgmax
	is "$usual,33,9000" "$(paste -sd, <<<"$output")"
	runs run --rm --network none --sysctl net.ipv4.ip_default_ttl=44 busybox cat /proc/sys/net/ipv4/ip_default_ttl
	is 44
	ttl=$(cat /proc/sys/net/ipv4/ip_default_ttl)
	runs run --rm --network host busybox cat /proc/sys/net/ipv4/ip_default_ttl /proc/sys/kernel/msgmax
	is "$ttl,9000" "$(paste -sd, <<<"$output")"
	runs run --rm --network none --ipc host busybox cat /proc/sys/net/ipv4/ip_default_ttl
	is 33
	printf '[containers]\ndefault_sysctls = ["net.ipv4.ping_group_range=0 7"]\n' >"$CONTAINERS_CONF"
	runs run --rm --network none busybox cat /proc/sys/net/ipv4/ping_group_range
	is $'0\t7'
	printf '[containers]\ndefault_sysctls = ["nonsense"]\n' >"$CONTAINERS_CONF"
	refuses 125 'sysctl "?nonsense' run --rm --network none busybox true
}

# blobs_asked COUNT: a pull has asked for so many
blobs_asked()
{
	is "$1" "$(jq -r 'select(.method == "GET").path' "$WORK/lies.log" | grep /blobs/ | sort -u | wc -l)"
}

# asks_for COUNT COPIES: of so many blobs a pull asks before the first large one is there, and of no more
asks_for()
{
	local pid
	printf '[engine]\nimage_parallel_copies = %s\n' "$2" >"$CONTAINERS_CONF"
	forget lies
	"$CORACLE" pull -q --tls-verify=false "$LIES/slow-layer/app:1" >/dev/null 2>&1 3>&- &
	pid=$!
	soon 5 blobs_asked "$1"
	soon 5 has_layers "$small_at"
	sleep 1
	kill $pid
	wait $pid || true
	blobs_asked "$1"
}

has_layers()
{
	is "$1" "$(ls "$CORACLE_ROOT/store/layers" | wc -l)"
}

@test "image_parallel_copies" {
	small_at=$(($(ls "$CORACLE_ROOT/store/layers" | wc -l) + 1))
	# the configuration, the small layer, and one
	asks_for 3 1
	# the small layer is there by now
	asks_for 4 3
}

@test "retry and retry_delay" {
	conf <<-END
		[engine]
		retry = 2
		retry_delay = "0s"
	END
	nowhere=localhost:$(free_port)
	gives 125 pull --tls-verify=false "$nowhere/app:1"
	thrice=$(grep -c "^coracle: .*$nowhere/app:1: " <<<"$stderr")
	gives 125 pull --tls-verify=false --retry 0 "$nowhere/app:1"
	once=$(grep -c "^coracle: .*$nowhere/app:1: " <<<"$stderr")
	is 0 $((thrice - 3 * once))
	printf '[engine]\nretry_delay = "often"\n' >"$CONTAINERS_CONF"
	refuses 125 'containers.conf: retry_delay "often"' pull -q --tls-verify=false "$nowhere/app:1"
}

layer_types()
{
	curl -fsS -H 'Accept: application/vnd.oci.image.manifest.v1+json' -H 'Accept: application/vnd.docker.distribution.manifest.v2+json' \
		"http://$PLAIN/v2/$1/manifests/1" | jq -r '.layers[].mediaType' | sort -u
}

@test "compression_format and compression_level, of push and manifest push" {
	printf '[engine]\ncompression_format = "zstd"\ncompression_level = 20\n' >"$CONTAINERS_CONF"
	runs push -q --tls-verify=false busybox "$PLAIN/zstd:1"
	is application/vnd.oci.image.layer.v1.tar+zstd "$(layer_types zstd)"
	# an order is one, a wish gives way
	runs push -q --tls-verify=false --compression-format gzip busybox "$PLAIN/gzip:1"
	has 'gzip$' "$(layer_types gzip)"
	runs push -q --tls-verify=false --format v2s2 busybox "$PLAIN/docker:1"
	is application/vnd.docker.image.rootfs.diff.tar.gzip "$(layer_types docker)"
	c manifest create list:1 busybox
	runs manifest push -q --tls-verify=false list:1 "$PLAIN/list:1"
	c manifest rm list:1
	printf '[engine]\ncompression_format = "gzip"\ncompression_level = 20\n' >"$CONTAINERS_CONF"
	refuses 125 'containers.conf: compression level 20' push -q --tls-verify=false busybox "$PLAIN/other:1"
	printf '[engine]\ncompression_format = "lzma"\n' >"$CONTAINERS_CONF"
	refuses 125 'containers.conf: compression_format: compression "lzma"' push -q --tls-verify=false busybox "$PLAIN/other:1"
}

@test "pull_policy" {
	conf <<-END
		[engine]
		pull_policy = "never"
	END
	refuses 125 'image not known' run --rm --network none localhost:1/absent:1 true
}

@test "what can't be honoured is warned of; a damaged file is refused in one line" {
	conf <<-END
		[containers]
		log_driver = "journald"
		netns = "pasta"
		base_hosts_file = "/etc/hosts"
		unknown_key = 7
	END
	runs run --rm --network none busybox true
	is 3 "$(grep -c 'warning: containers.conf: .* has no effect' <<<"$stderr")"
	echo 'no toml' >"$CONTAINERS_CONF"
	refuses 125 "$CONTAINERS_CONF" run --rm --network none busybox true
	runs ps
	runs images
	printf '[containers]\ninit = "yes"\n' >"$CONTAINERS_CONF"
	refuses 125 'init of \[containers\] is not true or false' run --rm --network none busybox true
	CONTAINERS_CONF=$WORK/absent.conf refuses 125 'no such file; the environment names it' run --rm --network none busybox true
}
