/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layers.c - the layers of an image, the images that stand on them, and what two images differ in */
#include "coracle/image/explore.h"

#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"
#include "coracle/image/image.h"

#include <string.h>

#include "history.h"

#define LAYERS_MAX 500 /* of one image: overlayfs takes no more */

static const char *top_of(const struct image_record *record)
{
	return record->layers.count ? record->layers.items[record->layers.count - 1] : NULL;
}

/* Names of all images whose uppermost layer this is. */
static void add_names(const struct list *records, const char *chain_id, struct texts *out)
{
	LIST_EACH(struct image_record, record, records) {
		const char *top = top_of(record);

		if (record->damaged || !top || strcmp(top, chain_id) != 0)
			continue;
		if (record->names.count == 0)
			texts_add(out, record->id);
		texts_add_all(out, &record->names);
	}
}

static int add_layer(struct store *store, const struct list *records, const char *chain_id, size_t depth,
                     struct list *out, struct error *err)
{
	struct layer_info info = {0};
	struct image_layer *layer;
	int r = explore_layer(store, chain_id, &info, err);

	if (r < 0)
		return r;
	layer = list_add(out, sizeof *layer);
	layer->chain_id = xstrdup(chain_id);
	layer->size = info.size;
	layer->depth = depth;
	add_names(records, chain_id, &layer->names);
	fields_done(layer_info_fields, &info);
	return 0;
}

static int below(struct store *store, const struct list *records, const struct image_record *record,
                 struct list *out, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < record->layers.count; i++)
		r = add_layer(store, records, record->layers.items[i], 0, out, err);
	return r;
}

/* Layers directly above chain_id, each once; all images know their whole chains, so records are enough. */
static void layers_above(const struct list *records, const char *chain_id, struct texts *out)
{
	LIST_EACH(struct image_record, record, records) {
		for (size_t i = 0; i + 1 < record->layers.count; i++)
			if (strcmp(record->layers.items[i], chain_id) == 0
			    && !texts_has(out, record->layers.items[i + 1]))
				texts_add(out, record->layers.items[i + 1]);
	}
}

static int above(struct store *store, const struct list *records, const char *chain_id, size_t depth,
                 struct list *out, struct error *err)
{
	AUTO_TEXTS struct texts next = {0};
	int r = add_layer(store, records, chain_id, depth, out, err);

	/* a chain id is the digest of what is below: there are no circles, but records may be damaged */
	if (depth < LAYERS_MAX)
		layers_above(records, chain_id, &next);
	for (size_t i = 0; r >= 0 && i < next.count; i++)
		r = above(store, records, next.items[i], depth + 1, out, err);
	return r;
}

int image_layers(struct engine *engine, const char *text, enum image_layers_of of, struct image_layers *out,
                 struct error *err)
{
	AUTO_IMAGE_RECORD struct image_record record = {0};
	AUTO(image_record_list_done) struct list records = {0};
	struct store *store = engine_store(engine, err);
	int r;

	if (!store)
		return -EIO;
	r = image_find_all_names(engine, text, &record, err);
	if (r >= 0)
		r = image_record_list_all(store, &records, err);
	if (r < 0)
		return r;
	if (of == IMAGE_LAYERS_BELOW)
		r = below(store, &records, &record, &out->layers, err);
	else if (top_of(&record))
		r = above(store, &records, top_of(&record), 0, &out->layers, err);
	if (r < 0)
		return r;
	out->id = xstrdup(record.id);
	out->size = record.size;
	texts_add_all(&out->names, &record.names);
	return 0;
}

uint64_t image_content_size(struct engine *engine, const char *manifest_digest)
{
	struct image_manifest manifest = {0};
	struct error ignored = {0};
	AUTO_FREE char *bytes = NULL;
	struct store *store = engine_store(engine, &ignored);
	size_t length = 0;
	uint64_t sum = 0;

	if (!store || !digest_is_valid(manifest_digest)
	    || blob_read(store, manifest_digest, OCI_DOCUMENT_MAX_BYTES, &bytes, &length, &ignored) < 0
	    || image_manifest_parse(bytes ? bytes : "", length, &manifest, &ignored) < 0)
		return 0;
	LIST_EACH(struct descriptor, layer, &manifest.layers)
		sum += (uint64_t) layer->size;
	sum += (uint64_t) manifest.config.size;
	fields_done(image_manifest_fields, &manifest);
	return sum;
}

void image_layers_done(struct image_layers *layers)
{
	LIST_EACH(struct image_layer, layer, &layers->layers) {
		free(layer->chain_id);
		texts_done(&layer->names);
	}
	free(layers->layers.items);
	free(layers->id);
	texts_done(&layers->names);
	*layers = (struct image_layers) {0};
}

int image_changes(struct engine *engine, const char *text, const char *other, layer_change_visit *visit,
                  void *context, struct error *err)
{
	AUTO_IMAGE_RECORD struct image_record after = {0}, before = {0};
	AUTO_CLOSE int hold = -1;
	struct store *store = engine_store(engine, err);
	int r;

	if (!store)
		return -EIO;
	/* or an rmi beside us would take the layers away while they are read */
	hold = store_hold(store, err);
	if (hold < 0)
		return hold;
	r = image_find(engine, text, &after, NULL, err);
	if (r >= 0 && other)
		r = image_find(engine, other, &before, NULL, err);
	if (r < 0)
		return r;
	for (size_t i = 0; !other && i + 1 < after.layers.count; i++)
		texts_add(&before.layers, after.layers.items[i]);
	return layers_compare(store, &before.layers, &after.layers, visit, context, err);
}
