/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mount_keeper.c - mounts that live as long as a program does; see mount_keeper.h */
#include "mount_keeper.h"

#include "coracle/base/fd.h"
#include "coracle/base/file.h"
#include "coracle/base/spawn.h"
#include "coracle/sys/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

struct outcome {
	int result;
	struct error err;
};

/* No descriptor of the caller's may stay open: who reads its standard output would wait for us. */
static void let_go(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; null >= 0 && i <= STDERR_FILENO; i++)
		(void) dup2(null, i);
	(void) syscall(SYS_close_range, 3u, ~0u, 0u);
}

static _Noreturn void keep(pid_t parent)
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

static _Noreturn void keeper(int report, pid_t parent, int (*act)(void *, struct error *), void *context)
{
	struct outcome outcome = {0};

	/* a ctrl-C of the terminal is not meant for us */
	(void) setsid();
	outcome.result = act(context, &outcome.err);
	if (write_all(report, &outcome, sizeof outcome) < 0 || outcome.result < 0)
		_exit(1);
	let_go();
	keep(parent);
}

int mount_keep(int (*act)(void *context, struct error *err), void *context, struct error *err)
{
	struct outcome outcome = {0};
	AUTO_CLOSE int ours = -1, theirs = -1;
	int ends[2];
	size_t have = 0;
	ssize_t n;
	pid_t self = getpid(), pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, errno, "pipe");
	ours = ends[0];
	theirs = ends[1];
	pid = fork();
	if (pid < 0)
		return error_errno(err, errno, "fork");
	if (pid == 0)
		keeper(theirs, self, act, context);
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
