/* SPDX-License-Identifier: GPL-2.0-or-later */
/* relay.h - UDP ports on the loopback address of the host */
#ifndef CORACLE_NETWORK_RELAY_PRIVATE_H
#define CORACLE_NETWORK_RELAY_PRIVATE_H

#include "coracle/network/network.h"

#define RELAY_PORTS_MAX 512

struct relay_port {
	int fd;              /* bound on the host */
	uint16_t guest_port;
};
struct relay {
	struct relay_port *ports; /* owned */
	size_t count;
};

/* relay_bind - add a port of the host; 0 or a negative errno (-EADDRINUSE, -EACCES, -EADDRNOTAVAIL) */
int relay_bind(struct relay *relay, const char *host_ip, unsigned host_port, unsigned guest_port)
	NONNULL(1, 2) MUST_USE;
/* relay_start - the process that serves them; it dies with the caller. Pid, 0 when there is nothing to do */
pid_t relay_start(const struct relay *relay, const struct network_request *request,
                  const char *guest_ip, struct error *err) NONNULL(1, 2, 3, 4) MUST_USE;
void relay_done(struct relay *relay) NONNULL(1);

#endif
