/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * relay.c - UDP ports on the loopback address of the host
 *
 * slirp4netns shows a container packets from 127.0.0.1 as coming from its gateway, and with
 * --disable-host-loopback, which keeps the services of the host's loopback out of reach, it drops the
 * answers. TCP does not suffer, UDP does. So a process of ours holds 127.0.0.1:PORT beside
 * slirp4netns' 0.0.0.0:PORT (the closer match gets the packet) and passes datagrams to sockets in the
 * container's network namespace, one a client, which keeps the answers apart.
 * It has no capabilities and no other descriptors, and looks at no byte of what it passes on.
 */
#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/fd.h"
#include "coracle/sys/caps.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "relay.h"

#define CLIENTS_MAX   64
#define CLIENT_IDLE_S 120
#define DATAGRAM_MAX  65536

struct client {
	int fd; /* -1: free slot */
	size_t port;
	struct sockaddr_in address;
	uint64_t used;
};

struct loop {
	const struct relay *relay;
	struct sockaddr_in guest;
	struct client clients[CLIENTS_MAX];
	struct pollfd *fds; /* relay->count of the host, then CLIENTS_MAX */
	char *datagram;
};

int relay_bind(struct relay *relay, const char *host_ip, unsigned host_port, unsigned guest_port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t) host_port)};
	AUTO_CLOSE int fd = -1;
	const int one = 1;

	if (relay->count == RELAY_PORTS_MAX)
		return -E2BIG;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (inet_pton(AF_INET, host_ip, &address.sin_addr) != 1)
		return -EINVAL;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0
	    || bind(fd, (const struct sockaddr *) &address, sizeof address) < 0)
		return -errno;
	relay->ports = xrealloc(relay->ports, relay->count + 1, sizeof *relay->ports);
	relay->ports[relay->count++] = (struct relay_port) {TAKE_FD(fd), (uint16_t) guest_port};
	return 0;
}

void relay_done(struct relay *relay)
{
	for (size_t i = 0; i < relay->count; i++)
		(void) close(relay->ports[i].fd);
	free(relay->ports);
	*relay = (struct relay) {0};
}

static void client_close(struct client *client)
{
	if (client->fd >= 0)
		(void) close(client->fd);
	client->fd = -1;
}

/* client_find - the slot of this client, a new one, or that of the client silent for longest; NULL: no socket */
static struct client *client_find(struct loop *loop, size_t port, const struct sockaddr_in *address)
{
	struct sockaddr_in guest = loop->guest;
	struct client *oldest = &loop->clients[0];

	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		struct client *client = &loop->clients[i];

		if (client->fd >= 0 && client->port == port
		    && client->address.sin_port == address->sin_port
		    && client->address.sin_addr.s_addr == address->sin_addr.s_addr)
			return client;
		if (client->fd < 0 || (oldest->fd >= 0 && client->used < oldest->used))
			oldest = client;
	}
	client_close(oldest);
	guest.sin_port = htons(loop->relay->ports[port].guest_port);
	oldest->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (oldest->fd < 0)
		return NULL;
	if (connect(oldest->fd, (const struct sockaddr *) &guest, sizeof guest) < 0) {
		client_close(oldest);
		return NULL;
	}
	oldest->port = port;
	oldest->address = *address;
	return oldest;
}

static void pass_in(struct loop *loop, size_t port)
{
	struct sockaddr_in address;
	socklen_t length = sizeof address;
	ssize_t n = recvfrom(loop->relay->ports[port].fd, loop->datagram, DATAGRAM_MAX, 0,
	                     (struct sockaddr *) &address, &length);
	struct client *client = n < 0 ? NULL : client_find(loop, port, &address);

	if (!client)
		return;
	client->used = clock_monotonic();
	/* datagrams may be lost, in particular when nobody listens yet */
	(void) !send(client->fd, loop->datagram, (size_t) n, 0);
}

static void pass_out(struct loop *loop, struct client *client)
{
	ssize_t n = recv(client->fd, loop->datagram, DATAGRAM_MAX, 0);

	if (n < 0)
		return;
	client->used = clock_monotonic();
	(void) !sendto(loop->relay->ports[client->port].fd, loop->datagram, (size_t) n, 0,
	               (const struct sockaddr *) &client->address, sizeof client->address);
}

static _Noreturn void serve(struct loop *loop)
{
	size_t ports = loop->relay->count;

	for (;;) {
		uint64_t now = clock_monotonic();
		bool any = false;

		for (size_t i = 0; i < ports; i++)
			loop->fds[i] = (struct pollfd) {.fd = loop->relay->ports[i].fd, .events = POLLIN};
		for (size_t i = 0; i < CLIENTS_MAX; i++) {
			struct client *client = &loop->clients[i];

			if (client->fd >= 0 && now - client->used > CLIENT_IDLE_S * NS_PER_SECOND)
				client_close(client);
			any = any || client->fd >= 0;
			loop->fds[ports + i] = (struct pollfd) {.fd = client->fd, .events = POLLIN};
		}
		if (poll(loop->fds, ports + CLIENTS_MAX, any ? CLIENT_IDLE_S * 1000 : -1) < 0 && errno != EINTR)
			_exit(1);
		for (size_t i = 0; i < CLIENTS_MAX; i++)
			if (loop->fds[ports + i].revents)
				pass_out(loop, &loop->clients[i]);
		for (size_t i = 0; i < ports; i++)
			if (loop->fds[i].revents)
				pass_in(loop, i);
	}
}

static int compare_fds(const void *a, const void *b)
{
	const struct relay_port *one = a, *two = b;

	return one->fd - two->fd;
}

/* close_others - of the monitor's descriptors none but the sockets stays */
static void close_others(const struct relay *relay)
{
	unsigned from = 0;

	for (size_t i = 0; i <= relay->count; i++) {
		unsigned to = i < relay->count ? (unsigned) relay->ports[i].fd : UINT_MAX;

		if (to > from)
			fd_range_close(from, to - 1);
		from = to + 1;
	}
}

static int join(const char *path, int kind)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return setns(fd, kind) < 0 ? -errno : 0;
}

static _Noreturn void child_main(const struct relay *relay, const struct network_request *request,
                                 const char *guest_ip, int report)
{
	struct loop *loop = xcalloc(1, sizeof *loop);
	sigset_t none;
	int r = 0;

	(void) prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void) prctl(PR_SET_NAME, "coracle-udp");
	(void) sigemptyset(&none);
	(void) sigprocmask(SIG_SETMASK, &none, NULL);
	for (int i = 1; i < NSIG; i++)
		(void) signal(i, SIG_DFL);
	if (request->userns_path)
		r = join(request->userns_path, CLONE_NEWUSER);
	if (r >= 0)
		r = join(request->netns_path, CLONE_NEWNET);
	if (r >= 0)
		r = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
	if (r >= 0)
		r = caps_apply(&(struct caps_sets) {0});
	/* the parent waits for this: only a process that has let go of everything counts as started */
	if (write(report, &r, sizeof r) != sizeof r || r < 0)
		_exit(1);
	qsort(relay->ports, relay->count, sizeof *relay->ports, compare_fds);
	close_others(relay);
	loop->relay = relay;
	loop->guest.sin_family = AF_INET;
	(void) inet_pton(AF_INET, guest_ip, &loop->guest.sin_addr);
	loop->fds = xcalloc(relay->count + CLIENTS_MAX, sizeof *loop->fds);
	loop->datagram = xcalloc(1, DATAGRAM_MAX);
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		loop->clients[i].fd = -1;
	serve(loop);
}

pid_t relay_start(const struct relay *relay, const struct network_request *request,
                  const char *guest_ip, struct error *err)
{
	int report[2], r = -EIO;
	pid_t pid;

	if (!relay->count)
		return 0;
	if (pipe2(report, O_CLOEXEC) < 0)
		return error_errno(err, errno, "pipe");
	pid = fork();
	if (pid == 0)
		child_main(relay, request, guest_ip, report[1]);
	if (pid < 0)
		r = -errno;
	(void) close(report[1]);
	if (pid > 0 && read(report[0], &r, sizeof r) != sizeof r)
		r = -EIO;
	(void) close(report[0]);
	return r < 0 ? error_errno(err, -r, "UDP ports on the loopback address") : pid;
}
