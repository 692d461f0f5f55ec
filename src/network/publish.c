/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * publish.c - ports of the host for a container, through the API socket of slirp4netns
 *
 * One connection a request: a JSON object, end of file, a JSON object back
 * (slirp4netns(1), API SOCKET).
 */
#include "coracle/base/alloc.h"
#include "coracle/base/fd.h"
#include "coracle/base/json.h"
#include "coracle/base/text.h"
#include "coracle/network/network.h"

#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "relay.h"
#include "slirp.h"

#define REPLY_MAX       4096
#define REPLY_SECONDS   5
#define FREE_PORT_TRIES 8
#define BUSY_TRIES      10
#define BUSY_PAUSE_MS   30
#define ANY             "0.0.0.0"

static int api_connect(int runtime_fd)
{
	struct sockaddr_un address = fd_socket_address(runtime_fd, SLIRP_SOCKET);
	struct timeval timeout = {.tv_sec = REPLY_SECONDS};
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
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

/* forward_patiently - a port's last holder, slirp4netns itself as a rule, may be about to end */
static int forward_patiently(const struct network_request *request, const struct network *network,
                             const struct record_port *port, const char *host_ip, struct error *err)
{
	const struct timespec pause = {.tv_nsec = BUSY_PAUSE_MS * 1000000};

	for (int i = 0;; i++) {
		int r = forward(request, network, port, host_ip, (unsigned) port->host_port, err);

		if (r <= 0)
			return r;
		r = port_explain(port->protocol, host_ip, (unsigned) port->host_port, err);
		if (r != -EBUSY || i == BUSY_TRIES)
			return r;
		(void) nanosleep(&pause, NULL);
	}
}

static bool is_loopback(const char *ip)
{
	return strncmp(ip, "127.", 4) == 0;
}

/* publish_at - at a port that is not 0; -EBUSY when another has it */
static int publish_at(const struct network_request *request, struct network *network,
                      const struct record_port *port, const char *host_ip, struct relay *relay,
                      struct error *err)
{
	bool udp = strcmp(port->protocol, "udp") == 0;
	const char *local = !relay || !udp              ? NULL
			    : is_loopback(host_ip)      ? host_ip
			    : strcmp(host_ip, ANY) == 0 ? "127.0.0.1"
							: NULL;
	int r = 0;

	if (!local || local != host_ip)
		r = forward_patiently(request, network, port, host_ip, err);
	if (r >= 0 && local) {
		r = relay_bind(relay, local, (unsigned) port->host_port, (unsigned) port->container_port);
		if (r < 0)
			r = port_explain(port->protocol, local, (unsigned) port->host_port, err);
	}
	return r;
}

static int publish_one(const struct network_request *request, struct network *network,
                       struct record_port *port, struct relay *relay, struct error *err)
{
	const char *given = port->host_ip ? port->host_ip : "";
	const char *host_ip = *given && strcmp(given, "::") != 0 && strcmp(given, "*") != 0 ? given : ANY;
	struct record_port try = *port;
	int r = -EBUSY;

	if (strcmp(port->protocol, "tcp") != 0 && strcmp(port->protocol, "udp") != 0)
		return error_set(err, ERROR_UNSUPPORTED, "slirp4netns forwards tcp and udp only");
	if (strchr(host_ip, ':'))
		return error_set(err, ERROR_UNSUPPORTED, "%s: slirp4netns listens on IPv4 addresses only",
		                 host_ip);
	if (port->host_port)
		return publish_at(request, network, port, host_ip, relay, err);
	/* another program may take a port between our look and slirp4netns' */
	for (int i = 0; i < FREE_PORT_TRIES && r == -EBUSY; i++) {
		int number = port_free(port->protocol, host_ip);

		if (number < 0)
			return port_explain(port->protocol, host_ip, 0, err);
		try.host_port = (uint64_t) number;
		r = publish_at(request, network, &try, host_ip, relay, err);
	}
	if (r >= 0)
		port->host_port = try.host_port;
	return r;
}

static int publish_all(const struct network_request *request, struct network *network,
                       struct list *ports, struct relay *relay, struct error *err)
{
	LIST_EACH(struct record_port, port, ports)
	{
		int r = publish_one(request, network, port, relay, err);

		if (r < 0)
			return error_wrap(err, r, "publish %u/%s", (unsigned) port->container_port,
			                  port->protocol);
	}
	return 0;
}

int network_publish(const struct network_request *request, struct network *network, struct list *ports,
                    struct error *err)
{
	struct relay relay = {0};
	struct slirp_options options;
	int r = slirp_options_parse(request->options, &options, err);

	if (r < 0)
		return r;
	network->has_ports = network->has_ports || ports->count > 0;
	/* with the host's loopback in reach slirp4netns lets the answers through itself */
	r = publish_all(request, network, ports, options.host_loopback ? NULL : &relay, err);
	if (r >= 0)
		r = relay_start(&relay, request, network->ip, err);
	if (r > 0)
		network->relay = r;
	relay_done(&relay);
	return r < 0 ? r : 0;
}
