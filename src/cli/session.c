/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.c - how our terminal or pipes are joined to a container's process */
#include "session.h"

#include "coracle/base/alloc.h"
#include "coracle/cli/command.h"
#include "docker_config.h"

#include <string.h>

char *session_detach_keys(const char *option)
{
	return option ? xstrdup(option) : docker_config_text("detachKeys");
}

void session_warn(bool tty)
{
	if (tty && !isatty(STDIN_FILENO))
		print_warning("standard input is not a terminal; -t and -i may not behave as expected");
}

static bool has_stream(const struct texts *attach, const char *name)
{
	for (size_t i = 0; i < attach->count; i++)
		if (strcasecmp(attach->items[i], name) == 0)
			return true;
	return false;
}

/* A terminal is raw, so that ^C travels as a byte: signals are for pipes only. */
static bool proxies(struct opt_bool wanted, bool tty)
{
	return (wanted.set ? wanted.value : true) && !tty;
}

struct io session_io(const struct container_create *request, const char *detach_keys)
{
	bool given = request->attach.count > 0;

	if (request->detach)
		return (struct io){0};
	return (struct io){
		.in = given ? has_stream(&request->attach, "stdin") : request->interactive,
		.out = !given || has_stream(&request->attach, "stdout"),
		.err = !given || has_stream(&request->attach, "stderr"),
		.tty = request->tty,
		.sig_proxy = proxies(request->sig_proxy, request->tty),
		.detach_keys = detach_keys,
	};
}

int session_attach(struct engine *engine, const char *name, struct io *io, struct error *err)
{
	AUTO_CONTAINER struct container container = {0};
	int r = state_find(&engine->paths, name, STATE_FULL, &container, err);

	if (r < 0)
		return r;
	if (!container.record)
		return error_set(err, ERROR_SYSTEM, "container %s is damaged: %s", name,
		                 container.damage ? container.damage : "its record can't be read");
	io->tty = container.record->tty;
	io->in = io->in && container.record->interactive;
	io->sig_proxy = io->sig_proxy && !io->tty;
	return 0;
}
