/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parse_host.c - the value of --add-host; podman-run(1), hosts(5) */
#include "coracle/parse/parse.h"

#include "coracle/base/alloc.h"

#include <arpa/inet.h>
#include <string.h>

#include "parse_refuse.h"

#define HOST_NAME_SIZE_MAX 253 /* RFC 1035, 2.3.4, written with dots */

static bool is_host_name(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && length <= HOST_NAME_SIZE_MAX && name[0] != '-' && name[0] != '.' &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                         "0123456789._-")] == '\0';
}

static bool is_address(const char *text)
{
	size_t length = strlen(text);
	unsigned char address[16];

	if (text[0] == '[' && length > 2 && text[length - 1] == ']') {
		AUTO_FREE char *inner = xstrndup(text + 1, length - 2);

		return inet_pton(AF_INET6, inner, address) == 1;
	}
	return strcmp(text, "host-gateway") == 0 || inet_pton(AF_INET, text, address) == 1 ||
	       inet_pton(AF_INET6, text, address) == 1;
}

static int check_host(const char *text, struct error *err)
{
	const char *colon = strchr(text, ':');
	AUTO_FREE char *names = NULL;
	AUTO_TEXTS struct texts hosts = {0};
	int r = parse_text(text, 4096, err);

	if (r < 0)
		return r;
	if (!colon)
		return error_set(err, ERROR_INVALID, "it has no colon");
	names = xstrndup(text, (size_t) (colon - text));
	texts_split(&hosts, names, ';');
	for (size_t i = 0; i < hosts.count; i++)
		if (!is_host_name(hosts.items[i]))
			return error_set(err, ERROR_INVALID, "\"%.100s\" is not a host name",
			                 hosts.items[i]);
	if (!is_address(colon + 1))
		return error_set(err, ERROR_INVALID,
		                 "\"%.100s\" is neither an IP address nor host-gateway", colon + 1);
	return 0;
}

int parse_add_host(const char *text, struct error *err)
{
	int r = check_host(text, err);

	return r < 0 ? parse_refuse(err, r, "host", text, "db.example:10.0.0.5") : 0;
}
