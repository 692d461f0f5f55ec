/* SPDX-License-Identifier: GPL-2.0-or-later */
/* list.c - the rows of `images` */
#include "coracle/image/image.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/digest.h"

#include <string.h>

#include "filter.h"
#include "name.h"

#define NONE "<none>"

static json_t *text_or_empty(const char *text)
{
	json_t *json = json_string(text ? text : "");

	return json ? json : json_string("?");
}

static json_t *list_of(const struct texts *texts)
{
	json_t *array = json_array();

	for (size_t i = 0; i < texts->count; i++)
		(void) json_array_append_new(array, text_or_empty(texts->items[i]));
	return array;
}

static json_t *object_of(const struct pairs *pairs)
{
	json_t *object = json_object();

	for (size_t i = 0; i < pairs->count; i++)
		(void) json_object_set_new(object, pairs->items[i].key, text_or_empty(pairs->items[i].value));
	return object;
}

/* repository_digests - "NAME@sha256:..." of each repository that the image is known under */
static json_t *repository_digests(const struct image_record *record)
{
	json_t *array = json_array();
	AUTO_TEXTS struct texts seen = {0};

	for (size_t i = 0; record->manifest_digest && i < record->names.count; i++) {
		AUTO_FREE char *repository = name_repository(record->names.items[i], NULL);
		AUTO_FREE char *text = xprintf("%s@%s", repository, record->manifest_digest);

		if (texts_has(&seen, text))
			continue;
		texts_add(&seen, text);
		(void) json_array_append_new(array, text_or_empty(text));
	}
	return array;
}

static uint64_t created(const struct image_record *record)
{
	uint64_t ns = 0;

	if (record->created)
		(void) !clock_parse_rfc3339(record->created, &ns);
	return ns;
}

static void set(json_t *object, const char *key, json_t *value)
{
	(void) json_object_set_new(object, key, value);
}

/* set_common - what both shapes call by the same name */
static void set_common(json_t *object, const struct image_record *record)
{
	set(object, "ParentId", json_string(""));
	set(object, "RepoDigests", repository_digests(record));
	set(object, "Size", json_integer((json_int_t) record->size));
	set(object, "VirtualSize", json_integer((json_int_t) record->size));
	set(object, "Labels", object_of(&record->labels));
	set(object, "Names", list_of(&record->names));
	set(object, "Digest", text_or_empty(record->manifest_digest));
	set(object, "Created", json_integer((json_int_t) (created(record) / NS_PER_SECOND)));
	set(object, "History", list_of(&record->names));
	set(object, "Os", text_or_empty(record->os));
	set(object, "Dangling", json_boolean(record->names.count == 0));
	set(object, "ReadOnly", json_false());
	if (record->damaged)
		set(object, "Damaged", json_true());
}

static json_t *typed_row(const struct image_record *record)
{
	json_t *object = json_object();

	set(object, "Id", text_or_empty(digest_hex(record->id)));
	set_common(object, record);
	set(object, "RepoTags", list_of(&record->names));
	set(object, "SharedSize", json_integer(0));
	set(object, "Containers", json_integer(0));
	set(object, "CreatedAt", text_or_empty(record->created));
	set(object, "Arch", text_or_empty(record->architecture));
	return object;
}

static json_t *row(const struct image_record *record, const char *name)
{
	json_t *object = json_object();
	AUTO_FREE char *tag = NULL;
	AUTO_FREE char *repository = name ? name_repository(name, &tag) : NULL;
	char at[CLOCK_TEXT_SIZE];

	set(object, "ID", text_or_empty(record->id));
	set(object, "Repository", text_or_empty(repository ? repository : NONE));
	set(object, "Tag", text_or_empty(tag ? tag : record->damaged ? "damaged" : NONE));
	set_common(object, record);
	set(object, "RepoTags", list_of(&record->names));
	if (!record->manifest_digest)
		set(object, "Digest", json_string(NONE));
	set(object, "CreatedAt", json_string(clock_go(created(record), at)));
	set(object, "CreatedTime", json_string(clock_go(created(record), at)));
	set(object, "Containers", json_string("N/A"));
	set(object, "SharedSize", json_string("N/A"));
	set(object, "UniqueSize", json_string("N/A"));
	set(object, "IsDangling", json_boolean(record->names.count == 0));
	set(object, "IsReadOnly", json_false());
	set(object, "Architecture", text_or_empty(record->architecture));
	return object;
}

static void add_rows(const struct image_record *record, const char *pattern, json_t *rows)
{
	if (record->names.count == 0)
		(void) json_array_append_new(rows, row(record, NULL));
	for (size_t i = 0; i < record->names.count; i++)
		if (!pattern || image_name_matches(record->names.items[i], pattern))
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
	r = image_filters_match(engine, &request->filters, record, err);
	if (r <= 0)
		return r;
	add_rows(record, pattern, rows);
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

int image_list(struct engine *engine, const struct image_list *request, json_t **rows, json_t **typed,
               struct error *err)
{
	AUTO(image_record_list_done) struct list records = {0};
	AUTO_JSON json_t *row_array = json_array();
	AUTO_JSON json_t *typed_array = json_array();
	struct store *store;
	int r = image_filters_check(&request->filters, err);

	if (r < 0)
		return r;
	store = engine_store(engine, err);
	if (!store)
		return -EIO;
	r = image_record_list(store, &records, err);
	if (r < 0)
		return r;
	LIST_EACH(struct image_record, record, &records) {
		r = add_image(engine, request, record, request->name, row_array, typed_array, err);
		if (r < 0)
			return r;
	}
	if (request->name && json_array_size(typed_array) == 0) {
		r = list_one(engine, request, row_array, typed_array, err);
		if (r < 0)
			return r;
	}
	*rows = TAKE_PTR(row_array);
	*typed = TAKE_PTR(typed_array);
	return 0;
}
