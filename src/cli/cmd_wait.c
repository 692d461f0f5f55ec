/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_wait.c - coracle wait: wait until containers end and print their exit statuses (coracle-wait(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/clock.h"
#include "targets.h"

#include <inttypes.h>
#include <string.h>

struct wait_request {
	struct texts conditions;
	char *interval;
	bool ignore, latest;
	enum wait_condition condition;
};

static const struct opt wait_opts[] = {
	OPT_LIST(0, "condition", struct wait_request, conditions, "STATE",
	         "wait for stopped (default), exited, running, created or removed",
	         .complete = "stopped|exited|running|created|removed"),
	OPT_FLAG(0, "ignore", struct wait_request, ignore, "a container that does not exist counts as ended with -1"),
	OPT_FLAG('l', "latest", struct wait_request, latest, "for the container made last"),
	OPT_TEXT('i', "interval", struct wait_request, interval, "DURATION",
	         "checked, but without effect: waiting is for the event itself"),
	OPT_REFUSED(0, "exit-first-match", NULL, "not in this version; start one `wait` for each container"),
	OPT_END,
};

static const struct {
	const char *name;
	enum wait_condition condition;
} conditions[] = {
	{"stopped", WAIT_STOPPED},   {"not-running", WAIT_STOPPED}, {"exited", WAIT_EXITED},
	{"next-exit", WAIT_EXITED},  {"running", WAIT_RUNNING},     {"created", WAIT_CREATED},
	{"configured", WAIT_CREATED}, {"removed", WAIT_REMOVED},
};

static int find_condition(const struct wait_request *request, enum wait_condition *out, struct error *err)
{
	const struct texts *wanted = &request->conditions;

	*out = WAIT_STOPPED;
	if (wanted->count > 1)
		return error_set(err, ERROR_UNSUPPORTED, "option --condition: one at a time in this version");
	if (wanted->count == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(conditions); i++) {
		if (strcmp(wanted->items[0], conditions[i].name) != 0)
			continue;
		*out = conditions[i].condition;
		return 0;
	}
	return error_set(err, ERROR_INVALID,
	                 "option --condition: \"%.200s\" is not stopped, exited, running, created or removed",
	                 wanted->items[0]);
}

static int wait_one(struct engine *engine, const char *name, const void *data, struct error *err)
{
	const struct wait_request *request = data;
	int64_t code = -1;
	int r = container_wait(engine, name, request->condition, &code, err);

	if (r < 0 && !(request->ignore && err->kind == ERROR_NOT_FOUND))
		return r;
	print_line("%" PRId64, code);
	/* Who reads along wants each status when it is known. */
	return print_finish() < 0 ? error_errno(err, EIO, "standard output") : TARGET_SILENT;
}

static int wait_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	struct wait_request *request = data;
	AUTO_TEXTS struct texts names = {0};
	struct targets targets = {.operands = operands, .latest = request->latest};
	uint64_t unused = 0;
	int r = find_condition(request, &request->condition, err);

	/* podman takes plain milliseconds too. */
	if (r >= 0 && request->interval && clock_parse_duration(request->interval, &unused) < 0
	    && request->interval[strspn(request->interval, "0123456789")] != '\0')
		return error_set(err, ERROR_INVALID, "option --interval: \"%.200s\" is not a duration such as 250ms",
		                 request->interval);
	if (r >= 0)
		r = targets_find(engine, &targets, &names, err);
	return r < 0 ? r : targets_each(engine, &names, "wait", wait_one, request, err);
}

const struct command cmd_wait = {
	.name = "wait",
	.aliases = "container wait",
	.group = "Containers",
	.summary = "wait until containers end and print their exit statuses",
	.operands = "CONTAINER...",
	.complete = "running",
	.opts = wait_opts,
	.request_size = sizeof(struct wait_request),
	.max_operands = -1,
	.needs = NEEDS_ENGINE,
	.run = wait_run,
};
