/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lock.h - flock(2) on a file; the kernel lets go when the holder dies */
#ifndef CORACLE_SYS_LOCK_H
#define CORACLE_SYS_LOCK_H

#include "coracle/base/base.h"

enum lock_mode { LOCK_MODE_SHARED, LOCK_MODE_EXCLUSIVE };
enum lock_wait { LOCK_WAIT, LOCK_TRY };

/* lock_take - open (making it 0600) and lock; a descriptor to close for release, or negative errno (-EWOULDBLOCK with LOCK_TRY) */
int lock_take(int dir_fd, const char *path, enum lock_mode mode, enum lock_wait wait)
	NONNULL(2) MUST_USE;
/* lock_release - unlock and close, also for children that have inherited the descriptor; -1 is nothing */
void lock_release(int fd);
/* lock_is_held - somebody holds it exclusively; false also when the file is absent */
bool lock_is_held(int dir_fd, const char *path) NONNULL(2);

#endif
