/* SPDX-License-Identifier: GPL-2.0-or-later */
/* selfexec.h - start an internal program: this same binary under another argv[0] */
#ifndef CORACLE_BASE_SELFEXEC_H
#define CORACLE_BASE_SELFEXEC_H

#include "coracle/base/error.h"

#include <sys/types.h>

struct selfexec {
	const char *name;     /* argv[0], such as "coracle-monitor" */
	const char *argument; /* argv[1], shown in ps(1); NULL: none */
	int request_fd;       /* sealed memfd with the JSON request; becomes descriptor 3; -1: none */
	const int *fds;       /* become 4, 5, 6, ... in this order; -1 entries stay closed */
	size_t fd_count;
	int stdio[3];         /* -1: /dev/null */
	bool new_session;
};

/*
 * selfexec_start - exec this binary so that a container cannot reach it
 *
 * CVE-2019-5736: where the binary's inode could be written by the caller or by an id mapped into a
 * container, a sealed memfd copy is executed instead; a binary owned by somebody else and not
 * writable is executed as it is (no copy).
 * Returns the pid or a negative errno.
 */
pid_t selfexec_start(const struct selfexec *request, struct error *err) NONNULL(1, 2) MUST_USE;
/*
 * selfexec_protect - when the binary is exposed, execute a sealed copy in our place, with the same words
 *
 * Returns 0 when there is nothing to do (or this is the copy), a negative errno with err when it can't be.
 */
int selfexec_protect(char *const *argv, struct error *err) NONNULL(1, 2) MUST_USE;
/* selfexec_is_exposed - whether the running executable could be written by the caller (or its group) */
bool selfexec_is_exposed(void);

#endif
