/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check.h - is what lies in the store what was put there; and damaged things moved out of the way */
#ifndef CORACLE_STORE_CHECK_H
#define CORACLE_STORE_CHECK_H

#include "coracle/store/store.h"

#define LAYER_CHECK_MAX_LINES 20 /* damages of one layer that are told */

enum check_depth {
	CHECK_QUICK, /* presence and records */
	CHECK_FULL,  /* and every byte */
};

/*
 * layer_check - [userns] compare a layer with what was unpacked
 *
 * The layer is exported into nothing: the digest of that must be the diff id. Beside it each entry's type, mode and
 * owner are compared, and names that the archive did not bring are looked for; times and extended attributes are not.
 * Without a recording of the archive (stream.h) only files that are missing can be told, by their bytes.
 * Memory: 24 bytes an entry of the layer. Runs a thread of its own, which is joined before it returns.
 *
 * damages  out: one line each, such as '"etc/passwd" was changed since it was unpacked'; none: it is whole
 * Returns 0, or a negative errno where the check itself could not be made.
 */
int layer_check(struct store *store, const char *chain_id, enum check_depth depth, struct texts *damages,
                struct error *err) NONNULL(1, 2, 4, 5) MUST_USE;
/* blob_check - NULL, or static words for what is wrong with it: absent, or its bytes are not those of the digest */
const char *blob_check(struct store *store, const char *digest, enum check_depth depth) NONNULL(1, 2);
/* ref_list_damaged - names whose file can't be read */
int ref_list_damaged(struct store *store, struct texts *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;

/*
 * An aside holds what was moved out of the way, each by one rename, until it is known whether the new one came. A kill
 * leaves it to the next sweep: then it is absent, which the next check tells.
 */
struct aside;
int aside_open(struct store *store, struct aside **out, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* Each moves one thing away; absent is fine. [userns] for layers */
int aside_put_layer(struct aside *aside, const char *chain_id, struct error *err) NONNULL(1, 2, 3) MUST_USE;
int aside_put_blob(struct aside *aside, const char *digest, struct error *err) NONNULL(1, 2, 3) MUST_USE;
int aside_put_record(struct aside *aside, const char *image_id, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* aside_return - move back what nothing new stands for */
void aside_return(struct aside *aside) NONNULL(1);
/* aside_close - [userns] what is still aside goes for good; NULL allowed */
void aside_close(struct aside *aside);
static inline void auto_aside(struct aside **slot) { aside_close(*slot); }
#define AUTO_ASIDE AUTO(auto_aside)

#endif
