#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# pull_faults.bats - registries that are wrong: one line, nothing half-made

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

# pulls REFERENCE [OPTION...]
pulls()
{
	local name=$1
	shift
	runs pull -q --tls-verify=false "$@" "$name"
	runs rmi "$name"
	nothing_half_made
}

# refuses_pull PATTERN REFERENCE [OPTION...]: one line, and nothing is left but perhaps parts
refuses_pull()
{
	local pattern=$1 name=$2
	shift 2
	refuses 125 "$pattern" pull -q --tls-verify=false "$@" "$name"
	nothing_half_made
}

@test "a blob with other bytes, another size or no end is refused" {
	refuses_pull 'layer sha256:.*its digest is sha256' "$OPEN/wrong-bytes-layer/app:1"
	is '' "$(ls "$CORACLE_ROOT/store/parts")"
	refuses_pull 'offers [0-9]+ bytes where [0-9]+ belong' "$OPEN/longer-layer/app:1"
	refuses_pull 'offers [0-9]+ bytes where [0-9]+ belong' "$OPEN/shorter-layer/app:1"
	refuses_pull 'sends more than the [0-9]+ bytes' "$OPEN/endless-layer/app:1"
}

@test "manifests that are too large, nested, old or no manifests are refused" {
	refuses_pull 'more than [0-9]+ bytes' "$OPEN/huge/app:1"
	refuses_pull 'more than [0-9]+ bytes' "$OPEN/endless/app:1"
	refuses_pull 'index inside an index' "$OPEN/nested/app:1"
	refuses_pull 'schema 1' "$OPEN/schema1/app:1"
	refuses_pull 'not a manifest' "$OPEN/html/app:1"
	refuses_pull 'headers of more than' "$OPEN/many-headers/app:1"
	refuses_pull 'not found in the registry; the tags that there are: coracle image tags ' "$OPEN/html-error/app:1"
}

@test "passing trouble is waited for, and told" {
	pulls "$OPEN/flaky/app:1"
	pulls "$OPEN/cut-once/app:1"
	pulls "$OPEN/cut-once-no-range/app:1"
	runs pull --tls-verify=false "$OPEN/limited/app:1"
	c rmi "$OPEN/limited/app:1"
	has '429 Too Many Requests, trying again in' "$stderr"
	# seconds and dates
	pulls "$OPEN/limited-date/app:1"
}

@test "lasting trouble is given up in one line" {
	refuses_pull 'rate limit' "$OPEN/limited-always/app:1" --retry-delay 100ms
	refuses_pull 'denied' "$OPEN/denied/app:1"
	refuses_pull 'not found' registry.invalid/team/app:1
}

@test "a steady failure is asked for four times, or as often as --retry says, and nobody there twice" {
	forget open
	refuses_pull '503' "$OPEN/down/app:1"
	is 4 "$(gets open /down/)"
	forget open
	refuses_pull '503' "$OPEN/down/app:1" --retry 0
	is 1 "$(gets open /down/)"
	forget open
	run --separate-stderr c pull --tls-verify=false --retry 2 --retry-delay 200ms "$OPEN/down/app:1"
	is 3 "$(gets open /down/)"
	is 2 "$(grep -c 'trying again in 200 ms' <<<"$stderr")"
	run --separate-stderr c pull --tls-verify=false localhost:1/team/app:1
	[ "$status" = 125 ]
	has 'coracle: pull: .*no connection' "$stderr"
	is 1 "$(grep -c 'trying again in' <<<"$stderr")"
}

@test "a blob that stops half-way goes on, and what never ends is given up with what came kept" {
	refuses_pull 'broke off' "$OPEN/cut-layer/app:1" --retry-delay 100ms
	[ -n "$(ls "$CORACLE_ROOT/store/parts")" ]
	pulls "$OPEN/good/app:1"
	is '' "$(ls "$CORACLE_ROOT/store/parts")"
}

@test "redirects: followed without credentials, not to files, not for ever, not out of TLS" {
	forget basic
	pulls "$BASIC/elsewhere/app:1" --creds "tester:$SECRET"
	is '' "$(jq -r 'select(.path | startswith("/elsewhere/")).headers.authorization // empty' "$WORK/basic.log")"
	[ "$(jq -r 'select(.path | startswith("/elsewhere/")).path' "$WORK/basic.log" | wc -l)" -ge 2 ]
	refuses_pull 'more than 10 redirects' "$OPEN/loop/app:1"
	refuses_pull 'no http or https' "$OPEN/to-file/app:1"
	lying secure --tls "$WORK/certs/server.pem"
	refuses 125 'https to http' pull -q --cert-dir "$WORK/trust" "$(port secure)/to-plain/app:1"
	nothing_half_made
}

@test "all tags: those that can be had are fetched though others fail" {
	local tag
	for tag in broken worse; do
		curl -sf -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' -d '{"schemaVersion": 2}' \
			"http://$OPEN/v2/tagged/app/manifests/$tag"
	done
	run --separate-stderr c pull -a --tls-verify=false "$OPEN/tagged/app"
	[ "$status" = 125 ]
	is 1 "$(grep -c '^coracle: pull: tag broken: ' <<<"$stderr")"
	has 'tag worse: ' "$stderr"
	is 5 "$(c images --format '{{.Tag}}' "$OPEN/tagged/app" | wc -l)"
	# what is no tag is not asked for
	runs pull -q -a --tls-verify=false "$OPEN/escapes/app"
	is 5 "$(c images --format '{{.Tag}}' "$OPEN/escapes/app" | wc -l)"
	# what has to do with the registry and not with the tag would be so for each of them
	forget open
	refuses 125 'tag 1.0: .*503' pull -q -a --tls-verify=false --retry 0 "$OPEN/half-down/app"
	is 1 "$(gets open /half-down/app/manifests/)"
}

@test "a layer that grows without measure ends where the disk does" {
	run on_small_disk 20m "$CORACLE" pull -q --tls-verify=false "$OPEN/bomb/app:1"
	[ "$status" = 125 ]
	has 'No space left on device'
	is 1 "$(grep -c 'coracle: ' <<<"$output")"
	run on_small_disk 60m "$CORACLE" pull -q --tls-verify=false "$OPEN/bomb/app:1"
	[ "$status" = 0 ]
}
