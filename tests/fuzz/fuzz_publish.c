/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_publish.c - whatever -p, --expose, --device and --add-host are given, ports stay ports */
#include "coracle/base/alloc.h"
#include "coracle/parse/parse.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_publish(const char *text)
{
	struct list ports = {0};
	struct error err = {0};
	int r = parse_publish(text, &ports, &err);

	require(r < 0 ? *err.text && ports.count == 0 : ports.count > 0 && ports.count <= 65535);
	LIST_EACH(struct record_port, port, &ports) {
		require(port->container_port >= 1 && port->container_port <= 65535);
		require(port->host_port <= 65535);
		require(strcmp(port->protocol, "tcp") == 0 || strcmp(port->protocol, "udp") == 0);
		fields_done(record_port_fields, port);
	}
	free(ports.items);
}

static void check_expose(const char *text)
{
	AUTO_TEXTS struct texts out = {0};
	struct error err = {0};
	int r = parse_expose(text, &out, &err);

	require(r < 0 ? *err.text && out.count == 0 : out.count > 0 && out.count <= 65535);
}

static void check_device(const char *text)
{
	struct record_device device = {0};
	struct error err = {0};

	if (parse_device(text, &device, &err) < 0) {
		require(*err.text && !device.source);
		return;
	}
	require(*device.source == '/' && *device.target == '/' && *device.permissions);
	free(device.source);
	free(device.target);
	free(device.permissions);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *) data, size);
	struct error err = {0};

	check_publish(text);
	check_expose(text);
	check_device(text);
	require(parse_add_host(text, &err) == 0 || *err.text);
	return 0;
}
