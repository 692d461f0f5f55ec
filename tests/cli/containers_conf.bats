#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# containers_conf.bats - what containers.conf sets for new containers; the command line wins

load helper

file_setup()
{
	export XDG_CONFIG_HOME=$WORK/config HOME=$WORK/home CONTAINERS_CONF=$WORK/containers.conf
	mkdir -p "$XDG_CONFIG_HOME" "$HOME" "$WORK/shown"
	echo shown >"$WORK/shown/file"
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
