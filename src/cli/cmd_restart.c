/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_restart.c - coracle restart: stop and start again (coracle-restart(1)) */
#include "coracle/cli/command.h"

#include "targets.h"

struct restart_request {
	struct container_stop stop;
	bool running;
};

static const struct opt restart_opts[] = {
	OPT_OPT_INT('t', "time", struct restart_request, stop.timeout, "SECONDS",
	            "wait before SIGKILL (default: the container's, 10; -1: for ever)"),
	OPT_OPT_INT(0, "timeout", struct restart_request, stop.timeout, "SECONDS", "the same as --time",
	            .hidden = true),
	OPT_TEXT('s', "signal", struct restart_request, stop.signal, "SIGNAL",
	         "send this first (default: the container's, SIGTERM)", .complete = "signal"),
	OPT_FLAG('a', "all", struct restart_request, stop.all, "all containers, also those that do not run"),
	OPT_FLAG(0, "running", struct restart_request, running, "all containers that run"),
	OPT_FLAG('l', "latest", struct restart_request, stop.latest, "the container made last"),
	OPT_TEXTS('f', "filter", struct restart_request, stop.filters, "KEY=VALUE", "those that match, as of ps"),
	OPT_TEXTS(0, "cidfile", struct restart_request, stop.cid_files, "FILE",
	          "take the id from a file that run --cidfile wrote", .complete = "file"),
	OPT_END,
};

static int restart_one(struct engine *engine, const char *name, const void *request, struct error *err)
{
	int r = container_restart(engine, name, request, err);

	return r < 0 ? r : 0;
}

static int restart_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct restart_request *request = data;
	AUTO_TEXTS struct texts names = {0};
	struct targets targets = {
		.operands = operands,
		.filters = &request->stop.filters,
		.cid_files = &request->stop.cid_files,
		.all = request->stop.all || request->running,
		.latest = request->stop.latest,
		.with_stopped = !request->running,
	};
	int r = targets_find(engine, &targets, &names, err);

	return r < 0 ? r : targets_each(engine, &names, "restart", restart_one, &request->stop, err);
}

const struct command cmd_restart = {
	.name = "restart",
	.aliases = "container restart",
	.group = "Containers",
	.summary = "stop containers and start them again",
	.operands = "CONTAINER...",
	.complete = "container",
	.opts = restart_opts,
	.request_size = sizeof(struct restart_request),
	.max_operands = -1,
	.needs = NEEDS_ENGINE,
	.run = restart_run,
};
