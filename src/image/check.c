/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check.c - are images what they were when they came; see check.h */
#include "coracle/image/check.h"

#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"
#include "coracle/base/id.h"
#include "coracle/store/index.h"

#include <string.h>

struct checking {
	struct engine *engine;
	struct store *store;
	const struct image_check *request;
	struct image_checked *out;
	struct texts seen; /* sorted when asked: layers that were looked at */
	struct list found; /* struct layer_found: the damaged ones of them */
};

struct layer_found {
	char *chain_id;
	struct texts damages;
};

static void checking_done(struct checking *checking)
{
	LIST_EACH(struct layer_found, found, &checking->found) {
		free(found->chain_id);
		texts_done(&found->damages);
	}
	free(checking->found.items);
	texts_done(&checking->seen);
}

void image_checked_done(struct image_checked *checked)
{
	LIST_EACH(struct image_damage, damage, &checked->damages) {
		free(damage->text);
		free(damage->name);
		free(damage->id);
		texts_done(&damage->layers);
		texts_done(&damage->blobs);
	}
	free(checked->damages.items);
	*checked = (struct image_checked){0};
}

static struct image_damage *PRINTF(3, 4) add(struct checking *checking, const char *id, const char *format, ...)
{
	struct image_damage *damage = list_add(&checking->out->damages, sizeof *damage);
	va_list args;

	va_start(args, format);
	damage->text = xvprintf(format, args);
	va_end(args);
	damage->id = id ? xstrdup(id) : NULL;
	return damage;
}

/* what an image is called in a line: its first name, else the beginning of its id; owned */
static char *called(const struct image_record *image)
{
	const char *hex = image->id ? digest_hex(image->id) : "";

	return image->names.count ? xprintf("%s (%.12s)", image->names.items[0], hex) : xprintf("%.12s", hex);
}

/* --- layers --- */

/* position - where chain_id is or belongs among those that were seen */
static size_t position(const struct texts *sorted, const char *chain_id)
{
	size_t low = 0, high = sorted->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(sorted->items[middle], chain_id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* remember - 1 when the layer is a new one */
static int remember(struct texts *sorted, const char *chain_id)
{
	size_t at = position(sorted, chain_id);
	char *last;

	if (at < sorted->count && strcmp(sorted->items[at], chain_id) == 0)
		return 0;
	texts_add(sorted, chain_id);
	last = sorted->items[sorted->count - 1];
	(void) memmove(sorted->items + at + 1, sorted->items + at, (sorted->count - 1 - at) * sizeof *sorted->items);
	sorted->items[at] = last;
	return 1;
}

static int check_layer(struct checking *checking, const struct image_record *image, const char *chain_id,
                       struct error *err)
{
	AUTO_FREE char *name = called(image);
	int r = 0;

	if (remember(&checking->seen, chain_id)) {
		AUTO_TEXTS struct texts damages = {0};
		struct layer_found *found;

		checking->out->layers++;
		r = layer_check(checking->store, chain_id, checking->request->depth, &damages, err);
		if (r >= 0 && damages.count) {
			found = list_add(&checking->found, sizeof *found);
			found->chain_id = xstrdup(chain_id);
			found->damages = TAKE(damages, (struct texts){0});
		}
	}
	LIST_EACH(const struct layer_found, found, &checking->found)
		for (size_t i = 0; strcmp(found->chain_id, chain_id) == 0 && i < found->damages.count; i++)
			texts_add(&add(checking, image->id, "image %s: layer %.12s: %s", name, digest_hex(chain_id),
			               found->damages.items[i])->layers, chain_id);
	return r;
}

/* --- blobs --- */

static bool check_blob(struct checking *checking, const struct image_record *image, const char *what,
                       const char *digest)
{
	const char *wrong = blob_check(checking->store, digest, checking->request->depth);
	AUTO_FREE char *name = wrong ? called(image) : NULL;

	if (wrong)
		texts_add(&add(checking, image->id, "image %s: %s %.12s %s", name, what, digest_hex(digest), wrong)->blobs,
		          digest);
	return !wrong;
}

/* layers_fit - the configuration's diff ids make the chain ids of the record */
static bool layers_fit(const struct image_config *config, const struct image_record *image)
{
	const struct texts *diff_ids = &config->rootfs.diff_ids;
	char chain_id[DIGEST_TEXT_SIZE] = "";
	struct error ignored = {0};

	if (diff_ids->count != image->layers.count)
		return false;
	for (size_t i = 0; i < diff_ids->count; i++) {
		char next[DIGEST_TEXT_SIZE];

		if (layer_chain_id(i ? chain_id : NULL, diff_ids->items[i], next, &ignored) < 0
		    || strcmp(next, image->layers.items[i]) != 0)
			return false;
		(void) memcpy(chain_id, next, sizeof chain_id);
	}
	return true;
}

static void check_config(struct checking *checking, const struct image_record *image)
{
	struct image_config config = {0};
	AUTO_FREE char *name = called(image);
	struct error failure = {0};

	if (image_read_config(checking->engine, image, &config, &failure) < 0)
		texts_add(&add(checking, image->id, "image %s: %s", name, failure.text)->blobs, image->id);
	else if (!layers_fit(&config, image))
		add(checking, image->id, "image %s: its record names other layers than its configuration", name)->record =
			true;
	fields_done(image_config_fields, &config);
}

static int check_image(struct checking *checking, const struct image_record *image, struct error *err)
{
	int r = 0;

	if (!image->id)
		return 0;
	checking->out->images++;
	if (image->damaged) {
		add(checking, image->id, "image %.12s: its record can't be read", digest_hex(image->id))->record = true;
		return 0;
	}
	if (check_blob(checking, image, "configuration", image->id))
		check_config(checking, image);
	if (image->manifest_digest)
		(void) check_blob(checking, image, "manifest", image->manifest_digest);
	for (size_t i = 0; r >= 0 && i < image->layers.count; i++)
		r = check_layer(checking, image, image->layers.items[i], err);
	return r;
}

/* --- names --- */

static int check_names(struct checking *checking, struct error *err)
{
	AUTO_PAIRS struct pairs refs = {0};
	AUTO_TEXTS struct texts damaged = {0};
	int r = ref_list(checking->store, &refs, err);

	if (r >= 0)
		r = ref_list_damaged(checking->store, &damaged, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < refs.count; i++) {
		const struct pair *ref = &refs.items[i];

		if (!image_record_exists(checking->store, ref->value))
			add(checking, NULL, "name %s: stands for image %.12s, which is not there", ref->key,
			    digest_hex(ref->value))->name = xstrdup(ref->key);
	}
	for (size_t i = 0; i < damaged.count; i++)
		add(checking, NULL, "name %s: can't be read", damaged.items[i])->name = xstrdup(damaged.items[i]);
	return 0;
}

static int check_lists(struct checking *checking, struct error *err)
{
	AUTO_TEXTS struct texts damaged = {0};
	int r = index_list_damaged(checking->store, &damaged, err);

	for (size_t i = 0; r >= 0 && i < damaged.count; i++) {
		struct image_damage *damage = add(checking, NULL, "manifest list %s: can't be read", damaged.items[i]);

		damage->name = xstrdup(damaged.items[i]);
		damage->is_list = true;
	}
	return r;
}

static int check_all(struct checking *checking, struct error *err)
{
	AUTO(image_record_list_done) struct list images = {0};
	int r = image_record_list(checking->store, &images, err);

	LIST_EACH(const struct image_record, image, &images)
		if (r >= 0)
			r = check_image(checking, image, err);
	if (r >= 0)
		r = check_names(checking, err);
	return r < 0 ? r : check_lists(checking, err);
}

/* find - also one whose record is damaged, by its id */
static int find(struct checking *checking, const char *name, struct image_record *out, struct error *err)
{
	AUTO_TEXTS struct texts ids = {0};
	struct error ignored = {0};
	const char *hex = strncmp(name, DIGEST_PREFIX, strlen(DIGEST_PREFIX)) == 0 ? name + strlen(DIGEST_PREFIX) : name;
	int r = image_find(checking->engine, name, out, NULL, err);

	if (r >= 0)
		return image_record_names(checking->store, out, err);
	if (!id_is_hex(hex) || image_record_ids(checking->store, hex, &ids, &ignored) < 0 || ids.count != 1)
		return r;
	out->id = xstrdup(ids.items[0]);
	out->damaged = true;
	return 0;
}

int image_check(struct engine *engine, const struct image_check *request, struct image_checked *out, struct error *err)
{
	AUTO(checking_done) struct checking checking = {
		.engine = engine, .request = request, .out = out, .store = engine_store(engine, err),
	};
	int r = 0;

	if (!checking.store)
		return -EIO;
	if (request->names.count == 0)
		return check_all(&checking, err);
	for (size_t i = 0; r >= 0 && i < request->names.count; i++) {
		AUTO_IMAGE_RECORD struct image_record image = {0};

		r = find(&checking, request->names.items[i], &image, err);
		if (r >= 0 && image.id)
			r = check_image(&checking, &image, err);
	}
	return r;
}
