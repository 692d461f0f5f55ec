/* SPDX-License-Identifier: GPL-2.0-or-later */
/* start.c - let a created container run its program, or create and run at once; see lifecycle.h */
#include "lifecycle_private.h"

#include "coracle/runtime/hooks.h"
#include "coracle/sys/lock.h"
#include "coracle/sys/process.h"

#include <poll.h>
#include <signal.h>
#include <string.h>

#define END_MILLISECONDS 10000

/* The process is ours no more or never was: kill it and wait until it is gone. */
static void end_process(const struct lifecycle_state *state)
{
	struct error ignored = {0};
	AUTO_CLOSE int pidfd = lifecycle_pidfd(state, &ignored);
	struct pollfd poll_fd = {.fd = pidfd, .events = POLLIN};

	if (pidfd < 0)
		return;
	(void) !process_pidfd_signal(pidfd, SIGKILL);
	(void) poll(&poll_fd, 1, END_MILLISECONDS);
}

static int poststart(struct lifecycle_state *state, const struct oci_hooks *hooks, struct error *err)
{
	AUTO_FREE char *text = NULL;

	if (!hooks || hooks->poststart.count == 0)
		return 0;
	text = lifecycle_state_text(state, LIFECYCLE_RUNNING);
	return hooks_run(&hooks->poststart, "poststart", text, err);
}

static int open_gate(struct lifecycle_state *state, const struct oci_spec *spec, int dir_fd, struct error *err)
{
	struct listener_request listener = {
		.profile = spec->linux_ ? spec->linux_->seccomp : NULL,
		.state = state,
		/* config-linux.md#containerprocessstate: of the first process */
		.status = LIFECYCLE_CREATING,
		.pid = (pid_t) state->pid,
	};
	struct runtime_process process;
	int r = runtime_knock(dir_fd, GATE_SOCKET, spec, &process, err);

	if (r < 0)
		return r;
	process.on_listener = lifecycle_listener;
	process.listener_data = &listener;
	r = runtime_start(&process, err);
	(void) unlinkat(dir_fd, GATE_SOCKET, 0);
	runtime_process_done(&process);
	return r;
}

int lifecycle_start(struct lifecycle *lifecycle, const char *id, struct error *err)
{
	AUTO_OCI_SPEC struct oci_spec spec = {0};
	AUTO_LIFECYCLE_STATE struct lifecycle_state state = {.cgroup.fd = -1};
	AUTO_CLOSE int lock = lifecycle_lock(lifecycle, id, err);
	AUTO_CLOSE int dir = -1, notify_fd = -1, pidfd = -1;
	struct error quiet = {0};
	int r = lock < 0 ? lock : lifecycle_load(lifecycle, id, &state, err);

	if (r < 0)
		return r;
	if (state.status != LIFECYCLE_CREATED)
		return error_set(err, ERROR_CONFLICT, "container \"%s\" is %s: only a created one can be started", id,
		                 lifecycle_status_word(state.status));
	r = lifecycle_config(lifecycle, id, &spec, err);
	if (r < 0)
		return r;
	if (!spec.process)
		return error_set(err, ERROR_INVALID, "container \"%s\" has no \"process\" in its config.json to start", id);
	dir = lifecycle_open_directory(lifecycle, id, err);
	if (dir < 0)
		return dir;
	/* a container that can't be heard runs all the same */
	notify_fd = notify_listen(dir, &quiet);
	r = open_gate(&state, &spec, dir, err);
	if (r >= 0)
		r = poststart(&state, spec.hooks, err);
	if (r < 0) {
		end_process(&state);
		return r;
	}
	pidfd = lifecycle_pidfd(&state, &quiet);
	/* others may look at it, or end it, while we wait for it to be ready */
	lock_release(lock);
	lock = -1;
	if (pidfd >= 0)
		notify_wait(notify_fd, pidfd);
	return 0;
}

static int start_now(struct creation *creation, struct error *err)
{
	int r = runtime_start(&creation->process, err);

	if (r < 0)
		return r;
	return poststart(&creation->state, creation->spec.hooks, err);
}

/* Somebody may have deleted it already, and made another one of the same name. */
static void destroy_own(struct lifecycle *lifecycle, struct creation *creation)
{
	creation->lock_fd = lock_take(creation->dir_fd, "lock", LOCK_MODE_EXCLUSIVE, LOCK_WAIT);
	if (creation->lock_fd >= 0 && lifecycle_is_directory(lifecycle, creation->state.id, creation->dir_fd))
		lifecycle_destroy(lifecycle, &creation->state, creation->spec.hooks);
}

int lifecycle_run(struct lifecycle *lifecycle, const struct lifecycle_create *request, struct error *err)
{
	struct creation creation;
	AUTO_CLOSE int notify_fd = -1;
	struct error quiet = {0};
	int status = 0, master = -1, r;

	r = creation_make(lifecycle, request, false, &creation, err);
	if (r < 0)
		return r;
	/* not before: a hook that hangs can be interrupted, and what was made ends with us */
	if (!request->detach)
		wait_begin(!request->no_subreaper);
	notify_fd = notify_listen(creation.dir_fd, &quiet);
	if (!creation.spec.process)
		r = error_set(err, ERROR_INVALID, "config.json has no \"process\" to run");
	else
		r = start_now(&creation, err);
	if (r < 0) {
		creation_undo(lifecycle, &creation);
		wait_end();
		return r;
	}
	lock_release(creation.lock_fd);
	creation.lock_fd = -1;
	if (request->detach) {
		notify_wait(notify_fd, creation.process.pidfd);
	} else {
		master = creation.process.terminal_fd;
		creation.process.terminal_fd = -1;
		status = wait_foreground(creation.process.pid, master, notify_fd);
		if (!request->keep)
			destroy_own(lifecycle, &creation);
	}
	creation_done(&creation);
	return status;
}
