/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_volume_rm.c - coracle volume rm (coracle-volume-rm(1)) */
#include "coracle/cli/command.h"

#include "coracle/container/container.h"
#include "targets.h"
#include "volumes.h"

#include <string.h>

struct volume_rm_request {
	bool all, force;
	struct opt_int time;
};

static const struct opt volume_rm_opts[] = {
	OPT_FLAG('a', "all", struct volume_rm_request, all, "all volumes"),
	OPT_FLAG('f', "force", struct volume_rm_request, force,
	         "first remove containers that use it; one that does not exist is no error"),
	OPT_OPT_INT('t', "time", struct volume_rm_request, time, "SECONDS",
	            "with --force: wait so long for containers before SIGKILL"),
	OPT_END,
};

/* The first container that mounts the volume; owned name, NULL when there is none. */
static int find_user(struct engine *engine, const char *volume, char **out, struct error *err)
{
	AUTO_CONTAINERS struct list containers = {0};
	int r = state_list(&engine->paths, STATE_ALL, STATE_SUMMARY, &containers, err);

	if (r < 0)
		return r;
	LIST_EACH(struct container, container, &containers) {
		if (!texts_has(&container->volumes, volume))
			continue;
		*out = TAKE_PTR(container->id);
		break;
	}
	return 0;
}

static int remove_users(struct engine *engine, const char *volume, const struct volume_rm_request *request,
                        struct error *err)
{
	struct container_remove remove = {.force = true, .timeout = request->time};

	for (;;) {
		AUTO_FREE char *user = NULL;
		int r = find_user(engine, volume, &user, err);

		if (r < 0 || !user)
			return r;
		if (!request->force)
			return error_set(err, ERROR_CONFLICT,
			                 "volume %s is used by container %.12s; remove that first: %s rm %.12s",
			                 volume, user, print_program(), user);
		r = container_remove(engine, user, &remove, NULL, err);
		if (r < 0)
			return r;
	}
}

static int volume_rm_one(struct engine *engine, const char *name, const void *data, struct error *err)
{
	const struct volume_rm_request *request = data;
	int r = remove_users(engine, name, request, err);

	if (r >= 0)
		r = volume_remove(&engine->paths, name, err);
	if (r < 0 && err->kind == ERROR_NOT_FOUND && request->force)
		return TARGET_SILENT;
	return r < 0 ? r : 0;
}

static int volume_rm_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct volume_rm_request *request = data;
	AUTO(volume_list_done) struct list volumes = {0};
	AUTO_TEXTS struct texts names = {0};

	if (request->all == (operands->count > 0))
		return error_set(err, ERROR_INVALID,
		                 request->all ? "names and --all exclude each other"
		                              : "which volume? give a name, or --all");
	if (request->all) {
		int r = volume_list(&engine->paths, &volumes, err);

		if (r < 0)
			return r;
	}
	LIST_EACH(struct volume, volume, &volumes)
		texts_add(&names, volume->name);
	texts_add_all(&names, operands);
	return targets_each(engine, &names, "volume rm", volume_rm_one, request, err);
}

const struct command cmd_volume_rm = {
	.name = "volume rm",
	.aliases = "volume remove",
	.group = "Volumes",
	.summary = "remove volumes",
	.operands = "VOLUME...",
	.complete = "volume",
	.opts = volume_rm_opts,
	.request_size = sizeof(struct volume_rm_request),
	.max_operands = -1,
	.needs = NEEDS_USERNS,
	.absent_status = 1,
	.conflict_status = 2,
	.run = volume_rm_run,
};
