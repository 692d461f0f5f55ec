/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mount_old.h - what mount_setattr(2) does, on kernels and under filters without it (Linux 5.12) */
#ifndef CORACLE_SYS_MOUNT_OLD_H
#define CORACLE_SYS_MOUNT_OLD_H

#include "coracle/base/base.h"

/*
 * mount_old_set - as mount_set; flags that are locked are kept
 *
 * A detached mount is put somewhere for that while, out of which a clone of it comes back as the same descriptor.
 */
int mount_old_set(int fd, uint64_t add, uint64_t clear, uint64_t propagation, bool recursive) MUST_USE;

#endif
