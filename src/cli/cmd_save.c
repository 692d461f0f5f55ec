/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_save.c - coracle save: write images into an archive or a directory (coracle-save(1)) */
#include "coracle/cli/command.h"

#include "coracle/image/save.h"
#include "progress.h"

#include <string.h>

static const struct opt save_opts[] = {
	OPT_TEXT('o', "output", struct image_save, output, "FILE",
	         "file or, for the formats that are one, directory (default: standard output)", .complete = "file"),
	OPT_TEXT(0, "format", struct image_save, format, "FORMAT",
	         "docker-archive (default), oci-archive, oci-dir, docker-dir",
	         .complete = "docker-archive|oci-archive|oci-dir|docker-dir"),
	OPT_FLAG('m', "multi-image-archive", struct image_save, multiple,
	         "take all operands for images, also when called as podman"),
	OPT_FLAG(0, "compress", struct image_save, compress, "compress the layers of docker-dir"),
	OPT_FLAG(0, "uncompressed", struct image_save, uncompressed, "do not compress the layers of the OCI's formats"),
	OPT_LIST(0, "platform", struct image_save, platforms, "OS/ARCH[/VARIANT]",
	         "want images for this platform; the store keeps one for each name"),
	OPT_FLAG('q', "quiet", struct image_save, quiet, "print no warnings"),
	OPT_IGNORED(0, "signature-policy", "FILE", "archives carry no signatures"),
	OPT_END,
};

/* podman takes what follows the first operand for further names of it, unless told otherwise */
static int check_podman(const struct image_save *request, const struct texts *operands, struct error *err)
{
	if (request->multiple || operands->count < 2 || strcmp(print_program(), "podman") != 0)
		return 0;
	return error_set(err, ERROR_INVALID, "several images are saved with -m; a name is given with: podman tag %s %s",
	                 operands->items[0], operands->items[1]);
}

static int save_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct image_save *request = data;
	char digest[DIGEST_TEXT_SIZE];
	struct progress progress;
	int r = check_podman(request, operands, err);

	if (r < 0)
		return r;
	if ((!request->output || strcmp(request->output, "-") == 0) && isatty(STDOUT_FILENO))
		return error_set(err, ERROR_INVALID,
		                 "standard output is a terminal; name a file with -o FILE or redirect it: > FILE");
	progress_init(&progress, request->quiet);
	return image_save(engine, operands, request, &progress.callbacks, digest, err);
}

const struct command cmd_save = {
	.name = "save",
	.aliases = "image save",
	.group = "Images",
	.summary = "write images into an archive",
	.operands = "IMAGE...",
	.complete = "image",
	.example = "coracle save -o debian.tar debian:12\n"
	           "coracle save debian:12 | ssh host podman load",
	.opts = save_opts,
	.request_size = sizeof(struct image_save),
	.min_operands = 1,
	.max_operands = -1,
	.needs = NEEDS_USERNS,
	.run = save_run,
};
