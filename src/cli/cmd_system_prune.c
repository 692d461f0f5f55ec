/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_system_prune.c - coracle system prune: all that nothing uses (coracle-system-prune(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "coracle/container/container.h"
#include "prune.h"

#include <string.h>

struct system_prune_request {
	bool all, force, volumes;
	struct texts filters;
};

static const struct opt system_prune_opts[] = {
	OPT_FLAG('a', "all", struct system_prune_request, all, "also images with a name"),
	OPT_TEXTS(0, "filter", struct system_prune_request, filters, "KEY=VALUE",
	          "only those that match: label, label!, until"),
	OPT_FLAG('f', "force", struct system_prune_request, force, "do not ask"),
	OPT_FLAG(0, "volumes", struct system_prune_request, volumes, "also anonymous volumes"),
	OPT_IGNORED(0, "build", NULL, "there are no containers of builds in this version"),
	OPT_IGNORED(0, "external", NULL, "there are no containers of other programs in the store"),
	OPT_END,
};

static bool is_sure(const struct system_prune_request *request)
{
	AUTO_FREE char *question = xprintf("WARNING! This will remove:\n"
	                                   "  - all stopped containers\n"
	                                   "%s"
	                                   "  - %s\n"
	                                   "  - partial downloads and leftovers\n\n"
	                                   "Are you sure you want to continue?",
	                                   request->volumes ? "  - all anonymous volumes not used by at least one container\n"
	                                                    : "",
	                                   request->all ? "all images without at least one container associated to them"
	                                                : "all dangling images");

	return prune_ask(question);
}

static int check_filters(const struct system_prune_request *request, struct error *err)
{
	for (size_t i = 0; request->volumes && i < request->filters.count; i++)
		if (strncmp(request->filters.items[i], "until=", 6) == 0)
			return error_set(err, ERROR_INVALID,
			                 "filter until does not go with --volumes: volumes are not removed by age; "
			                 "leave one of them out");
	return 0;
}

static int system_prune_run(struct engine *engine, void *data, UNUSED const struct texts *operands,
                            struct error *err)
{
	const struct system_prune_request *request = data;
	const struct container_prune containers = {.filters = request->filters}; /* borrow */
	const struct volume_prune volumes = {.filters = &request->filters};
	const struct image_prune images = {.all = request->all, .filters = request->filters};
	AUTO_TEXTS struct texts removed = {0}, removed_volumes = {0};
	AUTO(image_pruned_done) struct image_pruned pruned = {0};
	uint64_t bytes = 0, volume_bytes = 0;
	int r = check_filters(request, err);

	if (r < 0)
		return r;
	if (!request->force && !is_sure(request))
		return 0;
	r = container_prune(engine, &containers, &removed, &bytes, err);
	prune_print("Deleted Containers", "", &removed);
	if (r >= 0 && request->volumes) {
		r = prune_volumes(engine, &volumes, &removed_volumes, &volume_bytes, err);
		prune_print("Deleted Volumes", "", &removed_volumes);
	}
	if (r < 0)
		return r;
	r = prune_images(engine, &images, &pruned, err);
	prune_print_images(&pruned);
	if (r >= 0)
		prune_print_total(bytes + volume_bytes + pruned.collected.bytes);
	return r;
}

const struct command cmd_system_prune = {
	.name = "system prune",
	.group = "This program",
	.summary = "remove stopped containers, unused images, partial downloads and leftovers",
	.example = "coracle system prune --all --volumes --force",
	.opts = system_prune_opts,
	.request_size = sizeof(struct system_prune_request),
	.max_operands = 0,
	.needs = NEEDS_USERNS,
	.run = system_prune_run,
};
