/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_image_prune.c - coracle image prune: images that no container uses (coracle-image-prune(1)) */
#include "coracle/cli/command.h"

#include "prune.h"

struct image_prune_request {
	struct image_prune prune;
	bool force;
};

static const struct opt image_prune_opts[] = {
	OPT_FLAG('a', "all", struct image_prune_request, prune.all, "also images with a name"),
	OPT_TEXTS(0, "filter", struct image_prune_request, prune.filters, "KEY=VALUE",
	          "only those that match: before, containers, dangling, digest, id, label, label!, manifest, readonly, "
	          "reference, since, until"),
	OPT_FLAG('f', "force", struct image_prune_request, force, "do not ask"),
	OPT_IGNORED(0, "build-cache", NULL, "there is no cache of builds in this version"),
	OPT_IGNORED(0, "external", NULL, "containers of other programs do not use these images"),
	OPT_END,
};

static int image_prune_run(struct engine *engine, void *data, UNUSED const struct texts *operands,
                           struct error *err)
{
	const struct image_prune_request *request = data;
	AUTO(image_pruned_done) struct image_pruned pruned = {0};
	int r;

	if (!request->force
	    && !prune_ask(request->prune.all
	                          ? "WARNING! This will remove all images that no container uses, and partial downloads.\n"
	                            "Are you sure you want to continue?"
	                          : "WARNING! This will remove all images without a name that no container uses, and "
	                            "partial downloads.\nAre you sure you want to continue?"))
		return 0;
	r = prune_images(engine, &request->prune, &pruned, err);
	if (prune_is_podman()) {
		for (size_t i = 0; i < pruned.deleted.count; i++)
			print_line("%s", pruned.deleted.items[i] + sizeof "sha256:" - 1);
	} else {
		prune_print_images(&pruned);
		if (r >= 0)
			prune_print_total(pruned.collected.bytes);
	}
	return r;
}

const struct command cmd_image_prune = {
	.name = "image prune",
	.group = "Images",
	.summary = "remove images that no container uses, partial downloads and leftovers",
	.example = "coracle image prune --all --filter until=720h",
	.opts = image_prune_opts,
	.request_size = sizeof(struct image_prune_request),
	.max_operands = 0,
	.needs = NEEDS_USERNS,
	.run = image_prune_run,
};
