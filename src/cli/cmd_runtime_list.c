/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_runtime_list.c - coracle runtime list: the containers there are (coracle-runtime-list(1)) */
#include "runtime.h"

#include "coracle/base/alloc.h"
#include "coracle/format/table.h"

#include <string.h>

struct list_request {
	char *format;
	bool quiet;
};

static const struct opt list_opts[] = {
	OPT_FLAG('q', "quiet", struct list_request, quiet, "only the ids"),
	OPT_TEXT('f', "format", struct list_request, format, "FORMAT", "table (default) or json", .complete = "table|json"),
	OPT_END,
};

static void print_ids(const struct texts *ids)
{
	for (size_t i = 0; i < ids->count; i++)
		print_line("%s", ids->items[i]);
}

/* One that another command deletes meanwhile is left out, one that can't be read is told of. */
static json_t *all_states(const struct lifecycle *lifecycle, const struct texts *ids)
{
	json_t *all = json_array();

	for (size_t i = 0; i < ids->count; i++) {
		AUTO_LIFECYCLE_STATE struct lifecycle_state state = {.cgroup.fd = -1};
		struct error gone = {0};

		if (lifecycle_load(lifecycle, ids->items[i], &state, &gone) >= 0)
			(void) json_array_append_new(all, lifecycle_state_json(&state));
		else if (gone.kind != ERROR_NOT_FOUND)
			lifecycle->warn(gone.text);
	}
	return all;
}

static const char *text_of(const json_t *state, const char *key)
{
	const char *text = json_string_value(json_object_get(state, key));

	return text ? text : "";
}

static void add_row(struct table *table, const json_t *state)
{
	char pid[24];

	(void) snprintf(pid, sizeof pid, "%lld", (long long) json_integer_value(json_object_get(state, "pid")));
	(void) !table_add(table, text_of(state, "id"));
	(void) !table_add(table, pid);
	(void) !table_add(table, text_of(state, "status"));
	(void) !table_add(table, text_of(state, "bundle"));
	(void) !table_add(table, text_of(state, "created"));
	(void) !table_add(table, text_of(state, "owner"));
	(void) !table_end_row(table);
}

static int print_table(const json_t *all)
{
	static const char heads[] = "ID\tPID\tSTATUS\tBUNDLE\tCREATED\tOWNER\n";
	AUTO_TABLE struct table table;
	size_t index;
	json_t *state;

	table_init(&table, TABLE_MIN_WIDTH, 1);
	(void) !table_add_lines(&table, heads, sizeof heads - 1);
	json_array_foreach(all, index, state)
		add_row(&table, state);
	return table_write(&table, stdout);
}

static int list_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct list_request *request = data;
	AUTO_LIFECYCLE struct lifecycle lifecycle = {.root_fd = -1};
	AUTO_TEXTS struct texts ids = {0};
	AUTO_JSON json_t *all = NULL;
	bool as_json = request->format && strcmp(request->format, "json") == 0;
	int r;

	(void) engine;
	(void) operands;
	if (request->format && !as_json && strcmp(request->format, "table") != 0)
		return error_set(err, ERROR_INVALID, "--format \"%.100s\" is not table or json", request->format);
	r = runtime_open(&lifecycle, err);
	if (r >= 0)
		r = lifecycle_ids(&lifecycle, &ids, err);
	if (r < 0)
		return r;
	if (request->quiet) {
		print_ids(&ids);
		return 0;
	}
	all = all_states(&lifecycle, &ids);
	if (as_json) {
		/* one line, as line-oriented callers know it */
		AUTO_FREE char *text = json_text(all, JSON_COMPACT);

		print_line("%s", text);
		return 0;
	}
	r = print_table(all);
	return r < 0 ? error_errno(err, -r, "standard output") : 0;
}

const struct command cmd_runtime_list = {
	.name = "runtime list",
	.group = "OCI runtime",
	.summary = "list containers",
	.operands = "",
	.example = "coracle runtime list --format json",
	.opts = list_opts,
	.request_size = sizeof(struct list_request),
	.max_operands = 0,
	.run = list_run,
};
