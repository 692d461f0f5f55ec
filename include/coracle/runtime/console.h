/* SPDX-License-Identifier: GPL-2.0-or-later */
/* console.h - the terminal of a detached process goes to its caller: --console-socket */
#ifndef CORACLE_RUNTIME_CONSOLE_H
#define CORACLE_RUNTIME_CONSOLE_H

#include "coracle/base/error.h"

/*
 * console_send - one message with the master of a pty (SCM_RIGHTS), whose data is the pty's name
 *
 * path       listening AF_UNIX stream socket, of any length
 * master_fd  stays the caller's
 * name       "/dev/pts/0"; what the receiver shows
 * Returns 0, or a negative errno with err "console socket PATH: ..."; after 10 s without an answer -ETIMEDOUT.
 */
int console_send(const char *path, int master_fd, const char *name, struct error *err)
	NONNULL(1, 3, 4) MUST_USE;

#endif
