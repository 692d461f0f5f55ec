/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pieces.h - JSON values that listing and inspecting have in common; all are new references */
#ifndef CORACLE_IMAGE_PIECES_H
#define CORACLE_IMAGE_PIECES_H

#include "coracle/store/store.h"

/* piece_text - "" for NULL; what is not UTF-8 becomes "?" */
json_t *piece_text(const char *text);
json_t *piece_list(const struct texts *texts) NONNULL(1);
json_t *piece_object(const struct pairs *pairs) NONNULL(1);
/* piece_digest - the digest that the repository of this full name has the image under; owned, NULL when none is known */
char *piece_digest(const struct image_record *record, const char *name) NONNULL(1, 2);
/* piece_digests - "NAME@sha256:..." of each repository that the image is known under */
json_t *piece_digests(const struct image_record *record) NONNULL(1);
/* piece_set - object[key] = value, whose reference is taken over */
void piece_set(json_t *object, const char *key, json_t *value) NONNULL(1, 2);

#endif
