/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * publish.c - ports of the host for a container, through the API socket of slirp4netns
 *
 * One connection a request: a JSON object, end of file, a JSON object back
 * (slirp4netns(1), API SOCKET).
 */
#include "coracle/base/alloc.h"
#include "coracle/base/json.h"
#include "coracle/base/spawn.h"
#include "coracle/base/text.h"
#include "coracle/network/network.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "slirp.h"

#define REPLY_MAX       4096
#define REPLY_SECONDS   5
#define FREE_PORT_TRIES 8

static int api_connect(int runtime_fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval timeout = {.tv_sec = REPLY_SECONDS};
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	(void) snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/" SLIRP_SOCKET,
	                runtime_fd);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) < 0
	    || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) < 0
	    || connect(fd, (const struct sockaddr *) &address, sizeof address) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int api_read(int fd, struct text *reply)
{
	char buffer[512];

	for (;;) {
		ssize_t n = recv(fd, buffer, sizeof buffer, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (n == 0)
			return 0;
		if (text_add_bytes(reply, buffer, (size_t) n) < 0)
			return -EMSGSIZE;
	}
}

/* api_call - a new reference to the reply */
static int api_call(int runtime_fd, const json_t *call, json_t **out, struct error *err)
{
	AUTO_CLOSE int fd = api_connect(runtime_fd);
	AUTO_FREE char *bytes = json_text(call, JSON_COMPACT);
	AUTO_TEXT struct text reply = TEXT_INIT(REPLY_MAX);
	int r = fd;

	if (r >= 0 && send(fd, bytes, strlen(bytes), MSG_NOSIGNAL) != (ssize_t) strlen(bytes))
		r = -errno;
	if (r >= 0 && shutdown(fd, SHUT_WR) < 0)
		r = -errno;
	if (r >= 0)
		r = api_read(fd, &reply);
	if (r < 0)
		return error_errno(err, -r, "slirp4netns");
	*out = json_parse(text_string(&reply), reply.length, err);
	return *out ? 0 : error_wrap(err, -EPROTO, "reply of slirp4netns");
}

/* forward - 0, 1 when slirp4netns could not have the port, or a negative errno */
static int forward(const struct network_request *request, const struct network *network,
                   const struct record_port *port, const char *host_ip, unsigned host_port,
                   struct error *err)
{
	AUTO_JSON json_t *call = json_pack(
		"{s:s, s:{s:s, s:s, s:i, s:s, s:i}}", "execute", "add_hostfwd", "arguments", "proto",
		port->protocol, "host_addr", host_ip, "host_port", (int) host_port, "guest_addr", network->ip,
		"guest_port", (int) port->container_port);
	AUTO_JSON json_t *reply = NULL;
	int r;

	if (!call)
		return error_set(err, ERROR_INVALID, "port %u: bad words", host_port);
	r = api_call(request->runtime_fd, call, &reply, err);
	if (r < 0)
		return r;
	return json_object_get(reply, "error") ? 1 : 0;
}

static int publish_one(const struct network_request *request, const struct network *network,
                       struct record_port *port, struct error *err)
{
	const char *given = port->host_ip ? port->host_ip : "";
	const char *host_ip = *given && strcmp(given, "::") != 0 && strcmp(given, "*") != 0 ? given : "0.0.0.0";
	int r = 0;

	if (strcmp(port->protocol, "tcp") != 0 && strcmp(port->protocol, "udp") != 0)
		return error_set(err, ERROR_UNSUPPORTED, "port %u/%s: slirp4netns forwards tcp and udp only",
		                 (unsigned) port->container_port, port->protocol);
	if (strchr(host_ip, ':'))
		return error_set(err, ERROR_UNSUPPORTED,
		                 "port %s:%u: slirp4netns listens on IPv4 addresses only", host_ip,
		                 (unsigned) port->host_port);
	if (port->host_port) {
		r = forward(request, network, port, host_ip, (unsigned) port->host_port, err);
		return r > 0 ? port_explain(port->protocol, host_ip, (unsigned) port->host_port, err) : r;
	}
	/* another program may take a port between our look and slirp4netns' */
	for (int i = 0; i < FREE_PORT_TRIES; i++) {
		int number = port_free(port->protocol, host_ip);

		if (number < 0)
			return error_errno(err, -number, "no free %s port on %s", port->protocol, host_ip);
		r = forward(request, network, port, host_ip, (unsigned) number, err);
		if (r == 0)
			port->host_port = (uint64_t) number;
		if (r <= 0)
			return r;
	}
	return error_set(err, ERROR_CONFLICT, "no free %s port on %s", port->protocol, host_ip);
}

int network_publish(const struct network_request *request, struct network *network, struct list *ports,
                    struct error *err)
{
	LIST_EACH(struct record_port, port, ports)
	{
		int r = publish_one(request, network, port, err);

		if (r < 0)
			return error_wrap(err, r, "publish %u/%s", (unsigned) port->container_port,
			                  port->protocol);
	}
	return 0;
}
