/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_logs.c - coracle logs: what containers have printed (coracle-logs(1)) */
#include "coracle/cli/command.h"

#include "targets.h"

struct logs_request {
	struct container_logs logs;
	bool latest;
};

static const struct opt logs_opts[] = {
	OPT_FLAG('f', "follow", struct logs_request, logs.follow, "go on until the container ends"),
	OPT_TEXT('n', "tail", struct logs_request, logs.tail, "N", "only the last N lines (default all)"),
	OPT_FLAG('t', "timestamps", struct logs_request, logs.timestamps, "put the time before each line"),
	OPT_TEXT(0, "since", struct logs_request, logs.since, "TIME",
	         "only since then: 2026-01-31T12:00:00Z, unix seconds, or 10m for ten minutes ago"),
	OPT_TEXT(0, "until", struct logs_request, logs.until, "TIME", "only until then, as --since"),
	OPT_FLAG(0, "names", struct logs_request, logs.names, "put the container's name before each line"),
	OPT_FLAG(0, "color", struct logs_request, logs.color, "with --names: a colour for each container"),
	OPT_FLAG(0, "details", struct logs_request, logs.details, "put what --log-opt tag= gave before each line"),
	OPT_FLAG('l', "latest", struct logs_request, latest, "of the container made last"),
	OPT_END,
};

static int logs_one(struct engine *engine, const char *name, const void *request, struct error *err)
{
	int r = container_logs(engine, name, request, err);

	if (r > 0)
		print_warning("%s: %d damaged lines of its log were passed over", name, r);
	return r < 0 ? r : TARGET_SILENT;
}

static int logs_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct logs_request *request = data;
	AUTO_TEXTS struct texts names = {0};
	struct targets targets = {.operands = operands, .latest = request->latest};
	int r = targets_find(engine, &targets, &names, err);

	if (r < 0)
		return r;
	if (request->logs.follow && names.count > 1)
		return error_set(err, ERROR_UNSUPPORTED, "--follow takes one container in this version, not %zu",
		                 names.count);
	return targets_each(engine, &names, "logs", logs_one, &request->logs, err);
}

const struct command cmd_logs = {
	.name = "logs",
	.aliases = "container logs",
	.group = "Look",
	.summary = "show what containers have printed",
	.operands = "CONTAINER...",
	.complete = "container",
	.example = "coracle logs -f --tail 20 web",
	.opts = logs_opts,
	.request_size = sizeof(struct logs_request),
	.max_operands = -1,
	.needs = NEEDS_ENGINE,
	.run = logs_run,
};
