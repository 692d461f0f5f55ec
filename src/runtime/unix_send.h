/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unix_send.h - hand one descriptor to whoever listens on a socket of the file system, in limited time */
#ifndef RUNTIME_UNIX_SEND_H
#define RUNTIME_UNIX_SEND_H

#include "coracle/base/error.h"

#define UNIX_SEND_TIMEOUT_MS 10000

struct unix_send {
	const char *what;    /* begins the error: "console socket" */
	const char *path;    /* of an AF_UNIX stream socket; may be longer than sun_path */
	unsigned timeout_ms; /* for connecting and sending together */
};

/*
 * unix_send - connect, send the bytes (at least one) with fd by SCM_RIGHTS, close
 *
 * Returns 0, or a negative errno with err: no socket, nobody listens, never answers...
 */
int unix_send(const struct unix_send *to, const void *bytes, size_t length, int fd, struct error *err)
	NONNULL(1, 2, 5) MUST_USE;

#endif
