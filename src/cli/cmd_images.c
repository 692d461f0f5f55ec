/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_images.c - coracle images: list images (coracle-images(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/container/container.h"
#include "coracle/format/human.h"
#include "coracle/format/output.h"
#include "coracle/image/image.h"
#include "docker_config.h"
#include "images_tree.h"

#include <string.h>

struct images_request {
	struct image_list list;
	bool digests, history, no_trunc, no_heading, quiet, tree;
	char *format, *sort;
};

static const struct opt images_opts[] = {
	OPT_FLAG('a', "all", struct images_request, list.all, "also those without a name"),
	OPT_FLAG(0, "digests", struct images_request, digests, "also the digests"),
	OPT_TEXTS('f', "filter", struct images_request, list.filters, "KEY=VALUE",
	          "only those that match: before, containers, dangling, digest, id, label, label!, manifest, readonly, "
	          "reference, since, until"),
	OPT_TEXT(0, "format", struct images_request, format, "TEMPLATE",
	         "json, table, or a template such as '{{.Repository}}:{{.Tag}}'"),
	OPT_FLAG(0, "history", struct images_request, history, "also all names of each image"),
	OPT_FLAG(0, "no-trunc", struct images_request, no_trunc, "ids in full"),
	OPT_FLAG('n', "noheading", struct images_request, no_heading, "no heading"),
	OPT_FLAG('q', "quiet", struct images_request, quiet, "only ids"),
	OPT_TEXT(0, "sort", struct images_request, sort, "FIELD",
	         "order by created (default), id, repository, size or tag",
	         .complete = "created|id|repository|size|tag"),
	OPT_FLAG(0, "tree", struct images_request, tree, "each image once, its platform below it, and what was fetched for it"),
	OPT_END,
};

static const struct template_caption captions[] = {
	{"ID", "IMAGE ID"},
	{"CreatedSince", "CREATED"},
	{"CreatedAt", "CREATED AT"},
	{NULL, NULL},
};

/* "sha256:0123456789abcdef..." becomes "0123456789ab" */
static void shorten_id(json_t *row)
{
	const char *id = json_string_value(json_object_get(row, "ID"));

	if (!id)
		return;
	if (strncmp(id, "sha256:", 7) == 0)
		id += 7;
	if (strlen(id) > 12)
		(void) json_object_set_new(row, "ID", json_stringn(id, 12));
}

/* In podman's templates it is one text. */
static void set_history(json_t *row)
{
	const json_t *history = json_object_get(row, "History");
	AUTO_TEXTS struct texts names = {0};
	AUTO_FREE char *joined = NULL;

	for (size_t i = 0; i < json_array_size(history); i++) {
		const char *name = json_string_value(json_array_get(history, i));

		texts_add(&names, name ? name : "");
	}
	joined = texts_join(&names, ", ");
	(void) json_object_set_new(row, "History", json_string(names.count ? joined : "<none>"));
}

/* Bytes and seconds, as the rows come, become words for people. */
static void set_words(json_t *row, uint64_t now)
{
	static const char *const sizes[] = {"Size", "VirtualSize"};
	const json_t *created = json_object_get(row, "Created");
	char words[HUMAN_TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		const json_t *bytes = json_object_get(row, sizes[i]);

		if (json_is_integer(bytes))
			(void) json_object_set_new(
				row, sizes[i],
				json_string(human_size_blank((uint64_t) json_integer_value(bytes), words)));
	}
	if (json_is_integer(created) && !json_object_get(row, "CreatedSince"))
		(void) json_object_set_new(
			row, "CreatedSince",
			json_string(human_ago((uint64_t) json_integer_value(created) * NS_PER_SECOND, now, words)));
	set_history(row);
}

struct sort_key {
	const char *name, *field;
	bool largest_first;
};

static const struct sort_key sort_keys[] = {
	{"created", NULL, false}, {"id", "ID", false},     {"repository", "Repository", false},
	{"tag", "Tag", false},    {"size", "Size", true},
};

struct sortable {
	json_t *row;
	const char *text;
	json_int_t number;
	size_t place;
};

static int compare_text(const void *a, const void *b)
{
	const struct sortable *left = a;
	const struct sortable *right = b;
	int r = strcmp(left->text, right->text);

	return r ? r : (left->place > right->place) - (left->place < right->place);
}

static int compare_number(const void *a, const void *b)
{
	const struct sortable *left = a;
	const struct sortable *right = b;

	if (left->number < right->number)
		return 1;
	if (left->number > right->number)
		return -1;
	return (left->place > right->place) - (left->place < right->place);
}

static const struct sort_key *find_sort_key(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(sort_keys); i++)
		if (strcmp(name, sort_keys[i].name) == 0)
			return &sort_keys[i];
	return NULL;
}

/* is_new - seen: an object of the ids that came before; this one is added */
static bool is_new(json_t *seen, const json_t *row)
{
	const char *id = json_string_value(json_object_get(row, "ID"));

	if (!id || json_object_get(seen, id))
		return !id;
	(void) json_object_set_new(seen, id, json_true());
	return true;
}

/*
 * rows come newest first, and their order stays where the key is equal
 *
 * once  an image with several names is listed once: `rmi $(images -q)` must not meet it twice
 */
static json_t *sort_rows(json_t *rows, const struct sort_key *key, bool once)
{
	size_t count = json_array_size(rows);
	AUTO_FREE struct sortable *items = xcalloc(count + 1, sizeof *items);
	AUTO_JSON json_t *seen = json_object();
	json_t *sorted = json_array();

	for (size_t i = 0; i < count; i++) {
		const char *text = NULL;

		items[i] = (struct sortable){.row = json_array_get(rows, i), .place = i};
		if (key->field)
			text = json_string_value(json_object_get(items[i].row, key->field));
		items[i].text = text ? text : "";
		items[i].number = json_integer_value(json_object_get(items[i].row, "Size"));
	}
	if (key->field)
		qsort(items, count, sizeof *items, key->largest_first ? compare_number : compare_text);
	for (size_t i = 0; i < count; i++)
		if (!once || is_new(seen, items[i].row))
			(void) json_array_append(sorted, items[i].row);
	return sorted;
}

static int images_print(const struct images_request *request, const char *format, json_t *rows, json_t *typed,
                        struct error *err)
{
	static const char table[] = "table {{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}";
	static const char with_digests[] = "table {{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}"
					   "\t{{.CreatedSince}}\t{{.Size}}";
	AUTO_FREE char *wanted = xprintf("%s%s", request->digests ? with_digests : table,
	                                 request->history ? "\t{{.History}}" : "");
	struct output_list output = {
		.rows = rows,
		.typed = typed,
		.format = format,
		.table = wanted,
		.quiet = request->quiet ? "ID" : NULL,
		.captions = captions,
		.json_lines = print_is_docker(),
		.no_heading = request->no_heading,
	};

	return output_list(&output, stdout, err);
}

/* docker's --tree goes with no other look */
static int check_tree(const struct images_request *request, struct error *err)
{
	const char *other = request->quiet     ? "--quiet"
	                    : request->format   ? "--format"
	                    : request->digests  ? "--digests"
	                    : request->no_trunc ? "--no-trunc"
	                    : request->history  ? "--history"
	                    : request->sort     ? "--sort"
	                                        : NULL;

	return request->tree && other ? error_set(err, ERROR_INVALID, "--tree and %s exclude each other", other) : 0;
}

/* asks_containers - what containers use is only read where it matters */
static bool asks_containers(const struct texts *filters)
{
	for (size_t i = 0; i < filters->count; i++)
		if (strncmp(filters->items[i], "containers=", strlen("containers=")) == 0)
			return true;
	return false;
}

static int images_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct images_request *request = data;
	const struct sort_key *key = find_sort_key(request->sort ? request->sort : "created");
	AUTO_FREE char *configured = request->format || request->quiet ? NULL
	                                                               : docker_config_text("imagesFormat");
	const char *format = request->format ? request->format : configured;
	struct image_list list = request->list;
	uint64_t now = clock_now();
	AUTO_PAIRS struct pairs used = {0};
	AUTO_TEXTS struct texts layers = {0};
	AUTO_JSON json_t *rows = NULL;
	AUTO_JSON json_t *sorted = NULL;
	AUTO_JSON json_t *typed = NULL;
	json_t *row;
	size_t i;
	int r;

	if (!key)
		return error_set(err, ERROR_INVALID,
		                 "option --sort: \"%.200s\" is not created, id, repository, size or tag",
		                 request->sort);
	list.name = operands->count ? operands->items[0] : NULL;
	list.used = &used;
	r = check_tree(request, err);
	if (r >= 0 && asks_containers(&list.filters))
		r = container_images_used(engine, &used, &layers, err);
	if (r >= 0)
		r = image_list(engine, &list, &rows, format || request->tree ? &typed : NULL, err);
	if (r < 0)
		return r;
	if (request->tree)
		return images_tree(engine, typed, request->no_heading, err);
	sorted = sort_rows(rows, key, request->quiet && !request->format);
	json_array_foreach(sorted, i, row) {
		set_words(row, now);
		if (!request->no_trunc)
			shorten_id(row);
	}
	return images_print(request, format, sorted, typed, err);
}

const struct command cmd_images = {
	.name = "images",
	.aliases = "image ls|image list",
	.group = "Images",
	.summary = "list images",
	.operands = "[NAME[:TAG]]",
	.complete = "image",
	.example = "coracle images --format '{{.Repository}}:{{.Tag}} {{.Size}}'",
	.opts = images_opts,
	.request_size = sizeof(struct images_request),
	.max_operands = 1,
	.needs = NEEDS_ENGINE,
	.run = images_run,
};
