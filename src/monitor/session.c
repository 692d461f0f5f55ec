/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.c - the streams of a process: its pipes or its pty, the log, the attached clients */
#include "monitor_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/fd.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>

/* A pty whose slaves are all closed is always "ready" with EIO: looked at so often until it is opened again. */
#define QUIET_NS (NS_PER_SECOND / 10)

int session_new(struct monitor *monitor)
{
	for (int i = 0; i < SESSIONS_MAX; i++) {
		struct session *session = &monitor->sessions[i];

		if (session->used)
			continue;
		(void) memset(session, 0, sizeof *session);
		session->used = true;
		session->in = session->out = session->err = session->pidfd = -1;
		session->process = (struct runtime_process){
			.pidfd = -1, .sync_fd = -1, .terminal_fd = -1, .netns_fd = -1};
		return i;
	}
	return -EMFILE;
}

/* ours in the session, the child's in child[] (the caller closes them after the spawn) */
int session_pipes(struct session *session, bool tty, bool interactive, int child[3], struct error *err)
{
	int ends[2];

	child[0] = child[1] = child[2] = -1;
	session->tty = tty;
	if (tty)
		return 0;
	if (interactive) {
		if (pipe2(ends, O_CLOEXEC) < 0)
			return error_errno(err, errno, "pipe");
		child[0] = ends[0];
		session->in = ends[1];
		(void) !fd_set_nonblocking(session->in, true);
	}
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, errno, "pipe");
	child[1] = ends[1];
	session->out = ends[0];
	(void) !fd_set_nonblocking(session->out, true);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, errno, "pipe");
	child[2] = ends[1];
	session->err = ends[0];
	(void) !fd_set_nonblocking(session->err, true);
	return 0;
}

static void close_slot(int *fd)
{
	if (*fd >= 0)
		(void) close(*fd);
	*fd = -1;
}

void session_close(struct session *session)
{
	if (session->tty && session->in == session->out)
		session->in = -1;
	close_slot(&session->in);
	close_slot(&session->out);
	close_slot(&session->err);
	free(session->pending);
	free(session->captured);
	session->pending = session->captured = NULL;
	runtime_process_done(&session->process);
	session->used = false;
}

bool session_is_held_up(const struct monitor *monitor, int session)
{
	for (int i = 0; i < CLIENTS_MAX; i++) {
		const struct client *client = &monitor->clients[i];

		if (client->used && client->session == session && client->pending_length)
			return true;
	}
	return false;
}

uint64_t session_next(const struct monitor *monitor)
{
	uint64_t next = 0;

	for (int i = 0; i < SESSIONS_MAX; i++) {
		const struct session *session = &monitor->sessions[i];

		if (session->used && session->quiet_until && (next == 0 || session->quiet_until < next))
			next = session->quiet_until;
	}
	return next;
}

/* One chunk from the process to the log and to whoever is attached. */
void session_read(struct monitor *monitor, int index, int stream)
{
	struct session *session = &monitor->sessions[index];
	int *fd = stream ? &session->err : &session->out;
	ssize_t n = read(*fd, monitor->buffer + 1, sizeof monitor->buffer - 1);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* a pty whose last slave is closed answers EIO */
	if (n <= 0) {
		if (session->tty) {
			/* a process may still open the terminal again while the program lives */
			if (!session->ended) {
				session->quiet_until = clock_monotonic() + QUIET_NS;
				return;
			}
			session->in = -1;
		}
		close_slot(fd);
		return;
	}
	if (session->log)
		log_file_write(session->log, stream, monitor->buffer + 1, (size_t) n);
	if (session->captured) {
		size_t room = HEALTH_OUTPUT_MAX - session->captured_length;
		size_t taken = MIN(room, (size_t) n);

		(void) memcpy(session->captured + session->captured_length, monitor->buffer + 1, taken);
		session->captured_length += taken;
	}
	monitor->buffer[0] = stream ? FRAME_STDERR : FRAME_STDOUT;
	for (int i = 0; i < CLIENTS_MAX; i++) {
		struct client *client = &monitor->clients[i];

		if (client->used && client->session == index)
			client_send(monitor, client, monitor->buffer[0], NULL, (size_t) n);
	}
}

void session_flush(struct session *session)
{
	while (session->pending_at < session->pending_length && session->in >= 0) {
		ssize_t n = write(session->in, session->pending + session->pending_at,
		                  session->pending_length - session->pending_at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			/* the program has closed its standard input */
			if (!session->tty)
				close_slot(&session->in);
			break;
		}
		session->pending_at += (size_t) n;
	}
	session->pending_at = session->pending_length = 0;
	if (session->end_of_stdin && !session->tty)
		close_slot(&session->in);
}

/* Called only while nothing is pending, see the loop. */
void session_feed(struct session *session, const char *bytes, size_t length)
{
	if (session->in < 0)
		return;
	if (!session->pending)
		session->pending = xcalloc(1, FRAME_MAX_BYTES);
	(void) memcpy(session->pending, bytes, length);
	session->pending_length = length;
	session->pending_at = 0;
	session_flush(session);
}
