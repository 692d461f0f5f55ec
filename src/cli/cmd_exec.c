/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_exec.c - coracle exec: run a further command in a running container (coracle-exec(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "session.h"
#include "targets.h"

#define NO_FDS "descriptors can't be passed on in this version"

struct exec_request {
	struct container_exec exec;
	struct texts cid_files;
	bool latest;
};

static const struct opt exec_opts[] = {
	OPT_FLAG('i', "interactive", struct exec_request, exec.interactive, "keep standard input open"),
	OPT_FLAG('t', "tty", struct exec_request, exec.tty, "give the process a terminal"),
	OPT_FLAG('d', "detach", struct exec_request, exec.detach, "leave it running"),
	OPT_TEXTS('e', "env", struct exec_request, exec.env, "NAME[=VALUE]",
	          "set a variable; without a value: as it is here"),
	OPT_TEXTS(0, "env-file", struct exec_request, exec.env_files, "FILE",
	          "read variables from a file of NAME=VALUE lines", .complete = "file"),
	OPT_TEXT('u', "user", struct exec_request, exec.user, "USER[:GROUP]",
	         "run as this user and group: names of the image or numbers"),
	OPT_TEXT('w', "workdir", struct exec_request, exec.working_dir, "DIR", "directory to start in"),
	OPT_FLAG(0, "privileged", struct exec_request, exec.privileged,
	         "all capabilities over the user namespace, no seccomp"),
	OPT_TEXT(0, "detach-keys", struct exec_request, exec.detach_keys, "KEYS",
	         "keys that leave it running (default ctrl-p,ctrl-q; \"\" for none)"),
	OPT_TEXTS(0, "cidfile", struct exec_request, cid_files, "FILE",
	          "take the container's id from a file; then all operands are the command", .complete = "file"),
	OPT_FLAG('l', "latest", struct exec_request, latest,
	         "in the container made last; then all operands are the command"),
	OPT_IGNORED(0, "no-session", NULL, "there is no database"),
	OPT_REFUSED(0, "preserve-fd", "FD", NO_FDS),
	OPT_REFUSED(0, "preserve-fds", "N", NO_FDS),
	OPT_END,
};

/* The container is the first operand, unless an option names it. */
static int exec_name(struct engine *engine, const struct exec_request *request, struct texts *words,
                     struct texts *names, struct error *err)
{
	static const struct texts none;
	bool by_option = request->latest || request->cid_files.count > 0;
	struct texts first = {.items = words->items, .count = 1};
	struct targets targets = {
		.operands = by_option || words->count == 0 ? &none : &first,
		.cid_files = &request->cid_files,
		.latest = request->latest,
	};
	int r = targets_find(engine, &targets, names, err);

	if (r < 0)
		return r;
	if (names->count != 1)
		return error_set(err, ERROR_INVALID, "one container is needed, %zu were named", names->count);
	if (!by_option)
		*words = (struct texts){.items = words->items + 1, .count = words->count - 1};
	if (words->count == 0)
		return error_set(err, ERROR_INVALID, "which command? %s exec %s COMMAND [ARG...]",
		                 print_program(), by_option ? "[OPTIONS]" : names->items[0]);
	return 0;
}

static int exec_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct exec_request *request = data;
	struct container_exec exec = request->exec;
	AUTO_TEXTS struct texts names = {0};
	AUTO_FREE char *keys = NULL;
	struct io io = {0};
	int r;

	exec.args = *operands;
	r = exec_name(engine, request, &exec.args, &names, err);
	if (r < 0)
		return r;
	if (!exec.detach) {
		session_warn(exec.tty);
		if (exec.tty)
			keys = session_detach_keys(exec.detach_keys);
		io = (struct io){
			.in = exec.interactive,
			.out = true,
			.err = true,
			.tty = exec.tty,
			.sig_proxy = !exec.tty,
			.detach_keys = keys,
		};
	}
	return container_exec(engine, names.items[0], &exec, &io, err);
}

const struct command cmd_exec = {
	.name = "exec",
	.aliases = "container exec",
	.group = "Containers",
	.summary = "run a further command in a running container",
	.operands = "CONTAINER COMMAND [ARG...]",
	.complete = "running",
	.example = "coracle exec -it web sh\n"
	           "coracle exec -u nobody -w /tmp web id",
	.opts = exec_opts,
	.request_size = sizeof(struct exec_request),
	.min_operands = 1,
	.max_operands = -1,
	.order = OPTS_BEFORE_OPERANDS,
	.needs = NEEDS_ENGINE,
	.conflict_status = 255, /* the container does not run */
	.run = exec_run,
};
