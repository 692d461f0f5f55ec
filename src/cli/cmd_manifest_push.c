/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_manifest_push.c - coracle manifest push: a list and its images to a registry (coracle-manifest-push(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "coracle/image/manifest.h"
#include "opts_remote.h"
#include "progress.h"

#define NO_SIGNING "this version can't sign images"

struct push_request {
	struct manifest_push push;
	struct opt_bool all, force;
	bool purge;
};

static const struct opt push_opts[] = {
	OPT_OPT_FLAG(0, "all", struct push_request, all, "also the images (default); --all=false: the list alone"),
	OPT_TEXT('f', "format", struct push_request, push.format, "FORMAT",
	         "oci or v2s2: of the list and of the images of the store (default: what they are)", .complete = "oci|v2s2"),
	OPT_FLAG(0, "rm", struct push_request, push.remove, "remove the list here when it was pushed"),
	OPT_FLAG('p', "purge", struct push_request, purge, "the same as --rm"),
	OPT_FLAG('q', "quiet", struct push_request, push.quiet, "print nothing but errors"),
	OPT_TEXT(0, "digestfile", struct push_request, push.digest_file, "FILE", "write the digest of the list to this file",
	         .complete = "file"),
	OPT_TEXT(0, "compression-format", struct push_request, push.compression_format, "FORMAT",
	         "gzip or zstd, for layers that have to be compressed anew", .complete = "gzip|zstd"),
	OPT_OPT_INT(0, "compression-level", struct push_request, push.compression_level, "LEVEL",
	            "how hard to try: 0 to 9 with gzip, 1 to 22 with zstd"),
	OPT_OPT_FLAG(0, "force-compression", struct push_request, force,
	             "compress anew what the registry has in another compression (default: with --compression-format)"),
	OPT_FLAG(0, "insecure", struct push_request, push.insecure, "the same as --tls-verify=false"),
	OPTS_REMOTE(struct push_request, push.remote),
	OPT_REFUSED(0, "add-compression", "FORMAT",
	            "one compression for each image: push the image with the other one under a name of its own, and add that"),
	OPT_REFUSED(0, "sign-by", "FINGERPRINT", NO_SIGNING),
	OPT_REFUSED(0, "sign-by-sigstore", "FILE", NO_SIGNING),
	OPT_REFUSED(0, "sign-by-sigstore-private-key", "FILE", NO_SIGNING),
	OPT_REFUSED(0, "sign-by-sq-fingerprint", "FINGERPRINT", NO_SIGNING),
	OPT_REFUSED(0, "sign-passphrase-file", "FILE", NO_SIGNING),
	OPT_IGNORED(0, "remove-signatures", NULL, "signatures are never sent"),
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
	request->push.force_compression =
		request->force.set ? request->force.value : request->push.compression_format != NULL;
	progress_init(&progress, request->push.quiet);
	r = manifest_push(engine, operands->items[0], destination, &request->push, &progress.callbacks, &digest, err);
	if (r >= 0 && !request->push.quiet)
		print_line("%s", digest ? digest : "");
	return r;
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
