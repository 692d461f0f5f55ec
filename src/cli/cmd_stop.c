/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_stop.c - coracle stop: ask containers to end, and make them (coracle-stop(1)) */
#include "coracle/cli/command.h"

#include "targets.h"

static const struct opt stop_opts[] = {
	OPT_OPT_INT('t', "time", struct container_stop, timeout, "SECONDS",
	            "wait before SIGKILL (default: the container's, 10; -1: for ever)"),
	OPT_OPT_INT(0, "timeout", struct container_stop, timeout, "SECONDS", "the same as --time", .hidden = true),
	OPT_TEXT('s', "signal", struct container_stop, signal, "SIGNAL",
	         "send this first (default: the container's, SIGTERM)", .complete = "signal"),
	OPT_FLAG('a', "all", struct container_stop, all, "all that run"),
	OPT_FLAG('l', "latest", struct container_stop, latest, "the container made last"),
	OPT_TEXTS('f', "filter", struct container_stop, filters, "KEY=VALUE", "those that match, as of ps"),
	OPT_FLAG('i', "ignore", struct container_stop, ignore, "a container that does not exist is no error"),
	OPT_TEXTS(0, "cidfile", struct container_stop, cid_files, "FILE",
	          "take the id from a file that run --cidfile wrote", .complete = "file"),
	OPT_REFUSED(0, "service", NULL, "internal to podman"),
	OPT_END,
};

static int stop_one(struct engine *engine, const char *name, const void *data, struct error *err)
{
	const struct container_stop *request = data;
	bool killed = false;
	int r = container_stop(engine, name, request, &killed, err);

	if (r < 0 && err->kind == ERROR_NOT_FOUND && request->ignore)
		return TARGET_SILENT;
	if (r >= 0 && killed && !(request->timeout.set && request->timeout.value == 0))
		print_warning("%s did not end in time and got SIGKILL; a first process that handles no signals ends"
		              " at once under run --init", name);
	return r < 0 ? r : 0;
}

static int stop_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct container_stop *request = data;
	AUTO_TEXTS struct texts names = {0};
	struct targets targets = {
		.operands = operands,
		.filters = &request->filters,
		.cid_files = &request->cid_files,
		.all = request->all,
		.latest = request->latest,
	};
	int r = targets_find(engine, &targets, &names, err);

	return r < 0 ? r : targets_each(engine, &names, "stop", stop_one, request, err);
}

const struct command cmd_stop = {
	.name = "stop",
	.aliases = "container stop",
	.group = "Containers",
	.summary = "ask containers to end, and make them after a while",
	.operands = "CONTAINER...",
	.complete = "running",
	.example = "coracle stop -t 3 web",
	.opts = stop_opts,
	.request_size = sizeof(struct container_stop),
	.max_operands = -1,
	.needs = NEEDS_ENGINE,
	.run = stop_run,
};
