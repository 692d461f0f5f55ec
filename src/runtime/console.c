/* SPDX-License-Identifier: GPL-2.0-or-later */
/* console.c - sends the master of a pty to the console socket; see console.h */
#include "coracle/runtime/console.h"

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

	/* a message of no bytes carries no descriptor */
	if (!*name)
		name = "terminal";
	return unix_send(&to, name, strnlen(name, NAME_MAX_BYTES), master_fd, err);
}
