/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_ps.c - coracle ps: list containers (coracle-ps(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "coracle/container/container.h"
#include "coracle/format/output.h"
#include "docker_config.h"

#include <string.h>
#include <time.h>

#define NO_POD "there are no pods in this version"
#define NO_NS  "namespaces are shown by `inspect`: the process is .State.Pid, its namespaces are in /proc/PID/ns"

struct ps_request {
	struct container_list list;
	bool quiet, no_heading;
	char *format;
	uint64_t watch;
};

static const struct opt ps_opts[] = {
	OPT_FLAG('a', "all", struct ps_request, list.all, "also those that do not run"),
	OPT_TEXTS('f', "filter", struct ps_request, list.filters, "KEY=VALUE",
	          "only those that match: ancestor, before, exited, expose, health, id, label, label!, name, network, publish, restart-policy, since, status, until, volume"),
	OPT_TEXT(0, "format", struct ps_request, format, "TEMPLATE",
	         "json, table, or a template such as '{{.ID}} {{.Names}}'"),
	OPT_INT('n', "last", struct ps_request, list.last, "N", "only the N made last, running or not"),
	OPT_FLAG('l', "latest", struct ps_request, list.latest, "only the one made last, running or not"),
	OPT_FLAG(0, "no-trunc", struct ps_request, list.no_trunc, "ids and commands in full"),
	OPT_FLAG(0, "notruncate", struct ps_request, list.no_trunc, "the same as --no-trunc", .hidden = true),
	OPT_FLAG(0, "noheading", struct ps_request, no_heading, "no heading"),
	OPT_FLAG('q', "quiet", struct ps_request, quiet, "only ids"),
	OPT_FLAG('s', "size", struct ps_request, list.size, "also the size of what each has written"),
	OPT_TEXT(0, "sort", struct ps_request, list.sort, "FIELD",
	         "order by command, created (default), id, image, names, runningfor, size or status",
	         .complete = "command|created|id|image|names|runningfor|size|status"),
	OPT_UINT('w', "watch", struct ps_request, watch, "SECONDS", "print again and again"),
	OPT_IGNORED(0, "external", NULL, "all containers in the store are coracle's own"),
	OPT_IGNORED(0, "storage", NULL, "all containers in the store are coracle's own"),
	OPT_IGNORED(0, "sync", NULL, "states are always found out anew"),
	OPT_REFUSED(0, "ns", NULL, NO_NS),
	OPT_REFUSED(0, "namespace", NULL, NO_NS),
	OPT_REFUSED('p', "pod", NULL, NO_POD),
	OPT_END,
};

static const struct template_caption captions[] = {
	{"ID", "CONTAINER ID"},
	{"RunningFor", "CREATED"},
	{"CreatedAt", "CREATED AT"},
	{"CreatedHuman", "CREATED"},
	{"LocalVolumes", "LOCAL VOLUMES"},
	{NULL, NULL},
};

static int ps_once(struct engine *engine, struct ps_request *request, const char *format,
                   struct error *err)
{
	static const char table[] = "table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}"
				    "\t{{.Ports}}\t{{.Names}}";
	static const char sized[] = "table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}"
				    "\t{{.Ports}}\t{{.Names}}\t{{.Size}}";
	AUTO_JSON json_t *rows = NULL;
	AUTO_JSON json_t *typed = NULL;
	bool whole = format && strcmp(format, "json") == 0;
	struct output_list output;
	int r;

	request->list.brief = !format;
	r = container_list(engine, &request->list, &rows, whole ? &typed : NULL, err);
	if (r < 0)
		return r;
	output = (struct output_list){
		.rows = rows,
		.typed = typed,
		.format = format,
		.table = request->list.size ? sized : table,
		.quiet = request->quiet ? "ID" : NULL,
		.captions = captions,
		.json_lines = print_is_docker(),
		.no_heading = request->no_heading,
	};
	return output_list(&output, stdout, err);
}

static int ps_run(struct engine *engine, void *data, UNUSED const struct texts *operands, struct error *err)
{
	struct ps_request *request = data;
	AUTO_FREE char *format = request->format || request->quiet ? NULL : docker_config_text("psFormat");
	int r;

	/* Both ask for containers whatever their state. */
	if (request->list.last > 0 || request->list.latest)
		request->list.all = true;
	/* What containers wrote belongs to subordinate ids. */
	if (request->list.size) {
		r = engine_enter(engine, err);
		if (r < 0)
			return r;
	}
	for (;;) {
		r = ps_once(engine, request, request->format ? request->format : format, err);
		if (r < 0 || request->watch == 0)
			return r;
		(void) nanosleep(&(struct timespec){.tv_sec = (time_t) MIN(request->watch, 86400u)}, NULL);
		/* ECMA-48: cursor home, erase the screen */
		if (isatty(STDOUT_FILENO))
			(void) fputs("\033[H\033[2J", stdout);
	}
}

const struct command cmd_ps = {
	.name = "ps",
	.aliases = "container ls|container list|container ps",
	.group = "Look",
	.summary = "list containers",
	.example = "coracle ps -a --filter status=exited\n"
	           "coracle ps --format '{{.Names}}: {{.Status}}'",
	.opts = ps_opts,
	.request_size = sizeof(struct ps_request),
	.max_operands = 0,
	.needs = NEEDS_ENGINE,
	.run = ps_run,
};
