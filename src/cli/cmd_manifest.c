/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_manifest.c - coracle manifest create, add, annotate, remove, rm, exists (coracle-manifest-create(1)...) */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "coracle/image/manifest.h"
#include "opts_remote.h"

#define NO_ARTIFACTS "a list has images here; artifacts come with another tool, such as oras"

/* what is said of an instance */
#define OPTS_ABOUT(owner)                                                                                \
	OPT_TEXT(0, "os", owner, about.os, "OS", "the image is for this operating system"),              \
	OPT_TEXT(0, "arch", owner, about.architecture, "ARCH", "for this architecture"),                 \
	OPT_TEXT(0, "variant", owner, about.variant, "VARIANT", "for this variant of the architecture"), \
	OPT_TEXT(0, "os-version", owner, about.os_version, "VERSION", "for this version of the operating system"), \
	OPT_LIST(0, "features", owner, about.features, "FEATURE,...", "features of the processor that it wants")

/* --- create --- */

static const struct opt create_opts[] = {
	OPT_FLAG('a', "amend", struct manifest_create, amend, "a list of that name is added to"),
	OPT_FLAG(0, "all", struct manifest_create, all, "of images that are lists themselves take all of their images"),
	OPT_TEXTS(0, "annotation", struct manifest_create, annotations, "KEY=VALUE", "annotation of the list"),
	OPT_FLAG(0, "insecure", struct manifest_create, insecure, "the same as --tls-verify=false"),
	OPTS_REMOTE(struct manifest_create, remote),
	OPT_END,
};

static int create_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	struct manifest_create *request = data;
	AUTO_TEXTS struct texts images = {0};
	AUTO_FREE char *id = NULL, *full = NULL;
	int r;

	request->hub = print_is_docker();
	for (size_t i = 1; i < operands->count; i++)
		texts_add(&images, operands->items[i]);
	r = manifest_create(engine, operands->items[0], &images, request, &id, &full, err);
	if (r < 0)
		return r;
	if (print_is_docker())
		print_line("Created manifest list %s", full ? full : "");
	else
		print_line("%s", id ? id : "");
	return 0;
}

const struct command cmd_manifest_create = {
	.name = "manifest create",
	.group = "Registries",
	.summary = "make a manifest list: one name for images of several platforms",
	.operands = "LIST [IMAGE...]",
	.complete = "image",
	.example = "coracle manifest create app:1 app:1-amd64 app:1-arm64\n"
	           "coracle manifest push app:1 registry.example/team/app:1",
	.opts = create_opts,
	.request_size = sizeof(struct manifest_create),
	.min_operands = 1,
	.max_operands = -1,
	.needs = NEEDS_ENGINE,
	.run = create_run,
};

/* --- add --- */

static const struct opt add_opts[] = {
	OPT_FLAG(0, "all", struct manifest_add, all, "of an image that is a list itself take all of its images"),
	OPT_TEXTS(0, "annotation", struct manifest_add, about.annotations, "KEY=VALUE", "annotation of the image in the list"),
	OPTS_ABOUT(struct manifest_add),
	OPT_LIST(0, "os-features", struct manifest_add, about.os_features, "FEATURE,...",
	         "features of the operating system that it wants"),
	OPT_FLAG(0, "insecure", struct manifest_add, insecure, "the same as --tls-verify=false"),
	OPTS_REMOTE(struct manifest_add, remote),
	OPT_REFUSED(0, "artifact", NULL, NO_ARTIFACTS),
	OPT_REFUSED(0, "artifact-config", "FILE", NO_ARTIFACTS),
	OPT_REFUSED(0, "artifact-config-type", "TYPE", NO_ARTIFACTS),
	OPT_REFUSED(0, "artifact-exclude-titles", NULL, NO_ARTIFACTS),
	OPT_REFUSED(0, "artifact-layer-type", "TYPE", NO_ARTIFACTS),
	OPT_REFUSED(0, "artifact-subject", "IMAGE", NO_ARTIFACTS),
	OPT_REFUSED(0, "artifact-type", "TYPE", NO_ARTIFACTS),
	OPT_END,
};

static int add_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	AUTO_TEXTS struct texts images = {0};
	AUTO_FREE char *id = NULL;
	int r;

	for (size_t i = 1; i < operands->count; i++)
		texts_add(&images, operands->items[i]);
	r = manifest_add(engine, operands->items[0], &images, data, &id, err);
	if (r >= 0)
		print_line("%s", id ? id : "");
	return r;
}

const struct command cmd_manifest_add = {
	.name = "manifest add",
	.group = "Registries",
	.summary = "add images of the store or of registries to a manifest list",
	.operands = "LIST IMAGE...",
	.complete = "image",
	.example = "coracle manifest add app:1 docker://registry.example/team/app:1-s390x\n"
	           "coracle manifest add --arch arm64 --variant v8 app:1 app:1-arm64",
	.opts = add_opts,
	.request_size = sizeof(struct manifest_add),
	.min_operands = 2,
	.max_operands = -1,
	.needs = NEEDS_ENGINE,
	.run = add_run,
};

/* --- annotate --- */

static const struct opt annotate_opts[] = {
	OPT_TEXTS(0, "annotation", struct manifest_annotate, about.annotations, "KEY=VALUE", "annotation of the image in the list"),
	OPTS_ABOUT(struct manifest_annotate),
	OPT_LIST(0, "os-features", struct manifest_annotate, about.os_features, "FEATURE,...",
	         "features of the operating system that it wants"),
	OPT_FLAG(0, "index", struct manifest_annotate, index, "--annotation is for the list itself"),
	OPT_TEXT(0, "subject", struct manifest_annotate, subject, "IMAGE", "the list refers to this image"),
	OPT_END,
};

static int annotate_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	AUTO_FREE char *id = NULL;
	int r = manifest_annotate(engine, operands->items[0], operands->count > 1 ? operands->items[1] : NULL, data, &id,
	                          err);

	/* docker says nothing */
	if (r >= 0 && !print_is_docker())
		print_line("%s", id ? id : "");
	return r;
}

const struct command cmd_manifest_annotate = {
	.name = "manifest annotate",
	.group = "Registries",
	.summary = "say for which platform an image of a manifest list is",
	.operands = "LIST [IMAGE]",
	.complete = "image",
	.example = "coracle manifest annotate --arch arm --variant v7 app:1 sha256:0123...\n"
	           "coracle manifest annotate --index --annotation org.opencontainers.image.version=1 app:1",
	.opts = annotate_opts,
	.request_size = sizeof(struct manifest_annotate),
	.min_operands = 1,
	.max_operands = 2,
	.needs = NEEDS_ENGINE,
	.run = annotate_run,
};

/* --- remove, rm, exists --- */

static const struct opt no_opts[] = {OPT_END};

static int remove_run(struct engine *engine, UNUSED void *data, const struct texts *operands, struct error *err)
{
	AUTO_FREE char *id = NULL;
	int r = manifest_remove(engine, operands->items[0], operands->items[1], &id, err);

	if (r >= 0)
		print_line("%s", id ? id : "");
	return r;
}

const struct command cmd_manifest_remove = {
	.name = "manifest remove",
	.group = "Registries",
	.summary = "take an image out of a manifest list",
	.operands = "LIST DIGEST",
	.complete = "image",
	.opts = no_opts,
	.min_operands = 2,
	.max_operands = 2,
	.needs = NEEDS_ENGINE,
	.run = remove_run,
};

struct rm_request {
	bool ignore;
};

static const struct opt rm_opts[] = {
	OPT_FLAG('i', "ignore", struct rm_request, ignore, "a list that does not exist is no error"),
	OPT_END,
};

static int rm_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct rm_request *request = data;
	int result = 0;

	for (size_t i = 0; i < operands->count; i++) {
		AUTO_TEXTS struct texts removed = {0};
		struct error failure = {0};
		int r = manifest_delete(engine, operands->items[i], &removed, &failure);

		for (size_t k = 0; k < removed.count; k++)
			print_line("%s", removed.items[k]);
		if (r >= 0 || (r == -ENOENT && request->ignore))
			continue;
		if (result == 0) {
			*err = failure;
			result = r;
		} else {
			print_error("manifest rm: %s", failure.text);
		}
	}
	return result;
}

const struct command cmd_manifest_rm = {
	.name = "manifest rm",
	.group = "Registries",
	.summary = "remove manifest lists; their images stay",
	.operands = "LIST...",
	.complete = "image",
	.opts = rm_opts,
	.request_size = sizeof(struct rm_request),
	.min_operands = 1,
	.max_operands = -1,
	.needs = NEEDS_ENGINE,
	.absent_status = 1,
	.run = rm_run,
};

static int exists_run(struct engine *engine, UNUSED void *data, const struct texts *operands, struct error *err)
{
	int r = manifest_exists(engine, operands->items[0], err);

	return r < 0 ? r : !r;
}

const struct command cmd_manifest_exists = {
	.name = "manifest exists",
	.group = "Registries",
	.summary = "tell by the exit status whether a manifest list is here: 0 yes, 1 no",
	.operands = "LIST",
	.complete = "image",
	.opts = no_opts,
	.min_operands = 1,
	.max_operands = 1,
	.needs = NEEDS_ENGINE,
	.run = exists_run,
};
