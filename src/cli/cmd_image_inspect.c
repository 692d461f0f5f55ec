/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_image_inspect.c - coracle image inspect: of the store, or with docker:// of a registry (coracle-image-inspect(1)) */
#include "coracle/cli/command.h"

#include "coracle/format/output.h"
#include "coracle/image/explore.h"
#include "coracle/image/inspect_remote.h"
#include "opts_remote.h"

#include <string.h>

struct image_inspect_request {
	char *format;
	bool raw, config;
	struct image_inspect_remote remote;
};

static const struct opt image_inspect_opts[] = {
	OPT_TEXT('f', "format", struct image_inspect_request, format, "TEMPLATE",
	         "json (default), or a template such as '{{.Architecture}}'"),
	OPT_TEXT(0, "platform", struct image_inspect_request, remote.platform, "OS/ARCH[/VARIANT]",
	         "with docker://: of an image for several platforms this one (default: this machine's); of an image"
	         " of the store: an error when it is for another"),
	OPT_FLAG(0, "raw", struct image_inspect_request, raw,
	         "with docker://: the manifest or index as the registry sends it; with --config the configuration"),
	OPT_FLAG(0, "config", struct image_inspect_request, config, "with docker://: the configuration alone"),
	OPT_FLAG('n', "no-tags", struct image_inspect_request, remote.no_tags,
	         "with docker://: do not ask for all tags of the name"),
	OPTS_REMOTE(struct image_inspect_request, remote.remote),
	OPT_END,
};

static bool is_remote(const char *name)
{
	return strncmp(name, "docker://", 9) == 0;
}

static int inspect_one(struct engine *engine, const struct image_inspect_request *request, const char *name,
                       json_t **out, struct error *err)
{
	AUTO(image_inspected_done) struct image_inspected inspected = {0};
	struct image_inspect_remote remote = request->remote;
	int r;

	if (!is_remote(name)) {
		r = remote.platform ? image_check_platform(engine, name, remote.platform, err) : 0;
		return r < 0 ? r : image_inspect(engine, name, out, err);
	}
	remote.what = request->config ? INSPECT_CONFIG : INSPECT_IMAGE;
	r = image_inspect_remote(name, &remote, &inspected, err);
	if (r >= 0)
		*out = TAKE_PTR(inspected.object);
	return r;
}

/* print_raw - the very bytes, whose digest a user may want to take */
static int print_raw(const struct image_inspect_request *request, const char *name, struct error *err)
{
	AUTO(image_inspected_done) struct image_inspected inspected = {0};
	struct image_inspect_remote remote = request->remote;
	int r;

	remote.what = request->config ? INSPECT_RAW_CONFIG : INSPECT_RAW;
	r = image_inspect_remote(name, &remote, &inspected, err);
	if (r >= 0 && inspected.bytes && fwrite(inspected.bytes, 1, inspected.length, stdout) != inspected.length)
		return error_errno(err, errno, "standard output");
	return r;
}

static int inspect_all(struct engine *engine, const struct image_inspect_request *request,
                       const struct texts *names, json_t *objects, struct error *err)
{
	int result = 0;

	for (size_t i = 0; i < names->count; i++) {
		json_t *object = NULL;
		struct error failure = {0};
		int r = inspect_one(engine, request, names->items[i], &object, &failure);

		if (r >= 0) {
			(void) json_array_append_new(objects, object);
		} else if (result == 0) {
			*err = failure;
			result = r;
		} else {
			print_error("image inspect: %s", failure.text);
		}
		if (r == -EINTR)
			break;
	}
	return result;
}

static int image_inspect_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct image_inspect_request *request = data;
	AUTO_JSON json_t *objects = json_array();
	struct error failure = {0};
	int result, r;

	if ((request->raw || request->config) && (operands->count != 1 || !is_remote(operands->items[0])))
		return error_set(err, ERROR_INVALID, "--raw and --config are for one image of a registry: docker://NAME");
	if (request->raw)
		return print_raw(request, operands->items[0], err);
	result = inspect_all(engine, request, operands, objects, err);
	if (json_array_size(objects) == 0) {
		/* scripts read an empty array where nothing was found */
		if (!request->format || strcmp(request->format, "json") == 0)
			print_line("[]");
		return result;
	}
	/* skopeo's form: the configuration is no list of objects */
	r = output_object(request->config ? json_array_get(objects, 0) : objects, request->format, NULL, stdout,
	                  &failure);
	if (r < 0 && result == 0)
		*err = failure;
	return result < 0 ? result : r;
}

const struct command cmd_image_inspect = {
	.name = "image inspect",
	.group = "Images",
	.summary = "show all that is known of images, here or in a registry",
	.operands = "IMAGE...",
	.complete = "image",
	.example = "coracle image inspect debian:12\n"
	           "coracle image inspect --no-tags docker://docker.io/library/debian:12\n"
	           "coracle image inspect --raw docker://docker.io/library/debian:12 | sha256sum",
	.opts = image_inspect_opts,
	.request_size = sizeof(struct image_inspect_request),
	.min_operands = 1,
	.max_operands = -1,
	.needs = NEEDS_ENGINE,
	.run = image_inspect_run,
};
