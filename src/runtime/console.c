/* SPDX-License-Identifier: GPL-2.0-or-later */
/* console.c - sends the master of a pty to the console socket; see console.h */
#include "coracle/runtime/console.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "unix_send.h"

#define NAME_MAX_BYTES 4095 /* receivers written with runc's library refuse more */

int console_send(const char *path, int master_fd, const char *name, struct error *err)
{
	const struct unix_send to = {
		.what = "console socket",
		.path = path,
		.timeout_ms = UNIX_SEND_TIMEOUT_MS,
	};

	/* a receiver that only reads would take EAGAIN for the end; the flag goes with the open file */
	if (fcntl(master_fd, F_SETFL, fcntl(master_fd, F_GETFL) & ~O_NONBLOCK) < 0)
		return error_errno(err, errno, "console socket: terminal");
	/* a message of no bytes carries no descriptor */
	if (!*name)
		name = "terminal";
	return unix_send(&to, name, strnlen(name, NAME_MAX_BYTES), master_fd, err);
}
