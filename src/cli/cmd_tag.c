/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_tag.c - coracle tag, untag: give and take names of images (coracle-tag(1), coracle-untag(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "coracle/image/image.h"
#include "coracle/store/shared.h"

#include <string.h>

static const struct opt no_opts[] = {OPT_END};

static int tag_run(struct engine *engine, UNUSED void *request, const struct texts *operands,
                   struct error *err)
{
	for (size_t i = 1; i < operands->count; i++) {
		int r = image_tag(engine, operands->items[0], operands->items[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int only_read(const struct image_record *image, const char *name, struct error *err)
{
	const char *place = image->store ? image->store : "";

	return error_set(err, ERROR_CONFLICT, "name \"%.300s\" is in %s, which is only read; to use that store no longer: "
	                 "coracle store rm %s", name, *place ? place : "another store", *place ? place : "PATH");
}

/* name as typed must be a name of this very image */
static int untag_one(struct engine *engine, const struct image_record *image, const char *typed,
                     struct error *err)
{
	AUTO_IMAGE_RECORD struct image_record other = {0};
	AUTO_FREE char *name = NULL;
	struct store *store = engine_store(engine, err);
	int r;

	if (!store)
		return -EIO;
	r = image_find(engine, typed, &other, &name, err);
	if (r < 0)
		return r;
	if (!name || strcmp(other.id, image->id) != 0)
		return error_set(err, ERROR_NOT_FOUND, "\"%.200s\" is not a name of this image", typed);
	return store_owns_name(store, name) ? ref_remove(store, name, err) : only_read(&other, name, err);
}

static int untag_run(struct engine *engine, UNUSED void *request, const struct texts *operands,
                     struct error *err)
{
	AUTO_IMAGE_RECORD struct image_record image = {0};
	struct store *store = engine_store(engine, err);
	int r = store ? image_find(engine, operands->items[0], &image, NULL, err) : -EIO;
	const char *strange = NULL; /* a name that an additional store gives it */
	bool removed = false;

	if (r >= 0)
		r = image_record_names(store, &image, err);
	for (size_t i = 1; r >= 0 && i < operands->count; i++)
		r = untag_one(engine, &image, operands->items[i], err);
	for (size_t i = 0; r >= 0 && operands->count == 1 && i < image.names.count; i++) {
		if (!store_owns_name(store, image.names.items[i])) {
			strange = image.names.items[i];
			continue;
		}
		r = ref_remove(store, image.names.items[i], err);
		removed = true;
	}
	return r >= 0 && strange && !removed ? only_read(&image, strange, err) : r;
}

const struct command cmd_tag = {
	.name = "tag",
	.aliases = "image tag",
	.group = "Images",
	.summary = "give an image further names",
	.operands = "IMAGE NAME[:TAG]...",
	.complete = "image",
	.example = "coracle tag debian:12 base:today",
	.opts = no_opts,
	.min_operands = 2,
	.max_operands = -1,
	.needs = NEEDS_ENGINE,
	.run = tag_run,
};

const struct command cmd_untag = {
	.name = "untag",
	.aliases = "image untag",
	.group = "Images",
	.summary = "take names from an image; without names: all",
	.operands = "IMAGE [NAME[:TAG]...]",
	.complete = "image",
	.opts = no_opts,
	.min_operands = 1,
	.max_operands = -1,
	.needs = NEEDS_ENGINE,
	.run = untag_run,
};
