/* SPDX-License-Identifier: GPL-2.0-or-later */
/* create_network.c - network mode, names and ports of a new container */
#include "create_private.h"

#include "coracle/base/alloc.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HOSTNAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

static int set_mode(struct making *making, struct error *err)
{
	const struct texts *wanted = &making->request->networks;
	const char *mode = wanted->count ? wanted->items[wanted->count - 1] : "private";
	struct record *record = making->record;

	if (wanted->count > 1)
		return error_set(err, ERROR_UNSUPPORTED,
		                 "--network was given %zu times: a container has one network here", wanted->count);
	if (strcmp(mode, "bridge") == 0 || strcmp(mode, "default") == 0 || strcmp(mode, "slirp4netns") == 0
	    || strcmp(mode, "podman") == 0)
		mode = "private";
	if (strncmp(mode, "container:", 10) == 0) {
		AUTO_CONTAINER struct container other = {0};
		int r = state_find(&making->engine->paths, mode + 10, STATE_SUMMARY, &other, err);

		if (r < 0)
			return r;
		record->network = xprintf("container:%s", other.id);
		return 0;
	}
	if (strcmp(mode, "private") != 0 && strcmp(mode, "none") != 0 && strcmp(mode, "host") != 0
	    && strncmp(mode, "slirp4netns:", 12) != 0 && strncmp(mode, "ns:/", 4) != 0)
		return error_set(err, ERROR_UNSUPPORTED,
		                 "--network %s: no such network; there are private (the default), none, host, "
		                 "container:NAME and slirp4netns:OPTIONS",
		                 mode);
	text_replace(&record->network, mode);
	return 0;
}

static int set_hostname(struct making *making, struct error *err)
{
	const struct container_create *request = making->request;
	struct record *record = making->record;
	char own[256] = "";

	if (request->hostname && *request->hostname) {
		if (strlen(request->hostname) > 64
		    || strspn(request->hostname, HOSTNAME_CHARACTERS) != strlen(request->hostname)
		    || strchr("-.", request->hostname[0]))
			return error_set(err, ERROR_INVALID,
			                 "--hostname \"%s\": at most 64 letters, digits, \"-\", \"_\" and \".\", such as web-1",
			                 request->hostname);
		if (strcmp(record->uts_mode, "host") == 0)
			return error_set(err, ERROR_INVALID, "--hostname can't be set with --uts host");
		text_replace(&record->hostname, request->hostname);
	} else if (strcmp(record->uts_mode, "host") == 0 || strcmp(record->network, "host") == 0) {
		/* the network's name is that of the machine */
		(void) gethostname(own, sizeof own - 1);
		text_replace(&record->hostname, own);
	} else if (strncmp(record->uts_mode, "container:", 10) != 0) {
		record->hostname = xstrndup(record->id, 12);
	}
	text_replace(&record->domainname, request->domainname);
	return 0;
}

static int add_exposed(struct making *making, struct error *err)
{
	const struct container_create *request = making->request;
	struct record *record = making->record;
	const char *key;
	json_t *value;

	json_object_foreach(making->image.config.exposed_ports, key, value) {
		int r = parse_expose(key, &record->exposed, err);

		(void) value;
		if (r < 0)
			return error_wrap(err, r, "image");
	}
	for (size_t i = 0; i < request->expose.count; i++) {
		int r = parse_expose(request->expose.items[i], &record->exposed, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_published(const struct list *ports, uint64_t number, const char *protocol)
{
	LIST_EACH(struct record_port, port, ports)
		if (port->container_port == number && strcmp(port->protocol, protocol) == 0)
			return true;
	return false;
}

static int publish_all(struct making *making, struct error *err)
{
	struct record *record = making->record;

	for (size_t i = 0; i < record->exposed.count; i++) {
		unsigned number = 0;
		char protocol[8] = "tcp";

		/* "80/tcp", written by parse_expose */
		if (sscanf(record->exposed.items[i], "%u/%7s", &number, protocol) < 1
		    || is_published(&record->ports, number, protocol))
			continue;
		if (parse_publish(record->exposed.items[i], &record->ports, err) < 0)
			return -EINVAL;
	}
	return 0;
}

static int set_ports(struct making *making, struct error *err)
{
	const struct container_create *request = making->request;
	struct record *record = making->record;
	int r = add_exposed(making, err);

	for (size_t i = 0; i < request->publish.count && r >= 0; i++)
		r = !*request->publish.items[i]
		            ? error_set(err, ERROR_INVALID, "--publish is empty, as in 8080:80")
		            : parse_publish(request->publish.items[i], &record->ports, err);
	record->publish_all = request->publish_all;
	if (r >= 0 && request->publish_all)
		r = publish_all(making, err);
	if (r < 0)
		return r;
	if (record->ports.count && strncmp(record->network, "container:", 10) == 0)
		return error_set(err, ERROR_INVALID,
		                 "--publish can't go with --network %s: publish at that container", record->network);
	return 0;
}

static int check_addresses(const struct texts *addresses, const char *option, struct error *err)
{
	unsigned char ignored[sizeof(struct in6_addr)];

	for (size_t i = 0; i < addresses->count; i++)
		if (inet_pton(AF_INET, addresses->items[i], ignored) != 1
		    && inet_pton(AF_INET6, addresses->items[i], ignored) != 1)
			return error_set(err, ERROR_INVALID, "%s %s is not an IP address, as in 9.9.9.9", option,
			                 addresses->items[i]);
	return 0;
}

int create_network(struct making *making, struct error *err)
{
	const struct container_create *request = making->request;
	struct record *record = making->record;
	int r = set_mode(making, err);

	if (r >= 0)
		r = set_hostname(making, err);
	if (r >= 0)
		r = set_ports(making, err);
	if (r >= 0 && request->dns.count && strcmp(request->dns.items[0], "none") != 0)
		r = check_addresses(&request->dns, "--dns", err);
	for (size_t i = 0; i < request->add_hosts.count && r >= 0; i++)
		r = parse_add_host(request->add_hosts.items[i], err);
	if (r < 0)
		return r;
	texts_add_all(&record->dns, &request->dns);
	texts_add_all(&record->dns_search, &request->dns_search);
	texts_add_all(&record->dns_options, &request->dns_options);
	texts_add_all(&record->add_hosts, &request->add_hosts);
	texts_add_all(&record->network_aliases, &request->network_aliases);
	record->no_hosts = request->no_hosts;
	record->no_hostname = request->no_hostname;
	return 0;
}
