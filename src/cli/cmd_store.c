/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_store.c - coracle store: image stores of others, used without copying (coracle-store-add(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "coracle/format/output.h"
#include "coracle/store/shared.h"

#include <limits.h>
#include <stdlib.h>

struct store_request {
	char *format;
	bool no_heading, quiet;
};

static const struct opt no_opts[] = {OPT_END};

static const struct opt ls_opts[] = {
	OPT_TEXT(0, "format", struct store_request, format, "TEMPLATE",
	         "json, table, or a template such as '{{.Path}} {{.State}}'"),
	OPT_FLAG('n', "noheading", struct store_request, no_heading, "no heading"),
	OPT_FLAG('q', "quiet", struct store_request, quiet, "only the directories"),
	OPT_END,
};

static int create_run(UNUSED struct engine *engine, UNUSED void *data, const struct texts *operands, struct error *err)
{
	char path[PATH_MAX];
	int r = store_share(operands->items[0], err);

	if (r >= 0)
		print_line("%s", realpath(operands->items[0], path) ? path : operands->items[0]);
	return r < 0 ? r : 0;
}

/* Each that can be added is; the first failure decides the status. */
static int each(struct engine *engine, const struct texts *operands,
                int (*act)(const struct paths *paths, const char *directory, struct error *err), const char *name,
                struct error *err)
{
	int result = 0;

	for (size_t i = 0; i < operands->count; i++) {
		struct error failure = {0};
		int r = act(&engine->paths, operands->items[i], &failure);

		if (r >= 0) {
			print_line("%s", operands->items[i]);
		} else if (result == 0) {
			*err = failure;
			result = r;
		} else {
			print_error("%s: %s", name, failure.text);
		}
	}
	return result;
}

static int add_run(struct engine *engine, UNUSED void *data, const struct texts *operands, struct error *err)
{
	return each(engine, operands, store_add, "store add", err);
}

static int rm_run(struct engine *engine, UNUSED void *data, const struct texts *operands, struct error *err)
{
	return each(engine, operands, store_remove, "store rm", err);
}

static json_t *rows_of(const struct list *stores)
{
	json_t *rows = json_array();

	LIST_EACH(const struct shared_status, status, stores)
		(void) json_array_append_new(rows, json_pack("{s:s, s:s, s:I, s:I, s:s}", "Path", status->path, "From",
		                                             status->from, "Images", (json_int_t) status->images,
		                                             "Layers", (json_int_t) status->layers, "State",
		                                             status->problem ? status->problem : "ok"));
	return rows;
}

static int ls_run(struct engine *engine, void *data, UNUSED const struct texts *operands, struct error *err)
{
	static const struct template_caption captions[] = {{NULL, NULL}};
	const struct store_request *request = data;
	AUTO(shared_status_done) struct list stores = {0};
	struct error problem = {0};
	struct store *store = engine_store(engine, err);
	AUTO_JSON json_t *rows = NULL;
	struct output_list output;

	if (!store)
		return -EIO;
	if (store_shared_list(store, &stores, &problem) < 0)
		print_warning("%s", problem.text);
	rows = rows_of(&stores);
	output = (struct output_list){
		.rows = rows,
		.format = request->format,
		.table = "table {{.Path}}\t{{.From}}\t{{.Images}}\t{{.State}}",
		.quiet = request->quiet ? "Path" : NULL,
		.captions = captions,
		.no_heading = request->no_heading,
	};
	return output_list(&output, stdout, err);
}

const struct command cmd_store_create = {
	.name = "store create",
	.group = "Shared image stores",
	.summary = "make an image store that others can read",
	.operands = "DIR",
	.complete = "file",
	.example = "coracle store create /srv/images && coracle --root /srv/images pull debian:12",
	.opts = no_opts,
	.min_operands = 1,
	.max_operands = 1,
	.needs = NEEDS_NOTHING,
	.run = create_run,
};

const struct command cmd_store_add = {
	.name = "store add",
	.group = "Shared image stores",
	.summary = "use images of somebody else's store, without copying them",
	.operands = "DIR...",
	.complete = "file",
	.example = "coracle store add /srv/images",
	.opts = no_opts,
	.min_operands = 1,
	.max_operands = -1,
	.needs = NEEDS_ENGINE,
	.run = add_run,
};

const struct command cmd_store_ls = {
	.name = "store ls",
	.aliases = "store list",
	.group = "Shared image stores",
	.summary = "list additional image stores",
	.opts = ls_opts,
	.request_size = sizeof(struct store_request),
	.max_operands = 0,
	.needs = NEEDS_ENGINE,
	.run = ls_run,
};

const struct command cmd_store_rm = {
	.name = "store rm",
	.aliases = "store remove",
	.group = "Shared image stores",
	.summary = "use an additional image store no longer",
	.operands = "DIR...",
	.complete = "file",
	.opts = no_opts,
	.min_operands = 1,
	.max_operands = -1,
	.needs = NEEDS_ENGINE,
	.absent_status = 1,
	.run = rm_run,
};
