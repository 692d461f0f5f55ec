/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xattr.c - extended attributes by directory and name, xattr(7); see xattr.h
 *
 * fsetxattr(2) refuses O_PATH descriptors, and a symlink has no other kind. So the directory is named
 * through /proc/self/fd and the last component goes to the calls that do not follow it.
 */
#include "coracle/sys/xattr.h"

#include "coracle/base/alloc.h"

#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>

/* Owned path of the entry; NULL for a name of several components, which could be led astray. */
static char *entry_path(int dir_fd, const char *name)
{
	if (!*name || strchr(name, '/') || strcmp(name, "..") == 0)
		return NULL;
	return dir_fd == AT_FDCWD ? xprintf("./%s", name)
	                          : xprintf("/proc/self/fd/%d/%s", dir_fd, name);
}

int xattr_set(int dir_fd, const char *name, const char *key, const void *value, size_t length)
{
	AUTO_FREE char *path = entry_path(dir_fd, name);

	if (!path)
		return -EINVAL;
	return lsetxattr(path, key, value, length, 0) < 0 ? -errno : 0;
}

ssize_t xattr_get(int dir_fd, const char *name, const char *key, void *into, size_t size)
{
	AUTO_FREE char *path = entry_path(dir_fd, name);
	ssize_t n;

	if (!path)
		return -EINVAL;
	n = lgetxattr(path, key, into, size);
	return n < 0 ? -errno : n;
}
