/* SPDX-License-Identifier: GPL-2.0-or-later */
/* child.h - the part between clone and exec that spawn.c and selfexec.c share */
#ifndef BASE_CHILD_H
#define BASE_CHILD_H

#include "coracle/base/error.h"

#include <sys/types.h>

struct child {
	const char *path;         /* executed unless NULL */
	int exec_fd;              /* executed by execveat(2) when path is NULL */
	const char *const *argv;
	const char *const *envp;  /* NULL: the caller's */
	int stdio[3];             /* -1: /dev/null */
	const int *keep;          /* descriptors that pass under their own numbers */
	size_t keep_count;
	const int *place;         /* descriptors that become 3, 4, 5, ...; -1: that number stays closed */
	size_t place_count;
	int death_signal;
	bool new_session;
};

/*
 * child_start - clone with shared memory, prepare, exec
 *
 * what   names the program in err
 * pidfd  out, may be NULL
 * Returns the pid once exec has succeeded, or a negative errno.
 */
pid_t child_start(const struct child *child, const char *what, int *pidfd, struct error *err)
	NONNULL(1, 2, 4) MUST_USE;

#endif
