/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * digests.h - by which digests repositories know an image
 *
 * A name in a registry may stand for an index that the image was chosen from: the index's digest is then what others
 * know it by, beside that of the image's own manifest.
 */
#ifndef CORACLE_IMAGE_DIGESTS_H
#define CORACLE_IMAGE_DIGESTS_H

#include "coracle/store/store.h"

#define DIGESTS_MAX 64 /* of indexes, in one record; the oldest go */

/* digests_add - "registry/path@sha256:..." as the latest; NULL: nothing */
void digests_add(struct image_record *record, const char *digest) NONNULL(1);
/* digests_has_repository - one of the record's names is in the repository of full_name */
bool digests_has_repository(const struct image_record *record, const char *full_name) NONNULL(1, 2);
/* digests_manifest - of the manifest that the repository of full_name has, as it was sent there, else as it is here; borrowed, or NULL */
const char *digests_manifest(const struct image_record *record, const char *full_name) NONNULL(1, 2);
/*
 * digests_of - what the repository of full_name calls the image: the digest in that name, else of the index that was
 * asked for last, else of the manifest
 *
 * Returns "sha256:...", borrowed; NULL for an image without manifest.
 */
const char *digests_of(const struct image_record *record, const char *full_name) NONNULL(1, 2);
/* digests_has - the image is known in the repository of full_name by digest, or digest is the image's id */
bool digests_has(const struct image_record *record, const char *full_name, const char *digest) NONNULL(1, 2, 3);
/* digests_check - what was made of an image has the digest that it shall keep (NULL: any) */
int digests_check(const char *made, const char *kept, struct error *err) NONNULL(1, 3) MUST_USE;

#endif
