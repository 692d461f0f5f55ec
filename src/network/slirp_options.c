/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slirp_options.c - what may stand behind "slirp4netns:" (podman-run(1), --network) */
#include "coracle/base/number.h"
#include "coracle/base/texts.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "slirp.h"

#define SLIRP_MTU_MAX 65521 /* slirp4netns(1) */

struct option {
	const char *name;
	int (*parse)(const char *value, struct slirp_options *out, struct error *err);
};

/* the addresses that slirp4netns gives itself: net + 2, net + 3, and the container net + 100 */
static void set_addresses(struct slirp_options *out, uint32_t net)
{
	static const uint32_t offsets[] = {100, 2, 3};
	char *const slots[] = {out->ip, out->gateway, out->dns};

	for (size_t i = 0; i < ARRAY_LEN(slots); i++) {
		struct in_addr address = {.s_addr = htonl(net + offsets[i])};

		(void) inet_ntop(AF_INET, &address, slots[i], sizeof out->ip);
	}
}

static int parse_cidr(const char *value, struct slirp_options *out, struct error *err)
{
	char address[16];
	const char *slash = strchr(value, '/');
	struct in_addr parsed;
	uint64_t bits;
	uint32_t net;

	if (!slash || (size_t) (slash - value) >= sizeof address || strlen(value) >= sizeof out->cidr
	    || number_parse_uint(slash + 1, 1, 25, &bits) < 0)
		return error_set(err, ERROR_INVALID,
		                 "cidr=%s: write it like 10.0.2.0/24, with a prefix of 25 at most", value);
	(void) snprintf(address, sizeof address, "%.*s", (int) (slash - value), value);
	if (inet_pton(AF_INET, address, &parsed) != 1)
		return error_set(err, ERROR_INVALID, "cidr=%s: not an IPv4 network", value);
	net = ntohl(parsed.s_addr);
	if (net & (UINT32_MAX >> bits))
		return error_set(err, ERROR_INVALID, "cidr=%s: bits are set behind the prefix", value);
	(void) snprintf(out->cidr, sizeof out->cidr, "%s", value);
	set_addresses(out, net);
	return 0;
}

static int parse_mtu(const char *value, struct slirp_options *out, struct error *err)
{
	if (number_parse_uint(value, 68, SLIRP_MTU_MAX, &out->mtu) < 0)
		return error_set(err, ERROR_INVALID, "mtu=%s: a number from 68 to %d is wanted", value,
		                 SLIRP_MTU_MAX);
	return 0;
}

static int parse_bool(const char *name, const char *value, bool *out, struct error *err)
{
	if (number_parse_bool(value, out) < 0)
		return error_set(err, ERROR_INVALID, "%s=%s: true or false is wanted", name, value);
	return 0;
}

static int parse_ipv6(const char *value, struct slirp_options *out, struct error *err)
{
	return parse_bool("enable_ipv6", value, &out->ipv6, err);
}

static int parse_loopback(const char *value, struct slirp_options *out, struct error *err)
{
	return parse_bool("allow_host_loopback", value, &out->host_loopback, err);
}

static int parse_handler(const char *value, struct slirp_options *out, struct error *err)
{
	(void) out;
	if (strcmp(value, SLIRP_PROGRAM) != 0)
		return error_set(err, ERROR_UNSUPPORTED, "port_handler=%s: only slirp4netns is supported",
		                 value);
	return 0;
}

static int parse_outbound(const char *value, struct slirp_options *out, struct error *err)
{
	struct in_addr address;

	if (inet_pton(AF_INET, value, &address) != 1)
		return error_set(err, ERROR_INVALID, "outbound_addr=%s: not an IPv4 address", value);
	(void) snprintf(out->outbound, sizeof out->outbound, "%.15s", value);
	return 0;
}

static const struct option options[] = {
	{"mtu", parse_mtu},
	{"cidr", parse_cidr},
	{"enable_ipv6", parse_ipv6},
	{"allow_host_loopback", parse_loopback},
	{"port_handler", parse_handler},
	{"outbound_addr", parse_outbound},
};

static int parse_word(const char *word, struct slirp_options *out, struct error *err)
{
	size_t length = strcspn(word, "=");

	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (strlen(options[i].name) == length && strncmp(word, options[i].name, length) == 0)
			return options[i].parse(word[length] ? word + length + 1 : "", out, err);
	return error_set(err, ERROR_INVALID,
	                 "unknown option \"%s\" (mtu, cidr, enable_ipv6, allow_host_loopback, port_handler,"
	                 " outbound_addr)", word);
}

int slirp_options_parse(const char *words, struct slirp_options *out, struct error *err)
{
	struct slirp_options parsed = {.mtu = 65520, .cidr = "10.0.2.0/24"};
	AUTO_TEXTS struct texts list = {0};

	set_addresses(&parsed, 0x0a000200);
	if (words && *words)
		texts_split(&list, words, ',');
	for (size_t i = 0; i < list.count; i++) {
		int r = parse_word(list.items[i], &parsed, err);

		if (r < 0)
			return error_wrap(err, r, "network slirp4netns");
	}
	*out = parsed;
	return 0;
}
