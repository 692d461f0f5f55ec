/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mount_keeper.h - mounts that live as long as a program does */
#ifndef CORACLE_IMAGE_MOUNT_KEEPER_H
#define CORACLE_IMAGE_MOUNT_KEEPER_H

#include "coracle/base/error.h"

/*
 * mount_keep - act in a process of its own, which stays until the programs that act started have ended
 *
 * owner  "PID.START" of the process that it ends with, such as the command of `coracle unshare`, or NULL: whoever
 *        becomes its parent after the caller. It is an error when that has ended already.
 *
 * Programs that ask for their parent's death signal go with it.
 * Returns what act did, or a negative errno with err.
 */
int mount_keep(const char *owner, int (*act)(void *context, struct error *err), void *context, struct error *err)
	NONNULL(2, 4) MUST_USE;

#endif
