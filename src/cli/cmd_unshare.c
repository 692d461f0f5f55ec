/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_unshare.c - coracle unshare: a command in the user namespace of our containers (coracle-unshare(1))
 *
 * This process stays as the parent: orphans of the command come to it (PR_SET_CHILD_SUBREAPER), among them those that
 * keep mounts of fuse-overlayfs, which so end with it instead of keeping the mount namespace for ever.
 */
#include "coracle/cli/command.h"

#include "coracle/sys/process.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static const struct opt unshare_opts[] = {
	OPT_REFUSED(0, "rootless-netns", NULL, "there is no network that containers share in this version"),
	OPT_END,
};

/* Sent by others (a terminal's ctrl-C goes to the command by itself): passed on. */
static const int passed_on[] = {SIGHUP, SIGTERM, SIGUSR1, SIGUSR2};

static const char *shell(void)
{
	const char *wish = getenv("SHELL");

	return wish && *wish == '/' ? wish : "/bin/sh";
}

static int set_environment(const struct engine *engine, struct error *err)
{
	const char *data = engine->paths.data ? engine->paths.data : "";
	const char *runtime = engine->paths.runtime ? engine->paths.runtime : "";

	/* inside the caller is root: our own two keep a nested coracle where this one is */
	if (setenv("CONTAINERS_GRAPHROOT", data, 1) < 0 || setenv("CONTAINERS_RUNROOT", runtime, 1) < 0
	    || setenv("CORACLE_ROOT", data, 1) < 0 || setenv("CORACLE_RUNROOT", runtime, 1) < 0)
		return error_errno(err, errno, "setenv");
	return 0;
}

static _Noreturn void execute(char *const *argv, const sigset_t *mask)
{
	(void) sigprocmask(SIG_SETMASK, mask, NULL);
	(void) signal(SIGINT, SIG_DFL);
	(void) signal(SIGQUIT, SIG_DFL);
	(void) execvp(argv[0], argv);
	print_error("unshare: %s: %s", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* Reaps whatever comes; the status is the command's. */
static int wait_for(pid_t command, const sigset_t *signals)
{
	for (;;) {
		int status, signal = 0;
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (pid == command)
			return process_exit_code(status);
		if (pid > 0)
			continue;
		if (pid < 0 && errno != EINTR)
			return 125;
		if (sigwait(signals, &signal) == 0 && signal != SIGCHLD)
			/* it may have ended, which its status will tell */
			(void) kill(command, signal);
	}
}

static int unshare_run(struct engine *engine, UNUSED void *request, const struct texts *operands, struct error *err)
{
	AUTO_TEXTS struct texts words = {0};
	sigset_t signals, before;
	int r = set_environment(engine, err);
	pid_t pid;

	if (r < 0)
		return r;
	(void) sigemptyset(&signals);
	(void) sigaddset(&signals, SIGCHLD);
	for (size_t i = 0; i < ARRAY_LEN(passed_on); i++)
		(void) sigaddset(&signals, passed_on[i]);
	if (sigprocmask(SIG_BLOCK, &signals, &before) < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return error_errno(err, errno, "unshare");
	texts_add_all(&words, operands);
	if (words.count == 0)
		texts_add(&words, shell());
	pid = fork();
	if (pid < 0)
		return error_errno(err, errno, "fork");
	if (pid == 0)
		execute(words.items, &before);
	(void) signal(SIGINT, SIG_IGN);
	(void) signal(SIGQUIT, SIG_IGN);
	return wait_for(pid, &signals);
}

const struct command cmd_unshare = {
	.name = "unshare",
	.group = "This program",
	.summary = "run a command, or a shell, as root of the user namespace of your containers",
	.operands = "[COMMAND [ARG...]]",
	.complete = "file",
	.example = "coracle unshare cat /proc/self/uid_map\n"
	           "coracle unshare rm -rf directory-of-a-container",
	.opts = unshare_opts,
	.max_operands = -1,
	.order = OPTS_BEFORE_OPERANDS,
	.needs = NEEDS_USERNS,
	.run = unshare_run,
};
