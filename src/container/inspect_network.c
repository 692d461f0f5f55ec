/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inspect_network.c - "NetworkSettings" of inspect, with the keys that docker has dropped and scripts still read */
#include "coracle/base/alloc.h"

#include <stdio.h>
#include <string.h>

#include "inspect.h"
#include "object.h"
#include "words.h"

#define SLIRP_PREFIX_LENGTH 24

static json_t *binding(const struct record_port *port)
{
	json_t *object = json_object();
	char number[24];

	(void) snprintf(number, sizeof number, "%u", (unsigned) port->host_port);
	object_text(object, "HostIp", port->host_ip && *port->host_ip ? port->host_ip : "0.0.0.0");
	object_text(object, "HostPort", number);
	return object;
}

/* {"80/tcp": [{HostIp, HostPort}], "443/tcp": null}; the second is exposed and not published */
static json_t *ports_value(const struct container *container)
{
	json_t *object = json_object();

	if (!container->run)
		return object;
	for (size_t i = 0; i < container->record->exposed.count; i++)
		object_set(object, container->record->exposed.items[i], json_null());
	LIST_EACH(struct record_port, port, &container->ports) {
		AUTO_FREE char *key = xprintf("%u/%s", (unsigned) port->container_port,
		                              port->protocol && *port->protocol ? port->protocol : "tcp");
		json_t *bindings = json_object_get(object, key);

		if (!json_is_array(bindings)) {
			bindings = json_array();
			object_set(object, key, bindings);
		}
		(void) json_array_append_new(bindings, binding(port));
	}
	return object;
}

static void set_addresses(json_t *object, const struct run *run)
{
	bool has_address = run && run->ip && *run->ip;

	object_text(object, "EndpointID", "");
	object_text(object, "Gateway", run ? run->gateway : NULL);
	object_text(object, "IPAddress", run ? run->ip : NULL);
	object_number(object, "IPPrefixLen", has_address ? SLIRP_PREFIX_LENGTH : 0);
	object_text(object, "IPv6Gateway", "");
	object_text(object, "GlobalIPv6Address", "");
	object_number(object, "GlobalIPv6PrefixLen", 0);
	object_text(object, "MacAddress", run ? run->mac : NULL);
}

static json_t *networks_value(const struct container *container)
{
	AUTO_FREE char *name = words_network(container->record->network);
	json_t *object = json_object(), *network = json_object();

	object_set(network, "IPAMConfig", json_null());
	object_set(network, "Links", json_null());
	object_texts(network, "Aliases", &container->record->network_aliases);
	set_addresses(network, container->run);
	object_text(network, "NetworkID", name);
	object_set(network, "DriverOpts", json_null());
	object_set(network, "DNSNames", json_null());
	object_set(object, name, network);
	return object;
}

static void set_sandbox(json_t *object, const struct container *container)
{
	const struct run *run = container->run;
	AUTO_FREE char *path = run && run->pid > 0 ? xprintf("/proc/%d/ns/net", (int) run->pid) : NULL;

	object_text(object, "SandboxID", run ? container->id : "");
	object_text(object, "SandboxKey", path);
}

json_t *inspect_network(const struct container *container)
{
	json_t *object = json_object();

	object_text(object, "Bridge", "");
	set_sandbox(object, container);
	object_bool(object, "HairpinMode", false);
	object_text(object, "LinkLocalIPv6Address", "");
	object_number(object, "LinkLocalIPv6PrefixLen", 0);
	object_set(object, "Ports", ports_value(container));
	object_set(object, "SecondaryIPAddresses", json_null());
	object_set(object, "SecondaryIPv6Addresses", json_null());
	set_addresses(object, container->run);
	object_set(object, "Networks", networks_value(container));
	return object;
}
