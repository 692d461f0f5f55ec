/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pieces.c - JSON values that listing and inspecting have in common; see pieces.h */
#include "pieces.h"

#include "coracle/base/alloc.h"

#include <string.h>

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

char *piece_digest(const struct image_record *record, const char *name)
{
	AUTO_FREE char *repository = name_repository(name, NULL);
	const char *digest = record->manifest_digest;
	size_t length = strlen(repository);

	/* layers that came unpacked are compressed on the way out: what was sent has another digest than what is here */
	for (size_t i = 0; i < record->pushed.count; i++)
		if (strncmp(record->pushed.items[i], repository, length) == 0 && record->pushed.items[i][length] == '@')
			digest = record->pushed.items[i] + length + 1;
	return digest ? xstrdup(digest) : NULL;
}

json_t *piece_digests(const struct image_record *record)
{
	AUTO_TEXTS struct texts digests = {0};

	for (size_t i = 0; i < record->names.count; i++) {
		AUTO_FREE char *repository = name_repository(record->names.items[i], NULL);
		AUTO_FREE char *digest = piece_digest(record, record->names.items[i]);
		AUTO_FREE char *full = xprintf("%s@%s", repository, digest ? digest : "");

		if (digest && !texts_has(&digests, full))
			texts_add(&digests, full);
	}
	return piece_list(&digests);
}

void piece_set(json_t *object, const char *key, json_t *value)
{
	(void) json_object_set_new(object, key, value);
}
