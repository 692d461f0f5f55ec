/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attach.c - the client's side of an attached connection: streams, signals, terminal, detach keys */
#include "attach.h"

#include "coracle/base/alloc.h"
#include "coracle/base/fd.h"
#include "coracle/base/file.h"
#include "coracle/monitor/monitor.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#define KEYS_MAX 16
#define DEFAULT_KEYS "ctrl-p,ctrl-q"

struct copy {
	int connection;
	const struct io *io;
	int signal_fd;
	bool stdin_open;
	bool stdin_held; /* there is input, but the monitor does not take more now */
	unsigned char keys[KEYS_MAX];
	size_t key_count, keys_seen;
	struct tty_state terminal;
	bool detached;
	unsigned urgent; /* SIGINT and SIGTERM so far */
};

struct tty_size attach_size(const struct io *io)
{
	struct tty_size size = {0};

	if (io->tty && tty_get_size(STDIN_FILENO, &size) < 0)
		/* no terminal of ours: the process keeps the kernel's default */
		(void) !tty_get_size(STDOUT_FILENO, &size);
	return size;
}

/* docker-attach(1): single characters, or ctrl- and one of a-z @ [ \ ] ^ _ */
static int parse_keys(const char *text, struct copy *copy, struct error *err)
{
	AUTO_TEXTS struct texts words = {0};

	if (!text)
		text = DEFAULT_KEYS;
	if (!*text)
		return 0;
	texts_split(&words, text, ',');
	for (size_t i = 0; i < words.count && copy->key_count < KEYS_MAX; i++) {
		const char *word = words.items[i];
		char c = 0;

		if (strlen(word) == 1)
			c = word[0];
		else if (strcmp(word, "DEL") == 0)
			c = 127;
		else if (strncmp(word, "ctrl-", 5) == 0 && strlen(word) == 6
		         && ((word[5] >= 'a' && word[5] <= 'z') || (word[5] >= '@' && word[5] <= '_')))
			c = (char) (word[5] & 0x1f);
		else
			return error_set(err, ERROR_INVALID,
			                 "detach keys \"%s\": \"%s\" is neither a character nor ctrl-X, as in "
			                 "ctrl-p,ctrl-q",
			                 text, word);
		copy->keys[copy->key_count++] = (unsigned char) c;
	}
	return 0;
}

/* the buffers are static: one connection a process, and no large stack */
static int send_frame(struct copy *copy, char type, const void *bytes, size_t length)
{
	static char frame[FRAME_MAX_BYTES];

	frame[0] = type;
	if (length)
		(void) memcpy(frame + 1, bytes, length);
	return send(copy->connection, frame, length + 1, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static void send_size(struct copy *copy)
{
	struct tty_size size = attach_size(copy->io);

	if (size.rows && size.columns)
		(void) !send_frame(copy, FRAME_SIZE, &size, sizeof size);
}

/* A begun sequence that does not go on is given to the process after all. */
static void send_typed(struct copy *copy, const unsigned char *typed, size_t length)
{
	static unsigned char out[FRAME_MAX_BYTES / 2];
	size_t n = 0;

	for (size_t i = 0; i < length && !copy->detached; i++) {
		if (copy->key_count && typed[i] == copy->keys[copy->keys_seen]) {
			if (++copy->keys_seen == copy->key_count)
				copy->detached = true;
			continue;
		}
		for (size_t k = 0; k < copy->keys_seen; k++)
			out[n++] = copy->keys[k];
		copy->keys_seen = 0;
		if (copy->key_count && typed[i] == copy->keys[0])
			copy->keys_seen = 1;
		else
			out[n++] = typed[i];
	}
	if (n)
		(void) !send_frame(copy, FRAME_STDIN, out, n);
}

static void read_stdin(struct copy *copy)
{
	static unsigned char typed[FRAME_MAX_BYTES / 4];
	ssize_t n = read(STDIN_FILENO, typed, sizeof typed);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		copy->stdin_open = false;
		(void) !send_frame(copy, FRAME_STDIN_END, NULL, 0);
		return;
	}
	if (copy->io->tty)
		send_typed(copy, typed, (size_t) n);
	else
		(void) !send_frame(copy, FRAME_STDIN, typed, (size_t) n);
}

static void take_signals(struct copy *copy)
{
	struct signalfd_siginfo info;

	while (read(copy->signal_fd, &info, sizeof info) == sizeof info) {
		char number = (char) info.ssi_signo;

		if (info.ssi_signo == SIGWINCH) {
			if (copy->io->tty)
				send_size(copy);
			continue;
		}
		/* with a terminal signals are not passed on: they end the client, and the terminal is as before */
		if (copy->io->tty) {
			tty_restore(&copy->terminal);
			_exit(128 + (int) info.ssi_signo);
		}
		/* docker: the third one ends the client whatever the process does with it */
		if ((info.ssi_signo == SIGINT || info.ssi_signo == SIGTERM) && ++copy->urgent >= 3) {
			tty_restore(&copy->terminal);
			(void) dprintf(STDERR_FILENO, "got 3 SIGTERM or SIGINT, leaving; the container runs on\n");
			_exit(1);
		}
		(void) !send_frame(copy, FRAME_SIGNAL, &number, 1);
	}
}

/* 1 at the end with *code, 0 to go on */
static int take_frame(struct copy *copy, int *code, struct error *err)
{
	static char frame[FRAME_MAX_BYTES];
	ssize_t n = recv(copy->connection, frame, sizeof frame, 0);
	int r = 0;

	/* reset: it ended with input of ours unread (unix(7)); what it had to say comes after the error */
	if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == ECONNRESET))
		return 0;
	if (n <= 0)
		return error_set(err, ERROR_SYSTEM, "the container's monitor is gone: it was killed");
	if (frame[0] == FRAME_STDOUT && copy->io->out)
		r = write_all(STDOUT_FILENO, frame + 1, (size_t) n - 1);
	else if (frame[0] == FRAME_STDERR && copy->io->err)
		r = write_all(STDERR_FILENO, frame + 1, (size_t) n - 1);
	else if (frame[0] == FRAME_EXIT && n == 1 + sizeof(int32_t)) {
		int32_t value;

		(void) memcpy(&value, frame + 1, sizeof value);
		*code = value;
		return 1;
	}
	/* a reader that went away (head, a closed window) ends the copying, as SIGPIPE would */
	if (r < 0)
		return r == -EPIPE ? error_set(err, ERROR_SYSTEM,
		                               "the reader of the output is gone (broken pipe); the container "
		                               "runs on, see: coracle ps")
		                   : error_errno(err, -r, "write the container's output");
	return 0;
}

static void watch_signals(struct copy *copy)
{
	sigset_t set;

	(void) sigemptyset(&set);
	if (copy->io->tty) {
		(void) sigaddset(&set, SIGWINCH);
		/* so that the terminal is restored before we go */
		(void) sigaddset(&set, SIGTERM);
		(void) sigaddset(&set, SIGHUP);
		(void) sigaddset(&set, SIGINT);
		(void) sigaddset(&set, SIGQUIT);
	} else if (copy->io->sig_proxy) {
		(void) sigfillset(&set);
		(void) sigdelset(&set, SIGCHLD);
		(void) sigdelset(&set, SIGPIPE);
		(void) sigdelset(&set, SIGURG);
		(void) sigdelset(&set, SIGTTIN);
		(void) sigdelset(&set, SIGTTOU);
		(void) sigdelset(&set, SIGCONT);
		(void) sigdelset(&set, SIGWINCH);
		(void) sigdelset(&set, SIGSEGV);
		(void) sigdelset(&set, SIGBUS);
		(void) sigdelset(&set, SIGFPE);
		(void) sigdelset(&set, SIGILL);
		(void) sigdelset(&set, SIGABRT);
	}
	(void) sigprocmask(SIG_BLOCK, &set, NULL);
	(void) signal(SIGPIPE, SIG_IGN);
	copy->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool takes_more(int connection)
{
	struct pollfd ready = {.fd = connection, .events = POLLOUT};

	return poll(&ready, 1, 0) > 0;
}

/*
 * Input is read only when the connection takes it, so that sending never waits: the program may not
 * read on before its output is taken, which is done here too.
 */
static int copy_loop(struct copy *copy, struct error *err)
{
	for (;;) {
		struct pollfd fds[3] = {
			{.fd = copy->connection, .events = POLLIN},
			{.fd = copy->signal_fd, .events = POLLIN},
			{.fd = copy->stdin_open && !copy->stdin_held ? STDIN_FILENO : -1, .events = POLLIN},
		};
		int code = 0, r;

		if (copy->stdin_held)
			fds[0].events |= POLLOUT;
		if (poll(fds, 3, -1) < 0 && errno != EINTR)
			return error_errno(err, errno, "poll");
		if (fds[1].revents)
			take_signals(copy);
		if (fds[0].revents & POLLOUT)
			copy->stdin_held = false;
		if (fds[2].revents) {
			copy->stdin_held = !takes_more(copy->connection);
			if (!copy->stdin_held)
				read_stdin(copy);
		}
		if (copy->detached) {
			(void) !send_frame(copy, FRAME_DETACH, NULL, 0);
			return 0;
		}
		if (!(fds[0].revents & (POLLIN | POLLHUP | POLLERR)))
			continue;
		r = take_frame(copy, &code, err);
		if (r < 0)
			return r;
		if (r > 0)
			return code & 0xff;
	}
}

int attach_copy(int connection, const struct io *io, struct error *err)
{
	struct copy copy = {.connection = connection, .io = io, .signal_fd = -1, .stdin_open = io->in};
	int r = io->tty ? parse_keys(io->detach_keys, &copy, err) : 0;

	if (r >= 0) {
		watch_signals(&copy);
		if (io->tty && io->in && isatty(STDIN_FILENO))
			/* without it the terminal echoes twice: better that than no container */
			(void) !tty_raw(STDIN_FILENO, &copy.terminal);
		if (io->tty)
			send_size(&copy);
		r = copy_loop(&copy, err);
		tty_restore(&copy.terminal);
		if (copy.detached)
			/* the prompt of the shell begins on a line of its own */
			(void) !write(STDERR_FILENO, "\n", 1);
	}
	if (copy.signal_fd >= 0)
		(void) close(copy.signal_fd);
	(void) close(connection);
	return r;
}

int attach_wait(int connection)
{
	static char frame[FRAME_MAX_BYTES];
	int32_t code = -ESRCH;
	ssize_t n;

	do {
		n = recv(connection, frame, sizeof frame, 0);
	} while ((n < 0 && errno == EINTR) || (n > 0 && frame[0] != FRAME_EXIT));
	if (n == 1 + sizeof code)
		(void) memcpy(&code, frame + 1, sizeof code);
	(void) close(connection);
	return code;
}
