/* SPDX-License-Identifier: GPL-2.0-or-later */
/* object.c - JSON objects made member by member; see object.h */
#include "coracle/base/alloc.h"

#include "object.h"

json_t *text_value(const char *text)
{
	json_t *value = json_string(text ? text : "");

	/* jansson refuses what is not UTF-8; a readable value is better than none */
	if (!value) {
		AUTO_FREE char *copy = xstrdup(text);

		for (char *c = copy; *c; c++)
			if ((unsigned char) *c >= 0x80)
				*c = '?';
		value = json_string(copy);
	}
	return value;
}

void array_text(json_t *array, const char *text)
{
	(void) json_array_append_new(array, text_value(text));
}

json_t *texts_value(const struct texts *texts)
{
	json_t *array = json_array();

	for (size_t i = 0; i < texts->count; i++)
		array_text(array, texts->items[i]);
	return array;
}

json_t *pairs_value(const struct pairs *pairs)
{
	json_t *object = json_object();

	for (size_t i = 0; i < pairs->count; i++)
		object_text(object, pairs->items[i].key, pairs->items[i].value);
	return object;
}

void object_set(json_t *object, const char *key, json_t *value)
{
	/* fails only for a key that is not UTF-8: such a label is left out */
	(void) json_object_set_new(object, key, value);
}

void object_text(json_t *object, const char *key, const char *text)
{
	object_set(object, key, text_value(text));
}

void object_texts(json_t *object, const char *key, const struct texts *texts)
{
	object_set(object, key, texts_value(texts));
}

void object_pairs(json_t *object, const char *key, const struct pairs *pairs)
{
	object_set(object, key, pairs_value(pairs));
}

void object_number(json_t *object, const char *key, int64_t number)
{
	object_set(object, key, json_integer((json_int_t) number));
}

void object_bool(json_t *object, const char *key, bool value)
{
	object_set(object, key, json_boolean(value));
}
