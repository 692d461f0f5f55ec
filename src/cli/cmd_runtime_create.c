/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_runtime_create.c - coracle runtime create and run: a container from a bundle (coracle-runtime-create(1)) */
#include "runtime.h"

struct create_request {
	char *bundle, *config, *pid_file, *console_socket;
	int64_t preserve_fds;
	bool no_pivot, no_new_keyring, no_subreaper, detach, keep;
};

static const struct opt common_opts[] = {
	OPT_TEXT('b', "bundle", struct create_request, bundle, "DIR", "the bundle; default: the working directory",
	         .complete = "file"),
	OPT_TEXT('f', "config", struct create_request, config, "FILE", "another configuration than the bundle's config.json",
	         .complete = "file"),
	OPT_TEXT(0, "console-socket", struct create_request, console_socket, "SOCKET",
	         "send the master of the container's terminal to this AF_UNIX socket", .complete = "file"),
	OPT_TEXT(0, "pid-file", struct create_request, pid_file, "FILE", "write the process's pid to FILE",
	         .complete = "file"),
	OPT_INT(0, "preserve-fds", struct create_request, preserve_fds, "N",
	        "pass N descriptors from 3 on to the process, beside those of $LISTEN_FDS"),
	OPT_FLAG(0, "no-pivot", struct create_request, no_pivot,
	         "move the root instead of pivot_root(2): where / is the initial ramfs"),
	OPT_FLAG(0, "no-new-keyring", struct create_request, no_new_keyring, "keep the caller's session keyring"),
	OPT_FLAG(0, "no-subreaper", struct create_request, no_subreaper, "do not reap what the container leaves behind"),
	OPT_END,
};

static const struct opt create_opts[] = {OPT_INCLUDE(common_opts), OPT_END};

static const struct opt run_opts[] = {
	OPT_INCLUDE(common_opts),
	OPT_FLAG('d', "detach", struct create_request, detach, "do not wait for its end"),
	OPT_FLAG(0, "keep", struct create_request, keep, "do not delete it after its end"),
	OPT_END,
};

static int fill(const struct create_request *typed, const struct texts *operands, struct lifecycle_create *out,
                struct error *err)
{
	if (typed->preserve_fds < 0 || typed->preserve_fds > 1024)
		return error_set(err, ERROR_INVALID, "--preserve-fds: 0 to 1024 descriptors");
	*out = (struct lifecycle_create){
		.id = operands->items[0],
		.bundle = typed->bundle,
		.config = typed->config,
		.pid_file = typed->pid_file,
		.console_socket = typed->console_socket,
		.preserve = runtime_preserved(typed->preserve_fds),
		.no_pivot = typed->no_pivot,
		.no_new_keyring = typed->no_new_keyring,
		.no_subreaper = typed->no_subreaper,
		.detach = typed->detach,
		.keep = typed->keep,
	};
	return 0;
}

static int make(const struct create_request *typed, const struct texts *operands,
                int (*act)(struct lifecycle *, const struct lifecycle_create *, struct error *), struct error *err)
{
	AUTO_LIFECYCLE struct lifecycle lifecycle = {.root_fd = -1};
	struct lifecycle_create request;
	int r = fill(typed, operands, &request, err);

	if (r >= 0)
		r = runtime_open(&lifecycle, err);
	return r < 0 ? r : act(&lifecycle, &request, err);
}

static int create_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	(void) engine;
	return make(data, operands, lifecycle_create, err);
}

static int run_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	(void) engine;
	return make(data, operands, lifecycle_run, err);
}

const struct command cmd_runtime_create = {
	.name = "runtime create",
	.group = "OCI runtime",
	.summary = "create a container from a bundle; start runs its program",
	.operands = "ID",
	.example = "coracle runtime create --bundle /srv/web web",
	.opts = create_opts,
	.request_size = sizeof(struct create_request),
	.min_operands = 1,
	.max_operands = 1,
	.run = create_run,
};

const struct command cmd_runtime_run = {
	.name = "runtime run",
	.group = "OCI runtime",
	.summary = "create a container from a bundle, start it and wait for its end",
	.operands = "ID",
	.example = "coracle runtime run --bundle /srv/web web",
	.opts = run_opts,
	.request_size = sizeof(struct create_request),
	.min_operands = 1,
	.max_operands = 1,
	.run = run_run,
};
