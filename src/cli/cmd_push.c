/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_push.c - coracle push: send images to registries (coracle-push(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "coracle/image/reference.h"
#include "digest_file.h"
#include "opts_push.h"
#include "progress.h"

#include <string.h>

#define ENCRYPTING "this version can't encrypt images"

struct push_request {
	struct image_push push;
	char *digest_file;
};

static const struct opt push_opts[] = {
	OPT_FLAG('a', "all-tags", struct push_request, push.all_tags, "all tags of the repository that are here"),
	OPT_DIGEST_FILE(struct push_request, digest_file),
	OPTS_PUSH(struct push_request, push),
	OPTS_RETRY(struct push_request, push.remote),
	OPT_REFUSED(0, "encryption-key", "KEY", ENCRYPTING),
	OPT_REFUSED(0, "encrypt-layer", "LAYER", ENCRYPTING),
	OPT_REFUSED(0, "platform", "OS/ARCH", "an image in the store is for one platform: push it by its name or id"),
	OPT_IGNORED(0, "compress", NULL, "it is for directories; layers in a registry are compressed"),
	OPT_IGNORED(0, "signature-policy", "FILE", "nothing is asked of images that leave"),
	OPT_IGNORED(0, "disable-content-trust", NULL, "content trust of docker's kind is not checked"),
	OPT_END,
};

static void tell_docker(const struct image_pushed *pushed, bool quiet)
{
	const char *tag = strrchr(pushed->name, ':');
	AUTO_FREE char *familiar = reference_familiar(pushed->name);

	if (quiet)
		print_line("%s", familiar);
	else
		print_line("%s: digest: %s size: %lld", tag ? tag + 1 : "", pushed->digest, (long long) pushed->size);
}

static int push_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct push_request *request = data;
	AUTO(image_pushed_done) struct list pushed = {0};
	const struct image_pushed *last;
	struct progress progress;
	int r;

	progress_init(&progress, request->push.quiet);
	r = image_push(engine, operands->items[0], operands->count > 1 ? operands->items[1] : NULL, &request->push,
	               &progress.callbacks, &pushed, err);
	if (print_is_docker())
		LIST_EACH(struct image_pushed, one, &pushed)
			tell_docker(one, request->push.quiet);
	if (r < 0 || pushed.count == 0)
		return r;
	last = LIST_AT(struct image_pushed, &pushed, pushed.count - 1);
	return digest_file_write(request->digest_file, last->digest, last->name, err);
}

const struct command cmd_push = {
	.name = "push",
	.aliases = "image push",
	.group = "Registries",
	.summary = "send an image to a registry",
	.operands = "IMAGE [DESTINATION]",
	.complete = "image",
	.example = "coracle push quay.io/team/app:1\n"
	           "coracle push app localhost:5000/team/app:1",
	.opts = push_opts,
	.request_size = sizeof(struct push_request),
	.min_operands = 1,
	.max_operands = 2,
	.needs = NEEDS_USERNS,
	.run = push_run,
};
