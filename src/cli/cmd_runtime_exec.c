/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_runtime_exec.c - coracle runtime exec: a further process in a container (coracle-runtime-exec(1)) */
#include "runtime.h"

#include "coracle/base/alloc.h"

struct exec_request {
	char *process, *cwd, *user, *pid_file, *console_socket, *cgroup, *apparmor, *process_label;
	struct texts env, caps, additional_gids;
	int64_t preserve_fds;
	bool tty, detach, no_new_privileges, ignore_paused;
};

static const struct opt exec_opts[] = {
	OPT_TEXT('p', "process", struct exec_request, process, "FILE", "the process as JSON, as in config.json",
	         .complete = "file"),
	OPT_TEXT(0, "cwd", struct exec_request, cwd, "DIR", "working directory in the container"),
	OPT_TEXTS('e', "env", struct exec_request, env, "NAME=VALUE", "set an environment variable"),
	OPT_TEXT('u', "user", struct exec_request, user, "UID[:GID]", "user and group, as numbers"),
	OPT_LIST('g', "additional-gids", struct exec_request, additional_gids, "GID", "further groups, as numbers"),
	OPT_TEXTS('c', "cap", struct exec_request, caps, "NAME", "add a capability"),
	OPT_FLAG('t', "tty", struct exec_request, tty, "with a terminal"),
	OPT_FLAG('d', "detach", struct exec_request, detach, "do not wait for its end"),
	OPT_TEXT(0, "console-socket", struct exec_request, console_socket, "SOCKET",
	         "send the master of its terminal to this AF_UNIX socket", .complete = "file"),
	OPT_TEXT(0, "pid-file", struct exec_request, pid_file, "FILE", "write its pid to FILE", .complete = "file"),
	OPT_INT(0, "preserve-fds", struct exec_request, preserve_fds, "N", "pass N descriptors from 3 on to it"),
	OPT_FLAG(0, "no-new-privs", struct exec_request, no_new_privileges, "it can't gain privileges by execve(2)"),
	OPT_TEXT(0, "apparmor", struct exec_request, apparmor, "PROFILE", "its AppArmor profile"),
	OPT_TEXT(0, "process-label", struct exec_request, process_label, "LABEL", "its SELinux context"),
	OPT_TEXT(0, "cgroup", struct exec_request, cgroup, "PATH", "a cgroup below the container's for it"),
	OPT_FLAG(0, "ignore-paused", struct exec_request, ignore_paused, "also into a paused container, where it waits"),
	OPT_IGNORED(0, "no-subreaper", NULL, "nothing that the process leaves behind becomes ours"),
	OPT_END,
};

static int exec_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct exec_request *typed = data;
	AUTO_LIFECYCLE struct lifecycle lifecycle = {.root_fd = -1};
	/* the first word is the container's id */
	struct texts args = {.items = operands->items + 1, .count = operands->count - 1};
	struct lifecycle_exec request = {
		.id = operands->items[0],
		.process_file = typed->process,
		.args = &args,
		.env = &typed->env,
		.caps = &typed->caps,
		.additional_gids = &typed->additional_gids,
		.cwd = typed->cwd,
		.user = typed->user,
		.apparmor = typed->apparmor,
		.process_label = typed->process_label,
		.tty = typed->tty,
		.detach = typed->detach,
		.no_new_privileges = typed->no_new_privileges,
		.ignore_paused = typed->ignore_paused,
		.pid_file = typed->pid_file,
		.console_socket = typed->console_socket,
		.cgroup = typed->cgroup,
	};
	int r;

	(void) engine;
	if (typed->preserve_fds < 0 || typed->preserve_fds > 1024)
		return error_set(err, ERROR_INVALID, "--preserve-fds: 0 to 1024 descriptors");
	request.preserve = runtime_preserved(typed->preserve_fds);
	r = runtime_open(&lifecycle, err);
	return r < 0 ? r : lifecycle_exec(&lifecycle, &request, err);
}

const struct command cmd_runtime_exec = {
	.name = "runtime exec",
	.group = "OCI runtime",
	.summary = "run a further process in a container",
	.operands = "ID [COMMAND [ARG...]]",
	.complete = "runtime-container",
	.example = "coracle runtime exec -t web sh",
	.opts = exec_opts,
	.order = OPTS_BEFORE_OPERANDS,
	.request_size = sizeof(struct exec_request),
	.min_operands = 1,
	.max_operands = -1,
	.run = exec_run,
};
