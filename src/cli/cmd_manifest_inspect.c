/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_manifest_inspect.c - coracle manifest inspect: a list made here, or what a registry has (coracle-manifest-inspect(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "coracle/image/manifest.h"
#include "opts_remote.h"

static const struct opt inspect_opts[] = {
	OPT_FLAG('v', "verbose", struct manifest_inspect, verbose, "also the manifest of each image, in docker's form"),
	OPT_FLAG(0, "insecure", struct manifest_inspect, insecure, "the same as --tls-verify=false"),
	OPTS_REMOTE(struct manifest_inspect, remote),
	OPT_END,
};

static int inspect_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	AUTO_JSON json_t *document = NULL;
	AUTO_FREE char *text = NULL;
	bool single = false;
	int r = manifest_inspect(engine, operands->items[0], data, &single, &document, err);

	if (r < 0)
		return r;
	if (single && !print_is_docker())
		print_warning("%s is one image, not a manifest list", operands->items[0]);
	text = json_text(document, JSON_INDENT(4));
	print_line("%s", text);
	return 0;
}

const struct command cmd_manifest_inspect = {
	.name = "manifest inspect",
	.group = "Registries",
	.summary = "show a manifest list, or the manifest of an image in a registry",
	.operands = "NAME",
	.complete = "image",
	.example = "coracle manifest inspect docker.io/library/debian:12",
	.opts = inspect_opts,
	.request_size = sizeof(struct manifest_inspect),
	.min_operands = 1,
	.max_operands = 1,
	.needs = NEEDS_ENGINE,
	.run = inspect_run,
};
