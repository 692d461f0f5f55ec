/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shared.h - image stores of somebody else, from which images are used without copying and which are never written to
 *
 * A store that others can read is made so (store_share): all its files belong to its maker and are readable by
 * everyone, and the owner and mode that a file of a layer has in its image stand in the attribute
 * user.containers.override_stat ("UID:GID:MODE"), which fuse-overlayfs(1) shows in place of those on disk. A store as a
 * user has it at home would be of no use: its files belong to that user's subordinate ids, which
 * exist for no one else. store/shared.json marks such a store; store/layers/HEX/directories has, a line each, the
 * directories whose owner or mode is not root's 0755 (driver_fuse.c).
 *
 * Which stores are looked into, in this order: those of `store add` (CORACLE_ROOT/stores.json), those of
 * $CORACLE_IMAGE_STORES (separated by ":"), those of storage.conf (additionalimagestores). They are opened at the
 * first look-up that the own store can't answer; one that can't be opened is passed over. What
 * both have is the own store's. Look-ups: ref_read, image_record_read, image_record_ids,
 * image_record_list_all, blob_read, blob_check, layer_exists, layer_read, layer_export, layer_check, layers_compare.
 */
#ifndef CORACLE_STORE_SHARED_H
#define CORACLE_STORE_SHARED_H

#include "coracle/store/store.h"

#define SHARED_STAT_KEY "user.containers.override_stat"

/* store_share - make directory (0755, it may exist) hold an empty store that others can read; -EEXIST: a store is there */
int store_share(const char *directory, struct error *err) NONNULL(1, 2) MUST_USE;

/* store_add - remember a directory for all later commands; -EEXIST: it is known; otherwise it has to be usable */
int store_add(const struct paths *paths, const char *directory, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* store_remove - forget it; nothing in it changes; -ENOENT when it is not known */
int store_remove(const struct paths *paths, const char *directory, struct error *err) NONNULL(1, 2, 3) MUST_USE;

struct shared_status {
	char *path;    /* owned */
	const char *from; /* "store add", "$CORACLE_IMAGE_STORES", "storage.conf"; static */
	char *problem; /* owned; NULL: it is used */
	uint64_t images, layers;
};
/* store_shared_list - all that are to be looked into; list of struct shared_status; release with shared_status_done */
int store_shared_list(struct store *store, struct list *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;
void shared_status_done(struct list *list) NONNULL(1);

/*
 * store_places - append the paths of those additional stores that hold layers which the own store lacks
 *
 * The own store's path is among them when it is one that others can read. An empty result: nothing special is to
 * be done for a root of these layers. Layers that are nowhere are passed over.
 */
void store_places(struct store *store, const struct paths *paths, const struct texts *layers, struct texts *out)
	NONNULL(1, 2, 3, 4);
/* store_use - look only into this additional store, and those of earlier calls; for whoever was told by store_places */
int store_use(struct store *store, const struct paths *paths, const char *path, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;
/* store_owns_name - the name is in the own store */
bool store_owns_name(struct store *store, const char *name) NONNULL(1, 2);
/* store_owns_layer - the layer is in the own store */
bool store_owns_layer(struct store *store, const char *chain_id) NONNULL(1, 2);
/* store_layer_path - where the layer's files lie; owned; of a layer that is nowhere, where they would in the own store */
char *store_layer_path(struct store *store, const struct paths *paths, const char *chain_id) NONNULL(1, 2, 3);

#endif
