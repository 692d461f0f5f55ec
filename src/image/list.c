/* SPDX-License-Identifier: GPL-2.0-or-later */
/* list.c - the rows of `images` */
#include "coracle/image/image.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/digest.h"
#include "coracle/image/manifest.h"

#include <string.h>

#include "digests.h"
#include "filter.h"
#include "name.h"
#include "pieces.h"

#define NONE "<none>"

static uint64_t created(const struct image_record *record)
{
	uint64_t ns = 0;

	if (record->created)
		(void) !clock_parse_rfc3339(record->created, &ns);
	return ns;
}

/* set_common - what both shapes call by the same name */
static void set_common(json_t *object, const struct image_record *record)
{
	piece_set(object, "ParentId", json_string(""));
	piece_set(object, "RepoDigests", piece_digests(record));
	piece_set(object, "Size", json_integer((json_int_t) record->size));
	piece_set(object, "VirtualSize", json_integer((json_int_t) record->size));
	piece_set(object, "Labels", piece_object(&record->labels));
	piece_set(object, "Names", piece_list(&record->names));
	piece_set(object, "Digest", piece_text(record->manifest_digest));
	piece_set(object, "Created", json_integer((json_int_t) (created(record) / NS_PER_SECOND)));
	piece_set(object, "History", piece_list(&record->names));
	piece_set(object, "Os", piece_text(record->os));
	piece_set(object, "Dangling", json_boolean(record->names.count == 0));
	piece_set(object, "ReadOnly", json_boolean(record->store != NULL));
	if (record->is_list)
		piece_set(object, "IsManifestList", json_true());
	if (record->damaged)
		piece_set(object, "Damaged", json_true());
}

static json_t *typed_row(const struct image_record *record)
{
	json_t *object = json_object();

	piece_set(object, "Id", piece_text(digest_hex(record->id)));
	set_common(object, record);
	piece_set(object, "RepoTags", piece_tags(record));
	piece_set(object, "SharedSize", json_integer(0));
	piece_set(object, "Containers", json_integer(0));
	piece_set(object, "CreatedAt", piece_text(record->created));
	piece_set(object, "Arch", piece_text(record->architecture));
	return object;
}

static json_t *row(const struct image_record *record, const char *name)
{
	json_t *object = json_object();
	AUTO_FREE char *tag = NULL;
	AUTO_FREE char *repository = name ? name_repository(name, &tag) : NULL;
	const char *digest = name ? digests_of(record, name) : record->manifest_digest;
	char at[CLOCK_TEXT_SIZE];

	(void) clock_go(created(record), at);
	piece_set(object, "ID", piece_text(record->id));
	piece_set(object, "Repository", piece_text(repository ? repository : NONE));
	piece_set(object, "Tag", piece_text(tag ? tag : record->damaged ? "damaged" : NONE));
	set_common(object, record);
	piece_set(object, "RepoTags", piece_tags(record));
	piece_set(object, "Digest", piece_text(digest ? digest : NONE));
	piece_set(object, "CreatedAt", json_string(at));
	piece_set(object, "CreatedTime", json_string(at));
	piece_set(object, "Containers", json_string("N/A"));
	piece_set(object, "SharedSize", json_string("N/A"));
	piece_set(object, "UniqueSize", json_string("N/A"));
	piece_set(object, "IsDangling", json_boolean(record->names.count == 0));
	piece_set(object, "IsReadOnly", json_boolean(record->store != NULL));
	piece_set(object, "Architecture", piece_text(record->architecture));
	return object;
}

static void add_rows(const struct image_record *record, const char *pattern, const struct texts *filters, json_t *rows)
{
	if (record->names.count == 0)
		(void) json_array_append_new(rows, row(record, NULL));
	for (size_t i = 0; i < record->names.count; i++)
		if ((!pattern || image_name_matches(record->names.items[i], pattern))
		    && image_filters_show_name(filters, record->names.items[i]))
			(void) json_array_append_new(rows, row(record, record->names.items[i]));
}

static bool has_name(const struct image_record *record, const char *pattern)
{
	for (size_t i = 0; i < record->names.count; i++)
		if (image_name_matches(record->names.items[i], pattern))
			return true;
	return false;
}

static int add_image(struct engine *engine, const struct image_list *request,
                     const struct image_record *record, const char *pattern, json_t *rows, json_t *typed,
                     struct error *err)
{
	int r;

	if (pattern && !has_name(record, pattern))
		return 0;
	r = image_filters_match(engine, &request->filters, request->used, record, err);
	if (r <= 0)
		return r;
	add_rows(record, pattern, &request->filters, rows);
	if (typed)
		(void) json_array_append_new(typed, typed_row(record));
	return 0;
}

/* list_one - the operand is an id */
static int list_one(struct engine *engine, const struct image_list *request, json_t *rows, json_t *typed,
                    struct error *err)
{
	AUTO_IMAGE_RECORD struct image_record record = {0};
	struct error ignored = {0};
	struct store *store = engine_store(engine, err);
	int r;

	if (!store)
		return -EIO;
	/* an operand that fits nothing is an empty list, as docker has it */
	if (image_find(engine, request->name, &record, NULL, &ignored) < 0)
		return 0;
	r = image_record_names(store, &record, err);
	return r < 0 ? r : add_image(engine, request, &record, NULL, rows, typed, err);
}

static int compare_newest_first(const void *a, const void *b)
{
	const struct image_record *left = a, *right = b;
	uint64_t one = created(left), other = created(right);

	return one == other ? strcmp(left->id, right->id) : one < other ? 1 : -1;
}

/* add_lists - manifest lists stand among the images */
static int add_lists(struct store *store, struct list *records, struct error *err)
{
	size_t images = records->count;
	int r = manifest_records(store, records, err);

	if (r >= 0 && records->count > images)
		qsort(records->items, records->count, sizeof(struct image_record), compare_newest_first);
	return r;
}

int image_list(struct engine *engine, const struct image_list *request, json_t **rows, json_t **typed,
               struct error *err)
{
	AUTO(image_record_list_done) struct list records = {0};
	AUTO_JSON json_t *row_array = json_array();
	AUTO_JSON json_t *typed_array = typed ? json_array() : NULL;
	struct store *store;
	int r = image_filters_check(&request->filters, err);

	if (r < 0)
		return r;
	store = engine_store(engine, err);
	if (!store)
		return -EIO;
	r = image_record_list_all(store, &records, err);
	if (r >= 0)
		r = add_lists(store, &records, err);
	if (r < 0)
		return r;
	LIST_EACH(struct image_record, record, &records) {
		r = add_image(engine, request, record, request->name, row_array, typed_array, err);
		if (r < 0)
			return r;
	}
	if (request->name && json_array_size(row_array) == 0) {
		r = list_one(engine, request, row_array, typed_array, err);
		if (r < 0)
			return r;
	}
	*rows = TAKE_PTR(row_array);
	if (typed)
		*typed = TAKE_PTR(typed_array);
	return 0;
}
