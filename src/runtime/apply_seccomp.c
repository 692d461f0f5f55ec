/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * apply_seccomp.c - load the system call filter of a plan, in the child
 *
 * A filter with SCMP_ACT_NOTIFY gives a listener, which has to reach the parent although from that
 * moment on any call of ours may be one that waits for the listener's answer. Filters are a thread's
 * own: a second thread, without the filter but with the same descriptors, hands the listener over and
 * waits for the parent's word, while the first one does no system call at all.
 */
#include "apply.h"

#include "coracle/base/fd.h"
#include "coracle/runtime/seccomp.h"

#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#define HELPER_STACK_BYTES 65536

struct helper {
	int sync_fd;
	atomic_int listener; /* 0: not yet; negative errno: the filter was refused */
	atomic_int result;   /* 1: not yet; 0 or negative errno */
};

static int hand_over(struct helper *helper)
{
	static const char mark = RUNTIME_MARK_LISTENER;
	int listener = atomic_load(&helper->listener);
	char answer = 0;
	int r = fd_send(helper->sync_fd, &mark, 1, &listener, 1);

	if (r < 0)
		return r;
	return recv(helper->sync_fd, &answer, 1, 0) == 1 && answer == 'a' ? 0 : -EPIPE;
}

static int help(void *data)
{
	const struct timespec moment = {.tv_nsec = 50000};
	struct helper *helper = data;

	while (atomic_load(&helper->listener) == 0)
		(void) nanosleep(&moment, NULL);
	atomic_store(&helper->result, atomic_load(&helper->listener) < 0 ? 0 : hand_over(helper));
	return 0;
}

static int load_with_listener(const struct plan *plan, int sync_fd)
{
	struct helper helper = {.sync_fd = sync_fd, .listener = 0, .result = 1};
	char *stack = mmap(NULL, HELPER_STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int r;

	if (stack == MAP_FAILED)
		return -errno;
	if (clone(help, stack + HELPER_STACK_BYTES,
	          CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, &helper) < 0)
		return -errno;
	r = seccomp_program_load(&plan->seccomp);
	atomic_store(&helper.listener, r == 0 ? -EPROTO : r);
	/* not one system call until the other thread is done */
	while (atomic_load(&helper.result) > 0) {
	}
	return r < 0 ? r : atomic_load(&helper.result);
}

int apply_seccomp(const struct plan *plan, int sync_fd)
{
	int r = plan->seccomp.notify ? load_with_listener(plan, sync_fd) : seccomp_program_load(&plan->seccomp);

	return r < 0 ? r : 0;
}
