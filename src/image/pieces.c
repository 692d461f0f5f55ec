/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pieces.c - JSON values that listing and inspecting have in common; see pieces.h */
#include "pieces.h"

#include "coracle/base/alloc.h"

#include <string.h>

#include "digests.h"
#include "name.h"

json_t *piece_text(const char *text)
{
	json_t *json = json_string(text ? text : "");

	return json ? json : json_string("?");
}

json_t *piece_list(const struct texts *texts)
{
	json_t *array = json_array();

	for (size_t i = 0; i < texts->count; i++)
		(void) json_array_append_new(array, piece_text(texts->items[i]));
	return array;
}

json_t *piece_object(const struct pairs *pairs)
{
	json_t *object = json_object();

	for (size_t i = 0; i < pairs->count; i++)
		piece_set(object, pairs->items[i].key, piece_text(pairs->items[i].value));
	return object;
}

json_t *piece_tags(const struct image_record *record)
{
	json_t *array = json_array();

	for (size_t i = 0; i < record->names.count; i++)
		if (!strchr(record->names.items[i], '@'))
			(void) json_array_append_new(array, piece_text(record->names.items[i]));
	return array;
}

static void add_once(struct texts *texts, const char *text)
{
	if (!texts_has(texts, text))
		texts_add(texts, text);
}

json_t *piece_digests(const struct image_record *record)
{
	AUTO_TEXTS struct texts digests = {0};

	for (size_t i = 0; i < record->digests.count; i++)
		if (digests_has_repository(record, record->digests.items[i]))
			add_once(&digests, record->digests.items[i]);
	for (size_t i = 0; i < record->names.count; i++)
		if (strchr(record->names.items[i], '@'))
			add_once(&digests, record->names.items[i]);
	for (size_t i = 0; i < record->names.count; i++) {
		AUTO_FREE char *repository = name_repository(record->names.items[i], NULL);
		const char *digest = digests_manifest(record, record->names.items[i]);
		AUTO_FREE char *full = xprintf("%s@%s", repository, digest ? digest : "");

		if (digest)
			add_once(&digests, full);
	}
	return piece_list(&digests);
}

void piece_set(json_t *object, const char *key, json_t *value)
{
	(void) json_object_set_new(object, key, value);
}
