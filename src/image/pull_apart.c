/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pull_apart.c - a pull in a process of its own
 *
 * `run` and `create` never enter the user namespace themselves: a container's monitor does. Layers are unpacked
 * inside, so a missing image is fetched by a child that enters it and ends.
 */
#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/spawn.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>

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

static int read_outcome(int fd, struct outcome *out)
{
	ssize_t n;

	do
		n = read(fd, out, sizeof *out);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t) sizeof *out ? 0 : -EIO;
}

int image_pull_apart(const char *name, const struct image_pull *request, const struct image_progress *progress,
                     char **full, struct error *err)
{
	struct outcome outcome = {0};
	pid_t parent = getpid(), pid;
	int fds[2], status, r;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_errno(err, errno, "pipe");
	pid = fork();
	if (pid == 0) {
		(void) close(fds[0]);
		/* SIGTERM, so that parts are put on disk */
		if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent)
			_exit(1);
		outcome.result = pull_here(name, request, progress, outcome.name, &outcome.err);
		(void) !write_all(fds[1], &outcome, sizeof outcome);
		_exit(0);
	}
	(void) close(fds[1]);
	r = pid < 0 ? error_errno(err, errno, "fork") : read_outcome(fds[0], &outcome);
	(void) close(fds[0]);
	if (pid < 0)
		return r;
	/* it is ours and has said its word or died */
	(void) !spawn_wait(pid, &status);
	if (r < 0)
		return error_set(err, ERROR_SYSTEM, "the process that fetched %.300s ended without a word", name);
	if (outcome.result < 0) {
		*err = outcome.err;
		return outcome.result;
	}
	*full = xstrdup(outcome.name);
	return 0;
}
