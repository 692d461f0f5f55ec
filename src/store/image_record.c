/* SPDX-License-Identifier: GPL-2.0-or-later */
/* image_record.c - one JSON file an image: what a listing needs without opening manifests */
#include "coracle/store/store.h"

#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"
#include "coracle/base/file.h"
#include "coracle/base/log.h"
#include "coracle/base/scan.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "shared_private.h"
#include "store_private.h"

#define RECORD_MAX_BYTES (4 << 20)
#define SUFFIX           ".json"

const struct field image_record_fields[] = {
	FIELD_TEXT("id", struct image_record, id, .required = true),
	FIELD_TEXT("manifest", struct image_record, manifest_digest),
	FIELD_TEXTS("digests", struct image_record, digests),
	FIELD_TEXTS("layers", struct image_record, layers, .keep = true),
	FIELD_UINT("size", struct image_record, size, .keep = true),
	FIELD_TEXT("created", struct image_record, created),
	FIELD_TEXT("loaded", struct image_record, loaded),
	FIELD_TEXT("architecture", struct image_record, architecture),
	FIELD_TEXT("os", struct image_record, os),
	FIELD_PAIRS("labels", struct image_record, labels),
	FIELD_TEXTS("pushed", struct image_record, pushed),
	FIELD_BOOL("elsewhere", struct image_record, elsewhere),
	FIELD_END,
};

static void record_clear(struct image_record *record)
{
	fields_done(image_record_fields, record);
	texts_done(&record->names);
	record->damaged = false;
}

static int record_path(const char *id, char into[static STORE_NAME_SIZE], struct error *err)
{
	AUTO_FREE char *full = strchr(id, ':') ? xstrdup(id) : xprintf(DIGEST_PREFIX "%s", id);

	if (!digest_is_valid(full))
		return error_set(err, ERROR_INVALID, "\"%.100s\" is not an image id", id);
	(void) snprintf(into, STORE_NAME_SIZE, "images/%s" SUFFIX, digest_hex(full));
	return 0;
}

/* check_digests - a hand-edited record must not lead anywhere outside the store */
static int check_digests(const struct image_record *record, const char *path, struct error *err)
{
	if (!digest_is_valid(record->id)
	    || strncmp(path + strlen("images/"), digest_hex(record->id), 64) != 0)
		return error_set(err, ERROR_INVALID, "\"id\" does not fit the file's name");
	if (record->manifest_digest && !digest_is_valid(record->manifest_digest))
		return error_set(err, ERROR_INVALID, "\"manifest\" is not a digest");
	for (size_t i = 0; i < record->layers.count; i++)
		if (!digest_is_valid(record->layers.items[i]))
			return error_set(err, ERROR_INVALID, "\"layers\"[%zu] is not a digest", i);
	return 0;
}

static bool is_elsewhere(struct store *store, const struct texts *layers)
{
	if (store_is_shared(store))
		return true;
	for (size_t i = 0; i < layers->count; i++)
		if (!layer_is_here(store, layers->items[i]))
			return true;
	return false;
}

int image_record_write(struct store *store, const struct image_record *record, struct error *err)
{
	AUTO_JSON json_t *json = NULL;
	AUTO_FREE char *text = NULL;
	struct image_record copy; /* borrows all */
	char path[STORE_NAME_SIZE];
	int r;

	r = record_path(record->id, path, err);
	if (r < 0)
		return r;
	r = check_digests(record, path, err);
	if (r < 0)
		return error_wrap(err, r, "image record");
	copy = *record;
	copy.elsewhere = is_elsewhere(store, &record->layers);
	json = json_write(image_record_fields, &copy);
	text = json_text(json, JSON_COMPACT);
	r = store_publish_file(store, "images", path + strlen("images/"), text, strlen(text));
	return r < 0 ? error_errno(err, -r, "write store/%s", path) : 0;
}

static int read_record(const struct store *store, const char *path, struct image_record *out, struct error *err)
{
	struct image_record record = {0};
	int r;

	r = scan_file(store->fd, path, RECORD_MAX_BYTES, image_record_fields, &record, err);
	if (r == -ENOENT)
		(void) error_errno(err, ENOENT, "store/%s", path);
	if (r < 0)
		return error_wrap(err, r, "image %.12s", path + strlen("images/"));
	r = check_digests(&record, path, err);
	if (r < 0) {
		record_clear(&record);
		return error_wrap(err, r, "image %.12s: store/%s", path + strlen("images/"), path);
	}
	record.store = store->path;
	*out = record;
	return 0;
}

bool image_record_exists(struct store *store, const char *id)
{
	char path[STORE_NAME_SIZE];
	struct error ignored = {0};

	if (record_path(id, path, &ignored) < 0)
		return false;
	if (file_exists(store->fd, path))
		return true;
	for (size_t i = 0;;) {
		const struct store *shared = store_shared_next(store, &i);

		if (!shared)
			return false;
		if (file_exists(shared->fd, path))
			return true;
	}
}

int image_record_read(struct store *store, const char *id, struct image_record *out, struct error *err)
{
	char path[STORE_NAME_SIZE];
	int r = record_path(id, path, err);

	if (r < 0)
		return r;
	r = read_record(store, path, out, err);
	for (size_t i = 0; r == -ENOENT;) {
		const struct store *shared = store_shared_next(store, &i);

		if (!shared)
			break;
		r = read_record(shared, path, out, err);
	}
	return r;
}

/* add_shared_names - those of additional stores that mean this image here, too */
static void add_shared_names(struct store *store, struct image_record *record)
{
	const struct store *shared;

	for (size_t i = 0; (shared = store_shared_next(store, &i));) {
		struct store alone = {.fd = shared->fd, .looked = true};
		AUTO_PAIRS struct pairs refs = {0};
		struct error ignored = {0};

		(void) !ref_list(&alone, &refs, &ignored);
		for (size_t j = 0; j < refs.count; j++) {
			AUTO_FREE char *id = NULL;

			if (strcmp(refs.items[j].value, record->id) == 0 && ref_read(store, refs.items[j].key, &id) == 0
			    && strcmp(id, record->id) == 0 && !texts_has(&record->names, refs.items[j].key))
				texts_add(&record->names, refs.items[j].key);
		}
	}
}

int image_record_names(struct store *store, struct image_record *record, struct error *err)
{
	AUTO_PAIRS struct pairs refs = {0};
	int r = ref_list(store, &refs, err);

	if (r < 0)
		return r;
	texts_done(&record->names);
	for (size_t i = 0; i < refs.count; i++)
		if (strcmp(refs.items[i].value, record->id) == 0)
			texts_add(&record->names, refs.items[i].key);
	if (record->store)
		add_shared_names(store, record);
	return 0;
}

/* id_of_file - owned "sha256:HEX" of "HEX.json", or NULL */
static char *id_of_file(const char *file)
{
	size_t length = strlen(file);
	AUTO_FREE char *id = NULL;

	if (length != 64 + strlen(SUFFIX) || strcmp(file + 64, SUFFIX) != 0)
		return NULL;
	id = xprintf(DIGEST_PREFIX "%.64s", file);
	return digest_is_valid(id) ? TAKE_PTR(id) : NULL;
}

static int own_ids(const struct store *store, const char *prefix, struct texts *out, struct error *err)
{
	AUTO_TEXTS struct texts files = {0};
	int r = directory_list(store->fd, "images", &files);

	if (r < 0)
		return error_errno(err, -r, "list store/images");
	for (size_t i = 0; i < files.count; i++) {
		char *id;

		if (strncmp(files.items[i], prefix, strlen(prefix)) != 0)
			continue;
		id = id_of_file(files.items[i]);
		if (id)
			texts_take(out, id);
	}
	return 0;
}

int image_record_ids(struct store *store, const char *prefix, struct texts *out, struct error *err)
{
	int r = own_ids(store, prefix, out, err);

	for (size_t i = 0; r >= 0;) {
		const struct store *shared = store_shared_next(store, &i);
		AUTO_TEXTS struct texts ids = {0};
		struct error ignored = {0};

		if (!shared)
			break;
		/* one that has become unreadable is passed over */
		(void) !own_ids(shared, prefix, &ids, &ignored);
		for (size_t j = 0; j < ids.count; j++)
			if (!texts_has(out, ids.items[j]))
				texts_add(out, ids.items[j]);
	}
	return r;
}

static const char *text_or_empty(const char *text)
{
	return text ? text : "";
}

static int compare_newest_first(const void *a, const void *b)
{
	const struct image_record *left = a, *right = b;
	int r = strcmp(text_or_empty(right->created), text_or_empty(left->created));

	return r ? r : strcmp(left->id, right->id);
}

static int compare_pairs(const void *a, const void *b)
{
	const struct pair *left = a, *right = b;
	int r = strcmp(left->value, right->value);

	return r ? r : strcmp(left->key, right->key);
}

/* give_names - refs are sorted by image id, so that each record finds its own by bisection */
static void give_names(struct image_record *record, const struct pairs *refs)
{
	size_t low = 0, high = refs->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(refs->items[middle].value, record->id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < refs->count && strcmp(refs->items[low].value, record->id) == 0; low++)
		texts_add(&record->names, refs->items[low].key);
}

int image_record_list(struct store *store, struct list *out, struct error *err)
{
	AUTO_TEXTS struct texts ids = {0};
	AUTO_PAIRS struct pairs refs = {0};
	int r = own_ids(store, "", &ids, err);

	if (r >= 0)
		r = ref_list(store, &refs, err);
	if (r < 0)
		return r;
	if (refs.count)
		qsort(refs.items, refs.count, sizeof *refs.items, compare_pairs);
	for (size_t i = 0; i < ids.count; i++) {
		struct image_record record = {0};
		struct error failure = {0};
		struct image_record *slot;
		char path[STORE_NAME_SIZE];

		(void) snprintf(path, sizeof path, "images/%s" SUFFIX, digest_hex(ids.items[i]));
		r = read_record(store, path, &record, &failure);
		if (r == -ENOENT) /* removed since the directory was read */
			continue;
		if (r < 0) {
			log_warning("%s", failure.text);
			record = (struct image_record){.damaged = true};
			record.id = xstrdup(ids.items[i]);
		}
		give_names(&record, &refs);
		slot = list_add(out, sizeof record);
		*slot = record;
	}
	if (out->count)
		qsort(out->items, out->count, sizeof(struct image_record), compare_newest_first);
	return 0;
}

/* add_shared - what is there already keeps its place and gets the names that the shared store alone has */
static void add_shared(struct store *own, struct list *records, struct image_record *fresh, const struct pairs *own_refs)
{
	AUTO_TEXTS struct texts names = TAKE(fresh->names, (struct texts){0});
	struct image_record *slot = NULL;

	LIST_EACH(struct image_record, record, records)
		if (strcmp(record->id, fresh->id) == 0)
			slot = record;
	if (slot) {
		record_clear(fresh);
	} else {
		slot = list_add(records, sizeof *slot);
		*slot = *fresh;
		for (size_t i = 0; i < own_refs->count; i++)
			if (strcmp(own_refs->items[i].value, slot->id) == 0)
				texts_add(&slot->names, own_refs->items[i].key);
	}
	for (size_t i = 0; i < names.count; i++) {
		AUTO_FREE char *stands_for = NULL;

		/* a name means what ref_read says */
		if (ref_read(own, names.items[i], &stands_for) == 0 && strcmp(stands_for, slot->id) == 0
		    && !texts_has(&slot->names, names.items[i]))
			texts_add(&slot->names, names.items[i]);
	}
}

int image_record_list_all(struct store *store, struct list *out, struct error *err)
{
	AUTO_PAIRS struct pairs refs = {0};
	int r = image_record_list(store, out, err);

	if (r < 0 || store_shared_count(store) == 0)
		return r;
	r = ref_list(store, &refs, err);
	for (size_t i = 0; r >= 0;) {
		struct store *shared = store_shared_next(store, &i);
		struct list records = {0};
		struct error ignored = {0};

		if (!shared)
			break;
		(void) !image_record_list(shared, &records, &ignored);
		LIST_EACH(struct image_record, record, &records)
			add_shared(store, out, record, &refs);
		free(records.items);
	}
	if (out->count)
		qsort(out->items, out->count, sizeof(struct image_record), compare_newest_first);
	return r;
}

void image_record_list_done(struct list *list)
{
	LIST_EACH(struct image_record, record, list)
		record_clear(record);
	free(list->items);
	*list = (struct list){0};
}

static int remove_names(struct store *store, const char *id, struct error *err)
{
	AUTO_PAIRS struct pairs refs = {0};
	int r = ref_list(store, &refs, err);

	for (size_t i = 0; r >= 0 && i < refs.count; i++) {
		if (strcmp(refs.items[i].value, id) != 0)
			continue;
		r = ref_remove(store, refs.items[i].key, err);
		if (r == -ENOENT)
			r = 0;
	}
	return r;
}

int image_record_forget(struct store *store, const struct image_record *record, struct error *err)
{
	char path[STORE_NAME_SIZE];
	int r = record_path(record->id, path, err);

	/* names first: a name must never stand for an image that is half gone */
	if (r >= 0)
		r = remove_names(store, record->id, err);
	if (r < 0)
		return r;
	if (unlinkat(store->fd, path, 0) < 0 && errno != ENOENT)
		return error_errno(err, errno, "remove store/%s", path);
	/* a name that was given meanwhile: who gives one looks afterwards whether the record is there */
	return remove_names(store, record->id, err);
}

int image_record_remove(struct store *store, const struct image_record *record,
                        const struct texts *layers_in_use, struct error *err)
{
	int r = image_record_forget(store, record, err);

	return r < 0 ? r : layer_remove_unused(store, NULL, layers_in_use, err);
}
