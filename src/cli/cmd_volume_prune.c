/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_volume_prune.c - coracle volume prune (coracle-volume-prune(1)) */
#include "coracle/cli/command.h"

#include "prune.h"

#include <string.h>

struct volume_prune_request {
	bool all, force, dry_run;
	struct texts filters;
};

static const struct opt volume_prune_opts[] = {
	OPT_FLAG('a', "all", struct volume_prune_request, all, "also volumes with a name of their own"),
	OPT_FLAG('f', "force", struct volume_prune_request, force, "do not ask"),
	OPT_FLAG(0, "dry-run", struct volume_prune_request, dry_run, "only tell which"),
	OPT_TEXTS(0, "filter", struct volume_prune_request, filters, "KEY=VALUE",
	          "only those that match: all, anonymous, label, label!, since, until"),
	OPT_END,
};

/* docker's "all=true" is a filter, but means the option. */
static bool take_all(const struct texts *from, struct texts *filters)
{
	bool all = false;

	for (size_t i = 0; i < from->count; i++) {
		if (strncmp(from->items[i], "all=", 4) == 0)
			all = strcmp(from->items[i] + 4, "true") == 0 || strcmp(from->items[i] + 4, "1") == 0;
		else
			texts_add(filters, from->items[i]);
	}
	return all;
}

static int volume_prune_run(struct engine *engine, void *data, UNUSED const struct texts *operands,
                            struct error *err)
{
	const struct volume_prune_request *request = data;
	AUTO_TEXTS struct texts filters = {0}, removed = {0};
	const struct volume_prune prune = {
		.filters = &filters,
		.all = take_all(&request->filters, &filters) || request->all,
		.dry_run = request->dry_run,
	};
	uint64_t bytes = 0;
	int r;

	if (!request->force && !request->dry_run && !prune_ask("Remove the volumes that no container uses?"))
		return 0;
	r = prune_volumes(engine, &prune, &removed, &bytes, err);
	if (prune_is_podman() || request->dry_run) {
		for (size_t i = 0; i < removed.count; i++)
			print_line("%s", removed.items[i]);
	} else {
		prune_print("Deleted Volumes", "", &removed);
		if (r >= 0)
			prune_print_total(bytes);
	}
	return r;
}

const struct command cmd_volume_prune = {
	.name = "volume prune",
	.group = "Volumes",
	.summary = "remove anonymous volumes that no container uses",
	.example = "coracle volume prune --all --force",
	.opts = volume_prune_opts,
	.request_size = sizeof(struct volume_prune_request),
	.max_operands = 0,
	.needs = NEEDS_USERNS,
	.run = volume_prune_run,
};
