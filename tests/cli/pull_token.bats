#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# pull_token.bats - tokens as Docker Hub and Harbor hand them out: anonymous, with a login, refreshed, expired half-way

load helper
load registries

SECRET=s3cret-word

file_setup()
{
	registries_begin
	lying hub --auth bearer
	HUB=$(port hub)
	export HUB
}

file_teardown()
{
	registries_end
}

test_teardown()
{
	echo '{}' >"$REGISTRY_AUTH_FILE"
	forget hub
	c rmi -f -a >/dev/null 2>&1 || true
	image_busybox
}

# logged_in JSON: the registry's entry in auth.json
logged_in()
{
	printf '{"auths": {"%s": %s}}' "$HUB" "$1" >"$REGISTRY_AUTH_FILE"
}

# asked FILTER: of the requests to the token service
asked()
{
	jq -r "select(.path | startswith(\"/token\")) | $1" "$WORK/hub.log"
}

pulls()
{
	runs pull -q --tls-verify=false "$HUB/$1"
	hasnt "$SECRET|refresh-me" "$output$stderr"
	! grep -rlE -- "$SECRET|refresh-me|token-[0-9a-f]{6}" "$CORACLE_ROOT" "$CORACLE_RUNROOT" || return 1
}

@test "a public repository wants an anonymous token, for it alone and once" {
	pulls public/app:1
	is 1 "$(asked .path | wc -l)"
	has 'service=registry.test' "$(asked .path)"
	has 'scope=repository%3Apublic%2Fapp%3Apull(&|$)' "$(asked .path)"
	is null "$(asked .headers.authorization)"
	refuses 125 'login' pull -q --tls-verify=false "$HUB/good/app:1"
}

@test "a login goes to the token service only, and the registry gets the token" {
	logged_in "{\"auth\": \"$(printf 'tester:%s' "$SECRET" | base64)\"}"
	pulls good/app:1
	has '^Basic ' "$(asked .headers.authorization)"
	has 'account=tester' "$(asked .path)"
	has '^Bearer token-' "$(jq -r 'select(.path | test("/blobs/")).headers.authorization' "$WORK/hub.log")"
	is '' "$(jq -r 'select(.path | startswith("/v2/")) | select(.headers.authorization // "" | startswith("Basic")).path' "$WORK/hub.log")"
	logged_in "{\"auth\": \"$(printf 'tester:x%s' "$SECRET" | base64)\"}"
	refuses 125 "refused.*$REGISTRY_AUTH_FILE.*coracle login" pull -q --tls-verify=false "$HUB/good/app:2"
	hasnt "$SECRET" "$stderr"
}

@test "a refresh token is sent in a form, and never to the registry" {
	logged_in '{"auth": "MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwOg==", "identitytoken": "refresh-me-again"}'
	pulls good/app:1
	is POST "$(asked .method | sort -u)"
	hasnt refresh-me "$(jq -r 'select(.path | startswith("/v2/")) | tostring' "$WORK/hub.log")"
	logged_in '{"auth": "MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwOg==", "identitytoken": "refresh-me-never"}'
	refuses 125 'refused' pull -q --tls-verify=false "$HUB/good/app:2"
	hasnt refresh-me "$stderr"
}

@test "a refresh token does not go where the token service redirects to" {
	lying moved --auth bearer --token-lie elsewhere
	printf '{"auths": {"%s": {"identitytoken": "refresh-me-again"}}}' "$(port moved)" >"$REGISTRY_AUTH_FILE"
	refuses 125 'redirects a secret to another host' pull -q --tls-verify=false "$(port moved)/good/app:1"
	hasnt refresh-me "$stderr"
	is 1 "$(jq -r 'select(.path | startswith("/token")).method' "$WORK/moved.log" | wc -l)"
}

@test "a token that is over half-way is fetched anew, and the layer goes on" {
	logged_in "{\"auth\": \"$(printf 'tester:%s' "$SECRET" | base64)\"}"
	pulls expire-cut/app:1
	[ "$(asked .path | wc -l)" -ge 2 ]
	has '^bytes=[1-9]' "$(jq -r '.headers.range // empty' "$WORK/hub.log")"
	runs rmi "$HUB/expire-cut/app:1"
	# one that is refused from its second use on
	forget hub
	pulls expire/app:1
	[ "$(asked .path | wc -l)" -ge 3 ]
}

@test "a push asks for a token that permits it" {
	logged_in "{\"auth\": \"$(printf 'tester:%s' "$SECRET" | base64)\"}"
	runs push -q --tls-verify=false busybox "$HUB/good/pushed:1"
	has 'scope=repository%3Agood%2Fpushed%3Apull%2Cpush' "$(asked .path)"
	hasnt "$SECRET" "$output$stderr"
	pulls good/pushed:1
	logged_in '{}'
	refuses 125 'login' push -q --tls-verify=false busybox "$HUB/good/pushed:2"
}
