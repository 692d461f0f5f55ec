/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prune.c - images that no container uses, removed all at once; see prune.h */
#include "coracle/image/prune.h"

#include "coracle/base/number.h"
#include "coracle/image/mount.h"

#include <string.h>

#include "filter.h"

void image_pruned_done(struct image_pruned *pruned)
{
	texts_done(&pruned->untagged);
	texts_done(&pruned->deleted);
}

/* split_filters - "dangling" says which images are meant, as -a does; the others choose among them */
static bool split_filters(const struct image_prune *request, struct texts *filters)
{
	static const char key[] = "dangling=";
	bool all = request->all;

	for (size_t i = 0; i < request->filters.count; i++) {
		const char *filter = request->filters.items[i];
		bool dangling = true;

		if (strncmp(filter, key, strlen(key)) != 0)
			texts_add(filters, filter);
		else if (number_parse_bool(filter + strlen(key), &dangling) >= 0) /* checked before */
			all = !dangling;
	}
	return all;
}

static int remove_image(struct engine *engine, struct store *store, const struct image_record *image,
                        struct image_pruned *out, struct error *err)
{
	struct error mounted = {0};
	int r = image_mount_forget(engine, image->id, &mounted);

	/* what somebody has mounted is in use */
	if (r == -EBUSY)
		return 0;
	if (r < 0)
		*err = mounted;
	else
		r = image_record_forget(store, image, err);
	if (r < 0)
		return r;
	texts_add_all(&out->untagged, &image->names);
	texts_add(&out->deleted, image->id);
	return 0;
}

static int remove_images(struct engine *engine, struct store *store, const struct image_prune *request,
                         const struct pairs *used, bool *held, struct image_pruned *out, struct error *err)
{
	AUTO(image_record_list_done) struct list images = {0};
	AUTO_TEXTS struct texts filters = {0};
	/* an image that is just being written has no name yet */
	AUTO_CLOSE int lock = store_exclude(store);
	bool all = split_filters(request, &filters);
	int r;

	if (lock == -EWOULDBLOCK) {
		*held = true;
		return 0;
	}
	/* a disk without a free byte may have no room for the lock's file: then nobody else has it either */
	if (lock < 0 && lock != -ENOSPC && lock != -EDQUOT)
		return error_errno(err, -lock, "lock the store");
	r = image_record_list(store, &images, err);
	LIST_EACH(struct image_record, image, &images) {
		if (r < 0)
			break;
		if (image->damaged || (image->names.count && !all) || pairs_get(used, image->id))
			continue;
		r = image_filters_match(engine, &filters, used, image, err);
		if (r > 0)
			r = remove_image(engine, store, image, out, err);
	}
	return r < 0 ? r : 0;
}

int image_prune(struct engine *engine, const struct image_prune *request, const struct pairs *used,
                store_in_use *in_use, void *data, struct image_pruned *out, struct error *err)
{
	struct store *store;
	struct error failure = {0};
	bool held = false;
	int result, r = image_filters_check(&request->filters, err);

	if (r < 0)
		return r;
	store = engine_store(engine, err);
	if (!store)
		return -EIO;
	r = remove_images(engine, store, request, used, &held, out, err);
	/* what was removed before something went wrong must not stay as garbage */
	result = store_collect(store, STORE_COLLECT_ALL, in_use, data, &out->collected, &failure);
	if (held && out->collected.kept == STORE_KEPT_NOTHING)
		out->collected.kept = STORE_KEPT_HELD;
	if (r < 0)
		return r;
	if (result < 0)
		*err = failure;
	return result;
}
