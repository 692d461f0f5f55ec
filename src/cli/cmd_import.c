/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_import.c - coracle import: a root file system's tar becomes an image (coracle-import(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "coracle/image/image.h"

#include <string.h>

struct import_request {
	struct image_import import;
	char *platform;
};

static const struct opt import_opts[] = {
	OPT_TEXTS('c', "change", struct import_request, import.changes, "INSTRUCTION",
	          "apply a line of a Dockerfile: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR"),
	OPT_TEXT('m', "message", struct import_request, import.message, "TEXT", "a remark for its history"),
	OPT_TEXT(0, "platform", struct import_request, platform, "OS/ARCH[/VARIANT]",
	         "what it is for (default: this machine)"),
	OPT_TEXT(0, "arch", struct import_request, import.architecture, "ARCH", "the architecture it is for"),
	OPT_TEXT(0, "os", struct import_request, import.os, "OS", "the system it is for"),
	OPT_TEXT(0, "variant", struct import_request, import.variant, "VARIANT",
	         "the variant of the architecture it is for"),
	OPT_FLAG('q', "quiet", struct import_request, import.quiet, "print only the id"),
	OPT_IGNORED(0, "signature-policy", "FILE", "archives carry no signatures"),
	OPT_END,
};

/* fill takes what lies before the next slash of "linux/arm64/v8" */
static void set_platform(struct image_import *import, const char *platform)
{
	char **const parts[] = {&import->os, &import->architecture, &import->variant};

	for (size_t i = 0; i < ARRAY_LEN(parts) && *platform; i++) {
		size_t len = i + 1 < ARRAY_LEN(parts) ? strcspn(platform, "/") : strlen(platform);

		if (!*parts[i] && len > 0)
			*parts[i] = xstrndup(platform, len);
		platform += len;
		platform += *platform == '/';
	}
}

static int import_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	struct import_request *request = data;
	struct image_import import;
	AUTO_FREE char *id = NULL;
	int r;

	/* The request owns the parts: opts_done() frees them by their rows. */
	if (request->platform)
		set_platform(&request->import, request->platform);
	import = request->import;
	import.source = operands->items[0];
	import.name = operands->count > 1 ? operands->items[1] : NULL;
	r = image_import(engine, &import, &id, err);
	if (r < 0)
		return r;
	print_line("%s", id);
	return 0;
}

const struct command cmd_import = {
	.name = "import",
	.aliases = "image import",
	.group = "Images",
	.summary = "make an image of a root file system's tar",
	.operands = "FILE|- [NAME[:TAG]]",
	.complete = "file",
	.example = "coracle import -c 'CMD [\"/bin/sh\"]' rootfs.tar.xz base:1",
	.opts = import_opts,
	.request_size = sizeof(struct import_request),
	.min_operands = 1,
	.max_operands = 2,
	.needs = NEEDS_USERNS,
	.run = import_run,
};
