/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * control.c - the control socket: both ends
 *
 * A connection begins with one JSON request and one struct error as answer (kind and text; text
 * empty: done). Only the owner of the runtime directory (0700) can connect; SO_PEERCRED is checked too.
 */
#include "monitor_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/fd.h"
#include "coracle/sys/names.h"
#include "coracle/sys/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>

#define REQUEST_MAX_BYTES (1 << 20)
#define CONTROL_SOCKET    "control"

int control_listen(struct monitor *monitor, struct error *err)
{
	struct sockaddr_un address = fd_socket_address(monitor->runtime_fd, CONTROL_SOCKET);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return error_errno(err, errno, "control socket");
	(void) unlinkat(monitor->runtime_fd, CONTROL_SOCKET, 0);
	if (bind(fd, (const struct sockaddr *) &address, sizeof address) < 0 || listen(fd, 128) < 0) {
		int saved = errno;

		(void) close(fd);
		return error_errno(err, saved, "control socket");
	}
	monitor->control_fd = fd;
	return 0;
}

static bool is_owner(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof peer;

	/* in the user namespace the owner is 0; somebody without an id here is the overflow id */
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

void control_accept(struct monitor *monitor)
{
	int fd = accept4(monitor->control_fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (!is_owner(fd)) {
		(void) close(fd);
		return;
	}
	/* a full table: the connection is closed, the caller is told that nobody listens */
	(void) !client_new(monitor, fd, -1, false);
}

static void answer(struct client *client, const struct error *err)
{
	/* a client that is gone already closes itself at the next read */
	(void) !send(client->fd, err, sizeof *err, MSG_NOSIGNAL);
}

static int number_of(const json_t *request, const char *key, int64_t missing)
{
	const json_t *value = json_object_get(request, key);

	return (int) (json_is_integer(value) ? json_integer_value(value) : missing);
}

static int do_stop(struct monitor *monitor, const json_t *request, struct error *err)
{
	int wanted = number_of(request, "signal", SIGTERM);
	int64_t timeout = number_of(request, "timeout", 10);

	if (wanted < 1 || wanted > 64)
		return error_set(err, ERROR_INVALID, "no such signal");
	monitor->stopping = true;
	monitor->restart_at = 0;
	if (timeout == 0)
		wanted = SIGKILL;
	else if (timeout > 0)
		monitor->kill_at = clock_monotonic() + (uint64_t) timeout * NS_PER_SECOND;
	monitor_signal(monitor, wanted);
	return 0;
}

static int signal_number_of(const char *name)
{
	return name && *name ? signal_number(name) : SIGTERM;
}

void control_signal(struct monitor *monitor, int signal_number)
{
	/* docker: killed by the user is not to be restarted */
	if (signal_number == SIGKILL || signal_number == signal_number_of(monitor->record->stop_signal))
		monitor->stopping = true;
	monitor_signal(monitor, signal_number);
}

static int do_signal(struct monitor *monitor, const json_t *request, struct error *err)
{
	int wanted = number_of(request, "signal", SIGKILL);

	if (wanted < 1 || wanted > 64)
		return error_set(err, ERROR_INVALID, "no such signal");
	if (monitor->sessions[0].ended || monitor->sessions[0].pid <= 0)
		return error_set(err, ERROR_CONFLICT, "the container is not running");
	control_signal(monitor, wanted);
	return 0;
}

static int do_attach(struct client *client, const json_t *request)
{
	client->session = 0;
	client->wants_stdin = json_is_true(json_object_get(request, "stdin"));
	return 0;
}

static int do_exec(struct monitor *monitor, struct client *client, const json_t *json, struct error *err)
{
	struct exec_request request = {0};
	int r = json_read(json, exec_request_fields, &request, err);

	if (r >= 0)
		r = monitor_exec(monitor, client, &request, err);
	fields_done(exec_request_fields, &request);
	return r < 0 ? r : 0;
}

void control_request(struct monitor *monitor, struct client *client, const char *bytes, size_t length)
{
	struct error err = {0};
	AUTO_JSON json_t *request = json_parse(bytes, length, &err);
	const char *op = json_string_value(json_object_get(request, "op"));

	client->asked = true;
	if (!op)
		(void) error_set(&err, ERROR_INVALID, "not a request");
	else if (strcmp(op, "signal") == 0)
		(void) !do_signal(monitor, request, &err);
	else if (strcmp(op, "stop") == 0)
		(void) !do_stop(monitor, request, &err);
	else if (strcmp(op, "attach") == 0)
		(void) !do_attach(client, request);
	else if (strcmp(op, "exec") == 0)
		(void) !do_exec(monitor, client, request, &err);
	else if (strcmp(op, "wait") != 0)
		(void) error_set(&err, ERROR_INVALID, "unknown request \"%s\"", op);
	answer(client, &err);
}

/* --- the other end --- */

static int control_connect(const struct paths *paths, const char *id, struct error *err)
{
	AUTO_CLOSE int dir_fd = state_runtime_open(paths, id);
	AUTO_CLOSE int fd = -1;
	struct sockaddr_un address;

	if (dir_fd < 0)
		return error_set(err, ERROR_CONFLICT, "container %.12s is not running", id), -ESRCH;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_errno(err, errno, "socket");
	address = fd_socket_address(dir_fd, CONTROL_SOCKET);
	if (connect(fd, (const struct sockaddr *) &address, sizeof address) < 0)
		return error_set(err, ERROR_CONFLICT, "container %.12s is not running", id), -ESRCH;
	return TAKE_FD(fd);
}

/* patience: milliseconds to wait for the answer, 0: for ever */
static int call(const struct paths *paths, const char *id, json_t *request, unsigned patience,
                struct error *err)
{
	AUTO_JSON json_t *owned = request;
	AUTO_FREE char *text = json_text(owned, JSON_COMPACT);
	AUTO_CLOSE int fd = -1;
	struct timeval limit = {.tv_sec = patience / 1000, .tv_usec = (suseconds_t) (patience % 1000) * 1000};
	struct error reply;
	int size = REQUEST_MAX_BYTES;
	ssize_t n;

	if (strlen(text) >= FRAME_MAX_BYTES)
		return error_set(err, ERROR_INVALID, "the request is longer than %d bytes", FRAME_MAX_BYTES);
	fd = control_connect(paths, id, err);
	if (fd < 0)
		return fd;
	(void) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	(void) setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0 && errno != EPIPE)
		return error_errno(err, errno, "send the request");
	do {
		n = recv(fd, &reply, sizeof reply, 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return error_errno(err, ETIMEDOUT, "the monitor of container %.12s", id);
	if (n != sizeof reply)
		return error_set(err, ERROR_CONFLICT, "container %.12s is not running", id), -ESRCH;
	if (reply.text[0]) {
		*err = reply;
		return -(reply.errnum ? reply.errnum : EIO);
	}
	limit = (struct timeval){0};
	(void) setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	return TAKE_FD(fd);
}

int monitor_call(const struct paths *paths, const char *id, json_t *request, struct error *err)
{
	return call(paths, id, request, 0, err);
}

int monitor_call_within(const struct paths *paths, const char *id, json_t *request, unsigned milliseconds,
                        struct error *err)
{
	return call(paths, id, request, milliseconds, err);
}

/* Who listens is who bound the socket: its pid is given by the kernel, and it is not another's while it listens. */
int monitor_kill(const struct paths *paths, const char *id)
{
	struct error ignored = {0};
	AUTO_CLOSE int fd = control_connect(paths, id, &ignored);
	AUTO_CLOSE int pidfd = -1;
	struct ucred peer;
	socklen_t size = sizeof peer;
	struct pollfd hung_up = {.fd = fd};

	if (fd < 0)
		return fd;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return -errno;
	pidfd = process_pidfd_open(peer.pid);
	if (pidfd < 0)
		return pidfd;
	if (poll(&hung_up, 1, 0) != 0)
		return -ESRCH;
	return process_pidfd_signal(pidfd, SIGKILL);
}
