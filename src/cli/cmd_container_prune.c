/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_container_prune.c - coracle container prune: containers that do not run (coracle-container-prune(1)) */
#include "coracle/cli/command.h"

#include "coracle/container/container.h"
#include "prune.h"

struct container_prune_request {
	struct container_prune prune;
	bool force;
};

static const struct opt container_prune_opts[] = {
	OPT_TEXTS(0, "filter", struct container_prune_request, prune.filters, "KEY=VALUE",
	          "only those that match: label, label!, until"),
	OPT_FLAG('f', "force", struct container_prune_request, force, "do not ask"),
	OPT_END,
};

static int container_prune_run(struct engine *engine, void *data, UNUSED const struct texts *operands,
                               struct error *err)
{
	const struct container_prune_request *request = data;
	AUTO_TEXTS struct texts removed = {0};
	uint64_t bytes = 0;
	int r;

	if (!request->force
	    && !prune_ask("WARNING! This will remove all stopped containers.\nAre you sure you want to continue?"))
		return 0;
	r = container_prune(engine, &request->prune, &removed, &bytes, err);
	if (prune_is_podman()) {
		for (size_t i = 0; i < removed.count; i++)
			print_line("%s", removed.items[i]);
	} else {
		prune_print("Deleted Containers", "", &removed);
		if (r >= 0)
			prune_print_total(bytes);
	}
	return r;
}

const struct command cmd_container_prune = {
	.name = "container prune",
	.group = "Containers",
	.summary = "remove containers that do not run",
	.example = "coracle container prune --force --filter until=24h",
	.opts = container_prune_opts,
	.request_size = sizeof(struct container_prune_request),
	.max_operands = 0,
	.needs = NEEDS_USERNS,
	.run = container_prune_run,
};
