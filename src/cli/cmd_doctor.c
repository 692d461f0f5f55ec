/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_doctor.c - coracle doctor: what this host can do and how to mend the rest (coracle-doctor(1)) */
#include "coracle/cli/command.h"

#include "coracle/conf/probe.h"
#include "coracle/format/output.h"

struct doctor_request {
	char *format;
	bool no_heading;
};

static const struct opt doctor_opts[] = {
	OPT_TEXT('f', "format", struct doctor_request, format, "TEMPLATE",
	         "json, table, or a template such as '{{.Code}} {{.State}}'"),
	OPT_FLAG(0, "noheading", struct doctor_request, no_heading, "no heading"),
	OPT_END,
};

static const struct template_caption captions[] = {
	{"Title", "WHAT"}, {"Detail", "FOUND"}, {"Effect", "WITHOUT IT"}, {"Fix", "MEND WITH"}, {NULL, NULL},
};

static json_t *make_row(const struct probe_result *result)
{
	const char *state = probe_state_name(result->state);

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "Code", result->code ? result->code : "", "Title",
	                 result->title ? result->title : "", "State", state, "Detail",
	                 result->detail ? result->detail : "", "Effect", result->effect ? result->effect : "",
	                 "Fix", result->fix ? result->fix : "");
}

/* A command that mends may be long: it stands below the table, one line each, ready to be copied. */
static void print_fixes(const struct list *results)
{
	bool first = true;

	LIST_EACH(const struct probe_result, result, results) {
		if (result->state == PROBE_OK)
			continue;
		if (first)
			print_line("%s", "");
		first = false;
		print_line("%s (%s): %s", result->title ? result->title : result->code,
		           probe_state_name(result->state), result->effect ? result->effect : "");
		if (result->fix && *result->fix)
			print_line("    %s", result->fix);
	}
}

static int doctor_print(const struct doctor_request *request, const struct list *results, struct error *err)
{
	AUTO_JSON json_t *rows = json_array();
	struct output_list output = {
		.format = request->format,
		.table = "table {{.State}}\t{{.Title}}\t{{.Detail}}",
		.captions = captions,
		.no_heading = request->no_heading,
	};
	int status = 0;
	int r;

	LIST_EACH(const struct probe_result, result, results) {
		(void) json_array_append_new(rows, make_row(result));
		if (result->state == PROBE_MISSING)
			status = 1;
	}
	output.rows = rows;
	r = output_list(&output, stdout, err);
	if (r < 0)
		return r;
	if (!request->format)
		print_fixes(results);
	return status;
}

static int doctor_run(struct engine *engine, void *request, UNUSED const struct texts *operands,
                      struct error *err)
{
	struct list results = {0};
	struct error reason = {0};
	int r = engine_open(engine, &reason);

	/* where the directories can't be had, a row of the table tells it like all else */
	if (r < 0)
		paths_guess(&engine->paths);
	r = probe_all(&engine->paths, &results, err);

	if (r >= 0)
		r = doctor_print(request, &results, err);
	probe_list_done(&results);
	engine_close(engine);
	return r;
}

const struct command cmd_doctor = {
	.name = "doctor",
	.group = "This program",
	.summary = "tell what this machine can do, and how to mend the rest",
	.opts = doctor_opts,
	.request_size = sizeof(struct doctor_request),
	.max_operands = 0,
	.needs = NEEDS_NOTHING,
	.run = doctor_run,
};
