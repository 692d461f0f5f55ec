/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gc.h - what nothing in the store needs any longer, removed
 *
 * Needed are the layers, manifests and configurations that image records name, what manifest lists name, and the layers
 * that containers stand on. Records are removed first, by others (image_record_forget); what they named goes here.
 *
 * Nothing goes while another process holds the store (store_hold: a pull, a load), or while a record can't be
 * read, since nobody knows what it needs. A layer leaves by one rename into tmp/ and is deleted there after the lock
 * was let go of; a kill leaves the rest to the next sweep. Where even that rename finds no room the layer's record is
 * removed, and then the layer in place. So it works on a disk that is full: nothing is written before space was freed.
 */
#ifndef CORACLE_STORE_GC_H
#define CORACLE_STORE_GC_H

#include "coracle/store/store.h"

enum store_collect {
	STORE_COLLECT_UNUSED, /* layers and blobs */
	STORE_COLLECT_ALL,    /* and partial downloads, and what killed processes left in tmp/ */
};

struct store_collected {
	uint64_t bytes; /* of files that were removed */
	uint64_t layers, blobs;
	enum store_kept {
		STORE_KEPT_NOTHING,
		STORE_KEPT_HELD,    /* somebody works in the store: layers and blobs stayed */
		STORE_KEPT_DAMAGED, /* a record can't be read: layers and blobs stayed */
	} kept;
	char damaged[128]; /* with STORE_KEPT_DAMAGED: which, such as "image 0123456789ab" */
};

/*
 * store_in_use - append the chain ids that containers stand on
 *
 * Asked under the lock and after the records of images were read: a container that is made meanwhile writes its
 * record first and then looks whether its image is still there, so that one of both sides sees the other.
 * -EAGAIN: what some container needs is not known; err names it (as STORE_KEPT_DAMAGED then).
 */
typedef int store_in_use(void *data, struct texts *chain_ids, struct error *err);

/*
 * store_exclude - while the descriptor is open nobody else holds the store; -EWOULDBLOCK when somebody does
 *
 * Another one that excludes is waited for: be short.
 */
int store_exclude(struct store *store) NONNULL(1) MUST_USE;
/* store_collect - [userns] out is filled in any case; 0 or the first negative errno, having gone on with the rest */
int store_collect(struct store *store, enum store_collect what, store_in_use *in_use, void *data,
                  struct store_collected *out, struct error *err) NONNULL(1, 3, 5, 6) MUST_USE;
/*
 * store_count_garbage - as store_collect, but only told: bytes that layers, parts and tmp/ have which nothing needs
 */
int store_count_garbage(struct store *store, store_in_use *in_use, void *data, struct store_collected *out,
                        struct error *err) NONNULL(1, 2, 4, 5) MUST_USE;

#endif
