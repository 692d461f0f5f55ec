/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * child.c - clone with shared memory and exec; see child.h
 *
 * The child runs on a stack of its own in our memory while we are stopped (CLONE_VM and CLONE_VFORK,
 * clone(2)): nothing is copied, and a failure is reported by storing it. All signals are blocked
 * until the child has no handler left that could run in our memory.
 */
#include "child.h"

#include "coracle/base/alloc.h"
#include "coracle/base/fd.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif

#define STACK_SIZE (256 * 1024) /* mapped, not touched: only a page or two become real */
#define SIGNALS    64

enum step { STEP_NONE, STEP_SESSION, STEP_PARENT, STEP_STDIO, STEP_DESCRIPTORS, STEP_SIGNALS, STEP_EXEC };

static const char *const step_text[] = {
	[STEP_NONE] = "cannot start",
	[STEP_SESSION] = "cannot start a session",
	[STEP_PARENT] = "cannot ask for a signal when its parent dies",
	[STEP_STDIO] = "cannot connect standard input and output",
	[STEP_DESCRIPTORS] = "cannot hand on descriptors",
	[STEP_SIGNALS] = "cannot reset signals",
	[STEP_EXEC] = "cannot execute",
};

/* What the child gets and, in the last two members, gives back. */
struct shared {
	const struct child *child;
	const char *const *envp;
	int *copies; /* place_count slots */
	pid_t parent;
	enum step step;
	int errnum;
};

/*
 * Everything from here to child_main() runs between clone and exec in the parent's memory: only the
 * functions of signal-safety(7), no malloc, no stdio, no log, no struct error.
 */

static bool fail(struct shared *shared, enum step step)
{
	shared->errnum = errno;
	shared->step = step;
	return false;
}

static bool set_session(struct shared *shared)
{
	const struct child *child = shared->child;
	pid_t parent;

	if (child->new_session && setsid() < 0)
		return fail(shared, STEP_SESSION);
	if (!child->death_signal)
		return true;
	if (prctl(PR_SET_PDEATHSIG, child->death_signal) < 0)
		return fail(shared, STEP_PARENT);
	/* PR_SET_PDEATHSIG(2const): who died before this call sends nothing; 0: other pid namespace */
	parent = getppid();
	errno = ESRCH;
	return parent == shared->parent || parent == 0 || fail(shared, STEP_PARENT);
}

/* Sources go above every number that is a target, so that no dup2(2) below overwrites one. */
static bool copy_sources(struct shared *shared, int *exec_fd, int stdio[static 3])
{
	const struct child *child = shared->child;
	int above = 3 + (int) child->place_count;

	for (size_t i = 0; i < child->place_count; i++) {
		shared->copies[i] = -1;
		if (child->place[i] < 0)
			continue;
		shared->copies[i] = fcntl(child->place[i], F_DUPFD_CLOEXEC, above);
		if (shared->copies[i] < 0)
			return fail(shared, STEP_DESCRIPTORS);
	}
	*exec_fd = child->path ? -1 : child->exec_fd;
	if (*exec_fd >= 0 && *exec_fd < above) {
		*exec_fd = fcntl(*exec_fd, F_DUPFD_CLOEXEC, above);
		if (*exec_fd < 0)
			return fail(shared, STEP_DESCRIPTORS);
	}
	for (int i = 0; i < 3; i++) {
		stdio[i] = child->stdio[i];
		if (stdio[i] < 0)
			stdio[i] = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);
		if (stdio[i] >= 0 && stdio[i] < 3)
			stdio[i] = fcntl(stdio[i], F_DUPFD_CLOEXEC, above);
		if (stdio[i] < 0)
			return fail(shared, STEP_STDIO);
	}
	return true;
}

static bool set_descriptors(struct shared *shared, const int stdio[static 3])
{
	const struct child *child = shared->child;

	for (int i = 0; i < 3; i++)
		if (dup2(stdio[i], i) < 0)
			return fail(shared, STEP_STDIO);
	fd_range_cloexec(3, ~0U);
	for (size_t i = 0; i < child->place_count; i++)
		if (shared->copies[i] >= 0 && dup2(shared->copies[i], 3 + (int) i) < 0)
			return fail(shared, STEP_DESCRIPTORS);
	for (size_t i = 0; i < child->keep_count; i++)
		if (child->keep[i] >= 3 && fcntl(child->keep[i], F_SETFD, 0) < 0)
			return fail(shared, STEP_DESCRIPTORS);
	return true;
}

static bool reset_signals(struct shared *shared)
{
	const struct sigaction standard = {.sa_handler = SIG_DFL};
	struct sigaction old;
	sigset_t none;

	for (int signal = 1; signal <= SIGNALS; signal++) {
		/* the C library keeps two signals for itself and answers EINVAL */
		if (sigaction(signal, NULL, &old) < 0 || old.sa_handler == SIG_DFL)
			continue;
		if (sigaction(signal, &standard, NULL) < 0)
			return fail(shared, STEP_SIGNALS);
	}
	if (sigemptyset(&none) < 0 || sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return fail(shared, STEP_SIGNALS);
	return true;
}

static int child_main(void *arg)
{
	struct shared *shared = arg;
	const struct child *child = shared->child;
	char *const *argv = (char *const *) (uintptr_t) child->argv;
	char *const *envp = (char *const *) (uintptr_t) shared->envp;
	int exec_fd, stdio[3];

	if (!set_session(shared) || !copy_sources(shared, &exec_fd, stdio) ||
	    !set_descriptors(shared, stdio) || !reset_signals(shared))
		return 127;
	if (child->path)
		(void) execve(child->path, argv, envp);
	else
		(void) syscall(SYS_execveat, exec_fd, "", argv, envp, AT_EMPTY_PATH);
	(void) fail(shared, STEP_EXEC);
	return 127;
}

/* From here on we are in the parent again. */

static pid_t clone_child(struct shared *shared, char *stack_end, int *pidfd)
{
	int flags = CLONE_VM | CLONE_VFORK | SIGCHLD;
	pid_t pid;

	if (!pidfd)
		return clone(child_main, stack_end, flags, shared);
	*pidfd = -1;
	pid = clone(child_main, stack_end, flags | CLONE_PIDFD, shared, pidfd);
	if (pid < 0 && errno == EINVAL)
		pid = clone(child_main, stack_end, flags, shared);
	return pid;
}

static pid_t start(struct shared *shared, int *pidfd)
{
	char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
	                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
	sigset_t all, old;
	pid_t pid;
	int saved;

	if (stack == MAP_FAILED)
		return -errno;
	(void) sigfillset(&all);
	(void) sigprocmask(SIG_SETMASK, &all, &old);
	pid = clone_child(shared, stack + STACK_SIZE, pidfd);
	saved = errno;
	(void) sigprocmask(SIG_SETMASK, &old, NULL);
	(void) munmap(stack, STACK_SIZE);
	return pid < 0 ? -saved : pid;
}

pid_t child_start(const struct child *child, const char *what, int *pidfd, struct error *err)
{
	AUTO_FREE int *copies = xcalloc(child->place_count, sizeof *copies);
	struct shared shared = {
		.child = child,
		.envp = child->envp ? child->envp : (const char *const *) (uintptr_t) environ,
		.copies = copies,
		.parent = getpid(),
	};
	AUTO_CLOSE int fd = -1;
	pid_t pid = start(&shared, pidfd ? &fd : NULL);

	if (pid < 0)
		return error_errno(err, -pid, "%s: %s", what, step_text[STEP_NONE]);
	if (shared.step != STEP_NONE) {
		/* it has left already; only its status is to be taken away */
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			continue;
		return error_errno(err, shared.errnum, "%s: %s", what, step_text[shared.step]);
	}
	if (pidfd)
		*pidfd = TAKE_FD(fd);
	return pid;
}
