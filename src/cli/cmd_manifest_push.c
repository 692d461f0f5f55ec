/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_manifest_push.c - coracle manifest push: a list and its images to a registry (coracle-manifest-push(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "coracle/image/manifest.h"
#include "digest_file.h"
#include "opts_push.h"
#include "progress.h"

struct push_request {
	struct manifest_push push;
	struct opt_bool all;
	bool purge;
	char *digest_file;
};

static const struct opt push_opts[] = {
	OPT_OPT_FLAG(0, "all", struct push_request, all, "also the images (default); --all=false: the list alone"),
	OPT_FLAG(0, "rm", struct push_request, push.remove, "remove the list here when it was pushed"),
	OPT_FLAG('p', "purge", struct push_request, purge, "the same as --rm"),
	OPT_FLAG(0, "insecure", struct push_request, push.insecure, "the same as --tls-verify=false"),
	OPT_DIGEST_FILE(struct push_request, digest_file),
	OPTS_PUSH(struct push_request, push.push),
	OPT_REFUSED(0, "add-compression", "FORMAT",
	            "one compression for each image: push the image with the other one under a name of its own, and add that"),
	OPT_END,
};

static int push_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	struct push_request *request = data;
	const char *destination = operands->count > 1 ? operands->items[1] : NULL;
	AUTO_FREE char *digest = NULL;
	struct progress progress;
	int r;

	request->push.all = !request->all.set || request->all.value;
	request->push.remove = request->push.remove || request->purge;
	progress_init(&progress, request->push.push.quiet);
	r = manifest_push(engine, operands->items[0], destination, &request->push, &progress.callbacks, &digest, err);
	if (r < 0)
		return r;
	if (!request->push.push.quiet)
		print_line("%s", digest ? digest : "");
	return digest_file_write(request->digest_file, digest ? digest : "", operands->items[0], err);
}

const struct command cmd_manifest_push = {
	.name = "manifest push",
	.group = "Registries",
	.summary = "send a manifest list and its images to a registry",
	.operands = "LIST [DESTINATION]",
	.complete = "image",
	.example = "coracle manifest push app:1 registry.example/team/app:1",
	.opts = push_opts,
	.request_size = sizeof(struct push_request),
	.min_operands = 1,
	.max_operands = 2,
	.needs = NEEDS_USERNS,
	.run = push_run,
};
