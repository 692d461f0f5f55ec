/* SPDX-License-Identifier: GPL-2.0-or-later */
/* value.c - children, truth and length of JSON values as Go's reflect sees them; see value.h */
#include "coracle/base/alloc.h"

#include <ctype.h>
#include <string.h>

#include "value.h"

#define KEY_MAX 64

struct alias {
	const char *name, *key;
};

static const struct alias aliases[] = {
	{"ID", "Id"},
	{"Id", "ID"},
	{"Src", "Source"},
	{"Dst", "Destination"},
	{"ImageID", "Image"},
	{"Healthcheck", "HealthCheck"},
	{"HealthCheck", "Healthcheck"},
	{"CPUs", "cpus"},
	{"CgroupsVersion", "cgroupVersion"},
	{"IPv6Enabled", "ipv6_enabled"},
};

struct value value_root(const json_t *json)
{
	/* jansson's iterators want it without const; nothing here changes it. */
	return (struct value){.json = (json_t *) (uintptr_t) json};
}

static bool names_key(const char *row, const char *parent, const char *key)
{
	const char *dot = strchr(row, '.');
	size_t length;

	if (!dot)
		return strcmp(row, key) == 0;
	length = (size_t) (dot - row);
	return parent && strncmp(row, parent, length) == 0 && parent[length] == '\0'
	       && strcmp(dot + 1, key) == 0;
}

/* A row that names the parent too is the better one. */
static const struct template_kind *find_kind(const struct template_kinds *kinds,
                                             const char *parent, const char *key)
{
	const struct template_kind *found = NULL;

	for (size_t i = 0; i < kinds->count; i++) {
		const struct template_kind *row = &kinds->rows[i];

		if (names_key(row->name, parent, key) && (!found || strchr(row->name, '.')))
			found = row;
	}
	return found;
}

struct value value_key(const struct template_kinds *kinds, const struct value *parent,
                       const char *key, json_t *child)
{
	const struct template_kind *kind;

	if (value_is_map(parent))
		return (struct value){child, parent->name, parent->items, TEMPLATE_ANY};
	if (!json_is_object(child) && !json_is_array(child) && !json_is_null(child))
		return (struct value){child, key, TEMPLATE_ANY, TEMPLATE_ANY};
	kind = find_kind(kinds, parent->name, key);
	if (!kind)
		return (struct value){child, key, TEMPLATE_ANY, TEMPLATE_ANY};
	return (struct value){child, key, kind->type, kind->items};
}

struct value value_item(const struct value *parent, json_t *child)
{
	return (struct value){child, parent->name, TEMPLATE_ANY, TEMPLATE_ANY};
}

bool value_absent(const struct template_kinds *kinds, const struct value *parent, const char *key,
                  struct value *out)
{
	const struct template_kind *kind = find_kind(kinds, parent->name, key);

	if (!kind || !kind->optional)
		return false;
	*out = (struct value){json_null(), kind->name, kind->type, kind->items};
	return true;
}

struct value value_zero(const struct value *map)
{
	enum template_type type = map->items;
	const char *key;
	json_t *child;

	/* Without a row the other values tell what the map holds. */
	if (type == TEMPLATE_ANY && json_is_object(map->json)) {
		json_object_foreach(map->json, key, child) {
			if (json_is_string(child))
				type = TEMPLATE_TEXT;
			else if (json_is_array(child))
				type = TEMPLATE_LIST;
			else if (json_is_number(child))
				type = TEMPLATE_NUMBER;
			else if (json_is_boolean(child))
				type = TEMPLATE_BOOL;
			else if (json_is_object(child))
				type = TEMPLATE_POINTER;
			if (type != TEMPLATE_ANY)
				break;
		}
	}
	return (struct value){json_null(), map->name, type, TEMPLATE_ANY};
}

/* "OCIRuntime": ociRuntime or oci_runtime; the last capital of a run starts the next word. */
static void json_spelling(const char *name, bool snake, char into[static 2 * KEY_MAX])
{
	size_t n = 0;

	for (size_t i = 0; name[i]; i++) {
		bool upper = isupper((unsigned char) name[i]);
		bool starts = i > 0 && upper
		              && (!isupper((unsigned char) name[i - 1])
		                  || islower((unsigned char) name[i + 1]));

		if (starts && snake)
			into[n++] = '_';
		into[n++] = starts && !snake ? name[i] : (char) tolower((unsigned char) name[i]);
		/* lowerCamel: after the first word capitals stay */
		if (!snake && starts) {
			while (name[i + 1])
				into[n++] = name[++i];
		}
	}
	into[n] = '\0';
}

static json_t *find_field(const json_t *object, const char *name)
{
	char key[2 * KEY_MAX];
	json_t *child = json_object_get(object, name);

	for (size_t i = 0; !child && i < ARRAY_LEN(aliases); i++)
		if (strcmp(aliases[i].name, name) == 0)
			child = json_object_get(object, aliases[i].key);
	if (child || !isupper((unsigned char) name[0]) || strlen(name) >= KEY_MAX)
		return child;
	json_spelling(name, false, key);
	child = json_object_get(object, key);
	if (child)
		return child;
	json_spelling(name, true, key);
	return json_object_get(object, key);
}

bool value_field(const struct template_kinds *kinds, const struct value *parent, const char *name,
                 struct value *out)
{
	json_t *child = find_field(parent->json, name);

	if (child)
		*out = value_key(kinds, parent, name, child);
	return child != NULL;
}

bool value_is_map(const struct value *value)
{
	return value->type == TEMPLATE_MAP && json_is_object(value->json);
}

bool value_is_null(const struct value *value)
{
	return !value->json || json_is_null(value->json);
}

int64_t value_length(const struct value *value)
{
	if (json_is_string(value->json))
		return (int64_t) json_string_length(value->json);
	if (json_is_array(value->json))
		return (int64_t) json_array_size(value->json);
	if (value_is_map(value))
		return (int64_t) json_object_size(value->json);
	if (json_is_null(value->json)
	    && (value->type == TEMPLATE_LIST || value->type == TEMPLATE_MAP
	        || value->type == TEMPLATE_TEXT))
		return 0;
	return -1;
}

bool value_is_true(const struct value *value)
{
	int64_t length = value_length(value);

	if (length >= 0)
		return length > 0;
	if (json_is_integer(value->json))
		return json_integer_value(value->json) != 0;
	if (json_is_real(value->json))
		return json_real_value(value->json) < 0 || json_real_value(value->json) > 0;
	/* structs are true, whatever they hold */
	return json_is_true(value->json) || json_is_object(value->json);
}

static const char *null_type_name(enum template_type type)
{
	switch (type) {
	case TEMPLATE_MAP:
		return "map[string]interface {}";
	case TEMPLATE_LIST:
		return "[]interface {}";
	case TEMPLATE_TEXT:
		return "string";
	case TEMPLATE_NUMBER:
		return "int";
	case TEMPLATE_BOOL:
		return "bool";
	case TEMPLATE_ANY:
	case TEMPLATE_POINTER:
		break;
	}
	return "<nil>";
}

const char *value_type_name(const struct value *value)
{
	if (!value->json)
		return "<nil>";
	switch (json_typeof(value->json)) {
	case JSON_STRING:
		return "string";
	case JSON_INTEGER:
		return "int";
	case JSON_REAL:
		return "float64";
	case JSON_TRUE:
	case JSON_FALSE:
		return "bool";
	case JSON_ARRAY:
		return "[]interface {}";
	case JSON_OBJECT:
		return value->type == TEMPLATE_MAP ? "map[string]interface {}" : "struct";
	case JSON_NULL:
		break;
	}
	return null_type_name(value->type);
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *) a, *(const char *const *) b);
}

const char **value_sorted_keys(const struct value *value)
{
	size_t count = json_object_size(value->json), i = 0;
	const char **keys, *key;
	json_t *child;

	if (count == 0)
		return NULL;
	keys = xcalloc(count, sizeof *keys);
	json_object_foreach(value->json, key, child)
		keys[i++] = key;
	qsort(keys, count, sizeof *keys, compare_keys);
	return keys;
}
