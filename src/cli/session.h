/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.h - how our terminal or pipes are joined to a container's process */
#ifndef CORACLE_CLI_SESSION_H
#define CORACLE_CLI_SESSION_H

#include "coracle/container/container.h"

/* session_detach_keys - owned: the option, else detachKeys of ~/.docker/config.json, else NULL (the default) */
char *session_detach_keys(const char *option) MUST_USE;
/* session_warn - tell that -t was asked for while standard input is no terminal */
void session_warn(bool tty);
/* session_io - of run; detach_keys is borrowed by the result */
struct io session_io(const struct container_create *request, const char *detach_keys) NONNULL(1);
/* session_attach - of attach and start, for a container that exists: what its record says about its terminal and its input */
int session_attach(struct engine *engine, const char *name, struct io *io, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;

#endif
