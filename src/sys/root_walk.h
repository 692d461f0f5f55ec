/* SPDX-License-Identifier: GPL-2.0-or-later */
/* root_walk.h - resolve a path inside a root component by component, without openat2(2) */
#ifndef SYS_ROOT_WALK_H
#define SYS_ROOT_WALK_H

#include "coracle/base/texts.h"

#include <sys/types.h>

enum walk_last { WALK_LAST_FOLLOW, WALK_LAST_KEEP }; /* a symlink as the last component */

struct walk {
	int parent_fd;        /* owned O_PATH: directory that holds the last component, or the result */
	int fd;               /* owned O_PATH of the last component; -1: missing, or it is parent_fd */
	char *name;           /* owned last component; NULL: the result is parent_fd itself */
	struct texts names;   /* components of parent_fd below the root, none of them a symlink */
	bool wants_directory; /* the path ended in a slash */
};

#define AUTO_WALK AUTO(walk_done)

void walk_done(struct walk *walk) NONNULL(1);
/*
 * walk_path - resolve path as a process chrooted in root_fd would
 *
 * make_mode  not 0: missing directories are made with it, except the last component
 * walk       out; zeroed by the caller; to be released with walk_done also after a failure
 * Returns 0 (also when only the last component is missing) or a negative errno.
 */
int walk_path(int root_fd, const char *path, enum walk_last last, mode_t make_mode,
              struct walk *walk) NONNULL(2, 5) MUST_USE;
/* walk_open - what root_open does, for kernels and filters without openat2(2) */
int walk_open(int root_fd, const char *path, int flags, mode_t mode) NONNULL(2) MUST_USE;

#endif
