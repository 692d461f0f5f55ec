/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xattr.h - extended attributes of objects that cannot be opened for reading (symlinks, O_PATH descriptors) */
#ifndef CORACLE_SYS_XATTR_H
#define CORACLE_SYS_XATTR_H

#include "coracle/base/base.h"

/* xattr_set - set on the entry name of the directory, never following a symlink; 0 or negative errno */
int xattr_set(int dir_fd, const char *name, const char *key, const void *value, size_t length)
	NONNULL(2, 3) MUST_USE;
/* xattr_get - into a buffer; bytes or negative errno (-ENODATA: absent) */
ssize_t xattr_get(int dir_fd, const char *name, const char *key, void *into, size_t size)
	NONNULL(2, 3) MUST_USE;

#endif
