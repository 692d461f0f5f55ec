/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json.c - one table of rows reads, writes and frees a struct; see json.h */
#include "coracle/base/json.h"

#include "coracle/base/alloc.h"

#include <stdio.h>
#include <string.h>

#define MAX_DEPTH 64

static void *slot_of(const struct field *field, const void *owner)
{
	return (char *) (uintptr_t) owner + field->offset;
}

void *list_add(struct list *list, size_t item_size)
{
	char *item;

	if ((list->count & (list->count - 1)) == 0)
		list->items = xrealloc(list->items, list->count ? 2 * list->count : 1, item_size);
	item = (char *) list->items + list->count++ * item_size;
	(void) memset(item, 0, item_size);
	return item;
}

void uints_add(struct uints *uints, uint64_t value)
{
	uints->items = xrealloc(uints->items, uints->count + 1, sizeof *uints->items);
	uints->items[uints->count++] = value;
}

static void field_done(const struct field *field, void *slot)
{
	switch (field->type) {
	case FIELD_TYPE_TEXT: {
		char **text = slot;

		free(*text);
		*text = NULL;
		break;
	}
	case FIELD_TYPE_TEXTS:
		texts_done(slot);
		break;
	case FIELD_TYPE_PAIRS:
		pairs_done(slot);
		break;
	case FIELD_TYPE_UINTS: {
		struct uints *uints = slot;

		free(uints->items);
		*uints = (struct uints){0};
		break;
	}
	case FIELD_TYPE_STRUCT:
		fields_done(field->items, slot);
		break;
	case FIELD_TYPE_STRUCT_PTR: {
		void **pointer = slot;

		if (*pointer)
			fields_done(field->items, *pointer);
		free(*pointer);
		*pointer = NULL;
		break;
	}
	case FIELD_TYPE_LIST: {
		struct list *list = slot;

		for (size_t i = 0; i < list->count; i++)
			fields_done(field->items, (char *) list->items + i * field->item_size);
		free(list->items);
		*list = (struct list){0};
		break;
	}
	case FIELD_TYPE_RAW: {
		json_t **json = slot;

		json_decref(*json);
		*json = NULL;
		break;
	}
	case FIELD_TYPE_BOOL:
		*(bool *) slot = false;
		break;
	case FIELD_TYPE_INT:
	case FIELD_TYPE_UINT:
		*(uint64_t *) slot = 0;
		break;
	case FIELD_TYPE_OPT_BOOL:
		*(struct opt_bool *) slot = (struct opt_bool){0};
		break;
	case FIELD_TYPE_OPT_INT:
	case FIELD_TYPE_OPT_UINT:
		*(struct opt_uint *) slot = (struct opt_uint){0};
		break;
	case FIELD_TYPE_END:
		break;
	}
}

void fields_done(const struct field *fields, void *owner)
{
	for (const struct field *field = fields; field->type; field++)
		field_done(field, slot_of(field, owner));
}

static int wrong(struct error *err, const char *expected)
{
	return error_set(err, ERROR_INVALID, "is not %s", expected);
}

static int read_texts(const json_t *json, struct texts *texts, struct error *err)
{
	size_t i;
	json_t *item;

	if (!json_is_array(json))
		return wrong(err, "a list of strings");
	json_array_foreach(json, i, item) {
		if (!json_is_string(item))
			return error_set(err, ERROR_INVALID, "[%zu] is not a string", i);
		if (strlen(json_string_value(item)) != json_string_length(item))
			return error_set(err, ERROR_INVALID, "[%zu] holds a NUL byte", i);
		texts_add(texts, json_string_value(item));
	}
	return 0;
}

static int read_pairs(const json_t *json, struct pairs *pairs, struct error *err)
{
	const char *key;
	json_t *item;

	if (!json_is_object(json))
		return wrong(err, "an object");
	json_object_foreach((json_t *) (uintptr_t) json, key, item) {
		if (!json_is_string(item))
			return error_set(err, ERROR_INVALID, "\"%s\" is not a string", key);
		pairs->items = xrealloc(pairs->items, pairs->count + 1, sizeof *pairs->items);
		pairs->items[pairs->count++] = (struct pair){
			.key = xstrdup(key),
			.value = xstrdup(json_string_value(item)),
		};
	}
	return 0;
}

static int read_uints(const json_t *json, struct uints *uints, struct error *err)
{
	size_t i;
	json_t *item;

	if (!json_is_array(json))
		return wrong(err, "a list of numbers");
	json_array_foreach(json, i, item) {
		if (!json_is_integer(item) || json_integer_value(item) < 0)
			return error_set(err, ERROR_INVALID, "[%zu] is not a number from 0 up", i);
		uints_add(uints, (uint64_t) json_integer_value(item));
	}
	return 0;
}

static int read_object(const json_t *json, const struct field *fields, void *into, unsigned depth,
                       struct error *err);

static int read_list(const json_t *json, const struct field *field, struct list *list,
                     unsigned depth, struct error *err)
{
	size_t i;
	json_t *item;

	if (!json_is_array(json))
		return wrong(err, "a list");
	json_array_foreach(json, i, item) {
		void *into = list_add(list, field->item_size);
		int r = json_is_object(item)
		                ? read_object(item, field->items, into, depth + 1, err)
		                : wrong(err, "an object");

		if (r < 0) {
			char inner[sizeof err->text];

			(void) memcpy(inner, err->text, sizeof inner);
			return error_set(err, ERROR_INVALID, "[%zu]%s%.1900s", i,
			                 inner[0] == '"' ? ": " : " ", inner);
		}
	}
	return 0;
}

static int read_number(const json_t *json, bool negative_allowed, int64_t *out, struct error *err)
{
	if (!json_is_integer(json))
		return wrong(err, "a whole number");
	if (!negative_allowed && json_integer_value(json) < 0)
		return wrong(err, "a number from 0 up");
	*out = json_integer_value(json);
	return 0;
}

static int read_field(const json_t *json, const struct field *field, void *slot, unsigned depth,
                      struct error *err)
{
	int64_t number = 0;
	int r;

	switch (field->type) {
	case FIELD_TYPE_TEXT:
		if (!json_is_string(json))
			return wrong(err, "a string");
		if (strlen(json_string_value(json)) != json_string_length(json))
			return wrong(err, "a string without NUL bytes");
		text_replace(slot, json_string_value(json));
		return 0;
	case FIELD_TYPE_BOOL:
		if (!json_is_boolean(json))
			return wrong(err, "true or false");
		*(bool *) slot = json_is_true(json);
		return 0;
	case FIELD_TYPE_OPT_BOOL:
		if (!json_is_boolean(json))
			return wrong(err, "true or false");
		*(struct opt_bool *) slot = (struct opt_bool){true, json_is_true(json)};
		return 0;
	case FIELD_TYPE_INT:
	case FIELD_TYPE_UINT:
		r = read_number(json, field->type == FIELD_TYPE_INT, &number, err);
		if (r < 0)
			return r;
		*(int64_t *) slot = number;
		return 0;
	case FIELD_TYPE_OPT_INT:
	case FIELD_TYPE_OPT_UINT:
		r = read_number(json, field->type == FIELD_TYPE_OPT_INT, &number, err);
		if (r < 0)
			return r;
		*(struct opt_int *) slot = (struct opt_int){true, number};
		return 0;
	case FIELD_TYPE_TEXTS:
		return read_texts(json, slot, err);
	case FIELD_TYPE_PAIRS:
		return read_pairs(json, slot, err);
	case FIELD_TYPE_UINTS:
		return read_uints(json, slot, err);
	case FIELD_TYPE_STRUCT:
		if (!json_is_object(json))
			return wrong(err, "an object");
		return read_object(json, field->items, slot, depth + 1, err);
	case FIELD_TYPE_STRUCT_PTR: {
		void **pointer = slot;

		if (!json_is_object(json))
			return wrong(err, "an object");
		*pointer = xcalloc(1, field->item_size);
		return read_object(json, field->items, *pointer, depth + 1, err);
	}
	case FIELD_TYPE_LIST:
		return read_list(json, field, slot, depth, err);
	case FIELD_TYPE_RAW:
		*(json_t **) slot = json_incref((json_t *) (uintptr_t) json);
		return 0;
	case FIELD_TYPE_END:
		break;
	}
	return 0;
}

static int read_object(const json_t *json, const struct field *fields, void *into, unsigned depth,
                       struct error *err)
{
	if (depth > MAX_DEPTH)
		return error_set(err, ERROR_INVALID, "nested too deeply");
	for (const struct field *field = fields; field->type; field++) {
		const json_t *value = json_object_get(json, field->name);
		int r;

		if (!value || json_is_null(value)) {
			if (field->required)
				return error_set(err, ERROR_INVALID, "\"%s\" is missing", field->name);
			continue;
		}
		/* the key may stand twice in a table (aliases): the later row replaces */
		field_done(field, slot_of(field, into));
		r = read_field(value, field, slot_of(field, into), depth, err);
		if (r < 0) {
			char inner[sizeof err->text];
			const char *between;

			(void) memcpy(inner, err->text, sizeof inner);
			between = inner[0] == '[' ? "" : inner[0] == '"' ? ": " : " ";
			return error_set(err, ERROR_INVALID, "\"%s\"%s%.1900s", field->name,
			                 between, inner);
		}
	}
	return 0;
}

int json_read(const json_t *json, const struct field *fields, void *into, struct error *err)
{
	int r = json_is_object(json) ? read_object(json, fields, into, 0, err)
	                             : error_set(err, ERROR_INVALID, "is not a JSON object");

	if (r < 0)
		fields_done(fields, into);
	return r;
}

static json_t *string_or_null(const char *s)
{
	json_t *json = json_string(s);

	/* jansson refuses what is not UTF-8; keep the value readable rather than lose it */
	if (!json) {
		AUTO_FREE char *copy = xstrdup(s);

		for (char *c = copy; *c; c++)
			if ((unsigned char) *c >= 0x80)
				*c = '?';
		json = json_string(copy);
	}
	return json;
}

static json_t *write_texts(const struct texts *texts)
{
	json_t *array = json_array();

	for (size_t i = 0; i < texts->count; i++)
		(void) json_array_append_new(array, string_or_null(texts->items[i]));
	return array;
}

static json_t *write_pairs(const struct pairs *pairs)
{
	json_t *object = json_object();

	for (size_t i = 0; i < pairs->count; i++)
		(void) json_object_set_new(object, pairs->items[i].key,
		                           string_or_null(pairs->items[i].value));
	return object;
}

static json_t *write_uints(const struct uints *uints)
{
	json_t *array = json_array();

	for (size_t i = 0; i < uints->count; i++)
		(void) json_array_append_new(array, json_integer((json_int_t) uints->items[i]));
	return array;
}

static json_t *write_list(const struct field *field, const struct list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->count; i++)
		(void) json_array_append_new(
			array, json_write(field->items, (const char *) list->items + i * field->item_size));
	return array;
}

/* NULL means: empty, leave the key out unless .keep */
static json_t *write_field(const struct field *field, const void *slot)
{
	switch (field->type) {
	case FIELD_TYPE_TEXT: {
		const char *text = *(char *const *) slot;

		if (!text || !*text)
			return field->keep ? json_string("") : NULL;
		return string_or_null(text);
	}
	case FIELD_TYPE_BOOL:
		return *(const bool *) slot || field->keep ? json_boolean(*(const bool *) slot) : NULL;
	case FIELD_TYPE_OPT_BOOL: {
		const struct opt_bool *opt = slot;

		return opt->set ? json_boolean(opt->value) : NULL;
	}
	case FIELD_TYPE_INT:
	case FIELD_TYPE_UINT:
		return *(const int64_t *) slot || field->keep ? json_integer(*(const int64_t *) slot)
		                                              : NULL;
	case FIELD_TYPE_OPT_INT:
	case FIELD_TYPE_OPT_UINT: {
		const struct opt_int *opt = slot;

		return opt->set ? json_integer(opt->value) : NULL;
	}
	case FIELD_TYPE_TEXTS: {
		const struct texts *texts = slot;

		return texts->count || field->keep ? write_texts(texts) : NULL;
	}
	case FIELD_TYPE_PAIRS: {
		const struct pairs *pairs = slot;

		return pairs->count || field->keep ? write_pairs(pairs) : NULL;
	}
	case FIELD_TYPE_UINTS: {
		const struct uints *uints = slot;

		return uints->count || field->keep ? write_uints(uints) : NULL;
	}
	case FIELD_TYPE_STRUCT: {
		json_t *object = json_write(field->items, slot);

		if (json_object_size(object) == 0 && !field->keep) {
			json_decref(object);
			return NULL;
		}
		return object;
	}
	case FIELD_TYPE_STRUCT_PTR: {
		const void *pointer = *(void *const *) slot;

		return pointer ? json_write(field->items, pointer) : NULL;
	}
	case FIELD_TYPE_LIST: {
		const struct list *list = slot;

		return list->count || field->keep ? write_list(field, list) : NULL;
	}
	case FIELD_TYPE_RAW:
		return *(json_t *const *) slot ? json_incref(*(json_t *const *) slot) : NULL;
	case FIELD_TYPE_END:
		break;
	}
	return NULL;
}

json_t *json_write(const struct field *fields, const void *from)
{
	json_t *object = json_object();

	for (const struct field *field = fields; field->type; field++) {
		json_t *value = write_field(field, slot_of(field, from));

		if (value)
			(void) json_object_set_new(object, field->name, value);
	}
	return object;
}

void fields_copy(const struct field *fields, const void *from, void *into)
{
	AUTO_JSON json_t *json = json_write(fields, from);
	struct error ignored = {0};

	/* what a table wrote the same table reads */
	(void) json_read(json, fields, into, &ignored);
}

json_t *json_parse(const char *bytes, size_t length, struct error *err)
{
	json_error_t where;
	json_t *json = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &where);

	if (!json)
		(void) error_set(err, ERROR_INVALID, "line %d: not JSON: %s", where.line, where.text);
	return json;
}

char *json_text(const json_t *json, size_t flags)
{
	char *text = json_dumps(json, flags | JSON_ENCODE_ANY);

	return text ? text : xstrdup("null");
}
