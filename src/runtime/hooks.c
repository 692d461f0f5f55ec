/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hooks.c - runs hooks, one after the other: OCI runtime-spec config.md#posix-platform-hooks; see hooks.h */
/*
 * The state lies in a sealed memfd, not in a pipe: whoever never reads it blocks nobody. A pipe that is closed
 * by execve(2) carries back the errno of a hook that could not be started. hook_execute() also runs in a
 * container's set-up process, so that it and all that it calls must make do with system calls.
 */
#include "coracle/runtime/hooks.h"

#include "coracle/base/clock.h"
#include "coracle/base/fd.h"
#include "coracle/sys/names.h"
#include "coracle/sys/process.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define SIGNALS      64
#define NS_PER_MS    UINT64_C(1000000)
#define POLL_MAX_MS  (60 * 60 * 1000) /* poll(2) counts in an int: longer waits go round the loop */
#define TIMEOUT_MAX  (INT64_C(1) << 32) /* seconds; more than a century is for ever */

static void default_signals(void)
{
	const struct sigaction standard = {.sa_handler = SIG_DFL};
	sigset_t none;

	/* KILL, STOP and what the C library keeps for itself answer EINVAL */
	for (int signal = 1; signal <= SIGNALS; signal++)
		(void) sigaction(signal, &standard, NULL);
	(void) sigemptyset(&none);
	(void) sigprocmask(SIG_SETMASK, &none, NULL);
}

static int become_hook(const struct oci_hook *hook, int state_fd, pid_t parent)
{
	char *path_alone[] = {hook->path, NULL}, *nothing[] = {NULL};
	pid_t now;

	if (setpgid(0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -errno;
	/* PR_SET_PDEATHSIG(2const): who died before sends nothing; 0: it is of another pid namespace */
	now = getppid();
	if (now != parent && now != 0)
		return -ESRCH;
	if (state_fd == STDIN_FILENO ? fcntl(state_fd, F_SETFD, 0) < 0 : dup2(state_fd, STDIN_FILENO) < 0)
		return -errno;
	fd_range_cloexec(3, ~0U);
	default_signals();
	(void) execve(hook->path, hook->args.count ? hook->args.items : path_alone,
	              hook->env.count ? hook->env.items : nothing);
	return -errno;
}

/* Until the process is over (true) or the deadline (0: none). */
static bool wait_until(int pidfd, uint64_t deadline)
{
	for (;;) {
		uint64_t now = clock_monotonic(), left = POLL_MAX_MS;
		struct pollfd over = {.fd = pidfd, .events = POLLIN};

		if (deadline && now >= deadline)
			return poll(&over, 1, 0) == 1;
		if (deadline)
			left = MIN(left, (deadline - now + NS_PER_MS - 1) / NS_PER_MS);
		if (poll(&over, 1, (int) left) == 1)
			return true;
	}
}

static int wait_and_reap(pid_t pid, int pidfd, uint64_t deadline, int *status)
{
	bool in_time = wait_until(pidfd, deadline);

	if (!in_time) {
		/* nobody has reaped it, so that the number is its own still; it may have left its group */
		(void) kill(-pid, SIGKILL);
		(void) kill(pid, SIGKILL);
	}
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return in_time ? 0 : -ETIMEDOUT;
}

static int start_and_wait(const struct oci_hook *hook, int state_fd, uint64_t deadline, int *status)
{
	int ends[2], errnum = 0, pidfd = -1, ignored;
	AUTO_CLOSE int from = -1, own_pidfd = -1;
	pid_t pid, parent = getpid();
	ssize_t n;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	from = ends[0];
	pid = process_clone(0, -1, &pidfd);
	if (pid == 0) {
		errnum = -become_hook(hook, state_fd, parent);
		(void) !write(ends[1], &errnum, sizeof errnum);
		_exit(127);
	}
	(void) close(ends[1]);
	if (pid < 0)
		return pid;
	own_pidfd = pidfd;
	/* it does so itself; whoever comes second gets EACCES or no harm */
	(void) setpgid(pid, pid);
	do
		n = read(from, &errnum, sizeof errnum);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t) sizeof errnum) {
		(void) wait_and_reap(pid, pidfd, 0, &ignored);
		return -errnum;
	}
	return wait_and_reap(pid, pidfd, deadline, status);
}

int hook_execute(const struct oci_hook *hook, const char *state, int *status)
{
	const struct sigaction standard = {.sa_handler = SIG_DFL};
	AUTO_CLOSE int state_fd = fd_memory("hook-state", state, strlen(state));
	struct sigaction old;
	uint64_t deadline = 0;
	int r;

	if (state_fd < 0)
		return state_fd;
	if (hook->timeout.set && hook->timeout.value > 0 && hook->timeout.value < TIMEOUT_MAX)
		deadline = clock_monotonic() + (uint64_t) hook->timeout.value * NS_PER_SECOND;
	/* wait(2), NOTES: where SIGCHLD is ignored (a caller's doing) there is no status to be had */
	if (sigaction(SIGCHLD, &standard, &old) < 0)
		return -errno;
	r = start_and_wait(hook, state_fd, deadline, status);
	(void) sigaction(SIGCHLD, &old, NULL);
	return r;
}

int hook_judge(const struct oci_hook *hook, const char *kind, int result, int status, struct error *err)
{
	char name[16];

	if (result == -ETIMEDOUT)
		return error_set(err, ERROR_SYSTEM,
		                 "%s hook %s: killed, because it took longer than its \"timeout\" of %" PRId64
		                 " s", kind, hook->path, hook->timeout.value);
	if (result < 0)
		return error_errno(err, -result, "%s hook %s: cannot execute", kind, hook->path);
	if (WIFSIGNALED(status)) {
		const char *signal = signal_name(WTERMSIG(status), name);

		return error_set(err, ERROR_SYSTEM, "%s hook %s: ended by signal %d (%s)", kind, hook->path,
		                 WTERMSIG(status), signal ? signal : "unknown");
	}
	if (WEXITSTATUS(status) != 0)
		return error_set(err, ERROR_SYSTEM, "%s hook %s: ended with status %d", kind, hook->path,
		                 WEXITSTATUS(status));
	return 0;
}

static int run(const struct oci_hook *hook, const char *kind, const char *state, struct error *err)
{
	int status = 0, r = hook_execute(hook, state, &status);

	return hook_judge(hook, kind, r, status, err);
}

int hooks_run(const struct list *hooks, const char *kind, const char *state, struct error *err)
{
	LIST_EACH (const struct oci_hook, hook, hooks) {
		int r = run(hook, kind, state, err);

		if (r < 0)
			return r;
	}
	return 0;
}

void hooks_warn(const struct list *hooks, const char *kind, const char *state, struct texts *warnings)
{
	LIST_EACH (const struct oci_hook, hook, hooks) {
		struct error err = {0};

		if (run(hook, kind, state, &err) < 0)
			texts_add(warnings, err.text);
	}
}
