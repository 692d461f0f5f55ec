/* SPDX-License-Identifier: GPL-2.0-or-later */
/* remove.c - take a container away, whatever state it is in */
#include "attach.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/container/container.h"
#include "coracle/monitor/monitor.h"
#include "coracle/sys/process.h"
#include "coracle/volume/volume.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#define MONITOR_PATIENCE_MS 700

/* The monitor's own death takes the container with it (PR_SET_PDEATHSIG). */
static void kill_monitor(struct engine *engine, const struct container *container)
{
	int pidfd;

	/* this also finds one that has not come so far as to write who it is */
	(void) !monitor_kill(&engine->paths, container->id);
	if (!container->run)
		return;
	pidfd = process_open((pid_t) container->run->monitor_pid, container->run->monitor_start);
	if (pidfd >= 0) {
		(void) !process_pidfd_signal(pidfd, SIGKILL);
		(void) close(pidfd);
	}
	pidfd = container->run->pid > 0
	                ? process_open((pid_t) container->run->pid, container->run->pid_start)
	                : -1;
	if (pidfd >= 0) {
		(void) !process_pidfd_signal(pidfd, SIGKILL);
		(void) close(pidfd);
	}
}

static bool wait_until_dead(struct engine *engine, const char *id, unsigned milliseconds)
{
	const struct timespec pause = {.tv_nsec = 5000000};

	for (unsigned waited = 0; waited < milliseconds; waited += 5) {
		if (!state_is_live(&engine->paths, id))
			return true;
		(void) nanosleep(&pause, NULL);
	}
	return !state_is_live(&engine->paths, id);
}

static int end_it(struct engine *engine, struct container *container, const struct container_remove *request,
                  struct error *err)
{
	int64_t timeout = request->timeout.set ? request->timeout.value : 0;
	int connection = monitor_call_within(&engine->paths, container->id,
	                                     json_pack("{s:s, s:i, s:I}", "op", "stop", "signal", SIGTERM,
	                                               "timeout", (json_int_t) timeout),
	                                     MONITOR_PATIENCE_MS, err);

	if (connection >= 0) {
		struct pollfd ready = {.fd = connection, .events = POLLIN};
		int64_t patience = timeout < 0 ? -1 : timeout * 1000 + MONITOR_PATIENCE_MS;

		if (poll(&ready, 1, (int) MIN(patience, INT32_MAX)) > 0)
			(void) attach_wait(connection);
		else
			(void) close(connection);
	}
	if (wait_until_dead(engine, container->id, connection >= 0 ? 50 : 5))
		return 0;
	/* it does not answer, or was starting: by force */
	(void) !state_refresh(&engine->paths, container, err);
	kill_monitor(engine, container);
	if (wait_until_dead(engine, container->id, 2000))
		return 0;
	return error_set(err, ERROR_CONFLICT, "container %s: its monitor can't be killed (process %lld)",
	                 container->name ? container->name : container->id,
	                 container->run ? (long long) container->run->monitor_pid : 0);
}

static void remove_volumes(struct engine *engine, const struct container *container)
{
	struct error ignored = {0};

	if (!container->record)
		return;
	LIST_EACH(struct record_mount, mount, &container->record->mounts)
		if (mount->anonymous && mount->source)
			/* another container may use it, or it is gone */
			(void) !volume_remove(&engine->paths, mount->source, &ignored);
}

/*
 * The lock of a container that does not run: nobody starts it until it is let go of. A start that is under
 * way is waited for, then ended like any other run. -ENOENT: it has removed itself.
 */
static int hold_dead(struct engine *engine, struct container *container, const struct container_remove *request,
                     const char *name, struct error *err)
{
	for (;;) {
		AUTO_CLOSE int lock = -1;
		int r = 0;

		if (state_is_live(&engine->paths, container->id)) {
			if (!request->force)
				return error_set(err, ERROR_CONFLICT,
				                 "container %s is running: stop it first, or: coracle rm -f %s", name,
				                 name);
			r = end_it(engine, container, request, err);
			if (r < 0)
				return r;
		}
		lock = state_lock(&engine->paths, container->id);
		if (lock == -ENOENT)
			return lock;
		if (lock < 0)
			return error_errno(err, -lock, "lock container %s", name);
		if (!state_is_live(&engine->paths, container->id))
			return TAKE_FD(lock);
	}
}

int container_remove(struct engine *engine, const char *name, const struct container_remove *request,
                     char **removed_id, struct error *err)
{
	AUTO_CONTAINER struct container container = {0};
	AUTO_CLOSE int lock = -1;
	int r = state_find(&engine->paths, name, STATE_FULL, &container, err);

	if (r == -ENOENT && (request->force || request->ignore) && err->kind == ERROR_NOT_FOUND)
		return 0;
	if (r < 0)
		return r;
	lock = hold_dead(engine, &container, request, name, err);
	if (lock < 0 && lock != -ENOENT)
		return lock;
	r = engine_enter(engine, err);
	if (r < 0)
		return r;
	if (request->volumes || container.auto_remove)
		remove_volumes(engine, &container);
	r = state_remove(&engine->paths, container.id, container.name, err);
	state_sweep(&engine->paths);
	if (r >= 0 && removed_id)
		*removed_id = xstrdup(container.id);
	return r;
}
