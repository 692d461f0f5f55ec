/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_history.c - coracle history: the steps that an image was built in (coracle-history(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/digest.h"
#include "coracle/format/human.h"
#include "coracle/format/output.h"
#include "coracle/image/explore.h"
#include "visible.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CREATED_BY_WIDTH 45
#define COMMENT_WIDTH    45
#define MISSING          "<missing>" /* the steps below have no image of their own */

struct history_request {
	struct opt_bool human;
	bool no_trunc, quiet;
	char *format, *platform;
};

static const struct opt history_opts[] = {
	OPT_TEXT(0, "format", struct history_request, format, "TEMPLATE",
	         "json, table, or a template such as '{{.ID}} {{.Size}} {{.CreatedBy}}'"),
	OPT_OPT_FLAG('H', "human", struct history_request, human,
	             "sizes and times in words (default); =false: bytes and dates"),
	OPT_FLAG(0, "no-trunc", struct history_request, no_trunc, "nothing is cut off"),
	OPT_FLAG(0, "notruncate", struct history_request, no_trunc, "the same as --no-trunc", .hidden = true),
	OPT_TEXT(0, "platform", struct history_request, platform, "OS/ARCH",
	         "an error when the image is for another platform"),
	OPT_FLAG('q', "quiet", struct history_request, quiet, "only ids"),
	OPT_END,
};

static const struct template_caption captions[] = {
	{"ID", "IMAGE"},
	{"Created", "CREATED"},
	{"CreatedSince", "CREATED"},
	{"CreatedAt", "CREATED AT"},
	{"CreatedBy", "CREATED BY"},
	{NULL, NULL},
};

static void set_text(json_t *object, const char *key, const char *text)
{
	json_t *value = json_string(text ? text : "");

	(void) json_object_set_new(object, key, value ? value : json_string("?"));
}

/* One line without control characters, at most width bytes; owned. */
static char *words(const char *text, size_t width, bool no_trunc)
{
	AUTO_FREE char *line = visible_line(text ? text : "");

	if (!no_trunc && strlen(line) > width) {
		visible_cut(line, width - 3);
		return xprintf("%s...", line);
	}
	return TAKE_PTR(line);
}

static json_t *names_of(const struct image_steps *steps, const struct image_step *step)
{
	json_t *array = json_array();

	for (size_t i = 0; step->top && i < steps->names.count; i++)
		(void) json_array_append_new(array, json_string(steps->names.items[i]));
	return array;
}

static char *id_of(const struct image_steps *steps, const struct image_step *step, bool no_trunc)
{
	if (!step->top)
		return xstrdup(MISSING);
	return no_trunc ? xstrdup(steps->id) : xprintf("%.12s", digest_hex(steps->id));
}

static json_t *row_of(const struct history_request *request, const struct image_steps *steps,
                      const struct image_step *step)
{
	bool human = !request->human.set || request->human.value;
	AUTO_FREE char *id = id_of(steps, step, request->no_trunc);
	AUTO_FREE char *by = words(step->created_by, CREATED_BY_WIDTH, request->no_trunc);
	AUTO_FREE char *comment = words(step->comment, COMMENT_WIDTH, request->no_trunc);
	char at[CLOCK_TEXT_SIZE] = "", since[HUMAN_TEXT_SIZE] = "", size[HUMAN_TEXT_SIZE];
	json_t *row = json_object();
	uint64_t ns;

	if (step->created && clock_parse_rfc3339(step->created, &ns) >= 0) {
		(void) clock_rfc3339(ns - ns % NS_PER_SECOND, at);
		(void) human_ago(ns, clock_now(), since);
	}
	if (human)
		(void) human_size_blank(step->size, size);
	else
		(void) snprintf(size, sizeof size, "%" PRIu64, step->size);
	set_text(row, "ID", id);
	set_text(row, "Created", human ? since : at);
	set_text(row, "CreatedSince", human ? since : at);
	set_text(row, "CreatedAt", at);
	set_text(row, "CreatedBy", by);
	set_text(row, "Size", size);
	set_text(row, "Comment", comment);
	(void) json_object_set_new(row, "Tags", names_of(steps, step));
	return row;
}

/* podman's shape, with nothing cut off */
static json_t *typed_of(const struct image_steps *steps, const struct image_step *step)
{
	json_t *object = json_object();

	set_text(object, "id", step->top ? digest_hex(steps->id) : MISSING);
	set_text(object, "created", step->created);
	set_text(object, "Created", step->created);
	set_text(object, "CreatedBy", step->created_by);
	(void) json_object_set_new(object, "size", json_integer((json_int_t) step->size));
	set_text(object, "comment", step->comment);
	(void) json_object_set_new(object, "tags", names_of(steps, step));
	return object;
}

static int history_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	static const char table[] = "table {{.ID}}\t{{.Created}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}";
	const struct history_request *request = data;
	AUTO(image_steps_done) struct image_steps steps = {0};
	AUTO_JSON json_t *rows = json_array();
	AUTO_JSON json_t *typed = json_array();
	struct output_list output = {
		.rows = rows,
		.typed = typed,
		.format = request->format,
		.table = table,
		.quiet = request->quiet ? "ID" : NULL,
		.captions = captions,
		.json_lines = print_is_docker(),
	};
	int r = image_history(engine, operands->items[0], request->platform, &steps, err);

	if (r < 0)
		return r;
	LIST_EACH(struct image_step, step, &steps.steps) {
		(void) json_array_append_new(rows, row_of(request, &steps, step));
		(void) json_array_append_new(typed, typed_of(&steps, step));
	}
	return output_list(&output, stdout, err);
}

const struct command cmd_history = {
	.name = "history",
	.aliases = "image history",
	.group = "Images",
	.summary = "show the steps that an image was built in",
	.operands = "IMAGE",
	.complete = "image",
	.example = "coracle history --no-trunc --format '{{.Size}} {{.CreatedBy}}' debian:12",
	.opts = history_opts,
	.request_size = sizeof(struct history_request),
	.min_operands = 1,
	.max_operands = 1,
	.needs = NEEDS_ENGINE,
	.run = history_run,
};
