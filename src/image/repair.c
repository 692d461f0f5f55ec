/* SPDX-License-Identifier: GPL-2.0-or-later */
/* repair.c - what is damaged of an image is fetched again; see check.h */
#include "coracle/image/check.h"

#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"
#include "coracle/image/reference.h"
#include "coracle/store/shared.h"

#include <string.h>

#include "name.h"

static int check_live(const struct image_damage *damage, const struct pairs *live, struct error *err)
{
	for (size_t i = 0; i < damage->layers.count; i++) {
		const char *container = pairs_get(live, damage->layers.items[i]);

		if (container)
			return error_set(err, ERROR_CONFLICT,
			                 "container %.12s runs on layer %.12s: stop it first: coracle stop %.12s", container,
			                 digest_hex(damage->layers.items[i]), container);
	}
	return 0;
}

/* sources - "registry/path@sha256:..." of each place that the image has a name of */
static void sources(const struct image_record *image, struct texts *out)
{
	for (size_t i = 0; image->manifest_digest && i < image->names.count; i++) {
		AUTO_FREE char *repository = name_repository(image->names.items[i], NULL);
		AUTO_FREE char *source = xprintf("%s@%s", repository, image->manifest_digest);

		/* what was made here came from no registry */
		if (strncmp(repository, "localhost/", strlen("localhost/")) != 0 && !texts_has(out, source))
			texts_add(out, source);
	}
}

static int put_aside(struct aside *aside, const struct image_damage *damage, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < damage->layers.count; i++)
		r = aside_put_layer(aside, damage->layers.items[i], err);
	for (size_t i = 0; r >= 0 && i < damage->blobs.count; i++)
		r = aside_put_blob(aside, damage->blobs.items[i], err);
	/* with its record an image that lacks a blob would count as whole */
	if (r >= 0 && (damage->blobs.count || damage->record))
		r = aside_put_record(aside, damage->id, err);
	return r;
}

static int fetch(struct engine *engine, struct store *store, const char *source, const char *id,
                 const struct image_progress *progress, struct error *err)
{
	static const struct image_pull request = {.quiet = true};
	AUTO(image_pulled_done) struct list pulled = {0};
	AUTO_FREE char *before = NULL;
	struct error ignored = {0};
	bool was_named = ref_read(store, source, &before) == 0;
	int r = image_pull(engine, source, &request, progress, &pulled, err);

	/* a name that nobody gave it */
	if (!was_named)
		(void) !ref_remove(store, source, &ignored);
	if (r < 0)
		return r;
	if (id && (pulled.count == 0 || strcmp(LIST_AT(struct image_pulled, &pulled, 0)->id, id) != 0))
		return error_set(err, ERROR_CONFLICT, "%s is another image now", source);
	return 0;
}

static int repair_name(struct engine *engine, const char *name, const struct image_progress *progress,
                       struct error *err)
{
	static const struct image_pull request = {.quiet = true};
	AUTO(image_pulled_done) struct list pulled = {0};
	int r;

	if (strncmp(name, "localhost/", strlen("localhost/")) == 0)
		return error_set(err, ERROR_NOT_FOUND, "it came from no registry; remove it with: coracle rmi %s", name);
	r = image_pull(engine, name, &request, progress, &pulled, err);
	return r < 0 ? error_wrap(err, r, "remove it with coracle rmi %s, or fetch it again", name) : 0;
}

/* check_own - what lies in an additional store is its maker's to repair */
static int check_own(struct engine *engine, const struct image_damage *damage, const struct image_record *image,
                     struct error *err)
{
	struct store *store = engine->store;

	if (image->store)
		return error_set(err, ERROR_CONFLICT, "it is in %s, which is only read: its owner repairs it with: coracle --root %s "
		                 "image check --repair", image->store, image->store);
	for (size_t i = 0; i < damage->layers.count; i++) {
		const char *layer = damage->layers.items[i];
		AUTO_FREE char *path = NULL;

		if (store_owns_layer(store, layer) || !layer_exists(store, layer))
			continue;
		path = store_layer_path(store, &engine->paths, layer);
		return error_set(err, ERROR_CONFLICT, "the layer is in another store, which is only read: %s", path);
	}
	return 0;
}

static int repair_image(struct engine *engine, struct store *store, const struct image_damage *damage,
                        const struct image_record *image, const struct image_progress *progress, struct error *err)
{
	AUTO_TEXTS struct texts from = {0};
	AUTO_ASIDE struct aside *aside = NULL;
	int r;

	sources(image, &from);
	if (from.count == 0)
		return error_set(err, ERROR_NOT_FOUND,
		                 "it came from no registry that is known: remove it with coracle rmi -f %.12s, then load, "
		                 "import or pull it again", digest_hex(image->id));
	r = aside_open(store, &aside, err);
	if (r >= 0)
		r = put_aside(aside, damage, err);
	for (size_t i = 0; r >= 0 && i < from.count; i++) {
		r = fetch(engine, store, from.items[i], image->id, progress, err);
		if (r >= 0)
			return 0;
		/* another place may have it */
		if (i + 1 < from.count && r != -EINTR)
			r = 0;
	}
	if (aside)
		aside_return(aside);
	return r;
}

int image_repair(struct engine *engine, const struct image_damage *damage, const struct pairs *live,
                 const struct image_progress *progress, struct error *err)
{
	AUTO_IMAGE_RECORD struct image_record image = {0};
	struct store *store = engine_store(engine, err);
	struct error failure = {0};
	int r;

	if (!store)
		return -EIO;
	if (damage->is_list)
		return error_set(err, ERROR_NOT_FOUND, "it was made here; take it away with: coracle manifest rm %s",
		                 damage->name);
	if (damage->name)
		return repair_name(engine, damage->name, progress, err);
	r = check_live(damage, live, err);
	if (r < 0)
		return r;
	if (image_record_read(store, damage->id, &image, &failure) < 0) {
		/* who it was is not known any more, but names may tell where it is */
		image.id = xstrdup(damage->id);
	}
	r = check_own(engine, damage, &image, err);
	if (r >= 0)
		r = image_record_names(store, &image, err);
	if (r >= 0 && !image.manifest_digest && image.names.count
	    && strncmp(image.names.items[0], "localhost/", strlen("localhost/")) != 0) {
		AUTO_ASIDE struct aside *aside = NULL;

		r = aside_open(store, &aside, err);
		if (r >= 0)
			r = put_aside(aside, damage, err);
		if (r >= 0)
			r = fetch(engine, store, image.names.items[0], NULL, progress, err);
		if (r < 0 && aside)
			aside_return(aside);
		return r;
	}
	return r < 0 ? r : repair_image(engine, store, damage, &image, progress, err);
}
