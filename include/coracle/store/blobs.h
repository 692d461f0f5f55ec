/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blobs.h - as what a layer stands in registries: store/layers/HEX/blobs.json
 *
 * A push remembers what a layer's tar became and which repositories have it, so that the next one need not compress
 * it again. None of it is certain: registries forget. A file that is damaged or can't be written counts as absent.
 */
#ifndef CORACLE_STORE_BLOBS_H
#define CORACLE_STORE_BLOBS_H

#include "coracle/store/store.h"

#define LAYER_BLOBS_MAX        8  /* kept of a layer, the ones used last */
#define LAYER_REPOSITORIES_MAX 32 /* kept of a blob, the ones used last */

struct layer_blob {
	char *digest, *diff_id; /* of the blob; of the tar in it, which may be another than the layer's (LAYER_EXPORTED_ANEW) */
	int64_t size;           /* bytes */
	char *compression;      /* "none", "gzip", "zstd" */
	struct opt_int level;   /* that was asked for */
	struct texts repositories; /* "HOST/PATH" as the host knows it; the one used last comes first */
};

/* layer_blobs_read - list of struct layer_blob, zeroed by the caller; the one used last comes first */
void layer_blobs_read(struct store *store, const char *chain_id, struct list *out) NONNULL(1, 2, 3);
/* layer_blobs_add - blob (borrowed) is in its first repository; merged with what is known, others dropped when too many */
void layer_blobs_add(struct store *store, const char *chain_id, const struct layer_blob *blob) NONNULL(1, 2, 3);
void layer_blob_done(struct layer_blob *blob) NONNULL(1);
void layer_blobs_done(struct list *blobs) NONNULL(1);
#define AUTO_LAYER_BLOBS AUTO(layer_blobs_done)

#endif
