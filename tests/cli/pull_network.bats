#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# pull_network.bats - certificates, credentials, token services and proxies that are wrong: one line, nothing half-made

load helper
load registries

SECRET=s3cret-word

file_setup()
{
	lies_begin
}

file_teardown()
{
	registries_end
}

test_teardown()
{
	nothing_kept
}

# hides: the secret is neither in what was said nor in a file of the store
hides()
{
	hasnt "$SECRET" "$output$stderr"
	! grep -rlF -- "$SECRET" "$CORACLE_ROOT" "$CORACLE_RUNROOT" || return 1
}

@test "certificates of nobody, for another host or of yesterday are refused" {
	local name
	for name in server other old; do
		lying "tls-$name" --tls "$WORK/certs/$name.pem"
	done
	refuses 125 'certificate' pull -q "$(port tls-server)/good/app:1"
	refuses 125 'certificate' pull -q --cert-dir "$WORK/trust" "$(port tls-other)/good/app:1"
	has 'name|match' "$stderr"
	refuses 125 'certificate.*expired' pull -q --cert-dir "$WORK/trust" "$(port tls-old)/good/app:1"
	nothing_half_made
	runs pull -q --cert-dir "$WORK/trust" "$(port tls-server)/good/app:1"
	# what is wrong on our side is told, not asked for without TLS
	mkdir -p "$WORK/broken"
	echo nothing | tee "$WORK/broken/a.cert" >"$WORK/broken/a.key"
	refuses 125 'certificate' pull -q --tls-verify=false --cert-dir "$WORK/broken" "$(port tls-server)/good/app:1"
	# it wants to know who we are
	lying mutual --tls "$WORK/certs/server.pem" --client-ca "$WORK/certs/ca.crt"
	refuses 125 'TLS|certificate|broke off' pull -q --cert-dir "$WORK/trust" "$(port mutual)/good/app:1"
	cp "$WORK/certs/client.cert" "$WORK/certs/client.key" "$WORK/trust/"
	runs pull -q --cert-dir "$WORK/trust" "$(port mutual)/good/app:1"
	rm "$WORK/trust/client.key"
	refuses 125 'client.cert has no client.key' pull -q --cert-dir "$WORK/trust" "$(port mutual)/good/app:1"
	cp "$WORK/certs/client.key" "$WORK/trust/"
	rm "$WORK/trust/client.cert"
	refuses 125 'client.key has no client.cert' pull -q --cert-dir "$WORK/trust" "$(port mutual)/good/app:1"
}

@test "of several certificates of ours the one that is wanted is found" {
	mkdir -p "$WORK/many"
	cp "$WORK/certs/ca.crt" "$WORK/many/"
	# of an authority that nobody knows, and first in the order of names
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$WORK/many/a.key" -subj /CN=nobody -days 2 -out "$WORK/many/a.cert" 2>/dev/null
	lying several --tls "$WORK/certs/server.pem" --client-ca "$WORK/certs/ca.crt"
	run --separate-stderr c pull --cert-dir "$WORK/many" "$(port several)/good/app:1"
	[ "$status" = 125 ]
	has 'wants another certificate of ours|broke off' "$stderr"
	cp "$WORK/certs/client.cert" "$WORK/many/b.cert"
	cp "$WORK/certs/client.key" "$WORK/many/b.key"
	runs pull -q --cert-dir "$WORK/many" "$(port several)/good/app:1"
	runs login --cert-dir "$WORK/many" -u tester -p "$SECRET" "$(port several)"
	# who refuses one may just break the connection
	lying abrupt --tls "$WORK/certs/server.pem" --client-ca "$WORK/certs/ca.crt" --abrupt
	runs login --cert-dir "$WORK/many" -u tester -p "$SECRET" "$(port abrupt)"
	runs pull -q --cert-dir "$WORK/many" "$(port abrupt)/good/app:1"
	rm "$WORK/many/b.cert" "$WORK/many/b.key"
	refuses 125 'broke off|wants another' login --cert-dir "$WORK/many" -u tester -p "$SECRET" "$(port abrupt)"
}

@test "wrong credentials are told without being shown" {
	refuses 125 'login' pull -q --tls-verify=false "$BASIC/good/app:1"
	refuses 125 'login|refused|denied' pull -q --tls-verify=false --creds "tester:x$SECRET" "$BASIC/good/app:1"
	hides
	printf '{"auths": {"%s": {"auth": "%s"}}}' "$BASIC" "$(printf 'tester:x%s' "$SECRET" | base64)" >"$REGISTRY_AUTH_FILE"
	refuses 125 "auth.json" pull -q --tls-verify=false "$BASIC/good/app:1"
	hides
	printf '{"auths": {"%s": {"auth": "%s"}}}' "$BASIC" "$(printf 'tester:%s' "$SECRET" | base64)" >"$REGISTRY_AUTH_FILE"
	runs --log-level debug pull --tls-verify=false "$BASIC/good/app:1"
	hides
	# --creds are for this registry only
	cat >"$XDG_CONFIG_HOME/containers/registries.conf" <<-END
	[[registry]]
	location = "$BASIC"
	insecure = true
	[[registry.mirror]]
	location = "$OPEN"
	insecure = true
	END
	forget open
	runs pull -q --creds "tester:$SECRET" "$BASIC/good/app:2"
	[ "$(gets open .)" -ge 1 ]
	is '' "$(jq -r '.headers.authorization // empty' "$WORK/open.log")"
	rm "$XDG_CONFIG_HOME/containers/registries.conf"
}

@test "a signal ends a pull that waits for a credential helper" {
	local pid status=0
	mkdir -p "$WORK/helpers"
	printf '#!/bin/sh\necho $$ >"$WORK/hanging"\nexec sleep 1000\n' >"$WORK/helpers/docker-credential-hang"
	chmod 755 "$WORK/helpers/docker-credential-hang"
	printf '{"credHelpers": {"%s": "hang"}}' "$BASIC" >"$REGISTRY_AUTH_FILE"
	PATH=$WORK/helpers:$PATH "$CORACLE" pull -q --tls-verify=false "$BASIC/good/app:1" >"$WORK/hung" 2>&1 3>&- &
	pid=$!
	soon 30 test -s "$WORK/hanging"
	kill -TERM "$pid"
	wait "$pid" || status=$?
	is 130 "$status"
	has 'interrupted' "$(cat "$WORK/hung")"
	! kill -0 "$(cat "$WORK/hanging")" 2>/dev/null || return 1
}

@test "a token service that lies is found out" {
	local lie
	for lie in endless down html none lines number wrong elsewhere; do
		lying "token-$lie" --auth bearer --token-lie $lie
		refuses 125 '.' pull -q --tls-verify=false --creds "tester:$SECRET" "$(port "token-$lie")/good/app:1"
		hides
		hasnt 'X-Evil|of-no-use' "$stderr"
		hasnt 'x-evil' "$(cat "$WORK/token-$lie.log")"
	done
	# who is redirected by the token service does not take the password along
	is 1 "$(jq -r 'select(.path | startswith("/token")) | select(.headers.authorization) | .path' "$WORK/token-elsewhere.log" | wc -l)"
	nothing_half_made
}

@test "proxies are used as http_proxy, https_proxy and no_proxy say" {
	local proxy host
	serve proxy "$BATS_TEST_DIRNAME/../registry/proxy.py" --log "$WORK/proxy.log"
	lying named --tls "$WORK/certs/other.pem"
	host=other.test:$(cut -d' ' -f1 "$WORK/named.port")
	mkdir -p "$WORK/trust2"
	cp "$WORK/certs/ca.crt" "$WORK/trust2/"
	proxy=http://127.0.0.1:$(cat "$WORK/proxy.port")
	refuses 125 'host name not found' pull -q --cert-dir "$WORK/trust2" "$host/good/app:1"
	https_proxy=$proxy runs pull -q --cert-dir "$WORK/trust2" "$host/good/app:1"
	[ "$(jq -r 'select(.method == "CONNECT").target' "$WORK/proxy.log" | sort -u)" = "$host" ]
	is '' "$(jq -r 'select(.method != "CONNECT").target' "$WORK/proxy.log")"
	HTTPS_PROXY=$proxy no_proxy=.test,example.org refuses 125 'host name not found' pull -q --cert-dir "$WORK/trust2" "$host/good/app:2"
	# plain
	forget proxy
	http_proxy=$proxy runs pull -q --tls-verify=false "plain.test:${OPEN#*:}/good/app:1"
	has "^http://plain.test:" "$(jq -r 'select(.method == "GET").target' "$WORK/proxy.log")"
	# this machine itself is not asked for through it
	forget proxy
	http_proxy=$proxy runs pull -q --tls-verify=false "$OPEN/good/app:1"
	is '' "$(cat "$WORK/proxy.log")"
	# one that wants a password, one that refuses, one that is not there
	serve closed "$BATS_TEST_DIRNAME/../registry/proxy.py" --log "$WORK/closed.log" --user "gate:$SECRET"
	https_proxy=http://gate:$SECRET@127.0.0.1:$(cat "$WORK/closed.port") runs pull -q --cert-dir "$WORK/trust2" "$host/good/app:1"
	https_proxy=http://gate:x$SECRET@127.0.0.1:$(cat "$WORK/closed.port") refuses 125 'refused by the proxy .407' pull -q --cert-dir "$WORK/trust2" "$host/good/app:1"
	hides
	http_proxy=http://127.0.0.1:$(cat "$WORK/closed.port") refuses 125 'proxy.*407' pull -q --tls-verify=false "plain.test:${OPEN#*:}/good/app:1"
	serve refusing "$BATS_TEST_DIRNAME/../registry/proxy.py" --log "$WORK/refusing.log" --refuse
	https_proxy=http://127.0.0.1:$(cat "$WORK/refusing.port") refuses 125 'proxy' pull -q --cert-dir "$WORK/trust2" "$host/good/app:1"
	https_proxy=http://127.0.0.1:1 refuses 125 'proxy' pull -q --cert-dir "$WORK/trust2" "$host/good/app:1"
}

@test "without environment, home directory or runtime directory" {
	run env -i "$CORACLE" pull -q --tls-verify=false "$OPEN/good/app:1"
	echo "$output"
	[ "$status" = 0 ] || has '^coracle: .*HOME'
	run env -i HOME=/nonexistent CORACLE_ROOT="$CORACLE_ROOT" "$CORACLE" pull -q --tls-verify=false "$OPEN/good/app:1"
	[ "$status" = 0 ] || { echo "$output"; return 1; }
	mkdir -p "$WORK/closed"
	chmod 500 "$WORK/closed"
	HOME=$WORK/closed run --separate-stderr env -u XDG_RUNTIME_DIR -u CORACLE_RUNROOT -u CORACLE_ROOT -u XDG_CONFIG_HOME \
		"$CORACLE" pull -q --tls-verify=false "$OPEN/good/app:1"
	[ "$status" = 125 ]
	is 1 "${#stderr_lines[@]}"
}
