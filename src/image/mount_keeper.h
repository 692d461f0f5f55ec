/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mount_keeper.h - mounts that live as long as a program does */
#ifndef CORACLE_IMAGE_MOUNT_KEEPER_H
#define CORACLE_IMAGE_MOUNT_KEEPER_H

#include "coracle/base/error.h"

/*
 * mount_keep - act in a process of its own, which stays until the programs that act started have ended
 *
 * It outlives the caller and ends with whoever becomes its parent then: `coracle unshare` takes in the orphans of
 * all that it runs (prctl(2), PR_SET_CHILD_SUBREAPER). Programs that ask for their parent's death signal go with it.
 * Returns what act did, or a negative errno with err.
 */
int mount_keep(int (*act)(void *context, struct error *err), void *context, struct error *err)
	NONNULL(1, 3) MUST_USE;

#endif
