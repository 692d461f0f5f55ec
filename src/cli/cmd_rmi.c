/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_rmi.c - coracle rmi: take away names of images, and images (coracle-rmi(1)) */
#include "coracle/cli/command.h"

#include "coracle/container/container.h"
#include "coracle/image/image.h"
#include "coracle/image/manifest.h"
#include "coracle/store/gc.h"

static const struct opt rmi_opts[] = {
	OPT_FLAG('a', "all", struct image_remove, all, "all images, by all of their names, and manifest lists; those of containers that do not run only with --force"),
	OPT_FLAG('f', "force", struct image_remove, force,
	         "also when it has several names, or containers that do not run use it; one that does not exist is no error"),
	OPT_FLAG('i', "ignore", struct image_remove, ignore, "an image that does not exist is no error"),
	OPT_FLAG(0, "no-prune", struct image_remove, no_prune, "keep parents that have no name"),
	OPT_REFUSED(0, "platform", "OS/ARCH", "an image is kept for one platform in this version"),
	OPT_END,
};

static int remove_one(struct engine *engine, const char *text, const struct image_remove *request,
                      struct error *err)
{
	AUTO_PAIRS struct pairs used = {0};
	AUTO_TEXTS struct texts layers = {0};
	AUTO_TEXTS struct texts removed = {0};
	/* a container that does not run has its layers in any case: they stay until it goes */
	int r = request->force ? container_images_live(engine, &used, err)
	                       : container_images_used(engine, &used, &layers, err);

	if (r >= 0)
		r = image_remove(engine, text, request, &used, &removed, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < removed.count; i++)
		print_line("%s", removed.items[i]);
	return 0;
}

static int all_ids(struct engine *engine, struct texts *out, struct error *err)
{
	struct list images = {0};
	struct store *store = engine_store(engine, err);
	int r = store ? image_record_list(store, &images, err) : -EIO;

	if (r >= 0)
		r = manifest_records(store, &images, err);
	if (r < 0)
		return r;
	LIST_EACH(struct image_record, image, &images)
		texts_add(out, image->id);
	image_record_list_done(&images);
	return 0;
}

/* collect - what the images had and nobody else needs; at once for all of them */
static int collect(struct engine *engine, struct error *err)
{
	struct store_collected collected;
	struct store *store = engine_store(engine, err);

	return store ? store_collect(store, STORE_COLLECT_UNUSED, container_layers_used, engine, &collected, err) : -EIO;
}

static int rmi_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct image_remove *request = data;
	AUTO_TEXTS struct texts names = {0};
	struct error failure = {0};
	int result = 0, r;

	if (request->all == (operands->count > 0))
		return error_set(err, ERROR_INVALID,
		                 request->all ? "names and --all exclude each other"
		                             : "which image? give a name or an id, or --all");
	if (request->all && all_ids(engine, &names, err) < 0)
		return -EIO;
	texts_add_all(&names, operands);
	for (size_t i = 0; i < names.count; i++) {
		r = remove_one(engine, names.items[i], request, &failure);
		if (r >= 0 || (failure.kind == ERROR_NOT_FOUND && (request->ignore || request->force || request->all)))
			continue;
		if (result == 0) {
			*err = failure;
			result = r;
		} else {
			print_error("rmi: %s", failure.text);
		}
	}
	r = collect(engine, &failure);
	if (r >= 0 || result < 0)
		return result;
	*err = failure;
	return r;
}

const struct command cmd_rmi = {
	.name = "rmi",
	.aliases = "image rm|image remove",
	.group = "Images",
	.summary = "take away names of images, and images",
	.operands = "IMAGE...",
	.complete = "image",
	.opts = rmi_opts,
	.request_size = sizeof(struct image_remove),
	.max_operands = -1,
	.needs = NEEDS_USERNS,
	.absent_status = 1,
	.conflict_status = 2,
	.run = rmi_run,
};
