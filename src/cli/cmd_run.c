/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_run.c - coracle run: make a container, start it, stay with it until it ends (coracle-run(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "defaults.h"
#include "progress.h"
#include "run_opts.h"
#include "session.h"

static const struct opt run_opts[] = {
	OPT_FLAG('d', "detach", struct container_create, detach, "leave it running and print its id"),
	OPT_TEXT(0, "detach-keys", struct container_create, detach_keys, "KEYS",
	         "keys that leave it running (default ctrl-p,ctrl-q; \"\" for none)"),
	OPT_OPT_FLAG(0, "sig-proxy", struct container_create, sig_proxy,
	             "pass on signals to the process (default true; never with -t)"),
	OPT_REFUSED(0, "rmi", NULL, "not in this version; remove the image with `coracle rmi` afterwards"),
	OPT_INCLUDE(opts_container),
	OPT_END,
};

/* What follows the image is the command: an option there is the commonest slip of all. */
static int explain(int r, const struct texts *operands, struct error *err)
{
	if (err->kind == ERROR_NO_COMMAND && operands->count > 1 && operands->items[1][0] == '-')
		r = error_set(err, ERROR_NO_COMMAND,
		              "\"%.200s\" stands behind the image, so it was taken for the command; options come"
		              " before it: %s run %.200s %.200s", operands->items[1], print_program(),
		              operands->items[1], operands->items[0]);
	return r;
}

static int run_run(struct engine *engine, void *request, const struct texts *operands, struct error *err)
{
	AUTO_CONTAINERS_CONF struct containers_conf conf = {0};
	struct container_create create = {0};
	struct progress progress;
	AUTO_FREE char *keys = NULL;
	AUTO_FREE char *id = NULL;
	struct io io;
	int r = defaults_lay(request, &conf, err);

	if (r >= 0)
		r = run_request(request, operands, &create, err);
	if (r < 0)
		return r;
	if (!create.detach) {
		session_warn(create.tty);
		if (create.tty || create.interactive)
			keys = session_detach_keys(create.detach_keys);
	}
	progress_init_run(&progress, create.quiet, create.pull);
	create.progress = &progress.callbacks;
	io = session_io(&create, keys);
	r = container_run(engine, &create, &io, &id, err);
	if (r >= 0 && create.detach && id)
		print_line("%s", id);
	return r < 0 ? explain(r, operands, err) : r;
}

const struct command cmd_run = {
	.name = "run",
	.aliases = "container run",
	.group = "Containers",
	.summary = "run a command in a new container",
	.operands = "IMAGE [COMMAND [ARG...]]",
	.complete = "image",
	.example = "coracle run --rm -it debian:12 bash\n"
	           "coracle run -d --name web -p 8080:80 -v ./site:/usr/share/nginx/html:ro nginx\n"
	           "coracle run --rm host: cat /etc/os-release",
	.opts = run_opts,
	.request_size = sizeof(struct container_create),
	.min_operands = 1,
	.max_operands = -1,
	.order = OPTS_BEFORE_OPERANDS,
	.needs = NEEDS_ENGINE,
	.argv_member = OPT_SLOT(struct container_create, create_command, struct texts),
	.run = run_run,
};
