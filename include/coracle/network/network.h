/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * network.h - user-mode networking of one container, and the files that name things in it
 *
 * slirp4netns(1) is run by the monitor, outside of the container's network namespace, with an exit
 * descriptor (-e) so that it ends when the monitor does, a ready descriptor (-r) and its API socket
 * for port forwards.
 */
#ifndef CORACLE_NETWORK_NETWORK_H
#define CORACLE_NETWORK_NETWORK_H

#include "coracle/base/error.h"
#include "coracle/base/texts.h"
#include "coracle/state/record.h"

#include <sys/types.h>

struct network_request {
	const char *netns_path;     /* "/proc/PID/ns/net" of the container's init */
	const char *userns_path;    /* owning user namespace when slirp4netns is to join it; NULL: it runs in the caller's */
	const char *options;        /* behind "slirp4netns:": mtu=, cidr=, enable_ipv6=, allow_host_loopback=, port_handler= (only slirp4netns); NULL */
	int runtime_fd;             /* runtime/containers/ID, for the API socket "slirp.sock" */
	const char *runtime_path;   /* the same as a path (sun_path is 108 bytes: goes through /proc/self/fd when longer) */
};

struct network {
	pid_t pid;         /* slirp4netns */
	int pidfd;
	int exit_fd;       /* our end; closing it ends slirp4netns */
	int ready_fd;      /* becomes readable when the interface is up */
	char ip[46], gateway[46], dns[46]; /* 10.0.2.100, 10.0.2.2, 10.0.2.3 */
	char mtu[12];
	/* private to slirp.c: for another try without what an outer sandbox refuses */
	struct texts arguments;
	int runtime_fd, words_fd, rung;
	pid_t relay; /* our process for UDP on the host's loopback address, 0: none */
	bool has_ports;
};
#define NETWORK_INIT {.pidfd = -1, .exit_fd = -1, .ready_fd = -1, .words_fd = -1}

/* network_start - spawn slirp4netns and return at once; -ENOENT with the package to install, -EACCES for /dev/net/tun... */
int network_start(const struct network_request *request, struct network *out, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* network_wait - until it is ready or has ended (its last words are in err); timeout 10 s */
int network_wait(struct network *network, struct error *err) NONNULL(1, 2) MUST_USE;
/*
 * network_publish - open the ports on the host through the API socket (add_hostfwd)
 *
 * Host port 0 is replaced by a free one in place. A port that is taken, or below
 * net.ipv4.ip_unprivileged_port_start, is a one-line error that names port, who or what is in the way
 * and the mending command (sysctl).
 */
int network_publish(const struct network_request *request, struct network *network, struct list *ports,
                    struct error *err) NONNULL(1, 2, 3, 4) MUST_USE;
/*
 * network_stop - kill what network_start and network_publish started, and free
 *
 * Closing its tap device takes slirp4netns some 20 ms, so its end is awaited only when it holds ports;
 * else the caller's next waitpid(-1) reaps it.
 */
void network_stop(struct network *network) NONNULL(1);
/* network_check - what is missing for it on this host: 0, or negative errno with one line and its fix */
int network_check(struct error *err) NONNULL(1) MUST_USE;

struct network_files {
	const struct record *record;
	const char *ip;              /* "" without a network of its own */
	const char *gateway;         /* for host-gateway, host.containers.internal, host.docker.internal */
	const char *dns;             /* slirp's forwarder, "" to take the host's servers */
	bool host_network;
};
/*
 * Each returns an owned text.
 * network_hosts - localhost lines, --add-host, the container's own address with its names, host.docker.internal
 * network_resolv_conf - --dns*, else the forwarder (and the host's search domains); with the host's network its own file
 * network_hostname - the host name and a newline
 */
char *network_hosts(const struct network_files *files) NONNULL(1) MUST_USE;
char *network_resolv_conf(const struct network_files *files, const char *host_resolv_conf) NONNULL(1) MUST_USE;
char *network_hostname(const struct network_files *files) NONNULL(1) MUST_USE;

#endif
