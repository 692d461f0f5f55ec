/* SPDX-License-Identifier: GPL-2.0-or-later */
/* save.h - images of the store into archives and directories */
#ifndef CORACLE_IMAGE_SAVE_H
#define CORACLE_IMAGE_SAVE_H

#include "coracle/base/digest.h"
#include "coracle/image/image.h"

struct image_save {
	char *output;     /* file or directory; NULL or "-": standard output */
	char *format;     /* docker-archive (default), oci-archive, oci-dir, docker-dir */
	bool compress;    /* layers of docker-dir by gzip; those of the OCI's formats are, unless uncompressed */
	bool uncompressed;
	bool multiple;    /* podman's --multi-image-archive: all operands are images */
	bool quiet;
	struct texts platforms; /* the images must be for one of them */
	/* for image copy */
	char *reference;  /* OCI: the one name in index.json, instead of the image's; "" for none; NULL: the image's */
	char *digest;     /* OCI, docker-dir: refuse to write a manifest with another one; NULL: any */
	char *tag;        /* docker-archive: the one full name, instead of the image's; NULL: the image's */
};

/*
 * image_save - [userns] write images out: what load, docker load, podman load and skopeo read
 *
 * images    as image_find takes them; one given by its id goes without a name
 * progress  for warnings (IMAGE_PULL_NOTICE); may be NULL
 * digest    out: of the last manifest that was written; "" for docker-archive, which has none
 *
 * docker-archive and uncompressed layers are bit for bit what came here, where their recording exists (stream.h);
 * otherwise the layer's digest is a new one, and with it the image's id: a warning says so. Compressed layers
 * are made anew; when all of them come out as the image's manifest says, that is kept byte for byte.
 * A file appears when it is complete, by a rename; in a directory index.json or manifest.json comes last. The same
 * images give the same bytes each time. Several layers are read side by side, by processes of their own.
 */
int image_save(struct engine *engine, const struct texts *images, const struct image_save *request,
               const struct image_progress *progress, char digest[static DIGEST_TEXT_SIZE], struct error *err)
	NONNULL(1, 2, 3, 5, 6) MUST_USE;

#endif
