/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unix_send.c - one descriptor to a listening socket, in limited time: unix(7); see unix_send.h */
#include "unix_send.h"

#include "coracle/base/clock.h"
#include "coracle/base/fd.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#define NS_PER_MS   UINT64_C(1000000)
#define US_PER_MS   1000
/* A new socket takes this at once (net.core.wmem_default is 208 KiB): most readers expect a single message. */
#define FIRST_BYTES ((size_t) 64 << 10)

/* O_PATH: nothing is opened, and what is looked at is what is connected to, however long its path. */
static int find_socket(const struct unix_send *to, struct error *err)
{
	AUTO_CLOSE int fd = open(to->path, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, errno, "%s %s", to->what, to->path);
	if (!S_ISSOCK(st.st_mode))
		return error_set(err, ERROR_INVALID, "%s %s: is not a socket: give the path of one that a "
		                 "program listens on", to->what, to->path);
	return TAKE_FD(fd);
}

static unsigned left_ms(uint64_t deadline)
{
	uint64_t now = clock_monotonic();

	return now >= deadline ? 0 : (unsigned) ((deadline - now + NS_PER_MS - 1) / NS_PER_MS);
}

/*
 * A connect(2) without blocking would answer EAGAIN at once while the listener's queue is full, with nothing
 * to poll for; SO_SNDTIMEO lets the kernel wait in our place (socket(7)).
 */
static int connect_until(int socket, const struct sockaddr_un *address, uint64_t deadline)
{
	for (;;) {
		unsigned left = left_ms(deadline);
		struct timeval limit = {
			.tv_sec = left / 1000,
			.tv_usec = (suseconds_t) (left % 1000) * US_PER_MS,
		};

		if (left == 0)
			return -ETIMEDOUT;
		if (setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) < 0)
			return -errno;
		if (connect(socket, (const struct sockaddr *) address, sizeof *address) == 0)
			return 0;
		if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
}

static int connect_to(const struct unix_send *to, uint64_t deadline, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	AUTO_CLOSE int found = find_socket(to, err);
	AUTO_CLOSE int socket_fd = -1;
	int r;

	if (found < 0)
		return found;
	socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (socket_fd < 0)
		return error_errno(err, errno, "%s %s: make a socket", to->what, to->path);
	(void) snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d", found);
	r = connect_until(socket_fd, &address, deadline);
	switch (r) {
	case 0:
		return TAKE_FD(socket_fd);
	case -ECONNREFUSED:
		(void) error_set(err, ERROR_SYSTEM, "%s %s: nobody listens on it: start the program that "
		                 "serves it first", to->what, to->path);
		break;
	case -EPROTOTYPE:
		(void) error_set(err, ERROR_INVALID, "%s %s: is not a stream socket: its program must listen "
		                 "with SOCK_STREAM", to->what, to->path);
		break;
	case -ETIMEDOUT:
		(void) error_set(err, ERROR_SYSTEM, "%s %s: did not answer within %g s: the program that "
		                 "serves it accepts no connections", to->what, to->path, to->timeout_ms / 1000.0);
		break;
	default:
		(void) error_errno(err, -r, "%s %s: connect", to->what, to->path);
		break;
	}
	return r;
}

static int send_until(int socket, const char *bytes, size_t length, uint64_t deadline)
{
	while (length) {
		struct pollfd room = {.fd = socket, .events = POLLOUT};
		ssize_t n = send(socket, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n >= 0) {
			bytes += n;
			length -= (size_t) n;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		if (errno == EAGAIN && poll(&room, 1, (int) left_ms(deadline)) == 0)
			return -ETIMEDOUT;
	}
	return 0;
}

int unix_send(const struct unix_send *to, const void *bytes, size_t length, int fd, struct error *err)
{
	uint64_t deadline = clock_monotonic() + to->timeout_ms * NS_PER_MS;
	AUTO_CLOSE int socket = connect_to(to, deadline, err);
	size_t first = MIN(length, FIRST_BYTES);
	int r;

	if (socket < 0)
		return socket;
	r = fd_send(socket, bytes, first, &fd, 1);
	if (r >= 0)
		r = send_until(socket, (const char *) bytes + first, length - first, deadline);
	if (r == -ETIMEDOUT || r == -EAGAIN) {
		(void) error_set(err, ERROR_SYSTEM, "%s %s: took no more data within %g s: the program that "
		                 "serves it does not read", to->what, to->path, to->timeout_ms / 1000.0);
		return -ETIMEDOUT;
	}
	return r < 0 ? error_errno(err, -r, "%s %s: send", to->what, to->path) : 0;
}
