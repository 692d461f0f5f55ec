/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_image_exists.c - coracle image exists: the answer is the exit status (coracle-image-exists(1)) */
#include "coracle/cli/command.h"

#include "coracle/image/explore.h"

static const struct opt no_opts[] = {OPT_END};

static int exists_run(struct engine *engine, UNUSED void *request, const struct texts *operands, struct error *err)
{
	int r = image_exists(engine, operands->items[0], err);

	return r < 0 ? r : r ? 0 : 1;
}

const struct command cmd_image_exists = {
	.name = "image exists",
	.group = "Images",
	.summary = "tell by the exit status whether an image is here: 0 yes, 1 no",
	.operands = "IMAGE",
	.complete = "image",
	.example = "coracle image exists debian:12 || coracle pull debian:12",
	.opts = no_opts,
	.min_operands = 1,
	.max_operands = 1,
	.needs = NEEDS_ENGINE,
	.run = exists_run,
};
