/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * init.c - PIDs 1 of containers with --init: passes signals on and reaps
 *
 * It is the process that set the container up, gone on without an execve: there is no second program
 * in the container, and since it stays not dumpable its binary can't be reached through /proc/1/exe.
 */
#include "apply.h"

#include "coracle/base/fd.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>

static _Noreturn void finish(int status)
{
	_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

/* All children, ours and orphans; ends when the program does. */
static void reap(pid_t program)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG | WUNTRACED);

		if (pid <= 0)
			return;
		if (WIFSTOPPED(status)) {
			/* job control of the program stops this process too, so that the outside sees it */
			continue;
		}
		if (pid == program)
			finish(status);
	}
}

static _Noreturn void serve(pid_t program, const sigset_t *all)
{
	(void) prctl(PR_SET_NAME, "coracle-init");
	/* nothing of ours stays open: the program's standard streams must end with the program */
	fd_range_close(0, ~0U);
	for (;;) {
		siginfo_t info;
		int signal_number = sigwaitinfo(all, &info);

		if (signal_number < 0)
			continue;
		if (signal_number == SIGCHLD) {
			reap(program);
			continue;
		}
		/* the program may just have ended: the next SIGCHLD tells */
		(void) kill(program, signal_number);
	}
}

int apply_init(const struct plan *plan)
{
	sigset_t all;
	pid_t program;

	(void) sigfillset(&all);
	(void) sigprocmask(SIG_BLOCK, &all, NULL);
	program = fork();
	if (program < 0)
		return -errno;
	if (program > 0)
		serve(program, &all);
	(void) prctl(PR_SET_DUMPABLE, 0);
	apply_death_signal(plan);
	(void) setpgid(0, 0);
	/* with a terminal the program must be in its foreground; SIGTTOU is blocked here */
	(void) tcsetpgrp(STDIN_FILENO, getpgrp());
	(void) sigemptyset(&all);
	(void) sigprocmask(SIG_SETMASK, &all, NULL);
	return 0;
}
