/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mount_keeper.c - mounts that live as long as a program does; see mount_keeper.h */
#include "mount_keeper.h"

#include "coracle/base/fd.h"
#include "coracle/base/file.h"
#include "coracle/base/spawn.h"
#include "coracle/sys/process.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

struct outcome {
	int result;
	struct error err;
};

#define OWNER_FD 3

/* No descriptor of the caller's may stay open: who reads its standard output would wait for us. */
static void let_go(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; null >= 0 && i <= STDERR_FILENO; i++)
		(void) dup2(null, i);
	fd_range_close(OWNER_FD + 1, ~0U);
}

/* No children: their program ended, after an unmount. */
static bool reap(void)
{
	pid_t pid;

	do {
		pid = waitpid(-1, NULL, WNOHANG);
	} while (pid > 0);
	return pid < 0 && errno == ECHILD;
}

static _Noreturn void keep_for(int owner_fd)
{
	sigset_t children;
	struct pollfd ends[2] = {{.fd = owner_fd, .events = POLLIN}, {.fd = -1, .events = POLLIN}};
	struct signalfd_siginfo info;

	(void) sigemptyset(&children);
	(void) sigaddset(&children, SIGCHLD);
	(void) sigprocmask(SIG_BLOCK, &children, NULL);
	ends[1].fd = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
	while (!reap() && !ends[0].revents) {
		/* without a signalfd once a second */
		(void) poll(ends, 2, ends[1].fd < 0 ? 1000 : -1);
		(void) !read(ends[1].fd, &info, sizeof info);
	}
	_exit(0);
}

static _Noreturn void keep_for_parent(pid_t parent)
{
	struct pollfd gone = {.fd = process_pidfd_open(parent), .events = POLLIN};

	/* the death signal tells of the present parent's end: ask for it when there is a new one */
	while (getppid() == parent)
		(void) poll(&gone, 1, gone.fd < 0 ? 10 : -1);
	(void) prctl(PR_SET_PDEATHSIG, SIGTERM);
	while (wait(NULL) >= 0 || errno == EINTR) {
	}
	_exit(0);
}

struct keeping {
	int report;   /* where the outcome is told */
	int owner_fd; /* -1: the parent */
	pid_t parent;
	int (*act)(void *context, struct error *err);
	void *context;
};

static _Noreturn void keeper(const struct keeping *keeping)
{
	struct outcome outcome = {0};
	int owner_fd = -1;

	/* a ctrl-C of the terminal is not meant for us */
	(void) setsid();
	outcome.result = keeping->act(keeping->context, &outcome.err);
	if (write_all(keeping->report, &outcome, sizeof outcome) < 0 || outcome.result < 0)
		_exit(1);
	if (keeping->owner_fd >= 0)
		/* 3 is the one that let_go() leaves */
		owner_fd = keeping->owner_fd == OWNER_FD ? OWNER_FD : dup3(keeping->owner_fd, OWNER_FD, O_CLOEXEC);
	let_go();
	if (owner_fd >= 0)
		keep_for(owner_fd);
	(void) close(OWNER_FD);
	keep_for_parent(keeping->parent);
}

/* A pidfd of "PID.START", -1 without one, or what is less, with err. */
static int owner_open(const char *owner, struct error *err)
{
	int64_t pid;
	uint64_t start;
	int fd;

	if (!owner || sscanf(owner, "%" SCNd64 ".%" SCNu64, &pid, &start) != 2 || pid <= 0)
		return -1;
	fd = process_open((pid_t) pid, start);
	if (fd == -ESRCH)
		return error_set(err, ERROR_CONFLICT, "the command that unshare ran has ended; begin anew: coracle unshare");
	/* kernels without pidfds */
	return fd < 0 ? -1 : fd;
}

int mount_keep(const char *owner, int (*act)(void *context, struct error *err), void *context, struct error *err)
{
	struct outcome outcome = {0};
	AUTO_CLOSE int ours = -1, theirs = -1;
	int ends[2];
	size_t have = 0;
	ssize_t n;
	AUTO_CLOSE int owner_fd = owner_open(owner, err);
	struct keeping keeping = {.owner_fd = owner_fd, .parent = getpid(), .act = act, .context = context};
	pid_t pid;

	if (owner_fd < -1)
		return owner_fd;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, errno, "pipe");
	ours = ends[0];
	theirs = keeping.report = ends[1];
	pid = fork();
	if (pid < 0)
		return error_errno(err, errno, "fork");
	if (pid == 0)
		keeper(&keeping);
	(void) close(TAKE_FD(theirs));
	do {
		n = read(ours, (char *) &outcome + have, sizeof outcome - have);
		have += n > 0 ? (size_t) n : 0;
	} while ((n > 0 && have < sizeof outcome) || (n < 0 && errno == EINTR));
	if (have < sizeof outcome)
		return error_set(err, ERROR_SYSTEM, "the process that was to keep the mount ended");
	if (outcome.result < 0)
		*err = outcome.err;
	return outcome.result;
}
