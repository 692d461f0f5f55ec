/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_runtime_events.c - coracle runtime events: figures of a container (coracle-runtime-events(1)) */
#include "runtime.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"

#define INTERVAL_SECONDS 5

struct events_request {
	char *interval;
	bool stats;
};

static const struct opt events_opts[] = {
	OPT_FLAG(0, "stats", struct events_request, stats, "print the figures of now and stop"),
	OPT_TEXT(0, "interval", struct events_request, interval, "DURATION", "how often: 5s (default), 1m30s, 500ms"),
	OPT_END,
};

/* One JSON object a line, at once: somebody reads them from a pipe. */
static int tell(const json_t *event, void *data, struct error *err)
{
	AUTO_FREE char *text = json_text(event, JSON_COMPACT);
	int r;

	(void) data;
	print_line("%s", text);
	r = print_finish();
	return r < 0 ? error_errno(err, -r, "standard output") : 0;
}

static int events_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct events_request *request = data;
	AUTO_LIFECYCLE struct lifecycle lifecycle = {.root_fd = -1};
	struct lifecycle_watch watch = {.interval_ns = INTERVAL_SECONDS * NS_PER_SECOND, .tell = tell};
	AUTO_JSON json_t *event = NULL;
	int r;

	(void) engine;
	if (request->interval
	    && (clock_parse_duration(request->interval, &watch.interval_ns) < 0 || watch.interval_ns == 0))
		return error_set(err, ERROR_INVALID, "option --interval: \"%.100s\" is not a time such as 5s or 500ms",
		                 request->interval);
	r = runtime_open(&lifecycle, err);
	if (r < 0)
		return r;
	if (!request->stats)
		return lifecycle_events(&lifecycle, operands->items[0], &watch, err);
	r = lifecycle_stats(&lifecycle, operands->items[0], &event, err);
	return r < 0 ? r : tell(event, NULL, err);
}

const struct command cmd_runtime_events = {
	.name = "runtime events",
	.group = "OCI runtime",
	.summary = "print figures and events of a container as JSON, until it ends",
	.operands = "ID",
	.complete = "runtime-container",
	.example = "coracle runtime events --stats web",
	.opts = events_opts,
	.request_size = sizeof(struct events_request),
	.min_operands = 1,
	.max_operands = 1,
	.run = events_run,
};
