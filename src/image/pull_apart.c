/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pull_apart.c - a pull in a process of its own
 *
 * `run` and `create` never enter the user namespace themselves: a container's monitor does. Layers are unpacked
 * inside, so a missing image is fetched by a child that enters it and ends.
 */
#include "coracle/base/alloc.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>

#include "apart.h"
#include "pull_private.h"

#define NAME_MAX_BYTES 1500

struct outcome {
	int result;
	struct error err;
	char name[NAME_MAX_BYTES];
};
_Static_assert(sizeof(struct outcome) <= PIPE_BUF, "is written at once");

static int pull_here(const char *name, const struct image_pull *request, const struct image_progress *progress,
                     char full[static NAME_MAX_BYTES], struct error *err)
{
	struct engine engine = {.paths = {.data_fd = -1, .runtime_fd = -1}};
	AUTO(image_pulled_done) struct list pulled = {0};
	int r = engine_open(&engine, err);

	if (r >= 0)
		r = engine_userns_begin(&engine, err);
	if (r >= 0)
		r = image_pull(&engine, name, request, progress, &pulled, err);
	if (r >= 0)
		(void) snprintf(full, NAME_MAX_BYTES, "%s", LIST_AT(struct image_pulled, &pulled, 0)->name);
	engine_close(&engine);
	return r;
}

int image_pull_apart(const char *name, const struct image_pull *request, const struct image_progress *progress,
                     char **full, struct error *err)
{
	struct outcome outcome = {0};
	int fd;
	/* SIGTERM, so that parts are put on disk */
	pid_t pid = apart_fork(SIGTERM, "fork", &fd, err);

	if (pid < 0)
		return (int) pid;
	if (pid == 0) {
		outcome.result = pull_here(name, request, progress, outcome.name, &outcome.err);
		apart_answer(fd, &outcome, sizeof outcome);
	}
	if (!apart_finish(pid, fd, &outcome, sizeof outcome, NULL))
		return error_set(err, ERROR_SYSTEM, "the process that fetched %.300s ended without a word", name);
	if (outcome.result < 0) {
		*err = outcome.err;
		return outcome.result;
	}
	*full = xstrdup(outcome.name);
	return 0;
}
