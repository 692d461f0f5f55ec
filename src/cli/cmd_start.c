/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_start.c - coracle start: start containers that exist (coracle-start(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "session.h"
#include "targets.h"

struct start_request {
	struct container_start start;
	struct texts filters;
	bool all, latest;
};

static const struct opt start_opts[] = {
	OPT_FLAG('a', "attach", struct start_request, start.attach,
	         "show its output until it ends, and end with its exit status"),
	OPT_FLAG('i', "interactive", struct start_request, start.interactive,
	         "pass on standard input, and stay as with --attach"),
	OPT_TEXT(0, "detach-keys", struct start_request, start.detach_keys, "KEYS",
	         "keys that leave it running (default ctrl-p,ctrl-q; \"\" for none)"),
	OPT_OPT_FLAG(0, "sig-proxy", struct start_request, start.sig_proxy,
	             "with --attach: pass on signals to the process (default true; never with a terminal)"),
	OPT_FLAG(0, "all", struct start_request, all, "all containers that do not run"),
	OPT_FLAG('l', "latest", struct start_request, latest, "the container made last"),
	OPT_TEXTS('f', "filter", struct start_request, filters, "KEY=VALUE", "the containers that match, as of ps"),
	OPT_REFUSED(0, "checkpoint", "NAME", "checkpoints take root"),
	OPT_REFUSED(0, "checkpoint-dir", "DIR", "checkpoints take root"),
	OPT_END,
};

static int start_one(struct engine *engine, const char *name, const void *request, struct error *err)
{
	int r = container_start(engine, name, request, err);

	return r < 0 ? r : 0;
}

static int start_attached(struct engine *engine, const char *name, const struct container_start *typed,
                          struct error *err)
{
	AUTO_FREE char *keys = session_detach_keys(typed->detach_keys);
	struct container_start start = *typed;
	int r;

	start.attach = true;
	start.io = (struct io){
		.in = typed->interactive,
		.out = true,
		.err = true,
		.sig_proxy = typed->sig_proxy.set ? typed->sig_proxy.value : true,
		.detach_keys = keys,
	};
	r = session_attach(engine, name, &start.io, err);
	if (r < 0)
		return r;
	session_warn(start.io.tty && start.io.in);
	return container_start(engine, name, &start, err);
}

static int start_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct start_request *request = data;
	AUTO_TEXTS struct texts names = {0};
	struct targets targets = {
		.operands = operands,
		.filters = &request->filters,
		.all = request->all,
		.latest = request->latest,
		.with_stopped = true,
	};
	int r = targets_find(engine, &targets, &names, err);

	if (r < 0)
		return r;
	if (!request->start.attach && !request->start.interactive)
		return targets_each(engine, &names, "start", start_one, &request->start, err);
	if (names.count != 1)
		return error_set(err, ERROR_INVALID, "--attach and --interactive take one container, not %zu",
		                 names.count);
	return start_attached(engine, names.items[0], &request->start, err);
}

const struct command cmd_start = {
	.name = "start",
	.aliases = "container start",
	.group = "Containers",
	.summary = "start containers that exist",
	.operands = "CONTAINER...",
	.complete = "container",
	.example = "coracle start web\n"
	           "coracle start -ai shell",
	.opts = start_opts,
	.request_size = sizeof(struct start_request),
	.max_operands = -1,
	.needs = NEEDS_ENGINE,
	.run = start_run,
};
