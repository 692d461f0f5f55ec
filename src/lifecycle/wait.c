/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wait.c - stand before a process in the foreground: signals, terminal, exit status */
#include "lifecycle_private.h"

#include "coracle/base/fd.h"
#include "coracle/base/file.h"
#include "coracle/sys/process.h"
#include "coracle/sys/tty.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#define COPY_BYTES  16384
#define INPUT_BYTES 4096

static sigset_t before;
static bool begun;

void wait_begin(bool subreaper)
{
	sigset_t all;

	if (subreaper)
		/* what the container leaves behind in our pid namespace is ours to reap */
		(void) prctl(PR_SET_CHILD_SUBREAPER, 1);
	(void) sigfillset(&all);
	(void) sigprocmask(SIG_BLOCK, &all, &before);
	begun = true;
}

void wait_end(void)
{
	if (begun)
		(void) sigprocmask(SIG_SETMASK, &before, NULL);
	begun = false;
}

struct foreground {
	pid_t pid;
	int master, signals, notify;
	bool stdin_open, ended;
	int status;
	/* input that the terminal has no room for yet: to wait for it would keep us from what the program writes */
	char input[INPUT_BYTES];
	size_t input_given, input_length;
};

static void copy_size(int master)
{
	struct tty_size size;

	if (tty_get_size(STDIN_FILENO, &size) == 0)
		(void) !tty_set_size(master, size);
}

static void reap(struct foreground *foreground)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (pid <= 0)
			return;
		if (pid == foreground->pid) {
			foreground->ended = true;
			foreground->status = status;
		}
	}
}

static void take_signals(struct foreground *foreground)
{
	struct signalfd_siginfo info;

	while (read(foreground->signals, &info, sizeof info) == sizeof info) {
		int number = (int) info.ssi_signo;

		if (number == SIGCHLD)
			reap(foreground);
		else if (number == SIGWINCH && foreground->master >= 0)
			copy_size(foreground->master);
		else if (number != SIGPIPE && number != SIGTTIN && number != SIGTTOU && !foreground->ended)
			/* it may just have ended: the next SIGCHLD tells */
			(void) kill(foreground->pid, number);
	}
}

/* false at the end */
static bool copy_some(int from, int to)
{
	char bytes[COPY_BYTES];
	ssize_t n = read(from, bytes, sizeof bytes);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	return n > 0 && write_all(to, bytes, (size_t) n) >= 0;
}

static bool has_input(const struct foreground *foreground)
{
	return foreground->input_given < foreground->input_length;
}

static void take_input(struct foreground *foreground)
{
	ssize_t n = read(STDIN_FILENO, foreground->input, sizeof foreground->input);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	foreground->stdin_open = n > 0;
	foreground->input_given = 0;
	foreground->input_length = n > 0 ? (size_t) n : 0;
}

static void give_input(struct foreground *foreground)
{
	ssize_t n = write(foreground->master, foreground->input + foreground->input_given,
	                  foreground->input_length - foreground->input_given);

	if (n > 0)
		foreground->input_given += (size_t) n;
	if (n >= 0 || errno == EAGAIN || errno == EINTR)
		return;
	/* nobody reads there any more */
	foreground->stdin_open = false;
	foreground->input_length = 0;
}

static void step(struct foreground *foreground)
{
	short more = has_input(foreground) ? POLLOUT : 0;
	struct pollfd fds[4] = {
		{.fd = foreground->signals, .events = POLLIN},
		{.fd = foreground->master, .events = (short) (POLLIN | more)},
		{.fd = foreground->stdin_open && !more ? STDIN_FILENO : -1, .events = POLLIN},
		{.fd = foreground->notify, .events = POLLIN},
	};

	if (poll(fds, 4, -1) < 0)
		return;
	if (fds[3].revents)
		(void) notify_forward(foreground->notify);
	if ((fds[1].revents & ~POLLOUT) && !copy_some(foreground->master, STDOUT_FILENO)) {
		/* EIO: nobody has the other side open any more */
		(void) close(foreground->master);
		foreground->master = -1;
		foreground->stdin_open = false;
		foreground->input_length = 0;
	}
	if (fds[2].revents && foreground->master >= 0)
		take_input(foreground);
	if (has_input(foreground) && foreground->master >= 0)
		give_input(foreground);
	if (fds[0].revents)
		take_signals(foreground);
}

/* What the program wrote last is still in the pty. */
static void drain(struct foreground *foreground)
{
	if (foreground->master < 0)
		return;
	for (;;) {
		char bytes[COPY_BYTES];
		ssize_t n = read(foreground->master, bytes, sizeof bytes);

		if (n <= 0 || write_all(STDOUT_FILENO, bytes, (size_t) n) < 0)
			return;
	}
}

int wait_foreground(pid_t pid, int master, int notify_fd)
{
	struct tty_state terminal = {.fd = -1};
	struct foreground foreground = {
		.pid = pid, .master = master, .notify = notify_fd, .stdin_open = master >= 0};
	sigset_t all;

	if (master >= 0)
		(void) !fd_set_nonblocking(master, true);
	(void) sigfillset(&all);
	foreground.signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (master >= 0 && isatty(STDIN_FILENO)) {
		(void) !tty_raw(STDIN_FILENO, &terminal);
		copy_size(master);
	}
	/* it may have ended before the descriptor was there */
	reap(&foreground);
	while (!foreground.ended)
		step(&foreground);
	drain(&foreground);
	tty_restore(&terminal);
	if (foreground.signals >= 0)
		(void) close(foreground.signals);
	if (foreground.master >= 0)
		(void) close(foreground.master);
	return process_exit_code(foreground.status);
}
