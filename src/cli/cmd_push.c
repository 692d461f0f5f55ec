/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_push.c - coracle push: send images to registries (coracle-push(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "coracle/image/push.h"
#include "coracle/image/reference.h"
#include "opts_remote.h"
#include "progress.h"

#include <string.h>

#define SIGNING "this version can't sign images"
#define ENCRYPTING "this version can't encrypt images"

struct push_request {
	struct image_push push;
	struct opt_bool force; /* not set: when a compression is asked for, as podman */
};

static const struct opt push_opts[] = {
	OPT_FLAG('a', "all-tags", struct push_request, push.all_tags, "all tags of the repository that are here"),
	OPT_FLAG('q', "quiet", struct push_request, push.quiet, "do not tell how it goes on"),
	OPT_TEXT(0, "digestfile", struct push_request, push.digest_file, "FILE",
	         "write the digest that the image has in the registry into this file", .complete = "file"),
	OPT_TEXT('f', "format", struct push_request, push.format, "FORMAT",
	         "of the manifest: oci or v2s2 (default: as the image's is)", .complete = "oci|v2s2"),
	OPT_TEXT(0, "compression-format", struct push_request, push.compression_format, "FORMAT",
	         "of layers: gzip (default), zstd or none", .complete = "gzip|zstd|none"),
	OPT_OPT_INT(0, "compression-level", struct push_request, push.compression_level, "LEVEL",
	            "gzip: 0 to 9, zstd: 1 to 22"),
	OPT_OPT_FLAG(0, "force-compression", struct push_request, force,
	             "compress anew what the registry has in another compression (default: with --compression-format)"),
	OPTS_REMOTE(struct push_request, push.remote),
	OPTS_RETRY(struct push_request, push.remote),
	OPT_REFUSED(0, "sign-by", "KEY", SIGNING),
	OPT_REFUSED(0, "sign-by-sigstore", "FILE", SIGNING),
	OPT_REFUSED(0, "sign-by-sigstore-private-key", "FILE", SIGNING),
	OPT_REFUSED(0, "sign-by-sq-fingerprint", "FINGERPRINT", SIGNING),
	OPT_REFUSED(0, "sign-passphrase-file", "FILE", SIGNING),
	OPT_REFUSED(0, "encryption-key", "KEY", ENCRYPTING),
	OPT_REFUSED(0, "encrypt-layer", "LAYER", ENCRYPTING),
	OPT_REFUSED(0, "platform", "OS/ARCH", "an image in the store is for one platform: push it by its name or id"),
	OPT_IGNORED(0, "remove-signatures", NULL, "no signatures are kept here or sent"),
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
	struct push_request *request = data;
	AUTO(image_pushed_done) struct list pushed = {0};
	struct progress progress;
	int r;

	request->push.force_compression = request->force.set ? request->force.value
	                                                     : request->push.compression_format != NULL;
	progress_init(&progress, request->push.quiet);
	r = image_push(engine, operands->items[0], operands->count > 1 ? operands->items[1] : NULL, &request->push,
	               &progress.callbacks, &pushed, err);
	if (print_is_docker())
		LIST_EACH(struct image_pushed, one, &pushed)
			tell_docker(one, request->push.quiet);
	return r;
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
