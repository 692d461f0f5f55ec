/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clients.c - connections to the monitor: the first attached client, later ones, those that wait */
#include "monitor_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/fd.h"

#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int client_new(struct monitor *monitor, int fd, int session, bool wants_stdin)
{
	for (int i = 0; i < CLIENTS_MAX; i++) {
		struct client *client = &monitor->clients[i];

		if (client->used)
			continue;
		*client = (struct client){
			.used = true, .fd = fd, .session = session, .wants_stdin = wants_stdin};
		(void) !fd_set_nonblocking(fd, true);
		return i;
	}
	(void) close(fd);
	return -EMFILE;
}

void client_close(struct monitor *monitor, struct client *client)
{
	struct session *session = client->session >= 0 ? &monitor->sessions[client->session] : NULL;

	(void) close(client->fd);
	free(client->pending);
	client->used = false;
	client->pending = NULL;
	client->pending_length = 0;
	if (!session || !session->used || session->ended)
		return;
	/* docker's StdinOnce: the end of the client that fed it is the end of standard input */
	if (client->wants_stdin && session->stdin_once) {
		session->end_of_stdin = true;
		session_flush(session);
	}
	/* exec -t: as when a terminal goes away */
	if (session->hang_up && session->pidfd >= 0)
		(void) kill(session->pid, SIGHUP);
}

/* bytes NULL: the data stands in monitor->buffer behind the type already */
void client_send(struct monitor *monitor, struct client *client, char type, const void *bytes, size_t length)
{
	if (bytes) {
		monitor->buffer[0] = type;
		(void) memcpy(monitor->buffer + 1, bytes, length);
	}
	if (client->pending_length)
		return; /* the loop reads nothing for a session with a client held up */
	if (send(client->fd, monitor->buffer, length + 1, MSG_NOSIGNAL) >= 0)
		return;
	if (errno != EAGAIN && errno != ENOBUFS) {
		client_close(monitor, client);
		return;
	}
	if (!client->pending)
		client->pending = xcalloc(1, FRAME_MAX_BYTES);
	(void) memcpy(client->pending, monitor->buffer, length + 1);
	client->pending_length = length + 1;
}

/* The socket has no room now; anything else that is wrong with it is the end of the client. */
static bool is_full(ssize_t sent)
{
	return sent < 0 && (errno == EAGAIN || errno == ENOBUFS);
}

void client_flush(struct monitor *monitor, struct client *client)
{
	char frame[1 + sizeof client->code];

	if (client->pending_length) {
		if (is_full(send(client->fd, client->pending, client->pending_length, MSG_NOSIGNAL)))
			return;
		client->pending_length = 0;
	}
	if (!client->ends)
		return;
	frame[0] = FRAME_EXIT;
	(void) memcpy(frame + 1, &client->code, sizeof client->code);
	if (!is_full(send(client->fd, frame, sizeof frame, MSG_NOSIGNAL)))
		client_close(monitor, client);
}

void client_end(struct monitor *monitor, struct client *client, int32_t code)
{
	client->ends = true;
	client->code = code;
	/* its session is gone: nothing that it still sends means anything */
	client->session = -1;
	client->asked = true;
	client_flush(monitor, client);
}

static void take_frame(struct monitor *monitor, struct client *client, const char *frame, size_t length)
{
	struct session *session = &monitor->sessions[client->session];

	switch ((enum frame) frame[0]) {
	case FRAME_STDIN:
		if (client->wants_stdin)
			session_feed(session, frame + 1, length - 1);
		break;
	case FRAME_STDIN_END:
		if (client->wants_stdin && !session->tty) {
			session->end_of_stdin = true;
			session_flush(session);
		}
		break;
	case FRAME_SIZE: {
		struct tty_size size;

		if (length != 1 + sizeof size || !session->tty || session->out < 0)
			break;
		(void) memcpy(&size, frame + 1, sizeof size);
		(void) !tty_set_size(session->out, size);
		break;
	}
	case FRAME_SIGNAL:
		if (length != 2 || session->ended || session->pid <= 0)
			break;
		if (client->session == 0)
			control_signal(monitor, frame[1]);
		else
			(void) kill(session->pid, frame[1]);
		break;
	case FRAME_DETACH:
		/* leaves on purpose: standard input stays open, nothing is hung up */
		client->wants_stdin = false;
		session->hang_up = false;
		client_close(monitor, client);
		break;
	case FRAME_STDOUT:
	case FRAME_STDERR:
	case FRAME_EXIT:
		break;
	}
}

void client_read(struct monitor *monitor, struct client *client)
{
	static char frame[FRAME_MAX_BYTES];
	ssize_t n = recv(client->fd, frame, sizeof frame, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		client_close(monitor, client);
		return;
	}
	if (!client->asked && client->session < 0)
		control_request(monitor, client, frame, (size_t) n);
	else if (client->session >= 0)
		take_frame(monitor, client, frame, (size_t) n);
}
