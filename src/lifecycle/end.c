/* SPDX-License-Identifier: GPL-2.0-or-later */
/* end.c - signals, pause, and what is left of a container; see lifecycle.h */
#include "lifecycle_private.h"

#include "coracle/sys/process.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define END_MILLISECONDS 10000
#define LOCK_PAUSE_MS    20
#define LOCK_PATIENCE_MS 200

/* Without a cgroup of its own: those in its pid namespace and what descends from it */
static int kill_each(struct lifecycle *lifecycle, const char *id, int signal, struct error *err)
{
	struct uints pids = {0};
	int r = lifecycle_processes(lifecycle, id, &pids, err);

	for (size_t i = 0; r >= 0 && i < pids.count; i++) {
		AUTO_CLOSE int pidfd = process_pidfd_open((pid_t) pids.items[i]);

		/* one that has just ended needs no signal */
		if (pidfd >= 0)
			(void) !process_pidfd_signal(pidfd, signal);
	}
	free(pids.items);
	return r;
}

int lifecycle_kill(struct lifecycle *lifecycle, const char *id, int signal, bool all, struct error *err)
{
	AUTO_LIFECYCLE_STATE struct lifecycle_state state = {.cgroup.fd = -1};
	AUTO_CLOSE int pidfd = -1;
	int r = lifecycle_load(lifecycle, id, &state, err);

	if (r < 0)
		return r;
	/* those that a stopped one has left behind can still be reached */
	if (all && !state.cgroup.shared && cgroup_kill(&state.cgroup, signal) == 0)
		return 0;
	if (state.status == LIFECYCLE_STOPPED && all)
		return 0;
	if (all)
		return kill_each(lifecycle, id, signal, err);
	if (state.status == LIFECYCLE_STOPPED)
		return error_set(err, ERROR_CONFLICT, "container \"%s\" is not running", id);
	pidfd = lifecycle_pidfd(&state, err);
	if (pidfd < 0)
		return pidfd;
	/* the end of its first process is that of all in a pid namespace of its own, and else SIGKILL is for all */
	if (signal == SIGKILL && !(state.namespaces & CLONE_NEWPID) && !state.cgroup.shared
	    && cgroup_kill(&state.cgroup, signal) == 0)
		return 0;
	r = process_pidfd_signal(pidfd, signal);
	if (r == -ESRCH)
		return error_set(err, ERROR_CONFLICT, "container \"%s\" is not running", id);
	return r < 0 ? error_errno(err, -r, "signal %d to container \"%s\"", signal, id) : 0;
}

static int kill_and_wait(struct lifecycle *lifecycle, struct lifecycle_state *state, struct error *err)
{
	AUTO_CLOSE int pidfd = lifecycle_pidfd(state, err);
	struct pollfd poll_fd = {.fd = pidfd, .events = POLLIN};
	int r;

	if (pidfd < 0)
		return pidfd == -EBUSY ? 0 : pidfd;
	/* its end is not that of the others, and without a cgroup nothing else holds them together */
	if (!(state->namespaces & CLONE_NEWPID) && !state->cgroup.path && state->cgroup.v1.count == 0) {
		struct error ignored = {0};

		(void) !kill_each(lifecycle, state->id, SIGKILL, &ignored);
	}
	r = process_pidfd_signal(pidfd, SIGKILL);
	if (r < 0 && r != -ESRCH)
		return error_errno(err, -r, "kill container \"%s\"", state->id);
	/* a frozen one has to be thawed to die */
	if (!state->cgroup.shared)
		(void) !cgroup_kill(&state->cgroup, SIGKILL);
	if (poll(&poll_fd, 1, END_MILLISECONDS) == 0)
		return error_set(err, ERROR_SYSTEM, "process %d of container \"%s\" does not end", (int) state->pid,
		                 state->id);
	state->pid = 0;
	state->status = LIFECYCLE_STOPPED;
	return 0;
}

/*
 * A start may wait for ever, for a hook or for who answers for a filter; when its process ends it goes on. A create
 * without a process yet has to be waited for.
 */
static int lock_by_force(struct lifecycle *lifecycle, const char *id, struct error *err)
{
	const struct timespec moment = {.tv_nsec = LOCK_PAUSE_MS * 1000000L};
	int lock = lifecycle_lock_try(lifecycle, id, err);

	for (int waited = 0; lock == -EBUSY && waited < END_MILLISECONDS; waited += LOCK_PAUSE_MS) {
		AUTO_LIFECYCLE_STATE struct lifecycle_state state = {.cgroup.fd = -1};
		struct error ignored = {0};

		/* what takes no longer is left alone: it has its own way back */
		if (waited >= LOCK_PATIENCE_MS && lifecycle_load(lifecycle, id, &state, &ignored) >= 0 && state.pid > 0)
			(void) !kill_and_wait(lifecycle, &state, &ignored);
		(void) nanosleep(&moment, NULL);
		lock = lifecycle_lock_try(lifecycle, id, err);
	}
	if (lock == -EBUSY)
		return error_set(err, ERROR_CONFLICT,
		                 "container \"%s\": another command has been at work on it for %d s, perhaps with a hook that "
		                 "does not end: end that command first",
		                 id, END_MILLISECONDS / 1000);
	return lock;
}

/* What a crash or somebody's editor has left of its state tells nothing: the id is free again, that is all there is to do. */
static int forget_damaged(struct lifecycle *lifecycle, const char *id, struct error *err)
{
	int r = lifecycle_forget(lifecycle, id);

	if (r < 0)
		return error_errno(err, -r, "%s/%s", lifecycle->root, id);
	if (lifecycle->warn) {
		(void) error_wrap(err, -EINVAL, "removed without a look for its processes, cgroup and poststop hooks");
		lifecycle->warn(err->text);
	}
	return 0;
}

int lifecycle_delete(struct lifecycle *lifecycle, const char *id, bool force, struct error *err)
{
	AUTO_OCI_SPEC struct oci_spec spec = {0};
	AUTO_LIFECYCLE_STATE struct lifecycle_state state = {.cgroup.fd = -1};
	AUTO_CLOSE int lock = -1;
	struct error unread = {0};
	int r = lifecycle_id_check(id, err);

	if (r < 0)
		return r;
	lock = force ? lock_by_force(lifecycle, id, err) : lifecycle_lock(lifecycle, id, err);
	if (lock < 0)
		return force && err->kind == ERROR_NOT_FOUND ? 0 : lock;
	r = lifecycle_load(lifecycle, id, &state, err);
	if (r < 0 && force && err->kind == ERROR_INVALID)
		return forget_damaged(lifecycle, id, err);
	if (r < 0)
		return r;
	/* the lock is ours, so nobody is making it */
	if (state.status == LIFECYCLE_CREATING)
		state.status = LIFECYCLE_STOPPED;
	/* one that was never started has nothing to lose: as crun and runc */
	if (state.status != LIFECYCLE_STOPPED && state.status != LIFECYCLE_CREATED && !force)
		return error_set(err, ERROR_CONFLICT, "container \"%s\" is %s, not stopped; to end it: delete --force %s", id,
		                 lifecycle_status_word(state.status), id);
	if (state.status != LIFECYCLE_STOPPED) {
		r = kill_and_wait(lifecycle, &state, err);
		if (r < 0)
			return r;
	}
	/* one that was never finished may have no configuration */
	r = lifecycle_config(lifecycle, id, &spec, &unread);
	lifecycle_destroy(lifecycle, &state, r < 0 ? NULL : spec.hooks);
	return 0;
}

int lifecycle_pause(struct lifecycle *lifecycle, const char *id, bool paused, struct error *err)
{
	enum lifecycle_status wanted = paused ? LIFECYCLE_RUNNING : LIFECYCLE_PAUSED;
	AUTO_LIFECYCLE_STATE struct lifecycle_state state = {.cgroup.fd = -1};
	AUTO_CLOSE int lock = lifecycle_lock(lifecycle, id, err);
	int r = lock < 0 ? lock : lifecycle_load(lifecycle, id, &state, err);

	if (r < 0)
		return r;
	if (state.status != wanted && !(paused && state.status == LIFECYCLE_CREATED))
		return error_set(err, ERROR_CONFLICT, "container \"%s\" is %s, not %s", id,
		                 lifecycle_status_word(state.status), lifecycle_status_word(wanted));
	return cgroup_freeze(&state.cgroup, paused, err);
}
