/* SPDX-License-Identifier: GPL-2.0-or-later */
/* push.h - an image of the store into a registry */
#ifndef CORACLE_IMAGE_PUSH_H
#define CORACLE_IMAGE_PUSH_H

#include "coracle/image/image.h"

struct image_push {
	struct image_remote remote;
	char *format; /* "oci", "v2s2"; NULL: what the image's manifest is */
	char *compression_format; /* "gzip", "zstd"; NULL: gzip for what has to be compressed anew */
	struct opt_int compression_level;
	/* also of layers that the registry has, or could have, in another one; not set: when a format is asked for */
	struct opt_bool force_compression;
	bool all_tags, quiet;
	char *digest;       /* refuse to put a manifest with another one; NULL: any */
	bool by_digest;     /* put the manifest under its digest only (for an index that names it) */
};

struct image_pushed { /* all owned */
	char *name;   /* full name */
	char *digest; /* of the manifest as it is in the registry */
	char *media_type;
	int64_t size; /* bytes of the manifest */
};

/*
 * image_push - [userns] send what the registry does not have yet, the manifest last
 *
 * image        as image_find takes it
 * destination  NULL: the image's own name; "docker://" in front allowed
 * progress     NULL: nobody wants to know
 * out          list of struct image_pushed, zeroed by the caller; release with image_pushed_done
 *
 * A layer goes up as the blob that the image's manifest names, when the registry has that blob (here or in
 * another repository that we know of, from where it is mounted); the others are exported from the store and
 * compressed anew, side by side, and the manifest names what they became. When nothing had to become new the manifest
 * is sent byte for byte, so that the digest stays. What a layer became is remembered beside it
 * (store/layers/HEX/blobs.json), with the repositories that have it.
 */
int image_push(struct engine *engine, const char *image, const char *destination, const struct image_push *request,
               const struct image_progress *progress, struct list *out, struct error *err)
	NONNULL(1, 2, 4, 6, 7) MUST_USE;
void image_pushed_done(struct list *pushed) NONNULL(1);

#endif
