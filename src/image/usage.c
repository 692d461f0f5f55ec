/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage.c - how much room images take, layers that several have counted once; see prune.h */
#include "coracle/image/prune.h"

#include "coracle/base/alloc.h"
#include "coracle/store/shared.h"

#include <string.h>

/* one layer of one image */
struct piece {
	const char *chain_id; /* borrowed from the records */
	size_t image;
};

struct pieces {
	struct piece *items; /* owned */
	size_t count;
};

static void pieces_done(struct pieces *pieces)
{
	free(pieces->items);
}

void image_usages_done(struct image_usages *usages)
{
	LIST_EACH(struct image_usage, image, &usages->images) {
		free(image->id);
		free(image->created);
		texts_done(&image->names);
	}
	free(usages->images.items);
	*usages = (struct image_usages){0};
}

static int compare_pieces(const void *a, const void *b)
{
	const struct piece *left = a, *right = b;
	int r = strcmp(left->chain_id, right->chain_id);

	return r ? r : (left->image > right->image) - (left->image < right->image);
}

static void add_pieces(const struct list *records, struct pieces *out)
{
	size_t image = 0, count = 0;

	LIST_EACH(struct image_record, record, records)
		count += record->layers.count;
	out->items = xcalloc(count + 1, sizeof *out->items);
	LIST_EACH(struct image_record, record, records) {
		for (size_t i = 0; i < record->layers.count; i++)
			out->items[out->count++] = (struct piece){record->layers.items[i], image};
		image++;
	}
	qsort(out->items, out->count, sizeof *out->items, compare_pieces);
}

static uint64_t layer_size(struct store *store, const char *chain_id)
{
	struct layer_info info = {0};
	struct error ignored = {0};
	uint64_t size;

	/* one that is missing or damaged is image check's to tell */
	if (layer_read(store, chain_id, &info, &ignored) < 0)
		return 0;
	size = info.size;
	fields_done(layer_info_fields, &info);
	return size;
}

/* add_layer - count pieces, all of the same layer, an image at the most twice in a row */
static void add_layer(struct store *store, const struct piece *pieces, size_t count, struct image_usages *out)
{
	uint64_t size = layer_size(store, pieces[0].chain_id);
	/* an additional store's layers take no room in this one */
	bool is_own = store_owns_layer(store, pieces[0].chain_id);
	bool is_shared = !is_own || pieces[0].image != pieces[count - 1].image, is_active = false;

	for (size_t i = 0; i < count; i++) {
		struct image_usage *image = LIST_AT(struct image_usage, &out->images, pieces[i].image);

		if (i && pieces[i].image == pieces[i - 1].image)
			continue;
		image->size += size;
		image->shared += is_shared ? size : 0;
		is_active = is_active || image->containers;
	}
	if (!is_own)
		return;
	out->size += size;
	out->reclaimable += is_active ? 0 : size;
}

static void add_images(struct list *records, const struct texts *users, struct image_usages *out)
{
	LIST_EACH(struct image_record, record, records) {
		struct image_usage *image = list_add(&out->images, sizeof *image);

		image->id = xstrdup(record->id);
		image->created = record->created ? xstrdup(record->created) : NULL;
		texts_add_all(&image->names, &record->names);
		for (size_t i = 0; i < users->count; i++)
			image->containers += strcmp(users->items[i], record->id) == 0;
		out->active += image->containers > 0;
	}
}

int image_usage(struct engine *engine, const struct texts *users, struct image_usages *out, struct error *err)
{
	AUTO(image_record_list_done) struct list records = {0};
	AUTO(pieces_done) struct pieces pieces = {0};
	struct store *store = engine_store(engine, err);
	int r = store ? image_record_list(store, &records, err) : -EIO;

	if (r < 0)
		return r;
	add_images(&records, users, out);
	add_pieces(&records, &pieces);
	for (size_t i = 0, end; i < pieces.count; i = end) {
		for (end = i + 1; end < pieces.count; end++)
			if (strcmp(pieces.items[end].chain_id, pieces.items[i].chain_id) != 0)
				break;
		add_layer(store, pieces.items + i, end - i, out);
	}
	return 0;
}
