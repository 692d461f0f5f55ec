/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_volume_ls.c - coracle volume ls (coracle-volume-ls(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "coracle/format/output.h"
#include "docker_config.h"
#include "volumes.h"

struct volume_ls_request {
	struct texts filters;
	char *format;
	bool no_heading, quiet;
};

static const struct opt volume_ls_opts[] = {
	OPT_TEXTS('f', "filter", struct volume_ls_request, filters, "KEY=VALUE",
	          "only those that match: anonymous, dangling, driver, label, label!, name, since, until"),
	OPT_TEXT(0, "format", struct volume_ls_request, format, "TEMPLATE",
	         "json, table, or a template such as '{{.Name}} {{.Mountpoint}}'"),
	OPT_FLAG('n', "noheading", struct volume_ls_request, no_heading, "no heading"),
	OPT_FLAG('q', "quiet", struct volume_ls_request, quiet, "only names"),
	OPT_REFUSED(0, "cluster", NULL, "cluster volumes belong to Swarm, which is out of scope"),
	OPT_END,
};

static const struct template_caption captions[] = {{"Name", "VOLUME NAME"}, {NULL, NULL}};

static int volume_ls_run(struct engine *engine, void *data, UNUSED const struct texts *operands,
                         struct error *err)
{
	const struct volume_ls_request *request = data;
	AUTO_FREE char *configured = request->format || request->quiet ? NULL
	                                                               : docker_config_text("volumesFormat");
	AUTO_TEXTS struct texts used = {0};
	AUTO(volume_list_done) struct list volumes = {0};
	AUTO_JSON json_t *rows = NULL;
	struct output_list output;
	int r = volumes_find(engine, &request->filters, &volumes, &used, err);

	if (r < 0)
		return r;
	rows = volume_rows(&volumes);
	output = (struct output_list){
		.rows = rows,
		.format = request->format ? request->format : configured,
		.table = "table {{.Driver}}\t{{.Name}}",
		.quiet = request->quiet ? "Name" : NULL,
		.captions = captions,
		.json_lines = print_is_docker(),
		.no_heading = request->no_heading,
	};
	return output_list(&output, stdout, err);
}

const struct command cmd_volume_ls = {
	.name = "volume ls",
	.aliases = "volume list",
	.group = "Volumes",
	.summary = "list volumes",
	.opts = volume_ls_opts,
	.request_size = sizeof(struct volume_ls_request),
	.max_operands = 0,
	.needs = NEEDS_ENGINE,
	.run = volume_ls_run,
};
