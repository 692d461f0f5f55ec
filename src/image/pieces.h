/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pieces.h - JSON values that listing and inspecting have in common; all are new references */
#ifndef CORACLE_IMAGE_PIECES_H
#define CORACLE_IMAGE_PIECES_H

#include "coracle/store/store.h"

/* piece_text - "" for NULL; what is not UTF-8 becomes "?" */
json_t *piece_text(const char *text);
json_t *piece_list(const struct texts *texts) NONNULL(1);
json_t *piece_object(const struct pairs *pairs) NONNULL(1);
/* piece_tags - names with a tag; those by digest are in piece_digests */
json_t *piece_tags(const struct image_record *record) NONNULL(1);
/* piece_digests - "NAME@sha256:..." of each repository that the image is known under: of the indexes, then its own */
json_t *piece_digests(const struct image_record *record) NONNULL(1);
/* piece_set - object[key] = value, whose reference is taken over */
void piece_set(json_t *object, const char *key, json_t *value) NONNULL(1, 2);

#endif
