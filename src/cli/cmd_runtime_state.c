/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_runtime_state.c - coracle runtime start, state, kill, delete, pause, resume (coracle-runtime-start(1)...) */
#include "runtime.h"

#include "coracle/sys/names.h"

#include <regex.h>
#include <signal.h>
#include <string.h>

static int start_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	AUTO_LIFECYCLE struct lifecycle lifecycle = {.root_fd = -1};
	int r = runtime_open(&lifecycle, err);

	(void) engine;
	(void) data;
	return r < 0 ? r : lifecycle_start(&lifecycle, operands->items[0], err);
}

static int state_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	AUTO_LIFECYCLE struct lifecycle lifecycle = {.root_fd = -1};
	AUTO_LIFECYCLE_STATE struct lifecycle_state state = {.cgroup.fd = -1};
	AUTO_JSON json_t *json = NULL;
	int r = runtime_open(&lifecycle, err);

	(void) engine;
	(void) data;
	if (r >= 0)
		r = lifecycle_load(&lifecycle, operands->items[0], &state, err);
	if (r < 0)
		return r;
	json = lifecycle_state_json(&state);
	runtime_print_json(json);
	return 0;
}

struct kill_request {
	bool all;
	char *regex;
};

static const struct opt kill_opts[] = {
	OPT_FLAG('a', "all", struct kill_request, all, "to every process of the container's cgroup"),
	OPT_TEXT('r', "regex", struct kill_request, regex, "PATTERN", "all whose id matches this extended regular expression"),
	OPT_END,
};

/* the ids that match, or the one that was named */
static int choose(struct lifecycle *lifecycle, const char *pattern, const struct texts *operands,
                  struct texts *out, struct error *err)
{
	AUTO_TEXTS struct texts all = {0};
	regex_t compiled;
	int r;

	if (!pattern) {
		if (operands->count == 0)
			return error_set(err, ERROR_INVALID, "no container: give an id, or --regex PATTERN");
		texts_add(out, operands->items[0]);
		return 0;
	}
	if (regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return error_set(err, ERROR_INVALID, "--regex \"%.100s\" is not a regular expression", pattern);
	r = lifecycle_ids(lifecycle, &all, err);
	for (size_t i = 0; r >= 0 && i < all.count; i++)
		if (regexec(&compiled, all.items[i], 0, NULL, 0) == 0)
			texts_add(out, all.items[i]);
	regfree(&compiled);
	return r;
}

static int kill_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct kill_request *request = data;
	AUTO_LIFECYCLE struct lifecycle lifecycle = {.root_fd = -1};
	AUTO_TEXTS struct texts ids = {0};
	size_t word = request->regex ? 0 : 1;
	int number = SIGTERM, r;

	(void) engine;
	if (operands->count > word)
		/* 0 asks whether there is a process (kill(2)) */
		number = strcmp(operands->items[word], "0") == 0 ? 0 : signal_number(operands->items[word]);
	if (number < 0)
		return error_set(err, ERROR_INVALID, "\"%.100s\" is not a signal; `kill -l` lists them",
		                 operands->items[word]);
	r = runtime_open(&lifecycle, err);
	if (r >= 0)
		r = choose(&lifecycle, request->regex, operands, &ids, err);
	for (size_t i = 0; r >= 0 && i < ids.count; i++)
		r = lifecycle_kill(&lifecycle, ids.items[i], number, request->all, err);
	return r;
}

struct delete_request {
	bool force;
	char *regex;
};

static const struct opt delete_opts[] = {
	OPT_FLAG('f', "force", struct delete_request, force, "kill it first if it runs; one that does not exist is no error"),
	OPT_TEXT('r', "regex", struct delete_request, regex, "PATTERN", "all whose id matches this extended regular expression"),
	OPT_END,
};

static int delete_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct delete_request *request = data;
	AUTO_LIFECYCLE struct lifecycle lifecycle = {.root_fd = -1};
	AUTO_TEXTS struct texts ids = {0};
	int r = runtime_open(&lifecycle, err);

	(void) engine;
	if (r >= 0)
		r = choose(&lifecycle, request->regex, operands, &ids, err);
	for (size_t i = 0; r >= 0 && i < ids.count; i++)
		r = lifecycle_delete(&lifecycle, ids.items[i], request->force, err);
	return r;
}

static int set_paused(const char *id, bool paused, struct error *err)
{
	AUTO_LIFECYCLE struct lifecycle lifecycle = {.root_fd = -1};
	int r = runtime_open(&lifecycle, err);

	return r < 0 ? r : lifecycle_pause(&lifecycle, id, paused, err);
}

static int pause_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	(void) engine;
	(void) data;
	return set_paused(operands->items[0], true, err);
}

static int resume_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	(void) engine;
	(void) data;
	return set_paused(operands->items[0], false, err);
}

static const struct opt no_opts[] = {OPT_END};

const struct command cmd_runtime_start = {
	.name = "runtime start",
	.group = "OCI runtime",
	.summary = "run the program of a created container",
	.operands = "ID",
	.complete = "runtime-container",
	.example = "coracle runtime start web",
	.opts = no_opts,
	.min_operands = 1,
	.max_operands = 1,
	.run = start_run,
};

const struct command cmd_runtime_state = {
	.name = "runtime state",
	.group = "OCI runtime",
	.summary = "print the state of a container as JSON",
	.operands = "ID",
	.complete = "runtime-container",
	.example = "coracle runtime state web",
	.opts = no_opts,
	.min_operands = 1,
	.max_operands = 1,
	.run = state_run,
};

const struct command cmd_runtime_kill = {
	.name = "runtime kill",
	.group = "OCI runtime",
	.summary = "send a signal (default: TERM) to the first process of a container",
	.operands = "ID [SIGNAL]",
	.complete = "runtime-container",
	.example = "coracle runtime kill web KILL",
	.opts = kill_opts,
	.request_size = sizeof(struct kill_request),
	.min_operands = 0,
	.max_operands = 2,
	.run = kill_run,
};

const struct command cmd_runtime_delete = {
	.name = "runtime delete",
	.group = "OCI runtime",
	.summary = "remove what is left of a stopped container",
	.operands = "ID",
	.complete = "runtime-container",
	.example = "coracle runtime delete --force web",
	.opts = delete_opts,
	.request_size = sizeof(struct delete_request),
	.min_operands = 0,
	.max_operands = 1,
	.run = delete_run,
};

const struct command cmd_runtime_pause = {
	.name = "runtime pause",
	.group = "OCI runtime",
	.summary = "freeze all processes of a container",
	.operands = "ID",
	.complete = "runtime-container",
	.example = "coracle runtime pause web",
	.opts = no_opts,
	.min_operands = 1,
	.max_operands = 1,
	.run = pause_run,
};

const struct command cmd_runtime_resume = {
	.name = "runtime resume",
	.group = "OCI runtime",
	.summary = "thaw the processes of a paused container",
	.operands = "ID",
	.complete = "runtime-container",
	.example = "coracle runtime resume web",
	.opts = no_opts,
	.min_operands = 1,
	.max_operands = 1,
	.run = resume_run,
};
