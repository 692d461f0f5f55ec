/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gc.c - layers and blobs that nothing needs; see gc.h */
#include "coracle/store/gc.h"

#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"
#include "coracle/base/file.h"
#include "coracle/base/id.h"
#include "coracle/base/log.h"
#include "coracle/store/index.h"
#include "coracle/store/part.h"
#include "coracle/sys/tree.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "store_private.h"

/* --- what is needed: sorted digests --- */

struct roots {
	struct texts layers, blobs;
};

static void roots_done(struct roots *roots)
{
	texts_done(&roots->layers);
	texts_done(&roots->blobs);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

static void sort(struct texts *texts)
{
	if (texts->count)
		qsort(texts->items, texts->count, sizeof *texts->items, compare_texts);
}

static bool is_among(const struct texts *sorted, const char *digest)
{
	return sorted->count
	       && bsearch(&digest, sorted->items, sorted->count, sizeof *sorted->items, compare_texts);
}

/* add_images - -EAGAIN when a damaged record hides what its image needs: err names it */
static int add_images(struct store *store, struct roots *into, struct error *err)
{
	AUTO(image_record_list_done) struct list images = {0};
	int r = image_record_list(store, &images, err);

	if (r < 0)
		return r;
	LIST_EACH(struct image_record, image, &images) {
		if (image->damaged) {
			(void) error_set(err, ERROR_CONFLICT, "image %.12s", digest_hex(image->id));
			return -EAGAIN;
		}
		texts_add_all(&into->layers, &image->layers);
		texts_add(&into->blobs, image->id);
		if (image->manifest_digest)
			texts_add(&into->blobs, image->manifest_digest);
	}
	return 0;
}

/* Everything that names layers or blobs is asked here. */
static int roots_read(struct store *store, struct roots *out, struct error *err)
{
	int r = add_images(store, out, err);

	if (r >= 0 && index_blobs(store, &out->blobs, err) < 0) {
		/* a list that can't be read hides what it names: which one it is, without the cause */
		char *cause = strstr(err->text, ": ");

		if (cause)
			*cause = '\0';
		r = -EAGAIN;
	}
	sort(&out->layers);
	sort(&out->blobs);
	return r;
}

/* --- layers --- */

static int list_digests(struct store *store, const char *folder, struct texts *out, struct error *err)
{
	AUTO_TEXTS struct texts names = {0};
	int r = directory_list(store->fd, folder, &names);

	if (r < 0)
		return error_errno(err, -r, "list store/%s", folder);
	for (size_t i = 0; i < names.count; i++)
		if (strlen(names.items[i]) == 64 && id_is_hex(names.items[i]))
			texts_printf(out, DIGEST_PREFIX "%s", names.items[i]);
	return 0;
}

static uint64_t layer_bytes(struct store *store, const char *chain_id)
{
	struct layer_info info = {0};
	struct error ignored = {0};
	char path[STORE_NAME_SIZE];
	uint64_t bytes;

	if (layer_read(store, chain_id, &info, &ignored) >= 0) {
		bytes = info.size;
		fields_done(layer_info_fields, &info);
		return bytes;
	}
	/* the rest of a removal that was cut short, or damaged */
	(void) snprintf(path, sizeof path, "layers/%s", digest_hex(chain_id));
	return tree_bytes(store->fd, path);
}

/* remove_in_place - the record first, so that what a kill leaves does not look like a layer */
static int remove_in_place(struct store *store, const char *chain_id, struct error *err)
{
	char path[STORE_NAME_SIZE];
	int r;

	(void) snprintf(path, sizeof path, "layers/%s/layer.json", digest_hex(chain_id));
	if (unlinkat(store->fd, path, 0) < 0 && errno != ENOENT)
		return error_errno(err, errno, "remove store/%s", path);
	*strrchr(path, '/') = '\0';
	r = tree_remove(store->fd, path);
	return r < 0 ? error_errno(err, -r, "remove store/%s", path) : 0;
}

static int remove_layer(struct store *store, const struct workspace *gone, const char *chain_id, struct error *err)
{
	char path[STORE_NAME_SIZE];

	(void) snprintf(path, sizeof path, "layers/%s", digest_hex(chain_id));
	if (gone->fd >= 0
	    && (renameat(store->fd, path, gone->fd, digest_hex(chain_id)) == 0 || errno == ENOENT))
		return 0;
	return remove_in_place(store, chain_id, err);
}

/* find_unused - those of candidates (NULL: of all) that neither an image nor a container needs */
static int find_unused(struct store *store, const struct texts *candidates, const struct roots *roots,
                       struct texts *in_use, struct texts *out, struct error *err)
{
	AUTO_TEXTS struct texts all = {0};
	int r = candidates ? 0 : list_digests(store, "layers", &all, err);

	if (r < 0)
		return r;
	sort(in_use);
	if (!candidates)
		candidates = &all;
	for (size_t i = 0; i < candidates->count; i++) {
		const char *chain_id = candidates->items[i];

		if (digest_is_valid(chain_id) && !is_among(&roots->layers, chain_id) && !is_among(in_use, chain_id))
			texts_add(out, chain_id);
	}
	return 0;
}

/* remove_layers - gone is opened when there is something to put into it and room for it; the caller closes it, unlocked */
static int remove_layers(struct store *store, const struct texts *unused, struct workspace *gone,
                         struct store_collected *out, struct error *err)
{
	struct error no_room = {0};
	int result = 0;

	if (unused->count && workspace_open(store, "gone", gone, &no_room) < 0)
		log_debug("%s: layers are removed in place", no_room.text);
	for (size_t i = 0; i < unused->count; i++) {
		uint64_t bytes = layer_bytes(store, unused->items[i]);
		struct error failure = {0};
		int r = remove_layer(store, gone, unused->items[i], &failure);

		if (r >= 0) {
			out->layers++;
			out->bytes += bytes;
		} else if (result == 0) {
			*err = failure;
			result = r;
		}
	}
	return result;
}

/* --- blobs --- */

enum gc_mode { GC_COUNT, GC_REMOVE };

static int collect_blobs(struct store *store, const struct roots *roots, enum gc_mode mode,
                         struct store_collected *out, struct error *err)
{
	AUTO_TEXTS struct texts all = {0};
	int r = list_digests(store, "blobs/sha256", &all, err);

	for (size_t i = 0; r >= 0 && i < all.count; i++) {
		char path[STORE_NAME_SIZE];
		struct stat st;

		if (is_among(&roots->blobs, all.items[i]))
			continue;
		(void) snprintf(path, sizeof path, "blobs/sha256/%s", digest_hex(all.items[i]));
		if (fstatat(store->fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (mode == GC_REMOVE && unlinkat(store->fd, path, 0) < 0) {
			/* what stays costs a few kilobytes and is found again by its digest */
			log_warning("remove store/%s: %s", path, strerror(errno));
			continue;
		}
		out->blobs++;
		out->bytes += (uint64_t) st.st_size;
	}
	return r;
}

/* --- both --- */

/* sync_records - a power cut must not bring a record back whose layers are gone; best effort, where that can't be had */
static void sync_records(struct store *store)
{
	static const char *const folders[] = {"refs", "images", "indexes"};

	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		AUTO_CLOSE int fd = directory_open(store->fd, folders[i]);

		if (fd >= 0 && fsync(fd) < 0)
			log_debug("fsync store/%s: %s", folders[i], strerror(errno));
	}
}

struct collecting {
	enum gc_mode mode;
	const struct texts *candidates; /* layers; NULL: all, and blobs */
	store_in_use *in_use;
	void *data;
};

static int collect_locked(struct store *store, const struct collecting *collecting, struct workspace *gone,
                          struct store_collected *out, struct error *err)
{
	AUTO(roots_done) struct roots roots = {0};
	AUTO_TEXTS struct texts in_use = {0}, unused = {0};
	int blobs = 0, r = roots_read(store, &roots, err);

	if (r >= 0)
		r = collecting->in_use(collecting->data, &in_use, err);
	if (r == -EAGAIN) {
		out->kept = STORE_KEPT_DAMAGED;
		(void) snprintf(out->damaged, sizeof out->damaged, "%.100s", err->text);
		return 0;
	}
	if (r >= 0)
		r = find_unused(store, collecting->candidates, &roots, &in_use, &unused, err);
	if (r < 0)
		return r;
	if (collecting->mode == GC_COUNT) {
		out->layers = unused.count;
		for (size_t i = 0; i < unused.count; i++)
			out->bytes += layer_bytes(store, unused.items[i]);
	} else {
		sync_records(store);
	}
	/* first what surely makes room */
	if (!collecting->candidates)
		blobs = collect_blobs(store, &roots, collecting->mode, out, err);
	if (collecting->mode == GC_REMOVE)
		r = remove_layers(store, &unused, gone, out, err);
	return r < 0 ? r : blobs;
}

static int collect(struct store *store, const struct collecting *collecting, struct store_collected *out,
                   struct error *err)
{
	/* closed last: deleting takes its time, and what is moved there is nobody's any more */
	AUTO_WORKSPACE struct workspace gone = WORKSPACE_INIT;
	AUTO_CLOSE int lock = store_lock_exclusive(store);

	if (lock == -EWOULDBLOCK) {
		out->kept = STORE_KEPT_HELD;
		return 0;
	}
	return lock < 0 ? error_errno(err, -lock, "lock the store") : collect_locked(store, collecting, &gone, out, err);
}

int store_exclude(struct store *store)
{
	return store_lock_exclusive(store);
}

int store_collect(struct store *store, enum store_collect what, store_in_use *in_use, void *data,
                  struct store_collected *out, struct error *err)
{
	const struct collecting collecting = {.mode = GC_REMOVE, .in_use = in_use, .data = data};
	struct error failure = {0};
	uint64_t parts = 0;
	int r = 0, swept = 0;

	*out = (struct store_collected){0};
	if (what == STORE_COLLECT_ALL) {
		swept = part_sweep(store, 0, &parts, &failure);
		out->bytes += parts + store_sweep_count(store);
	}
	r = collect(store, &collecting, out, err);
	if (r >= 0 && swept < 0)
		*err = failure;
	return r < 0 ? r : swept;
}

int store_count_garbage(struct store *store, store_in_use *in_use, void *data, struct store_collected *out,
                        struct error *err)
{
	const struct collecting collecting = {.mode = GC_COUNT, .in_use = in_use, .data = data};

	*out = (struct store_collected){.bytes = tree_bytes(store->fd, "parts") + tree_bytes(store->fd, "tmp")};
	return collect(store, &collecting, out, err);
}

static int add_given(void *data, struct texts *chain_ids, struct error *err)
{
	(void) err;
	texts_add_all(chain_ids, data);
	return 0;
}

int layer_remove_unused(struct store *store, const struct texts *candidates, const struct texts *in_use,
                        struct error *err)
{
	struct texts given = *in_use; /* borrows */
	const struct collecting collecting = {
		.mode = GC_REMOVE, .candidates = candidates, .in_use = add_given, .data = &given,
	};
	struct store_collected ignored = {0};

	return collect(store, &collecting, &ignored, err);
}
