/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * apply.c - walks a plan in the child, between clone3 and execve
 *
 * Privilege: the process is root in the user namespace with all its capabilities until OP_UID and
 * OP_CAPABILITIES. It is not dumpable until execve, so nothing inside the container can trace it or
 * reach through its /proc/PID/exe (CVE-2019-5736).
 */
#include "apply.h"

#include "coracle/base/fd.h"
#include "coracle/runtime/hooks.h"
#include "coracle/sys/caps.h"
#include "coracle/sys/mount.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* the wait status of the hook that failed last */
static int hook_status;

static _Noreturn void fail(const struct plan *plan, int sync_fd, size_t index, int r)
{
	struct report report = {
		.index = (int32_t) index,
		.errnum = -r,
		.type = (int32_t) plan->ops[index].type,
		.detail = hook_status,
	};

	/* the parent sees the end of the socket when even this fails */
	(void) !send(sync_fd, &report, sizeof report, MSG_NOSIGNAL);
	_exit(126);
}

/* Descriptors that the caller promised and did not give are ours by number: those alone close on execve. */
static void close_own(unsigned first, unsigned end, int except)
{
	for (unsigned fd = first; fd < end; fd++)
		if ((int) fd != except && fcntl((int) fd, F_GETFD) == FD_CLOEXEC)
			(void) close((int) fd);
}

/* 0 at the end */
static char receive_any(int fd)
{
	char got = 0;
	ssize_t n;

	do {
		n = recv(fd, &got, 1, 0);
	} while (n < 0 && errno == EINTR);
	return n == 1 ? got : 0;
}

static bool receive_byte(int fd, char wanted)
{
	return receive_any(fd) == wanted;
}

/* One byte a name, 1 where its descriptor comes along. */
static void answer_namespaces(const struct plan *plan, int connection)
{
	char there[RUNTIME_NAMESPACES] = {0};
	int fds[RUNTIME_NAMESPACES];
	size_t count = 0;

	for (size_t i = 0; i < RUNTIME_NAMESPACES; i++) {
		int fd = openat(plan->ns_dir_fd, namespace_names[i].name, O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			continue;
		there[i] = 1;
		fds[count++] = fd;
	}
	(void) !fd_send(connection, there, sizeof there, fds, count);
	for (size_t i = 0; i < count; i++)
		(void) close(fds[i]);
}

/*
 * The container is created: wait for somebody who knocks at the listening socket and says go. The
 * connection takes the place of the sync socket.
 */
static int wait_at_socket(const struct plan *plan, int *sync_fd)
{
	/* until the parent has written down that we exist its death is ours */
	if (!receive_byte(*sync_fd, 'k'))
		_exit(125);
	(void) close(*sync_fd);
	for (;;) {
		int connection = accept4(plan->gate_fd, NULL, NULL, SOCK_CLOEXEC);
		char asked;

		if (connection < 0 && errno != EINTR && errno != ECONNABORTED)
			_exit(125);
		if (connection < 0)
			continue;
		asked = receive_any(connection);
		if (asked == 'g') {
			*sync_fd = connection;
			return 0;
		}
		if (asked == RUNTIME_ASK_NAMESPACES)
			answer_namespaces(plan, connection);
		(void) close(connection);
	}
}

/*
 * Tell the parent, then wait until it opens the gate; its end or its death ends us. What follows needs
 * no descriptor but the socket: all others are closed, so that neither the working directory nor the
 * program can be reached through /proc/self/fd (CVE-2016-9962, CVE-2024-21626).
 */
static int wait_at_gate(struct plan *plan, int *sync_fd)
{
	struct report report = {.index = -1, .errnum = 0};
	unsigned first = 3 + (unsigned) plan->preserve;

	/* from here to the gate the end of the socket tells of the parent's */
	plan->ready = true;
	if (plan->survive)
		(void) prctl(PR_SET_PDEATHSIG, 0);
	if (send(*sync_fd, &report, sizeof report, MSG_NOSIGNAL) < 0)
		return -errno;
	if (plan->gate_fd >= 0) {
		int r = wait_at_socket(plan, sync_fd);

		if (r < 0)
			return r;
	} else if (!receive_byte(*sync_fd, 'g')) {
		_exit(125);
	}
	close_own(3, first, *sync_fd);
	if ((unsigned) *sync_fd > first)
		fd_range_close(first, (unsigned) *sync_fd - 1);
	fd_range_close(MAX((unsigned) *sync_fd + 1, first), ~0u);
	return 0;
}

/*
 * The hooks of the runtime's side look at our namespaces through /proc: for so long we are dumpable,
 * if nobody of the container can see us. Their states as JSON come back for the hooks in here.
 */
static int wait_for_hooks(struct plan *plan, int sync_fd)
{
	static const char mark = RUNTIME_MARK_HOOKS;
	ssize_t n;

	if (plan->reachable)
		(void) prctl(PR_SET_DUMPABLE, 1);
	if (send(sync_fd, &mark, 1, MSG_NOSIGNAL) < 0)
		return -errno;
	do {
		n = recv(sync_fd, plan->state, RUNTIME_STATES_MAX - 1, 0);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		_exit(125);
	(void) prctl(PR_SET_DUMPABLE, 0);
	return 0;
}

static int run_hook(const struct plan *plan, const struct op *op)
{
	const char *state = op->flags ? plan->state + strlen(plan->state) + 1 : plan->state;
	int r;

	/* createContainer hooks begin in the root that is to be, as with runc; pivot_root leaves it */
	if (!op->flags && fchdir(plan->root_fd) < 0)
		return -errno;
	r = hook_execute(op->hook, state, &hook_status);
	if (r < 0)
		return r;
	return hook_status == 0 ? 0 : -ECHILD;
}

/* We are not dumpable, so nobody but ourselves may open our /proc/PID/ns. */
static int hand_over_netns(int sync_fd)
{
	static const char mark = RUNTIME_MARK_NETNS;
	AUTO_CLOSE int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd_send(sync_fd, &mark, 1, &fd, 1);
}

static int apply_bounding(const struct plan *plan)
{
	return caps_drop_bounding(plan->caps.bounding);
}

static int apply_one(struct plan *plan, const struct op *op, int *sync)
{
	int sync_fd = *sync;

	switch (op->type) {
	case OP_OPEN:
		return apply_open(plan, op);
	case OP_IDS:
		return apply_ids(plan, sync_fd);
	case OP_TIMENS:
		return apply_timens(op);
	case OP_KEYRING:
		return apply_keyring(op);
	case OP_JOIN:
		return op->joined || setns(op->fd, (int) op->flags) == 0 ? 0 : -errno;
	case OP_CGROUPNS:
		/* made before, it would show the host's hierarchies of version 1 from their top */
		if (op->flags && !receive_byte(sync_fd, 'c'))
			_exit(125);
		return unshare(CLONE_NEWCGROUP) < 0 ? -errno : 0;
	case OP_NETNS:
		return hand_over_netns(sync_fd);
	case OP_LOOPBACK:
		return apply_loopback();
	case OP_HOSTNAME:
		return sethostname(op->data, strlen(op->data)) < 0 ? -errno : 0;
	case OP_DOMAINNAME:
		return setdomainname(op->data, strlen(op->data)) < 0 ? -errno : 0;
	case OP_ATTACH_ROOT:
		return apply_attach_root(plan);
	case OP_MOUNT:
		return apply_mount(plan, op);
	case OP_ATTACH:
		return apply_attach(plan, op);
	case OP_COPY_UP:
		return apply_copy_up(plan, op);
	case OP_DEVICE:
		return apply_device(plan, op);
	case OP_LINK:
		return apply_link(plan, op);
	case OP_TERMINAL:
		return apply_terminal(plan, sync_fd);
	case OP_SYSCTL:
		return apply_sysctl(op);
	case OP_PIVOT:
		return apply_pivot(plan);
	case OP_MASK:
		return apply_mask(plan, op);
	case OP_READ_ONLY:
		return apply_read_only(plan, op);
	case OP_ROOT_READ_ONLY:
		return mount_set(plan->root_fd, MOUNT_ATTR_RDONLY, 0, 0, false);
	case OP_ROOT_PROPAGATION:
		return mount_set(plan->root_fd, 0, 0, plan->root_propagation & ~(uint64_t) MS_REC,
		                 (plan->root_propagation & MS_REC) != 0);
	case OP_STDIO:
		return apply_stdio(plan);
	case OP_OOM_SCORE:
		return plan->oom_result;
	case OP_RLIMIT:
		return setrlimit((int) op->flags, &op->limit) < 0 ? -errno : 0;
	case OP_PERSONALITY:
		return personality(plan->personality) < 0 ? -errno : 0;
	case OP_IO_PRIORITY:
		return apply_io_priority(op);
	case OP_SCHEDULER:
		return apply_scheduler(plan);
	case OP_AFFINITY:
		return apply_affinity(op);
	case OP_MEMORY_POLICY:
		return apply_memory_policy(plan);
	case OP_LABEL:
		return apply_label(op);
	case OP_SEAL:
		return apply_seal(plan, op);
	case OP_HOOKS:
		return wait_for_hooks(plan, sync_fd);
	case OP_HOOK:
		return run_hook(plan, op);
	case OP_HOME:
		return apply_home(plan);
	case OP_FIND:
		return apply_find(plan);
	case OP_READY:
		return wait_at_gate(plan, sync);
	case OP_BOUNDING:
		return apply_bounding(plan);
	case OP_GROUPS:
		return apply_groups(plan);
	case OP_GID:
		return apply_gid(plan);
	case OP_UID:
		return apply_uid(plan);
	case OP_UMASK:
		(void) umask(plan->umask);
		return 0;
	case OP_MAKE_CWD:
		return apply_make_cwd(plan);
	case OP_CWD:
		return apply_cwd(plan);
	case OP_CAPABILITIES:
		return apply_capabilities(plan);
	case OP_NO_NEW_PRIVILEGES:
		return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
	case OP_SECCOMP:
		return apply_seccomp(plan, sync_fd);
	case OP_INIT:
		return apply_init(plan);
	case OP_EXEC:
		return apply_exec(plan);
	}
	return -EINVAL;
}

/* What the parent ignored would stay ignored across execve(2); handlers do not. */
static void reset_signals(uint64_t ignored)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		/* SIGKILL, SIGSTOP and those of the C library refuse: nothing to reset there */
		if (ignored >> (i - 1) & 1)
			(void) signal(i, SIG_DFL);
	(void) sigemptyset(&none);
	(void) sigprocmask(SIG_SETMASK, &none, NULL);
}

_Noreturn void plan_apply(struct plan *plan, int sync_fd)
{
	apply_oom_score(plan);
	if (!plan->uid_map)
		(void) prctl(PR_SET_DUMPABLE, 0);
	/* the monitor's death ends the container; cleared by OP_UID, set again there */
	apply_death_signal(plan);
	reset_signals(plan->ignored_signals);
	(void) umask(0);
	for (size_t i = 0; i < plan->count; i++) {
		int r = apply_one(plan, &plan->ops[i], &sync_fd);

		if (r < 0 && !plan->ops[i].optional)
			fail(plan, sync_fd, i, r);
	}
	_exit(126);
}
