/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_kill.c - coracle kill: send a signal to containers (coracle-kill(1)) */
#include "coracle/cli/command.h"

#include "coracle/sys/names.h"
#include "targets.h"

#include <signal.h>

struct kill_request {
	char *signal;
	struct texts cid_files;
	bool all, latest;
	int number;
};

static const struct opt kill_opts[] = {
	OPT_TEXT('s', "signal", struct kill_request, signal, "SIGNAL", "name or number (default SIGKILL)",
	         .complete = "signal"),
	OPT_FLAG('a', "all", struct kill_request, all, "all that run"),
	OPT_FLAG('l', "latest", struct kill_request, latest, "the container made last"),
	OPT_TEXTS(0, "cidfile", struct kill_request, cid_files, "FILE",
	          "take the id from a file that run --cidfile wrote", .complete = "file"),
	OPT_END,
};

static int kill_one(struct engine *engine, const char *name, const void *data, struct error *err)
{
	const struct kill_request *request = data;
	int r = container_kill(engine, name, request->number, err);

	return r < 0 ? r : 0;
}

static int kill_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	struct kill_request *request = data;
	AUTO_TEXTS struct texts names = {0};
	struct targets targets = {
		.operands = operands,
		.cid_files = &request->cid_files,
		.all = request->all,
		.latest = request->latest,
	};
	int r;

	request->number = request->signal ? signal_number(request->signal) : SIGKILL;
	if (request->number <= 0)
		return error_set(err, ERROR_INVALID, "option --signal: \"%.200s\" is not a signal; `kill -l` lists them",
		                 request->signal);
	r = targets_find(engine, &targets, &names, err);
	return r < 0 ? r : targets_each(engine, &names, "kill", kill_one, request, err);
}

const struct command cmd_kill = {
	.name = "kill",
	.aliases = "container kill",
	.group = "Containers",
	.summary = "send a signal to containers",
	.operands = "CONTAINER...",
	.complete = "running",
	.example = "coracle kill -s HUP web",
	.opts = kill_opts,
	.request_size = sizeof(struct kill_request),
	.max_operands = -1,
	.needs = NEEDS_ENGINE,
	.run = kill_run,
};
