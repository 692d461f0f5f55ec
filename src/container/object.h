/* SPDX-License-Identifier: GPL-2.0-or-later */
/* object.h - JSON objects made member by member, for ps and inspect */
#ifndef CORACLE_CONTAINER_OBJECT_H
#define CORACLE_CONTAINER_OBJECT_H

#include "coracle/base/json.h"

/* All return new references. text_value: "" for NULL; bytes that are no UTF-8 become "?". */
json_t *text_value(const char *text);
json_t *texts_value(const struct texts *texts) NONNULL(1);
json_t *pairs_value(const struct pairs *pairs) NONNULL(1);

/* Each sets object[key]; object_set takes the reference over. */
void object_set(json_t *object, const char *key, json_t *value) NONNULL(1, 2);
void object_text(json_t *object, const char *key, const char *text) NONNULL(1, 2);
void object_texts(json_t *object, const char *key, const struct texts *texts) NONNULL(1, 2, 3);
void object_pairs(json_t *object, const char *key, const struct pairs *pairs) NONNULL(1, 2, 3);
void object_number(json_t *object, const char *key, int64_t number) NONNULL(1, 2);
void object_bool(json_t *object, const char *key, bool value) NONNULL(1, 2);
/* array_text - append a text; array is a JSON array */
void array_text(json_t *array, const char *text) NONNULL(1);

#endif
