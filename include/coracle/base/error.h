/* SPDX-License-Identifier: GPL-2.0-or-later */
/* error.h - what went wrong, in words for the user; owns no memory and fits one pipe write */
#ifndef CORACLE_BASE_ERROR_H
#define CORACLE_BASE_ERROR_H

#include "coracle/base/base.h"

#include <limits.h>
#include <stdarg.h>

enum error_kind {
	ERROR_SYSTEM,      /* a system call or a program failed */
	ERROR_INVALID,     /* the caller's or a file's words are wrong */
	ERROR_NOT_FOUND,   /* no such container, image, volume, file */
	ERROR_CONFLICT,    /* in use, exists already, wrong state */
	ERROR_DENIED,      /* not permitted */
	ERROR_UNSUPPORTED, /* can't be done here */
	ERROR_NOT_EXECUTABLE, /* the container's command can't be invoked: exit status 126 */
	ERROR_NO_COMMAND,     /* the container's command does not exist: exit status 127 */
};

struct error {
	enum error_kind kind;
	int errnum;      /* positive errno, 0 when no system call is to blame */
	char text[2000]; /* one line, no newline, cut off when too long */
};
_Static_assert(sizeof(struct error) <= PIPE_BUF, "must pass through a pipe in one write");

/*
 * error_set - fill err with a kind and a formatted line
 *
 * Returns a negative errno that fits the kind (EINVAL, ENOENT, EBUSY, EACCES, EOPNOTSUPP, EIO...),
 * so that callers write "return error_set(...)". Control characters in the line become '?'.
 */
int error_set(struct error *err, enum error_kind kind, const char *format, ...) PRINTF(3, 4)
	NONNULL(1);

/* error_errno - as error_set, from a positive errno; ": " and its description are appended */
int error_errno(struct error *err, int errnum, const char *format, ...) PRINTF(3, 4) NONNULL(1);

/* error_wrap - put "context: " before the line; returns r unchanged */
int error_wrap(struct error *err, int r, const char *format, ...) PRINTF(3, 4) NONNULL(1);

#endif
