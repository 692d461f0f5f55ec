/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_pull.c - coracle pull: fetch images from registries (coracle-pull(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/digest.h"
#include "coracle/image/reference.h"
#include "coracle/registry/http.h"
#include "opts_remote.h"
#include "progress.h"

#include <string.h>

static const struct opt pull_opts[] = {
	OPT_FLAG('a', "all-tags", struct image_pull, all_tags, "all tags of the repository"),
	OPT_FLAG('q', "quiet", struct image_pull, quiet, "print nothing but the result"),
	OPT_TEXT(0, "policy", struct image_pull, policy, "POLICY",
	         "when to ask the registry: always (default), missing, newer, never",
	         .complete = "always|missing|newer|never"),
	OPT_TEXT(0, "platform", struct image_pull, platform, "OS/ARCH[/VARIANT]",
	         "of an image for several platforms take this one (default: this machine's)"),
	OPT_TEXT(0, "os", struct image_pull, os, "OS", "the same, the operating system alone"),
	OPT_TEXT(0, "arch", struct image_pull, arch, "ARCH", "the same, the architecture alone"),
	OPT_TEXT(0, "variant", struct image_pull, variant, "VARIANT", "the same, the variant of the architecture"),
	OPTS_REMOTE(struct image_pull, remote),
	OPTS_RETRY(struct image_pull, remote),
	OPT_TEXT(0, "signature-policy", struct image_pull, remote.signature_policy, "FILE",
	         "this policy.json instead of the configured one", .complete = "file"),
	OPT_REFUSED(0, "decryption-key", "KEY", "this version can't decrypt images"),
	OPT_IGNORED(0, "disable-content-trust", NULL, "content trust of docker's kind is not checked"),
	OPT_END,
};

static void tell(const struct list *out)
{
	LIST_EACH(struct image_pulled, pulled, out)
		print_line("%s", print_is_docker() ? pulled->name : digest_hex(pulled->id));
}

/* is_here - there will be nothing to unpack, unless the name stands for another image by now */
static bool is_here(struct engine *engine, const char *name)
{
	AUTO_IMAGE_RECORD struct image_record record = {0};
	struct error ignored = {0};

	return image_find(engine, name, &record, NULL, &ignored) >= 0;
}

/* prepare - the user namespace, whose helper programs run while libcurl and the thirty libraries below it are loaded */
static int prepare(struct engine *engine, const struct image_pull *request, const struct texts *names, struct error *err)
{
	bool all_here = !request->all_tags;
	int r = 0;

	for (size_t i = 0; all_here && i < names->count; i++)
		all_here = is_here(engine, names->items[i]);
	if (!all_here)
		r = engine_userns_begin(engine, err);
	if (r >= 0)
		http_prepare();
	return r;
}

/* tell_default_tag - as docker does */
static void tell_default_tag(const char *typed, const struct image_pull *request)
{
	AUTO_REFERENCE struct reference reference = {0};
	struct error ignored = {0};

	if (print_is_docker() && !request->quiet && !request->all_tags && reference_parse(typed, &reference, &ignored) >= 0
	    && !reference.tag && !reference.digest)
		print_line("Using default tag: latest");
}

static int pull_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct image_pull *request = data;
	struct progress progress;
	int result = prepare(engine, request, operands, err);

	if (result < 0)
		return result;
	progress_init(&progress, request->quiet);
	/* go on after a failure, as podman does; the first one decides */
	for (size_t i = 0; i < operands->count; i++) {
		AUTO(image_pulled_done) struct list pulled = {0};
		struct error failure = {0};
		int r;

		tell_default_tag(operands->items[i], request);
		r = image_pull(engine, operands->items[i], request, &progress.callbacks, &pulled, &failure);

		tell(&pulled);
		if (r >= 0)
			continue;
		if (result == 0) {
			*err = failure;
			result = r;
		} else {
			print_error("pull: %s", failure.text);
		}
		if (r == -EINTR)
			break;
	}
	return result;
}

const struct command cmd_pull = {
	.name = "pull",
	.aliases = "image pull",
	.group = "Registries",
	.summary = "fetch images from registries",
	.operands = "IMAGE...",
	.complete = "image",
	.example = "coracle pull debian:12\n"
	           "coracle pull --platform linux/arm64 quay.io/podman/hello",
	.opts = pull_opts,
	.request_size = sizeof(struct image_pull),
	.min_operands = 1,
	.max_operands = -1,
	.needs = NEEDS_ENGINE,
	.run = pull_run,
};
