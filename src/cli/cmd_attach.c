/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_attach.c - coracle attach: join the input and output of a running container (coracle-attach(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "session.h"
#include "targets.h"

struct attach_request {
	char *detach_keys;
	bool no_stdin, latest;
	struct opt_bool sig_proxy;
};

static const struct opt attach_opts[] = {
	OPT_TEXT(0, "detach-keys", struct attach_request, detach_keys, "KEYS",
	         "keys that leave it running (default ctrl-p,ctrl-q; \"\" for none)"),
	OPT_FLAG(0, "no-stdin", struct attach_request, no_stdin, "do not pass on standard input"),
	OPT_OPT_FLAG(0, "sig-proxy", struct attach_request, sig_proxy,
	             "pass on signals to the process (default true; never with a terminal)"),
	OPT_FLAG('l', "latest", struct attach_request, latest, "to the container made last"),
	OPT_END,
};

static int attach_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct attach_request *request = data;
	AUTO_FREE char *keys = session_detach_keys(request->detach_keys);
	AUTO_TEXTS struct texts names = {0};
	struct targets targets = {.operands = operands, .latest = request->latest};
	struct io io = {
		.in = !request->no_stdin,
		.out = true,
		.err = true,
		.sig_proxy = request->sig_proxy.set ? request->sig_proxy.value : true,
		.detach_keys = keys,
	};
	int r = targets_find(engine, &targets, &names, err);

	if (r >= 0 && names.count != 1)
		return error_set(err, ERROR_NOT_FOUND, "there is no container");
	if (r >= 0)
		r = session_attach(engine, names.items[0], &io, err);
	return r < 0 ? r : container_attach(engine, names.items[0], &io, err);
}

const struct command cmd_attach = {
	.name = "attach",
	.aliases = "container attach",
	.group = "Containers",
	.summary = "join the input and output of a running container",
	.operands = "CONTAINER",
	.complete = "running",
	.opts = attach_opts,
	.request_size = sizeof(struct attach_request),
	.max_operands = 1,
	.needs = NEEDS_ENGINE,
	.run = attach_run,
};
