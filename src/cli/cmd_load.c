/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_load.c - coracle load: take images from an archive (coracle-load(1)) */
#include "coracle/cli/command.h"

#include "coracle/image/image.h"

#include <string.h>

static const struct opt load_opts[] = {
	OPT_TEXT('i', "input", struct image_load, input, "FILE",
	         "archive of docker save or podman save, OCI archive, or OCI layout directory (default: standard input)",
	         .complete = "file"),
	OPT_FLAG('q', "quiet", struct image_load, quiet, "do not tell how it goes on"),
	OPT_LIST(0, "platform", struct image_load, platforms, "OS/ARCH[/VARIANT]",
	         "of an image for several platforms take this one (default: this machine's)"),
	OPT_IGNORED(0, "signature-policy", "FILE", "archives carry no signatures"),
	OPT_END,
};

static int load_run(struct engine *engine, void *data, UNUSED const struct texts *operands, struct error *err)
{
	const struct image_load *request = data;
	AUTO_TEXTS struct texts loaded = {0};
	int r;

	if ((!request->input || strcmp(request->input, "-") == 0) && isatty(STDIN_FILENO))
		return error_set(err, ERROR_INVALID,
		                 "standard input is a terminal; give the archive with -i FILE or < FILE");
	r = image_load(engine, request, &loaded, err);
	/* also after a failure: those before it are there */
	for (size_t i = 0; i < loaded.count; i++)
		print_line("%s: %s",
		           strncmp(loaded.items[i], "sha256:", 7) == 0 ? "Loaded image ID" : "Loaded image",
		           loaded.items[i]);
	return r;
}

const struct command cmd_load = {
	.name = "load",
	.aliases = "image load",
	.group = "Images",
	.summary = "take images from an archive",
	.example = "coracle load -i debian.tar\n"
	           "podman save debian:12 | coracle load",
	.opts = load_opts,
	.request_size = sizeof(struct image_load),
	.max_operands = 0,
	.needs = NEEDS_USERNS,
	.run = load_run,
};
