/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tree.h - whole directory trees that somebody else controls: copy, change of owner, size; by descriptor */
#ifndef CORACLE_SYS_TREE_H
#define CORACLE_SYS_TREE_H

#include "coracle/base/base.h"

#include <sys/types.h>

/*
 * tree_copy - copy what is in directory from into directory into: files (with their data, sparse stays
 * sparse where the file system tells), directories, symlinks; modes, owners, times
 *
 * Sockets, FIFOs and devices are passed over; symlinks are never followed; at most 128 levels.
 * Returns 0 or the first negative errno (-EEXIST where something is there already).
 */
int tree_copy(int from, int into) MUST_USE;
/* tree_chown - fd (a file or a directory) and all below it; symlinks themselves, never what they name */
int tree_chown(int fd, uid_t uid, gid_t gid) MUST_USE;
/*
 * tree_bytes - the sizes of the regular files and symlinks at name (a file or a directory) and below
 *
 * What can't be read is not counted, nor is what lies deeper than 200 directories.
 */
uint64_t tree_bytes(int dir_fd, const char *name) NONNULL(2);

#endif
