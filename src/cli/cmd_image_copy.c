/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_image_copy.c - coracle image copy: from and to registries, layouts, archives and the store (coracle-image-copy(1)) */
#include "coracle/cli/command.h"

#include "coracle/image/copy.h"
#include "digest_file.h"
#include "progress.h"

struct copy_request {
	struct image_copy copy;
	char *digest_file;
};

#define OPTS_SIDE(prefix, member, words)                                                                          \
	OPT_TEXT(0, prefix "-creds", struct copy_request, copy.member.creds, "USER:PASSWORD",                     \
	         "credentials for the registry of the " words "; others see them in ps: better coracle login"),   \
	OPT_TEXT(0, prefix "-authfile", struct copy_request, copy.member.authfile, "FILE",                        \
	         "credentials for the " words " come from this file first", .complete = "file"),                  \
	OPT_OPT_FLAG(0, prefix "-tls-verify", struct copy_request, copy.member.tls_verify,                        \
	             "want https with a certificate that verifies at the " words),                                \
	OPT_TEXT(0, prefix "-cert-dir", struct copy_request, copy.member.cert_dir, "DIR",                         \
	         "certificates for the registry of the " words, .complete = "file")

static const struct opt copy_opts[] = {
	OPT_FLAG('a', "all", struct copy_request, copy.all, "of an index all images, and the index itself"),
	OPT_TEXT(0, "platform", struct copy_request, copy.platform, "OS/ARCH[/VARIANT]",
	         "of an index take the image for this platform (default: this machine's)"),
	OPT_TEXT('f', "format", struct copy_request, copy.format, "FORMAT",
	         "make the manifest one of this format: oci, v2s2", .complete = "oci|v2s2"),
	OPT_FLAG(0, "preserve-digests", struct copy_request, copy.preserve_digests,
	         "fail where the manifest would get another digest"),
	OPT_DIGEST_FILE(struct copy_request, digest_file),
	OPT_FLAG('q', "quiet", struct copy_request, copy.quiet, "do not tell how it goes on"),
	OPT_TEXT(0, "authfile", struct copy_request, copy.authfile, "FILE",
	         "credentials for both sides come from this file first", .complete = "file"),
	OPT_OPT_FLAG(0, "tls-verify", struct copy_request, copy.tls_verify,
	             "want https with a certificate that verifies, on both sides (default: as registries.conf says, else true)"),
	OPTS_SIDE("src", source, "source"),
	OPTS_SIDE("dest", destination, "destination"),
	OPT_OPT_UINT(0, "retry", struct copy_request, copy.retry, "N",
	             "begin again so often when network or registry fail (default 0, beside those of each transfer)"),
	OPT_TEXT(0, "retry-delay", struct copy_request, copy.retry_delay, "TIME",
	         "wait before that, such as 5s; doubled each time (default 2s)"),
	OPT_TEXT(0, "signature-policy", struct copy_request, copy.source.signature_policy, "FILE",
	         "this policy.json instead of the configured one", .complete = "file"),
	OPT_END,
};

static int copy_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct copy_request *request = data;
	char digest[DIGEST_TEXT_SIZE];
	struct progress progress;
	int r;

	progress_init(&progress, request->copy.quiet);
	r = image_copy(engine, operands->items[0], operands->items[1], &request->copy, &progress.callbacks, digest, err);
	return r < 0 ? r : digest_file_write(request->digest_file, digest, operands->items[1], err);
}

const struct command cmd_image_copy = {
	.name = "image copy",
	.group = "Registries",
	.summary = "copy images between registries, files and the store",
	.operands = "SOURCE DESTINATION",
	.complete = "image",
	.example = "coracle image copy docker://debian:12 oci:layout:12\n"
	           "coracle image copy --all docker://alpine docker://registry.example/alpine",
	.opts = copy_opts,
	.request_size = sizeof(struct copy_request),
	.min_operands = 2,
	.max_operands = 2,
	.needs = NEEDS_ENGINE,
	.run = copy_run,
};
