/* SPDX-License-Identifier: GPL-2.0-or-later */
/* changes.h - what differs between two stacks of layers */
#ifndef CORACLE_STORE_CHANGES_H
#define CORACLE_STORE_CHANGES_H

#include "coracle/store/store.h"

enum layer_change { LAYER_CHANGE_ADDED, LAYER_CHANGE_CHANGED, LAYER_CHANGE_DELETED };

/*
 * layer_change_visit - one path that differs: absolute, bytes as they are (perhaps no UTF-8, perhaps with control
 * characters); borrowed. 0, or a negative errno with err filled, which ends the comparison.
 */
typedef int layer_change_visit(void *context, enum layer_change change, const char *path, struct error *err);

/*
 * layers_compare - [userns] what has to be done to the file system of before to get that of after
 *
 * before, after  chain ids, lowest first; either may be empty
 *
 * Both are seen as overlayfs shows them: whiteouts hide, opaque directories begin anew. Paths come sorted by name
 * in each directory, a directory before what is in it; a directory counts as changed also when something in it did; of
 * what was deleted only the top is told. What both have in the same layer is not looked at. Files of different layers
 * are the same when type, mode, owner, time, size, extended attributes and content are; of directories the time does
 * not count.
 * Returns 0, what visit returned, or a negative errno with err.
 */
int layers_compare(struct store *store, const struct texts *before, const struct texts *after,
                   layer_change_visit *visit, void *context, struct error *err) NONNULL(1, 2, 3, 4, 6) MUST_USE;

#endif
