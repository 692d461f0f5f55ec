/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exec.c - further processes in the container, as children of its monitor */
#include "monitor_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/fd.h"
#include "coracle/base/id.h"
#include "coracle/sys/caps.h"
#include "coracle/sys/process.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define END_PATIENCE_MS 100

/* The environment of exec is that of the container, then what was asked for (docker-exec(1)). */
static int exec_process(struct monitor *monitor, const struct exec_request *request,
                        struct oci_process *process, struct error *err)
{
	const struct record *record = monitor->record;
	const char *user = request->user && *request->user ? request->user : record->user;
	AUTO_CLOSE int root = -1;
	AUTO_FREE char *home = NULL;
	char path[64];
	uint64_t bounding;
	int r;

	(void) snprintf(path, sizeof path, "/proc/%d/root", (int) process_reachable(monitor->sessions[0].pid));
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return error_errno(err, errno, "root of the container");
	r = spec_user(monitor, root, user, &record->groups, process, &home, err);
	if (r < 0)
		return r;
	texts_add_all(&process->args, &request->args);
	if (monitor->spec.process)
		texts_add_all(&process->env, &monitor->spec.process->env);
	if (request->user && *request->user && home) {
		AUTO_FREE char *assignment = xprintf("HOME=%s", home);

		texts_env_set(&process->env, assignment);
	}
	if (request->tty)
		texts_env_set(&process->env, "TERM=xterm");
	for (size_t i = 0; i < request->env.count; i++)
		texts_env_set(&process->env, request->env.items[i]);
	process->terminal = request->tty;
	process->console_size = (struct oci_box){request->rows, request->columns};
	text_replace(&process->cwd, request->working_dir && *request->working_dir ? request->working_dir
	                            : record->working_dir && *record->working_dir ? record->working_dir
	                                                                          : "/");
	process->no_new_privileges = record->no_new_privileges;
	process->capabilities = xcalloc(1, sizeof *process->capabilities);
	bounding = request->privileged ? caps_all() : spec_bounding(record, err);
	spec_capabilities(record, bounding, process->user.uid == 0, process->capabilities);
	if (monitor->spec.process) {
		LIST_EACH(struct oci_rlimit, limit, &monitor->spec.process->rlimits) {
			struct oci_rlimit *copy = list_add(&process->rlimits, sizeof *copy);

			*copy = *limit;
			copy->type = xstrdup(limit->type);
		}
		process->user.umask = monitor->spec.process->user.umask;
	}
	return 0;
}

static int exec_start(struct monitor *monitor, struct session *session, const struct oci_process *process,
                      const struct exec_request *request, struct error *err)
{
	AUTO_CLOSE int inside = process_pidfd_open(process_reachable(monitor->sessions[0].pid));
	struct runtime_exec exec = {
		.pidfd = inside,
		.namespaces = runtime_namespaces(&monitor->spec),
		.process = process,
		.linux_ = monitor->spec.linux_,
		.give_stdio = true,
		.seccomp = request->privileged ? NULL : &monitor->seccomp,
		.cgroup_fd = monitor->cgroup.fd,
		.keep_groups = texts_has(&monitor->record->groups, "keep-groups"),
	};
	int r;

	if (inside == -ENOSYS || inside == -EPERM)
		return error_set(err, ERROR_UNSUPPORTED, "exec needs pidfd_open(2), which this kernel or the system call filter of "
		                 "a container around us does not have");
	if (inside < 0)
		return error_errno(err, -inside, "first process of the container");
	r = session_pipes(session, request->tty, request->interactive, exec.stdio, err);
	if (r >= 0)
		r = runtime_exec(&exec, &session->process, err);
	for (int i = 0; i < 3; i++)
		if (exec.stdio[i] >= 0)
			(void) close(exec.stdio[i]);
	if (r < 0)
		return r;
	session->pid = session->process.pid;
	session->pidfd = session->process.pidfd;
	monitor_cgroup_adopt(monitor, session->pid);
	r = runtime_wait_ready(&session->process, err);
	if (r >= 0)
		r = runtime_start(&session->process, err);
	if (r < 0) {
		runtime_abort(&session->process);
		return r;
	}
	if (request->tty) {
		session->in = session->out = TAKE_FD(session->process.terminal_fd);
		(void) !fd_set_nonblocking(session->out, true);
	}
	return 0;
}

/*
 * Its end may be known to the kernel before the loop has reaped it; and it ends after what it takes
 * with it (pid_namespaces(7)), such as a process that was just to enter.
 */
static bool has_ended(const struct monitor *monitor, const struct error *why)
{
	struct pollfd end = {.fd = monitor->sessions[0].pidfd, .events = POLLIN};

	return end.fd >= 0 && poll(&end, 1, why->kind == ERROR_SYSTEM ? END_PATIENCE_MS : 0) > 0;
}

int monitor_exec(struct monitor *monitor, struct client *client, const struct exec_request *request,
                 struct error *err)
{
	struct oci_process process = {0};
	int index, r;

	if (monitor->sessions[0].ended || monitor->sessions[0].pid <= 0)
		return error_set(err, ERROR_CONFLICT, "the container is not running");
	if (request->args.count == 0)
		return error_set(err, ERROR_INVALID, "there is no command to run");
	index = session_new(monitor);
	if (index < 0)
		return error_set(err, ERROR_CONFLICT, "%d processes of exec run in this container already",
		                 SESSIONS_MAX - 1);
	r = exec_process(monitor, request, &process, err);
	if (r >= 0)
		r = exec_start(monitor, &monitor->sessions[index], &process, request, err);
	fields_done(oci_process_fields, &process);
	if (r < 0) {
		session_close(&monitor->sessions[index]);
		/* whatever went wrong with it, a container that ends is the reason */
		return has_ended(monitor, err) ? error_set(err, ERROR_CONFLICT, "the container is not running") : r;
	}
	id_random(monitor->sessions[index].id);
	if (request->detach || !client)
		return index;
	monitor->sessions[index].stdin_once = true;
	monitor->sessions[index].hang_up = request->tty;
	client->session = index;
	client->wants_stdin = request->interactive;
	return index;
}
