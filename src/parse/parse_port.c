/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parse_port.c - the values of -p and --expose; podman-run(1) */
#include "coracle/parse/parse.h"

#include "coracle/base/alloc.h"
#include "coracle/base/number.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "parse_refuse.h"

#define PORT_TEXT_MAX 256
#define PORT_MAX      65535U

struct range {
	uint64_t first, last;
};

static uint64_t range_count(const struct range *range)
{
	return range->last - range->first + 1;
}

/* "80" or "80-90"; cut in two in passing. */
static int range_read(char *text, uint64_t min, struct range *out, struct error *err)
{
	char *dash = strchr(text, '-');
	struct range range = {0};

	if (dash)
		*dash = '\0';
	if (number_parse_uint(text, min, PORT_MAX, &range.first) < 0)
		return error_set(err, ERROR_INVALID, "\"%.40s\" is not a port from %u to %u", text,
		                 (unsigned) min, PORT_MAX);
	range.last = range.first;
	if (dash && number_parse_uint(dash + 1, min, PORT_MAX, &range.last) < 0)
		return error_set(err, ERROR_INVALID, "\"%.40s\" is not a port from %u to %u",
		                 dash + 1, (unsigned) min, PORT_MAX);
	if (range.last < range.first)
		return error_set(err, ERROR_INVALID, "the range %u-%u runs backwards",
		                 (unsigned) range.first, (unsigned) range.last);
	*out = range;
	return 0;
}

/* An image may expose what we can't forward. */
static const char *const published[] = {"tcp", "udp"};
static const char *const exposed[] = {"tcp", "udp", "sctp"};

/* Cuts "/tcp" off text; *out is static. */
static int protocol_read(char *text, const char *const *protocols, size_t count, const char **out,
                         struct error *err)
{
	char *slash = strchr(text, '/');

	*out = protocols[0];
	if (!slash)
		return 0;
	*slash = '\0';
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(slash + 1, protocols[i]) == 0) {
			*out = protocols[i];
			return 0;
		}
	}
	return error_set(err, ERROR_INVALID, "the protocol \"%.40s\" is not tcp%s", slash + 1,
	                 count == 2 ? " or udp" : ", udp or sctp");
}

static int address_read(char *text, char **out, struct error *err)
{
	size_t length = strlen(text);
	unsigned char address[16];
	bool bracketed = *text == '[' && length > 1 && text[length - 1] == ']';

	if (bracketed) {
		text[length - 1] = '\0';
		text++;
	}
	if (*text && inet_pton(AF_INET6, text, address) != 1 &&
	    (bracketed || inet_pton(AF_INET, text, address) != 1))
		return error_set(err, ERROR_INVALID, "\"%.64s\" is not an IP address", text);
	if (bracketed && *text == '\0')
		return error_set(err, ERROR_INVALID, "the brackets hold no address");
	*out = xstrdup(text);
	return 0;
}

struct publish {
	char *address;
	struct range host, container;
	const char *protocol;
};

/* From the right, for an IPv6 address has colons too. */
static int publish_read(char *text, struct publish *out, struct error *err)
{
	char *container, *host = NULL;
	int r = protocol_read(text, published, ARRAY_LEN(published), &out->protocol, err);

	if (r < 0)
		return r;
	container = strrchr(text, ':');
	if (container) {
		*container = '\0';
		host = strrchr(text, ':');
		if (*text && text[strlen(text) - 1] == ']')
			return error_set(err, ERROR_INVALID,
			                 "the host's port is missing (it may be empty: [::1]::80)");
	}
	r = range_read(container ? container + 1 : text, 1, &out->container, err);
	if (r < 0 || !container)
		return r;
	if (host) {
		*host = '\0';
		r = address_read(text, &out->address, err);
		if (r < 0)
			return r;
	}
	host = host ? host + 1 : text;
	if (*host == '\0')
		return 0;
	r = range_read(host, 0, &out->host, err);
	if (r < 0)
		return r;
	if (range_count(&out->host) != range_count(&out->container))
		return error_set(err, ERROR_INVALID,
		                 "the host's range has %u ports, the container's %u; make them equal",
		                 (unsigned) range_count(&out->host),
		                 (unsigned) range_count(&out->container));
	if (out->host.first == 0 && out->host.last != 0)
		return error_set(err, ERROR_INVALID, "a range can't begin with port 0");
	return 0;
}

static int publish_add(const struct publish *publish, struct list *ports, struct error *err)
{
	uint64_t count = range_count(&publish->container);

	if (ports->count + count > PORT_MAX)
		return error_set(err, ERROR_INVALID, "more than %u ports would be published",
		                 PORT_MAX);
	for (uint64_t i = 0; i < count; i++) {
		struct record_port *port = list_add(ports, sizeof *port);

		port->host_ip = xstrdup(publish->address ? publish->address : "");
		port->host_port = publish->host.first ? publish->host.first + i : 0;
		port->container_port = publish->container.first + i;
		port->protocol = xstrdup(publish->protocol);
	}
	return 0;
}

int parse_publish(const char *text, struct list *ports, struct error *err)
{
	AUTO_FREE char *copy = xstrndup(text, PORT_TEXT_MAX + 1);
	struct publish publish = {0};
	AUTO_FREE char *address = NULL;
	int r = parse_text(text, PORT_TEXT_MAX, err);

	if (r == 0)
		r = publish_read(copy, &publish, err);
	address = publish.address;
	if (r == 0)
		r = publish_add(&publish, ports, err);
	return r < 0 ? parse_refuse(err, r, "port", text, "127.0.0.1:8080:80/tcp") : 0;
}

static int expose_read(char *text, struct texts *out, struct error *err)
{
	const char *protocol;
	struct range range = {0};
	int r = protocol_read(text, exposed, ARRAY_LEN(exposed), &protocol, err);

	if (r == 0)
		r = range_read(text, 1, &range, err);
	if (r < 0)
		return r;
	if (out->count + range_count(&range) > PORT_MAX)
		return error_set(err, ERROR_INVALID, "more than %u ports would be exposed", PORT_MAX);
	for (uint64_t port = range.first; port <= range.last; port++)
		texts_printf(out, "%u/%s", (unsigned) port, protocol);
	return 0;
}

int parse_expose(const char *text, struct texts *out, struct error *err)
{
	AUTO_FREE char *copy = xstrndup(text, PORT_TEXT_MAX + 1);
	int r = parse_text(text, PORT_TEXT_MAX, err);

	if (r == 0)
		r = expose_read(copy, out, err);
	return r < 0 ? parse_refuse(err, r, "exposed port", text, "8080/tcp") : 0;
}
