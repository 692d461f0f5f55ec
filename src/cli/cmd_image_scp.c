/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_image_scp.c - coracle image scp: images from and to other machines, through ssh (coracle-image-scp(1)) */
#include "coracle/cli/command.h"

#include "coracle/image/scp.h"
#include "progress.h"

#include <string.h>

struct scp_request {
	bool quiet;
	char *format;
};

static const struct opt scp_opts[] = {
	OPT_FLAG('q', "quiet", struct scp_request, quiet, "print only what went wrong"),
	OPT_TEXT(0, "format", struct scp_request, format, "FORMAT",
	         "docker-archive: what passes between the machines, nothing else", .complete = "docker-archive"),
	OPT_END,
};

static int scp_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct scp_request *request = data;
	AUTO_TEXTS struct texts loaded = {0};
	struct progress progress;
	int r;

	if (request->format && strcmp(request->format, "docker-archive") != 0)
		return error_set(err, ERROR_UNSUPPORTED, "option --format: \"%.100s\" is not docker-archive, which each program of "
		                 "the other machine can read and write", request->format);
	progress_init(&progress, request->quiet);
	r = image_scp(engine, operands->items[0], operands->count > 1 ? operands->items[1] : NULL, request->quiet,
	              &progress.callbacks, &loaded, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < loaded.count && !request->quiet; i++)
		print_line("%s: %s", strncmp(loaded.items[i], "sha256:", 7) == 0 ? "Loaded image ID" : "Loaded image",
		           loaded.items[i]);
	return 0;
}

const struct command cmd_image_scp = {
	.name = "image scp",
	.group = "Images",
	.summary = "copy an image from or to another machine, through ssh",
	.operands = "[[USER@]HOST::]IMAGE [[[USER@]HOST::][NAME]]",
	.complete = "image",
	.example = "coracle image scp debian:12 ann@server.example::\n"
	           "coracle image scp server.example::debian:12",
	.opts = scp_opts,
	.request_size = sizeof(struct scp_request),
	.min_operands = 1,
	.max_operands = 2,
	.needs = NEEDS_ENGINE,
	.run = scp_run,
};
