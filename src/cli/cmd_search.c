/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_search.c - coracle search: images in registries; image tags: their tags (coracle-search(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "coracle/format/output.h"
#include "coracle/image/reference.h"
#include "coracle/image/search.h"
#include "opts_remote.h"

#include <string.h>

#define DESCRIPTION_MAX 44 /* letters, as podman has it */

struct search_request {
	struct image_search search;
	bool list_tags, no_trunc, compatible;
	char *format;
};

static const struct opt search_opts[] = {
	OPT_FLAG(0, "list-tags", struct search_request, list_tags, "the tags of a name, instead of names"),
	OPT_INT(0, "limit", struct search_request, search.limit, "N",
	        "so many at the most of each registry (default 25, at the most 100); with --list-tags so many tags"),
	OPT_TEXTS('f', "filter", struct search_request, search.filters, "KEY=VALUE",
	          "only those that match: stars=N, is-official=BOOL, is-automated=BOOL"),
	OPT_TEXT(0, "format", struct search_request, format, "TEMPLATE",
	         "json, table, or a template such as '{{.Name}} {{.Stars}}'"),
	OPT_FLAG(0, "no-trunc", struct search_request, no_trunc, "descriptions in full"),
	OPT_FLAG(0, "compatible", struct search_request, compatible, "also docker's columns: stars, official, automated"),
	OPTS_REMOTE(struct search_request, search.remote),
	OPT_END,
};

static const struct template_caption captions[] = {
	{"StarCount", "STARS"},
	{"IsOfficial", "OFFICIAL"},
	{"IsAutomated", "AUTOMATED"},
	{NULL, NULL},
};

/* letters - bytes that the first count letters of UTF-8 text take */
static size_t letters(const char *text, size_t count)
{
	size_t i = 0;

	while (text[i]) {
		if (((unsigned char) text[i] & 0xc0) != 0x80 && count-- == 0)
			break;
		i++;
	}
	return i;
}

static void shorten(json_t *row)
{
	const char *text = json_string_value(json_object_get(row, "Description"));
	size_t end = text ? letters(text, DESCRIPTION_MAX) : 0;
	AUTO_FREE char *start = text ? xstrndup(text, end) : NULL;

	if (!text || !text[end])
		return;
	(void) json_object_set_new(row, "Description",
	                           json_sprintf("%s%s", start ? start : "", print_is_docker() ? "…" : "..."));
}

/* become_familiar - docker leaves its own registry out */
static void become_familiar(json_t *row)
{
	const char *name = json_string_value(json_object_get(row, "Name"));
	AUTO_FREE char *familiar = name ? reference_familiar(name) : NULL;

	if (familiar)
		(void) json_object_set_new(row, "Name", json_string(familiar));
}

/* typed_rows - a copy of the rows with podman's keys, for --format json */
static json_t *typed_rows(const json_t *rows)
{
	static const char *const keys[] = {"Index", "Name", "Description", "Stars", "Official", "Automated", "Tag"};
	json_t *typed = json_array();
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		json_t *object = json_object();

		for (size_t k = 0; k < ARRAY_LEN(keys); k++)
			(void) json_object_set(object, keys[k], json_object_get(row, keys[k]));
		(void) json_array_append_new(typed, object);
	}
	return typed;
}

static int search_names(const struct search_request *request, const char *term, struct error *err)
{
	static const char podman[] = "table {{.Name}}\t{{.Description}}";
	static const char compatible[] = "table {{.Name}}\t{{.Description}}\t{{.Stars}}\t{{.Official}}\t{{.Automated}}";
	static const char docker[] = "table {{.Name}}\t{{.Description}}\t{{.StarCount}}\t{{.Official}}";
	struct image_search search = request->search;
	AUTO_TEXTS struct texts failures = {0};
	AUTO_JSON json_t *rows = NULL;
	AUTO_JSON json_t *typed = NULL;
	json_t *row;
	size_t i;
	int r;

	search.hub = print_is_docker();
	r = image_search(term, &search, &rows, &failures, err);
	if (r < 0)
		return r;
	for (i = 0; i < failures.count; i++)
		print_error("search: %s", failures.items[i]);
	json_array_foreach(rows, i, row) {
		if (!request->no_trunc)
			shorten(row);
		if (print_is_docker())
			become_familiar(row);
	}
	typed = typed_rows(rows);
	/* nothing found is nothing printed, as podman does */
	if (!request->format && !print_is_docker() && json_array_size(rows) == 0)
		return 0;
	return output_list(&(struct output_list){
		.rows = rows,
		.typed = typed,
		.format = request->format,
		.table = request->compatible ? compatible : print_is_docker() ? docker : podman,
		.captions = captions,
		.json_lines = print_is_docker(),
	}, stdout, err);
}

static int search_tags(const struct search_request *request, const char *name, struct error *err)
{
	AUTO_TEXTS struct texts tags = {0};
	AUTO_FREE char *full = NULL;
	AUTO_JSON json_t *rows = json_array();
	AUTO_JSON json_t *typed = NULL;
	AUTO_JSON json_t *list = json_array();
	size_t limit = request->search.limit > 0 ? (size_t) request->search.limit : SEARCH_LIMIT_DEFAULT;
	int r;

	if (request->search.filters.count)
		return error_set(err, ERROR_INVALID, "filters are for names, not for tags");
	if (request->search.limit < 0)
		return error_set(err, ERROR_INVALID, "option --limit: a number of tags");
	r = image_tags(name, &request->search.remote, &full, &tags, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < MIN(tags.count, limit); i++) {
		json_t *tag = json_string(tags.items[i]);

		if (!tag)
			continue;
		(void) json_array_append(list, tag);
		(void) json_array_append_new(rows, json_pack("{ss so}", "Name", full ? full : "", "Tag", tag));
	}
	typed = json_pack("[{ss sO}]", "Name", full ? full : "", "Tags", list);
	return output_list(&(struct output_list){
		.rows = rows,
		.typed = typed,
		.format = request->format,
		.table = "table {{.Name}}\t{{.Tag}}",
	}, stdout, err);
}

static int search_run(UNUSED struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct search_request *request = data;

	return request->list_tags ? search_tags(request, operands->items[0], err)
	                          : search_names(request, operands->items[0], err);
}

const struct command cmd_search = {
	.name = "search",
	.aliases = "image search",
	.group = "Registries",
	.summary = "find images in registries, or the tags of one",
	.operands = "TERM",
	.example = "coracle search --filter is-official=true debian\n"
	           "coracle search quay.io/podman/\n"
	           "coracle search --list-tags --limit 100 docker.io/library/debian",
	.opts = search_opts,
	.request_size = sizeof(struct search_request),
	.min_operands = 1,
	.max_operands = 1,
	.needs = NEEDS_NOTHING,
	.run = search_run,
};

/* --- image tags --- */

struct tags_request {
	struct image_remote remote;
};

static const struct opt tags_opts[] = {
	OPTS_REMOTE(struct tags_request, remote),
	OPT_END,
};

static int tags_run(UNUSED struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct tags_request *request = data;
	AUTO_TEXTS struct texts tags = {0};
	int r = image_tags(operands->items[0], &request->remote, NULL, &tags, err);

	for (size_t i = 0; r >= 0 && i < tags.count; i++)
		print_line("%s", tags.items[i]);
	return r;
}

const struct command cmd_image_tags = {
	.name = "image tags",
	.group = "Registries",
	.summary = "list all tags that a registry has of a name",
	.operands = "NAME",
	.example = "coracle image tags docker.io/library/debian",
	.opts = tags_opts,
	.request_size = sizeof(struct tags_request),
	.min_operands = 1,
	.max_operands = 1,
	.needs = NEEDS_NOTHING,
	.run = tags_run,
};
