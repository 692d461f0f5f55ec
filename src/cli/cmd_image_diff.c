/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_image_diff.c - coracle image diff: what an image changed (coracle-image-diff(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "coracle/image/explore.h"
#include "visible.h"

#include <string.h>

struct diff_request {
	char *format;
};

static const struct opt diff_opts[] = {
	OPT_TEXT(0, "format", struct diff_request, format, "json", "one object with changed, added and deleted",
	         .complete = "json"),
	OPT_END,
};

static int print_change(UNUSED void *context, enum layer_change change, const char *path, UNUSED struct error *err)
{
	static const char letters[] = {
		[LAYER_CHANGE_ADDED] = 'A',
		[LAYER_CHANGE_CHANGED] = 'C',
		[LAYER_CHANGE_DELETED] = 'D',
	};
	AUTO_FREE char *words = visible_name(path);

	print_line("%c %s", letters[change], words);
	return 0;
}

/* context  array of three arrays; a name that is no UTF-8 can't be in JSON as it is */
static int collect_change(void *context, enum layer_change change, const char *path, UNUSED struct error *err)
{
	json_t *const *arrays = context;
	json_t *value = json_string(path);

	if (!value) {
		AUTO_FREE char *words = visible_name(path);

		value = json_string(words);
	}
	(void) json_array_append_new(arrays[change], value);
	return 0;
}

static int print_json(struct engine *engine, const struct texts *operands, struct error *err)
{
	static const char *const keys[] = {
		[LAYER_CHANGE_CHANGED] = "changed",
		[LAYER_CHANGE_ADDED] = "added",
		[LAYER_CHANGE_DELETED] = "deleted",
	};
	static const enum layer_change order[] = {LAYER_CHANGE_CHANGED, LAYER_CHANGE_ADDED, LAYER_CHANGE_DELETED};
	json_t *arrays[ARRAY_LEN(keys)] = {json_array(), json_array(), json_array()};
	const char *other = operands->count > 1 ? operands->items[1] : NULL;
	AUTO_JSON json_t *object = json_object();
	AUTO_FREE char *text = NULL;
	int r = image_changes(engine, operands->items[0], other, collect_change, arrays, err);

	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		json_t *array = arrays[order[i]];

		/* as podman: no list where there is nothing in it */
		if (json_array_size(array) > 0)
			(void) json_object_set(object, keys[order[i]], array);
		json_decref(array);
	}
	if (r < 0)
		return r;
	text = json_text(object, JSON_INDENT(4));
	print_line("%s", text);
	return 0;
}

static int diff_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct diff_request *request = data;
	const char *other = operands->count > 1 ? operands->items[1] : NULL;

	if (request->format && strcmp(request->format, "json") == 0)
		return print_json(engine, operands, err);
	if (request->format && *request->format)
		return error_set(err, ERROR_INVALID, "option --format: \"%.200s\" is not json", request->format);
	return image_changes(engine, operands->items[0], other, print_change, NULL, err);
}

const struct command cmd_image_diff = {
	.name = "image diff",
	.group = "Images",
	.summary = "show what an image's uppermost layer changed, or what makes it differ from another image",
	.operands = "IMAGE [OTHER]",
	.complete = "image",
	.example = "coracle image diff app:2 app:1",
	.opts = diff_opts,
	.request_size = sizeof(struct diff_request),
	.min_operands = 1,
	.max_operands = 2,
	.needs = NEEDS_USERNS,
	.run = diff_run,
};
