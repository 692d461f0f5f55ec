#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# ps.bats - ps and inspect of containers: tables, templates, JSON, filters

load helper

@test "the table has docker's captions" {
	runs ps
	has '^CONTAINER ID +IMAGE +COMMAND +CREATED +STATUS +PORTS +NAMES *$'
	[ "${#lines[@]}" = 1 ]
}

@test "ps shows running ones, -a all, -q ids, --no-trunc whole" {
	runs run -d --name up busybox sleep 100
	up=$output
	runs create --name made busybox true
	made=$output
	runs ps
	has "^${up:0:12} .*busybox.* Up .* up *\$"
	hasnt made
	runs ps -a
	has "Created .* made *\$"
	runs ps -aq
	is "${made:0:12}"$'\n'"${up:0:12}"
	runs ps -aq --no-trunc
	is "$made"$'\n'"$up"
}

@test "-l and -n" {
	runs create --name a busybox true
	runs create --name b busybox true
	runs ps -l --format '{{.Names}}'
	is b
	runs ps -n 2 --format '{{.Names}}'
	is $'b\na'
}

@test "exited ones tell the code and when" {
	gives 3 run --name e busybox sh -c 'exit 3'
	runs ps -a --format '{{.Status}}'
	has '^Exited \(3\) .* ago$'
	runs ps -a --format '{{.State}}'
	is exited
}

@test "templates: fields, table with tabs, json" {
	runs create --name t -l k=v busybox sleep 7
	runs ps -a --format '{{.ID}} {{.Names}} {{.State}} {{.Label "k"}}'
	has '^[0-9a-f]{12} t created v$'
	runs ps -a --format 'table {{.Names}}\t{{.State}}'
	has '^NAMES +STATE *$'
	has '^t +created *$'
	run bash -c '"$CORACLE" ps -a --format "{{json .}}" | jq -r .Names'
	is t
	run bash -c '"$CORACLE" ps -a --format json | jq -r ".[0].Names[0]"'
	is t
	runs ps -a --format '{{.Names}}' --format '{{.State}}'
	is created
}

@test "template mistakes are errors" {
	runs create --name t busybox true
	for template in '{{.Names' '{{nosuch}}' '{{.NoSuchField}}'; do
		run --separate-stderr c ps -a --format "$template"
		[ "$status" != 0 ] || { echo "accepted $template: $output"; return 1; }
		[ "${#stderr_lines[@]}" = 1 ]
	done
}

@test "filters: the same key is or, different keys and, labels and" {
	runs create --name one -l a=1 -l b=1 busybox true
	runs create --name two -l a=1 busybox true
	runs run -d --name three busybox sleep 100
	runs ps -a --filter name=one --filter name=two --format '{{.Names}}'
	is $'two\none'
	runs ps -a --filter label=a=1 --filter label=b --format '{{.Names}}'
	is one
	runs ps -a --filter status=running --format '{{.Names}}'
	is three
	runs ps -a --filter status=created --filter label=b --format '{{.Names}}'
	is one
	runs ps -a --filter ancestor=busybox -q
	[ "${#lines[@]}" = 3 ]
	runs ps -a --filter since=one --format '{{.Names}}'
	is $'three\ntwo'
	runs ps -a --filter before=two --format '{{.Names}}'
	is one
	runs ps -a --filter "id=$(c inspect -f '{{.Id}}' two)" --format '{{.Names}}'
	is two
	refuses 125 'filter' ps --filter nosuch=x
	refuses 125 'filter' ps --filter status
}

@test "filter exited and volume" {
	gives 4 run --name e4 busybox sh -c 'exit 4'
	gives 0 run --name e0 -v vol:/v busybox true
	runs ps -a --filter exited=4 --format '{{.Names}}'
	is e4
	runs ps -a --filter volume=vol --format '{{.Names}}'
	is e0
	c rm -a >/dev/null
	c volume rm vol
}

@test "inspect is a JSON array with docker's keys" {
	runs run -d --name i -e A=b -w /tmp -p 127.0.0.1::80 -v named:/n -l x=y --memory 0 busybox sleep 100
	c inspect i >"$WORK/inspect"
	run jq -r '.[0] | .State.Status, .State.Running, (.State.Pid > 0), .Config.Cmd[0], .Config.WorkingDir, .Config.Labels.x, .Mounts[0].Type, .Mounts[0].Name, .Mounts[0].Destination, .Mounts[0].RW, .HostConfig.Privileged, .RestartCount' "$WORK/inspect"
	is $'running\ntrue\ntrue\nsleep\n/tmp\ny\nvolume\nnamed\n/n\ntrue\nfalse\n0'
	run jq -r '.[0].Id | length' "$WORK/inspect"
	is 64
	run jq -r '.[0].State | has("Health")' "$WORK/inspect"
	is false
	run jq -r '.[0].NetworkSettings.Ports["80/tcp"][0].HostPort | tonumber > 0' "$WORK/inspect"
	is true
	c rm -f -t 0 i >/dev/null
	c volume rm named
}

@test "inspect with what scripts use" {
	runs run -d --name i -e A=b -l com.example.k=v busybox sleep 100
	runs inspect -f '{{.State.Running}} {{.Config.Image}} {{index .Config.Labels "com.example.k"}} {{json .Mounts}} {{.HostConfig.NetworkMode}}' i
	has '^true .*busybox.* v \[\] '
	runs inspect -f '{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}' i
	is none
	runs inspect -f '{{range .Config.Env}}{{println .}}{{end}}' i
	has '^A=b$'
	runs inspect -f '{{len .Id}}' i
	is 64
	runs inspect -f '{{.Name}}' i
	has '^/?i$'
	runs container inspect -f '{{.State.Status}}' i
	is running
}

@test "inspect of nothing is an empty array and an error" {
	run --separate-stderr c inspect nosuch
	[ "$status" != 0 ]
	is "[]"
	has nosuch "$stderr"
}

@test "inspect finds images too, and --type decides" {
	runs inspect -f '{{.Os}}' busybox
	is linux
	run --separate-stderr c inspect --type container busybox
	[ "$status" != 0 ]
}

@test "container ls and container ps and ps -f are the same" {
	runs create --name x busybox true
	for words in "container ls" "container ps" "container list" "ps"; do
		runs $words -a --format '{{.Names}}'
		is x
	done
}

@test "-s shows sizes" {
	gives 0 run --name big busybox sh -c 'head -c 2000000 /dev/zero >/big'
	runs ps -as --format '{{.Size}}'
	has '2.*MB'
}

@test "a full standard output is an error" {
	run bash -c '"$CORACLE" ps -a >/dev/full'
	[ "$status" != 0 ]
	has 'space'
}
