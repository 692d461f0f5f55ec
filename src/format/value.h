/* SPDX-License-Identifier: GPL-2.0-or-later */
/* value.h - a JSON value with what Go's types would know about it; private to format */
#ifndef CORACLE_FORMAT_VALUE_H
#define CORACLE_FORMAT_VALUE_H

#include "coracle/format/template.h"

/* All members are borrowed; a zeroed value is Go's "no value". */
struct value {
	json_t *json;
	const char *name;         /* key of the nearest struct that led here, NULL for the root */
	enum template_type type;  /* MAP for an object that is a map; for null what it would be */
	enum template_type items; /* MAP: of its values */
};

struct value value_root(const json_t *json);
/* value_key - the child found under key of parent, which is a map or a struct */
struct value value_key(const struct template_kinds *kinds, const struct value *parent,
                       const char *key, json_t *child);
/* value_item - an item of the array parent */
struct value value_item(const struct value *parent, json_t *child);
/* value_absent - null for a key that parent lacks, when kinds allow it; else false */
bool value_absent(const struct template_kinds *kinds, const struct value *parent, const char *key,
                  struct value *out);
/* value_zero - what "index" finds for a key that the map lacks */
struct value value_zero(const struct value *map);
/* value_field - child of a struct by exact name, alias or JSON spelling; false when absent */
bool value_field(const struct template_kinds *kinds, const struct value *parent, const char *name,
                 struct value *out);

bool value_is_map(const struct value *value);
bool value_is_null(const struct value *value); /* no value counts as null */
bool value_is_true(const struct value *value);
/* value_length - items, bytes or keys; -1 for what has no length */
int64_t value_length(const struct value *value);
/* value_type_name - Go's word for the type, static */
const char *value_type_name(const struct value *value);
/* value_sorted_keys - owned array of borrowed keys; NULL when there are none */
const char **value_sorted_keys(const struct value *value);

#endif
