/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_inspect.c - coracle inspect, container inspect (coracle-inspect(1)) */
#include "coracle/cli/command.h"

#include "coracle/container/container.h"
#include "coracle/format/output.h"
#include "coracle/image/image.h"
#include "coracle/volume/volume.h"
#include "targets.h"

#include <string.h>

struct inspect_request {
	char *format, *type;
	bool latest, size;
};

#define INSPECT_FORMAT                                                \
	OPT_TEXT('f', "format", struct inspect_request, format, "TEMPLATE", \
	         "json (default), or a template such as '{{.State.Status}}'")

static const struct opt inspect_opts[] = {
	INSPECT_FORMAT,
	OPT_TEXT('t', "type", struct inspect_request, type, "TYPE",
	         "look only for a container, image or volume (default: all, in this order)",
	         .complete = "all|container|image|volume"),
	OPT_FLAG('s', "size", struct inspect_request, size, "of containers also the sizes"),
	OPT_FLAG('l', "latest", struct inspect_request, latest, "the container made last"),
	OPT_END,
};

static const struct opt container_inspect_opts[] = {
	INSPECT_FORMAT,
	OPT_FLAG('s', "size", struct inspect_request, size, "also the sizes"),
	OPT_FLAG('l', "latest", struct inspect_request, latest, "the container made last"),
	OPT_END,
};

enum kind { KIND_CONTAINER = 1, KIND_IMAGE = 2, KIND_VOLUME = 4 };

static int volume_object(struct engine *engine, const char *name, json_t **out, struct error *err)
{
	struct volume volume = {0};
	AUTO_JSON json_t *rows = NULL;
	int r = volume_read(&engine->paths, name, &volume, err);

	if (r < 0)
		return r;
	rows = volume_rows(&(struct list){.items = &volume, .count = 1});
	*out = json_incref(json_array_get(rows, 0));
	volume_done(&volume);
	return 0;
}

/* The first kind that knows the name; a failure other than absence ends the search. */
static int find_object(struct engine *engine, const char *name, unsigned kinds, bool size, json_t **out,
                       struct error *err)
{
	struct error last = {0};
	int r = -ENOENT;

	if (kinds & KIND_CONTAINER)
		r = container_inspect(engine, name, size, out, &last);
	if (r < 0 && (kinds & KIND_IMAGE) && (r == -ENOENT || last.kind == ERROR_NOT_FOUND))
		r = image_inspect(engine, name, out, &last);
	if (r < 0 && (kinds & KIND_VOLUME)
	    && (kinds == KIND_VOLUME || last.kind == ERROR_NOT_FOUND || last.kind == ERROR_INVALID))
		r = volume_object(engine, name, out, &last);
	if (r >= 0)
		return 0;
	if ((kinds & (kinds - 1)) && (last.kind == ERROR_NOT_FOUND || last.kind == ERROR_INVALID))
		return error_set(err, ERROR_NOT_FOUND, "no container, image or volume is called \"%.200s\"", name);
	*err = last;
	return r;
}

static int inspect(struct engine *engine, const struct inspect_request *request, unsigned kinds,
                   const struct texts *names, struct error *err)
{
	AUTO_JSON json_t *objects = json_array();
	int result = 0;
	int r;

	for (size_t i = 0; i < names->count; i++) {
		json_t *object = NULL;
		struct error failure = {0};

		r = find_object(engine, names->items[i], kinds, request->size, &object, &failure);
		if (r >= 0) {
			(void) json_array_append_new(objects, object);
		} else if (result == 0) {
			*err = failure;
			result = r;
		} else {
			print_error("inspect: %s", failure.text);
		}
	}
	if (json_array_size(objects) > 0) {
		struct error failure = {0};

		r = output_object(objects, request->format, NULL, stdout, &failure);
		if (r < 0 && result == 0)
			*err = failure;
		return result < 0 ? result : r;
	}
	/* Scripts read an empty array where nothing was found. */
	if (!request->format || strcmp(request->format, "json") == 0)
		print_line("[]");
	return result;
}

static int parse_kinds(const char *type, unsigned *out, struct error *err)
{
	static const struct {
		const char *name;
		unsigned kinds;
	} types[] = {
		{"all", KIND_CONTAINER | KIND_IMAGE | KIND_VOLUME},
		{"container", KIND_CONTAINER},
		{"image", KIND_IMAGE},
		{"volume", KIND_VOLUME},
	};

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (strcmp(type && *type ? type : "all", types[i].name) == 0) {
			*out = types[i].kinds;
			return 0;
		}
	}
	return error_set(err, ERROR_INVALID, "option --type: \"%.200s\" is not container, image, volume or all", type);
}

static int inspect_names(struct engine *engine, const struct inspect_request *request, unsigned kinds,
                         const struct texts *operands, struct error *err)
{
	AUTO_TEXTS struct texts names = {0};
	int r;

	if (request->size) {
		r = engine_enter(engine, err);
		if (r < 0)
			return r;
	}
	if (!request->latest && operands->count)
		return inspect(engine, request, kinds, operands, err);
	if (!request->latest)
		return error_set(err, ERROR_INVALID, "which one? give a name or an id");
	r = targets_find(engine, &(struct targets){.operands = operands, .latest = true}, &names, err);
	return r < 0 ? r : inspect(engine, request, KIND_CONTAINER, &names, err);
}

static int inspect_run(struct engine *engine, void *request, const struct texts *operands, struct error *err)
{
	unsigned kinds = 0;
	int r = parse_kinds(((const struct inspect_request *) request)->type, &kinds, err);

	return r < 0 ? r : inspect_names(engine, request, kinds, operands, err);
}

static int container_inspect_run(struct engine *engine, void *request, const struct texts *operands,
                                 struct error *err)
{
	return inspect_names(engine, request, KIND_CONTAINER, operands, err);
}

const struct command cmd_inspect = {
	.name = "inspect",
	.group = "Look",
	.summary = "show all that is known of containers, images or volumes",
	.operands = "NAME...",
	.complete = "container",
	.example = "coracle inspect web\n"
	           "coracle inspect -f '{{.State.Status}} {{.State.ExitCode}}' web",
	.opts = inspect_opts,
	.request_size = sizeof(struct inspect_request),
	.max_operands = -1,
	.needs = NEEDS_ENGINE,
	.run = inspect_run,
};

const struct command cmd_container_inspect = {
	.name = "container inspect",
	.group = "Look",
	.summary = "show all that is known of containers",
	.operands = "CONTAINER...",
	.complete = "container",
	.opts = container_inspect_opts,
	.request_size = sizeof(struct inspect_request),
	.max_operands = -1,
	.needs = NEEDS_ENGINE,
	.run = container_inspect_run,
};
