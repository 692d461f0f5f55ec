/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slirp.h - options behind "slirp4netns:", and what the files of this module share */
#ifndef CORACLE_NETWORK_SLIRP_PRIVATE_H
#define CORACLE_NETWORK_SLIRP_PRIVATE_H

#include "coracle/network/network.h"

#define SLIRP_PROGRAM "slirp4netns"
#define SLIRP_SOCKET  "slirp.sock"

struct slirp_options {
	char cidr[20]; /* "10.0.2.0/24" */
	char ip[46], gateway[46], dns[46];
	uint64_t mtu;
	bool ipv6, host_loopback;
	char outbound[16]; /* address or "" */
};

/* slirp_options_parse - "mtu=1500,cidr=10.0.5.0/24"; NULL and "" give the defaults; pure */
int slirp_options_parse(const char *words, struct slirp_options *out, struct error *err)
	NONNULL(2, 3) MUST_USE;

/* port_explain - why a port of the host cannot be had, found out by trying; always negative, err is filled */
int port_explain(const char *protocol, const char *host_ip, unsigned port, struct error *err)
	NONNULL(1, 2, 4) MUST_USE;
/* port_free - a free port of the host, or negative errno */
int port_free(const char *protocol, const char *host_ip) NONNULL(1, 2) MUST_USE;

#endif
