/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_create.c - coracle create: make a container without starting it (coracle-create(1)) */
#include "coracle/cli/command.h"

#include "defaults.h"
#include "progress.h"
#include "run_opts.h"

static const struct opt create_opts[] = {
	OPT_REFUSED(0, "init-ctr", "WHEN", "there are no pods in this version"),
	OPT_INCLUDE(opts_container),
	OPT_END,
};

static int create_run(struct engine *engine, void *request, const struct texts *operands, struct error *err)
{
	AUTO_CONTAINERS_CONF struct containers_conf conf = {0};
	struct container_create create = {0};
	struct progress progress;
	AUTO_FREE char *id = NULL;
	int r = defaults_lay(request, &conf, err);

	if (r >= 0)
		r = run_request(request, operands, &create, err);
	progress_init_run(&progress, create.quiet, create.pull);
	create.progress = &progress.callbacks;
	if (r >= 0)
		r = container_create(engine, &create, &id, err);
	if (r < 0)
		return r;
	print_line("%s", id);
	return 0;
}

const struct command cmd_create = {
	.name = "create",
	.aliases = "container create",
	.group = "Containers",
	.summary = "make a container without starting it",
	.operands = "IMAGE [COMMAND [ARG...]]",
	.complete = "image",
	.example = "coracle create --name job -v data:/data debian:12 tar -cf /data/etc.tar /etc\n"
	           "coracle start -a job",
	.opts = create_opts,
	.request_size = sizeof(struct container_create),
	.min_operands = 1,
	.max_operands = -1,
	.order = OPTS_BEFORE_OPERANDS,
	.needs = NEEDS_ENGINE,
	.argv_member = OPT_SLOT(struct container_create, create_command, struct texts),
	.run = create_run,
};
