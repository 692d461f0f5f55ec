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
#include "coracle/runtime/seccomp.h"
#include "coracle/sys/caps.h"
#include "coracle/sys/mount.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define NAIVE_CLOSE_MAX 4095

static _Noreturn void fail(int sync_fd, size_t index, int r)
{
	struct report report = {.index = (int32_t) index, .errnum = -r};

	/* the parent sees the end of the socket when even this fails */
	(void) !send(sync_fd, &report, sizeof report, MSG_NOSIGNAL);
	_exit(126);
}

static void close_between(unsigned first, unsigned last)
{
	if (first > last || syscall(SYS_close_range, first, last, 0u) == 0)
		return;
	/* Linux 5.9; an outer seccomp filter may know nothing of it */
	for (unsigned fd = first; fd <= MIN(last, (unsigned) NAIVE_CLOSE_MAX); fd++)
		(void) close((int) fd);
}

/*
 * Tell the parent, then wait until it opens the gate; its end or its death ends us. What follows needs
 * no descriptor but the socket: all others are closed, so that neither the working directory nor the
 * program can be reached through /proc/self/fd (CVE-2016-9962, CVE-2024-21626).
 */
static int wait_at_gate(int sync_fd)
{
	struct report report = {.index = -1, .errnum = 0};
	char go;
	ssize_t n;

	if (send(sync_fd, &report, sizeof report, MSG_NOSIGNAL) < 0)
		return -errno;
	do {
		n = recv(sync_fd, &go, 1, 0);
	} while (n < 0 && errno == EINTR);
	if (n != 1)
		_exit(125);
	close_between(3, (unsigned) sync_fd - 1);
	close_between((unsigned) sync_fd + 1, ~0u);
	return 0;
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

static int apply_one(struct plan *plan, const struct op *op, int sync_fd)
{
	switch (op->type) {
	case OP_OPEN:
		return apply_open(plan, op);
	case OP_IDS:
		return apply_ids(plan, sync_fd);
	case OP_JOIN:
		return setns(op->fd, (int) op->flags) < 0 ? -errno : 0;
	case OP_CGROUPNS:
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
		return apply_oom_score(plan);
	case OP_RLIMIT:
		return setrlimit((int) op->flags, &op->limit) < 0 ? -errno : 0;
	case OP_PERSONALITY:
		return personality(plan->personality) < 0 ? -errno : 0;
	case OP_READY:
		return wait_at_gate(sync_fd);
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
	case OP_SECCOMP: {
		int r = seccomp_program_load(&plan->seccomp);

		return r < 0 ? r : 0;
	}
	case OP_INIT:
		return apply_init();
	case OP_EXEC:
		return apply_exec(plan);
	}
	return -EINVAL;
}

/* What the parent ignored would stay ignored across execve(2); handlers do not. */
static void reset_signals(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		/* SIGKILL, SIGSTOP and those of the C library refuse: nothing to reset there */
		(void) signal(i, SIG_DFL);
	(void) sigemptyset(&none);
	(void) sigprocmask(SIG_SETMASK, &none, NULL);
}

_Noreturn void plan_apply(struct plan *plan, int sync_fd)
{
	if (!plan->uid_map)
		(void) prctl(PR_SET_DUMPABLE, 0);
	/* the monitor's death ends the container; cleared by OP_UID, set again there */
	(void) prctl(PR_SET_PDEATHSIG, SIGKILL);
	reset_signals();
	(void) umask(0);
	for (size_t i = 0; i < plan->count; i++) {
		int r = apply_one(plan, &plan->ops[i], sync_fd);

		if (r < 0 && !plan->ops[i].optional)
			fail(sync_fd, i, r);
	}
	_exit(126);
}
