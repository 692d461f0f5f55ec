/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_imagetools.c - coracle buildx imagetools inspect: an image in its registry, in buildx's words (coracle-buildx-imagetools(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "coracle/format/output.h"
#include "coracle/image/inspect_remote.h"
#include "coracle/oci/image.h"
#include "opts_remote.h"

#include <string.h>

struct imagetools_request {
	char *format;
	bool raw;
	struct image_remote remote;
};

#define NO_BUILDER "no builder is needed to ask a registry"

static const struct opt imagetools_opts[] = {
	OPT_TEXT(0, "format", struct imagetools_request, format, "TEMPLATE",
	         "json, or a template such as '{{json .Manifest}}'; there are .Name, .Manifest and .Image"),
	OPT_FLAG(0, "raw", struct imagetools_request, raw, "the manifest or index as the registry sends it"),
	OPTS_REMOTE(struct imagetools_request, remote),
	OPT_IGNORED(0, "builder", "NAME", NO_BUILDER),
	OPT_IGNORED('D', "debug", NULL, NO_BUILDER),
	OPT_END,
};

/* clean - owned; what a registry sent must not move the terminal's cursor */
static char *clean(const char *text)
{
	char *copy = xstrdup(text ? text : "");

	for (char *c = copy; *c; c++)
		if ((unsigned char) *c < ' ' || *c == 0x7f
		    || ((unsigned char) *c == 0xc2 && (unsigned char) c[1] >= 0x80 && (unsigned char) c[1] < 0xa0))
			*c = '?';
	return copy;
}

static void print_instance(const char *name, const struct descriptor *descriptor)
{
	AUTO_FREE char *words = descriptor->platform ? platform_text(descriptor->platform) : NULL;
	AUTO_FREE char *platform = clean(words);
	AUTO_FREE char *type = clean(descriptor->media_type);

	print_line("  Name:      %.*s@%s", (int) strcspn(name, "@"), name, descriptor->digest);
	print_line("  MediaType: %s", type);
	if (*platform)
		print_line("  Platform:  %s", platform);
	for (size_t i = 0; i < descriptor->annotations.count; i++) {
		AUTO_FREE char *key = clean(descriptor->annotations.items[i].key);
		AUTO_FREE char *value = clean(descriptor->annotations.items[i].value);

		print_line("  %s %s: %s", i ? "            " : "Annotations:", key, value);
	}
}

static int print_words(const struct image_inspected *inspected, struct error *err)
{
	struct image_index index = {0};
	AUTO_FREE char *type = clean(inspected->media_type);
	bool is_index = strstr(type, ".image.index.") || strstr(type, ".manifest.list.");
	int r = is_index ? image_index_parse(inspected->bytes, inspected->length, &index, err) : 0;

	if (r < 0)
		return error_wrap(err, r, "image index %.19s", inspected->digest);
	print_line("Name:      %s", inspected->name);
	print_line("MediaType: %s", type);
	print_line("Digest:    %s", inspected->digest);
	if (is_index)
		print_line("\nManifests:");
	for (size_t i = 0; i < index.manifests.count; i++) {
		if (i)
			print_line("%s", "");
		print_instance(inspected->name, LIST_AT(struct descriptor, &index.manifests, i));
	}
	fields_done(image_index_fields, &index);
	return 0;
}

/* print_format - with the image's configuration only where it is asked for */
static int print_format(const struct imagetools_request *request, const char *name,
                        const struct image_inspected *inspected, struct error *err)
{
	const struct image_inspect_remote remote = {.what = INSPECT_CONFIG, .remote = request->remote};
	AUTO(image_inspected_done) struct image_inspected config = {0};
	AUTO_JSON json_t *manifest = json_parse(inspected->bytes, inspected->length, err);
	AUTO_JSON json_t *object = json_object();
	int r = manifest ? 0 : -EINVAL;

	if (r >= 0 && (strstr(request->format, ".Image") || strcmp(request->format, "json") == 0))
		r = image_inspect_remote(name, &remote, &config, err);
	if (r < 0)
		return r;
	(void) json_object_set_new(manifest, "digest", json_string(inspected->digest));
	(void) json_object_set_new(manifest, "size", json_integer((json_int_t) inspected->length));
	(void) json_object_set_new(object, "name", json_string(inspected->name));
	(void) json_object_set(object, "manifest", manifest);
	if (config.object)
		(void) json_object_set(object, "image", config.object);
	return output_object(object, request->format, NULL, stdout, err);
}

static int imagetools_run(UNUSED struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct imagetools_request *request = data;
	const struct image_inspect_remote remote = {.what = INSPECT_RAW, .remote = request->remote};
	AUTO(image_inspected_done) struct image_inspected inspected = {0};
	const char *name = operands->items[1];
	int r;

	if (strcmp(operands->items[0], "inspect") != 0)
		return error_set(err, ERROR_UNSUPPORTED, "\"%.100s\" is not in this version; there is: inspect NAME",
		                 operands->items[0]);
	r = image_inspect_remote(name, &remote, &inspected, err);
	if (r < 0 || !inspected.bytes)
		return r;
	if (request->raw)
		return fwrite(inspected.bytes, 1, inspected.length, stdout) == inspected.length
		               ? 0 : error_errno(err, errno, "standard output");
	if (request->format && *request->format)
		return print_format(request, name, &inspected, err);
	return print_words(&inspected, err);
}

const struct command cmd_buildx_imagetools = {
	.name = "buildx imagetools",
	.group = "Registries",
	.summary = "show an image in its registry, as docker buildx does",
	.operands = "inspect NAME",
	.example = "coracle buildx imagetools inspect docker.io/library/debian:12",
	.opts = imagetools_opts,
	.request_size = sizeof(struct imagetools_request),
	.min_operands = 2,
	.max_operands = 2,
	.needs = NEEDS_NOTHING,
	.run = imagetools_run,
};
