/* SPDX-License-Identifier: GPL-2.0-or-later */
/* root.h - open, make and remove things below a root directory that somebody else controls */
#ifndef CORACLE_SYS_ROOT_H
#define CORACLE_SYS_ROOT_H

#include "coracle/base/base.h"

#include <sys/types.h>

/*
 * root_open - open path as a process chrooted in root_fd would
 *
 * root_fd  O_PATH or O_RDONLY descriptor of the root directory; stays the caller's
 * path     absolute or relative, untrusted; ".." and symlinks stay inside root_fd
 * flags    open(2) flags; O_CLOEXEC and O_NOCTTY are always added
 * mode     permission bits, used only with O_CREAT or O_TMPFILE; else pass 0
 *
 * Returns a descriptor that the caller closes, or a negative errno:
 *   -EAGAIN  the tree was being renamed under us eight times in a row
 *   -ELOOP   too many symlinks, or a magic link such as /proc/1/root
 * Where openat2(2) is missing or forbidden (ENOSYS, or EPERM by an outer seccomp filter) the path
 * is walked component by component with O_PATH|O_NOFOLLOW; symlinks are resolved by hand.
 * Source: openat2(2), RESOLVE_IN_ROOT and ERRORS.
 */
int root_open(int root_fd, const char *path, int flags, mode_t mode) MUST_USE NONNULL(2);
/*
 * root_open_parent - O_PATH descriptor of the directory that holds path's last component
 *
 * name  out: owned last component; never "", "." or ".." (those are -EINVAL)
 * Missing directories are made with dir_mode when it is not 0, one component at a time.
 */
int root_open_parent(int root_fd, const char *path, mode_t dir_mode, char **name)
	MUST_USE NONNULL(2, 4);
/* root_make_directory - mkdir -p inside the root, following symlinks inside it; O_PATH descriptor of the directory */
int root_make_directory(int root_fd, const char *path, mode_t mode) MUST_USE NONNULL(2);
/* root_make_file - an empty regular file (and its directories) unless something is there; O_PATH descriptor */
int root_make_file(int root_fd, const char *path, mode_t mode) MUST_USE NONNULL(2);
/* root_read - at most max bytes of the regular file at path; owned, NUL-terminated; FIFOs and devices are -EINVAL */
int root_read(int root_fd, const char *path, size_t max, char **out, size_t *length)
	MUST_USE NONNULL(2, 4);
/* root_resolve - owned canonical path inside the root ("/etc/x"), all symlinks resolved; the last component may be missing */
int root_resolve(int root_fd, const char *path, char **out) MUST_USE NONNULL(2, 3);

#endif
