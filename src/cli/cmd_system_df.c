/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_system_df.c - coracle system df: room that images, containers and volumes take (coracle-system-df(1)) */
#include "coracle/cli/command.h"

#include "coracle/format/output.h"
#include "prune.h"
#include "usage.h"

struct system_df_request {
	bool verbose;
	char *format;
};

static const struct opt system_df_opts[] = {
	OPT_TEXT(0, "format", struct system_df_request, format, "TEMPLATE",
	         "json, table, or a template such as '{{.Type}} {{.Size}} {{.Reclaimable}}'"),
	OPT_FLAG('v', "verbose", struct system_df_request, verbose, "every image, container and volume"),
	OPT_END,
};

static const struct template_caption captions[] = {
	{"TotalCount", "TOTAL"},     {"ID", "IMAGE ID"},          {"CreatedSince", "CREATED"},
	{"SharedSize", "SHARED SIZE"}, {"UniqueSize", "UNIQUE SIZE"}, {"LocalVolumes", "LOCAL VOLUMES"},
	{"RunningFor", "CREATED"},   {"Name", "VOLUME NAME"},     {NULL, NULL},
};
static const struct template_caption container_captions[] = {
	{"ID", "CONTAINER ID"}, {"LocalVolumes", "LOCAL VOLUMES"}, {"RunningFor", "CREATED"}, {NULL, NULL},
};

static int print_table(const char *heading, const json_t *rows, const char *table,
                       const struct template_caption *names, struct error *err)
{
	const struct output_list output = {.rows = rows, .table = table, .captions = names};

	print_line("%s\n", heading);
	return output_list(&output, stdout, err);
}

static int print_tables(const struct usage *usage, struct error *err)
{
	int r = print_table("Images space usage:", usage->images,
	                    "table {{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}\t{{.SharedSize}}"
	                    "\t{{.UniqueSize}}\t{{.Containers}}",
	                    captions, err);

	if (r >= 0)
		r = print_table("\nContainers space usage:", usage->containers,
		                "table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.LocalVolumes}}\t{{.Size}}\t{{.RunningFor}}"
		                "\t{{.Status}}\t{{.Names}}",
		                container_captions, err);
	if (r >= 0)
		r = print_table("\nLocal Volumes space usage:", usage->volumes, "table {{.Name}}\t{{.Links}}\t{{.Size}}",
		                captions, err);
	if (r >= 0 && !prune_is_podman())
		print_line("\nBuild cache usage: 0B");
	return r;
}

/* print_all - one object with all lists, as docker has it */
static int print_all(const struct usage *usage, const char *format, struct error *err)
{
	AUTO_JSON json_t *rows = json_pack("[{s:O, s:O, s:O, s:[]}]", "Images", usage->images, "Containers",
	                                   usage->containers, "Volumes", usage->volumes, "BuildCache");
	const struct output_list output = {.rows = rows, .format = format};

	return output_list(&output, stdout, err);
}

static int system_df_run(struct engine *engine, void *data, UNUSED const struct texts *operands, struct error *err)
{
	const struct system_df_request *request = data;
	AUTO(usage_done) struct usage usage = {0};
	struct output_list output;
	int r = usage_read(engine, &usage, err);

	if (r < 0)
		return r;
	/* podman knows no cache of builds */
	if (prune_is_podman())
		(void) json_array_remove(usage.kinds, json_array_size(usage.kinds) - 1);
	if (request->verbose)
		return request->format ? print_all(&usage, request->format, err) : print_tables(&usage, err);
	output = (struct output_list){
		.rows = usage.kinds,
		.format = request->format,
		.table = "table {{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}",
		.captions = captions,
		.json_lines = print_is_docker(),
	};
	return output_list(&output, stdout, err);
}

const struct command cmd_system_df = {
	.name = "system df",
	.group = "This program",
	.summary = "room on disk that images, containers and volumes take",
	.example = "coracle system df --format '{{.Type}} {{.Size}} {{.Reclaimable}}'",
	.opts = system_df_opts,
	.request_size = sizeof(struct system_df_request),
	.max_operands = 0,
	.needs = NEEDS_USERNS,
	.run = system_df_run,
};
