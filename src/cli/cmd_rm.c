/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_rm.c - coracle rm: remove containers (coracle-rm(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "targets.h"

static const struct opt rm_opts[] = {
	OPT_FLAG('f', "force", struct container_remove, force,
	         "kill it first when it runs; one that does not exist is no error"),
	OPT_FLAG('v', "volumes", struct container_remove, volumes, "also remove its anonymous volumes"),
	OPT_FLAG('a', "all", struct container_remove, all, "all containers"),
	OPT_FLAG('l', "latest", struct container_remove, latest, "the container made last"),
	OPT_TEXTS(0, "filter", struct container_remove, filters, "KEY=VALUE", "those that match, as of ps"),
	OPT_FLAG('i', "ignore", struct container_remove, ignore, "a container that does not exist is no error"),
	OPT_OPT_INT('t', "time", struct container_remove, timeout, "SECONDS",
	            "with --force: stop it first and wait so long before SIGKILL"),
	OPT_TEXTS(0, "cidfile", struct container_remove, cid_files, "FILE",
	          "take the id from a file that run --cidfile wrote", .complete = "file"),
	OPT_FLAG(0, "depend", struct container_remove, depend, "also remove containers that share its namespaces"),
	OPT_REFUSED(0, "link", NULL, "there are no links between containers"),
	OPT_REFUSED(0, "storage", NULL, "internal to podman"),
	OPT_END,
};

static int rm_one(struct engine *engine, const char *name, const void *data, struct error *err)
{
	const struct container_remove *request = data;
	AUTO_FREE char *id = NULL;
	int r = container_remove(engine, name, request, &id, err);

	if (r < 0 && err->kind == ERROR_NOT_FOUND && (request->force || request->ignore))
		return TARGET_SILENT;
	if (r < 0)
		return r;
	return id ? 0 : TARGET_SILENT; /* forced, and there was none */
}

static int rm_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct container_remove *request = data;
	AUTO_TEXTS struct texts names = {0};
	struct targets targets = {
		.operands = operands,
		.filters = &request->filters,
		.cid_files = &request->cid_files,
		.all = request->all,
		.latest = request->latest,
		.with_stopped = true,
	};
	int r = targets_find(engine, &targets, &names, err);

	return r < 0 ? r : targets_each(engine, &names, "rm", rm_one, request, err);
}

const struct command cmd_rm = {
	.name = "rm",
	.aliases = "container rm|container remove",
	.group = "Containers",
	.summary = "remove containers",
	.operands = "CONTAINER...",
	.complete = "container",
	.example = "coracle rm -f web\n"
	           "coracle rm $(coracle ps -aq --filter status=exited)",
	.opts = rm_opts,
	.request_size = sizeof(struct container_remove),
	.max_operands = -1,
	.needs = NEEDS_USERNS,
	.absent_status = 1,
	.conflict_status = 2,
	.run = rm_run,
};
