/* SPDX-License-Identifier: GPL-2.0-or-later */
/* make.h - from documents and layers to an image in the store */
#ifndef CORACLE_IMAGE_MAKE_H
#define CORACLE_IMAGE_MAKE_H

#include "coracle/store/bundle.h"

struct image_parts {
	const char *config; /* bytes, borrowed */
	size_t config_length;
	const char *manifest; /* borrowed; NULL: one is made */
	size_t manifest_length;
	struct bundle *bundle; /* holds the layers; NULL: they are in the store */
	struct texts layers;   /* their names in the bundle, lowest first */
	const struct list *blobs; /* struct descriptor, as many as layers: what these must be; NULL: any */
	struct texts names;    /* full names to give */
	const char *digest;    /* "registry/path@sha256:..." of the index that it was chosen from; borrowed; NULL: none */
};
void image_parts_done(struct image_parts *parts) NONNULL(1);
#define AUTO_IMAGE_PARTS AUTO(image_parts_done)

/*
 * image_make - unpack what is missing, write blobs and record, and the names last
 *
 * Holds the store meanwhile. A failure takes away the layers that this call brought.
 * id  out: owned "sha256:..."
 */
int image_make(struct store *store, const struct image_parts *parts, char **id, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;

#endif
