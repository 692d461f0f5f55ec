/* SPDX-License-Identifier: GPL-2.0-or-later */
/* copy.h - images between registries, layouts, archives and the store */
#ifndef CORACLE_IMAGE_COPY_H
#define CORACLE_IMAGE_COPY_H

#include "coracle/base/digest.h"
#include "coracle/image/image.h"

struct image_copy {
	bool all;               /* of an index all images, and the index itself */
	char *platform;         /* else the one for this; NULL: this machine's */
	char *format;           /* "oci", "v2s2"; NULL: as it is, but docker's become the OCI's in an OCI layout */
	bool preserve_digests;  /* refuse, before its manifest is written, what would be another one */
	bool quiet;
	char *authfile;         /* for both sides, where they have none of their own */
	struct opt_bool tls_verify;
	struct opt_uint retry;
	char *retry_delay;
	struct image_remote source, destination; /* of registries; retry and retry_delay are not looked at */
};

/*
 * image_copy - from source to destination, each one of
 *     docker://NAME                registry; a name without registry is docker.io's
 *     oci:DIR[:REF]                OCI image layout
 *     oci-archive:FILE[:REF]       the same as tar
 *     docker-archive:FILE[:NAME]   archive of docker save; as source also :@N, the image with this number, from 0 on
 *     dir:DIR                      manifest.json and blobs
 *     containers-storage:NAME, NAME    the store
 *
 * digest  out: of the manifest at the destination; "" when that is a docker-archive, which has none
 *
 * Where the store is at neither end blobs pass through as they are, several at a time, each compared with its digest;
 * those that the destination has are not sent, and the manifest comes last, byte for byte unless its format
 * has to change. From a docker-archive layers are compressed on their way to a registry or an OCI layout; into one they
 * are uncompressed. Enters the user namespace only when the store is at an end. Nothing appears under the destination's
 * name before it is complete.
 */
int image_copy(struct engine *engine, const char *source, const char *destination, const struct image_copy *request,
               const struct image_progress *progress, char digest[static DIGEST_TEXT_SIZE], struct error *err)
	NONNULL(1, 2, 3, 4, 6, 7) MUST_USE;

#endif
