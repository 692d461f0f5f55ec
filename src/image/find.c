/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * find.c - an image by name or id
 *
 * This is on the way of every start: a name costs one small file, the record a second, the
 * configuration a third. Listing directories comes only after the names have failed.
 */
#include "coracle/image/image.h"

#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"
#include "coracle/base/id.h"
#include "coracle/conf/registries.h"
#include "coracle/image/reference.h"
#include "coracle/store/index.h"

#include <string.h>

#include "digests.h"
#include "manifest_source.h"
#include "name.h"

void image_record_done(struct image_record *record)
{
	fields_done(image_record_fields, record);
	texts_done(&record->names);
	record->damaged = false;
}

static int unknown(struct store *store, const char *text, struct error *err)
{
	AUTO_INDEX_RECORD struct index_record list = {0};
	struct error ignored = {0};

	if (manifest_list_named(store, text, &list, &ignored) == 0)
		return error_set(err, ERROR_NOT_FOUND, "image not known: \"%.300s\" is a manifest list; what is in it: "
		                 "coracle manifest inspect %.300s", text, text);
	return error_set(err, ERROR_NOT_FOUND, "image not known: \"%.300s\"; get it with: coracle pull %.300s",
	                 text, text);
}

static int read_record(struct store *store, const char *id, struct image_record *out, struct error *err)
{
	struct error cause = {0};
	int r = image_record_read(store, id, out, &cause);

	if (r == -EINVAL)
		return error_set(err, ERROR_INVALID,
		                 "%.1500s; remove the damaged image and load it again: coracle rmi -f %.12s",
		                 cause.text, digest_hex(id));
	*err = cause;
	return r;
}

static int find_by_prefix(struct store *store, const char *hex, struct image_record *out, struct error *err)
{
	AUTO_TEXTS struct texts ids = {0};
	int r = image_record_ids(store, hex, &ids, err);

	if (r < 0)
		return r;
	if (ids.count == 0)
		return -ENOENT;
	if (ids.count > 1)
		return error_set(err, ERROR_CONFLICT, "image id %s is ambiguous: %zu images begin with it",
		                 hex, ids.count);
	return read_record(store, ids.items[0], out, err);
}

/* find_by_name - each full name in turn; -ENOENT without words when none is there */
static int find_by_name(struct store *store, const struct texts *candidates, struct image_record *out,
                        char **name, struct error *err)
{
	for (size_t i = 0; i < candidates->count; i++) {
		AUTO_FREE char *id = NULL;
		int r = ref_read(store, candidates->items[i], &id);

		if (r == -ENOENT)
			continue;
		if (r < 0)
			return error_errno(err, -r, "image name %s", candidates->items[i]);
		r = read_record(store, id, out, err);
		if (r < 0)
			return error_wrap(err, r == -ENOENT ? -EIO : r, "image name %s", candidates->items[i]);
		texts_add(&out->names, candidates->items[i]);
		if (name)
			*name = xstrdup(candidates->items[i]);
		return 0;
	}
	return -ENOENT;
}

/* find_by_digest - NAME@DIGEST: the digest of an index, of the manifest, or of the configuration */
static int find_by_digest(struct store *store, const char *digest, const struct texts *candidates,
                          struct image_record *out, char **name, struct error *err)
{
	AUTO(image_record_list_done) struct list records = {0};
	AUTO_TEXTS struct texts pulled = {0};
	int r;

	/* what was pulled by digest has it as its name; that may be an index's */
	for (size_t i = 0; i < candidates->count; i++) {
		AUTO_FREE char *repository = name_repository(candidates->items[i], NULL);

		texts_printf(&pulled, "%s@%s", repository, digest);
	}
	r = find_by_name(store, &pulled, out, name, err);
	if (r != -ENOENT)
		return r;
	r = image_record_list_all(store, &records, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < candidates->count; i++) {
		LIST_EACH(struct image_record, record, &records) {
			if (record->damaged || !digests_has(record, candidates->items[i], digest))
				continue;
			*out = TAKE(*record, (struct image_record){0});
			if (name)
				*name = xstrdup(candidates->items[i]);
			return 0;
		}
	}
	return -ENOENT;
}

/* add_configured - what registries.conf makes of a short name; a file that can't be read is pull's to tell */
static void add_configured(const struct reference *reference, struct texts *out)
{
	AUTO_PLACES struct places places = {0};
	AUTO_REGISTRIES struct registries registries = {0};
	AUTO_TEXTS struct texts names = {0};
	struct error ignored = {0};

	places_find("", &places);
	if (registries_read(&places, &registries, &ignored) < 0
	    || registries_candidates(&registries, reference->path, &names, NULL, &ignored) < 0)
		return;
	for (size_t i = 0; i < names.count; i++) {
		AUTO_FREE char *text = xprintf("%s%s%s%s%s", names.items[i], reference->tag ? ":" : "",
		                               reference->tag ? reference->tag : "", reference->digest ? "@" : "",
		                               reference->digest ? reference->digest : "");
		AUTO_REFERENCE struct reference full = {0};

		if (reference_parse(text, &full, &ignored) >= 0)
			reference_candidates(&full, out);
	}
}

static int find_among(struct store *store, const struct reference *reference, const struct texts *candidates,
                      struct image_record *out, char **name, struct error *err)
{
	return reference->digest ? find_by_digest(store, reference->digest, candidates, out, name, err)
	                         : find_by_name(store, candidates, out, name, err);
}

static int find_parsed(struct store *store, const struct reference *reference, struct image_record *out,
                       char **name, struct error *err)
{
	AUTO_TEXTS struct texts candidates = {0};
	int r;

	reference_candidates(reference, &candidates);
	r = find_among(store, reference, &candidates, out, name, err);
	if (r != -ENOENT || reference->registry)
		return r;
	texts_done(&candidates);
	add_configured(reference, &candidates);
	return find_among(store, reference, &candidates, out, name, err);
}

int image_find(struct engine *engine, const char *text, struct image_record *out, char **name,
               struct error *err)
{
	AUTO_REFERENCE struct reference reference = {0};
	bool is_prefixed = strncmp(text, DIGEST_PREFIX, strlen(DIGEST_PREFIX)) == 0;
	const char *hex = is_prefixed ? text + strlen(DIGEST_PREFIX) : text;
	struct store *store;
	int r = -ENOENT;

	if (strcmp(text, IMAGE_HOST) == 0)
		return error_set(err, ERROR_NOT_FOUND,
		                 "\"%s\" is this machine's own root file system, no image of the store", text);
	store = engine_store(engine, err);
	if (!store)
		return -EIO;
	if (name)
		*name = NULL;
	/* 64 digits are an id; fewer may also be a name, and then the name counts */
	if (!is_prefixed && !(strlen(hex) == 64 && id_is_hex(hex))) {
		r = reference_parse(text, &reference, err);
		if (r < 0)
			return r;
		r = find_parsed(store, &reference, out, name, err);
	}
	if (r == -ENOENT && id_is_hex(hex))
		r = find_by_prefix(store, hex, out, err);
	return r == -ENOENT ? unknown(store, text, err) : r;
}

int image_find_all_names(struct engine *engine, const char *text, struct image_record *out, struct error *err)
{
	AUTO_IMAGE_RECORD struct image_record record = {0};
	struct store *store = engine_store(engine, err);
	int r = store ? image_find(engine, text, &record, NULL, err) : -EIO;

	if (r >= 0)
		r = image_record_names(store, &record, err);
	if (r >= 0)
		*out = TAKE(record, (struct image_record){0});
	return r;
}

int image_read_config(struct engine *engine, const struct image_record *record, struct image_config *out,
                      struct error *err)
{
	struct store *store = engine_store(engine, err);
	AUTO_FREE char *bytes = NULL;
	size_t length;
	int r;

	if (!store)
		return -EIO;
	r = blob_read(store, record->id, OCI_DOCUMENT_MAX_BYTES, &bytes, &length, err);
	if (r >= 0)
		r = image_config_parse(bytes, length, out, err);
	return r < 0 ? error_wrap(err, r, "configuration of image %.12s", digest_hex(record->id)) : 0;
}
