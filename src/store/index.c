/* SPDX-License-Identifier: GPL-2.0-or-later */
/* index.c - one JSON file a manifest list; see index.h */
#include "coracle/store/index.h"

#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"
#include "coracle/base/file.h"
#include "coracle/base/id.h"
#include "coracle/base/log.h"
#include "coracle/oci/image.h"
#include "coracle/sys/lock.h"

#include <string.h>

#include "store_private.h"

#define FOLDER           "indexes"
#define INDEX_LOCK       "locks/indexes"
#define RECORD_MAX_BYTES (4 << 20)

static const struct field index_record_fields[] = {
	FIELD_TEXT("id", struct index_record, id, .required = true),
	FIELD_TEXT("digest", struct index_record, digest, .required = true),
	FIELD_TEXT("created", struct index_record, created),
	FIELD_PAIRS("sources", struct index_record, sources),
	FIELD_END,
};

void index_record_done(struct index_record *record)
{
	fields_done(index_record_fields, record);
	free(TAKE_PTR(record->name));
}

int index_lock(struct store *store, struct error *err)
{
	int fd = lock_take(store->fd, INDEX_LOCK, LOCK_MODE_EXCLUSIVE, LOCK_WAIT);

	return fd < 0 ? error_errno(err, -fd, "lock store/" INDEX_LOCK) : fd;
}

int index_write(struct store *store, const struct index_record *record, struct error *err)
{
	AUTO_JSON json_t *json = json_write(index_record_fields, record);
	AUTO_FREE char *text = json_text(json, JSON_COMPACT);
	char file[STORE_FILE_MAX + 1];
	int r = name_escape(record->name, file);

	if (r < 0)
		return error_errno(err, -r, "name of a manifest list \"%.300s\"", record->name);
	/* a store of an older version has no such folder */
	r = directory_make(store->fd, FOLDER, 0700);
	if (r >= 0)
		r = store_publish_file(store, FOLDER, file, text, strlen(text));
	return r < 0 ? error_errno(err, -r, "write manifest list %s", record->name) : 0;
}

static int read_file(struct store *store, const char *file, const char *name, struct index_record *out,
                     struct error *err)
{
	AUTO_INDEX_RECORD struct index_record record = {0};
	AUTO_FREE char *path = xprintf(FOLDER "/%s", file);
	int r = file_read_json(store->fd, path, RECORD_MAX_BYTES, index_record_fields, &record, err);

	if (r < 0)
		return r;
	/* a hand-edited record must not lead anywhere outside the store */
	if (!record.digest || !digest_is_valid(record.digest) || !record.id || strlen(record.id) != ID_LENGTH
	    || !id_is_hex(record.id))
		return error_set(err, ERROR_INVALID, "store/%s is damaged; remove it and make the list again", path);
	record.name = xstrdup(name);
	*out = TAKE(record, (struct index_record){0});
	return 0;
}

int index_read(struct store *store, const char *name, struct index_record *out, struct error *err)
{
	char file[STORE_FILE_MAX + 1];

	/* a name that can't be a file can't have been written */
	return name_escape(name, file) < 0 ? -ENOENT : read_file(store, file, name, out, err);
}

/* list_files - their names; none where the folder is not there yet */
static int list_files(struct store *store, struct texts *out, struct error *err)
{
	int r = directory_list(store->fd, FOLDER, out);

	return r < 0 && r != -ENOENT ? error_errno(err, -r, "list store/" FOLDER) : 0;
}

enum damaged { DAMAGED_LEFT_OUT, DAMAGED_ENDS };

static int list_records(struct store *store, enum damaged damaged, struct list *out, struct error *err)
{
	AUTO_TEXTS struct texts files = {0};
	int r = list_files(store, &files, err);

	for (size_t i = 0; r >= 0 && i < files.count; i++) {
		AUTO_FREE char *name = name_unescape(files.items[i]);
		struct index_record record = {0};
		int failed = name ? read_file(store, files.items[i], name, &record, err) : -ENOENT;

		if (failed >= 0) {
			struct index_record *slot = list_add(out, sizeof record);

			*slot = record;
		} else if (failed != -ENOENT && damaged == DAMAGED_ENDS) {
			r = error_wrap(err, failed, "manifest list %s", name);
		} else if (failed != -ENOENT) {
			log_warning("%s", err->text);
		}
	}
	return r;
}

int index_list(struct store *store, struct list *out, struct error *err)
{
	return list_records(store, DAMAGED_LEFT_OUT, out, err);
}

void index_list_done(struct list *list)
{
	LIST_EACH(struct index_record, record, list)
		index_record_done(record);
	free(list->items);
	*list = (struct list){0};
}

int index_remove(struct store *store, const char *name, struct error *err)
{
	char file[STORE_FILE_MAX + 1];
	int r = name_escape(name, file);
	AUTO_FREE char *path = r < 0 ? NULL : xprintf(FOLDER "/%s", file);

	if (!path)
		return error_errno(err, -r, "name of a manifest list \"%.300s\"", name);
	if (unlinkat(store->fd, path, 0) < 0)
		return error_errno(err, errno, "remove manifest list %s", name);
	return 0;
}

static int add_blobs(struct store *store, const struct index_record *record, struct texts *out, struct error *err)
{
	struct image_index index = {0};
	AUTO_FREE char *bytes = NULL;
	size_t length = 0;
	int r = blob_read(store, record->digest, OCI_DOCUMENT_MAX_BYTES, &bytes, &length, err);

	if (r >= 0)
		r = image_index_parse(bytes ? bytes : "", length, &index, err);
	if (r < 0)
		return error_wrap(err, r, "manifest list %s", record->name);
	texts_add(out, record->digest);
	LIST_EACH(struct descriptor, descriptor, &index.manifests)
		texts_add(out, descriptor->digest);
	fields_done(image_index_fields, &index);
	return 0;
}

int index_list_damaged(struct store *store, struct texts *out, struct error *err)
{
	AUTO_TEXTS struct texts files = {0};
	int r = list_files(store, &files, err);

	for (size_t i = 0; r >= 0 && i < files.count; i++) {
		AUTO_FREE char *name = name_unescape(files.items[i]);
		AUTO_INDEX_RECORD struct index_record record = {0};
		AUTO_TEXTS struct texts blobs = {0};
		struct error cause = {0};
		int whole = name ? read_file(store, files.items[i], name, &record, &cause) : 0;

		if (name && whole >= 0)
			whole = add_blobs(store, &record, &blobs, &cause);
		if (whole < 0 && name && whole != -EINTR)
			texts_add(out, name);
	}
	return r;
}

int index_blobs(struct store *store, struct texts *out, struct error *err)
{
	AUTO(index_list_done) struct list records = {0};
	int r = list_records(store, DAMAGED_ENDS, &records, err);

	LIST_EACH(struct index_record, record, &records)
		if (r >= 0)
			r = add_blobs(store, record, out, err);
	return r;
}
