/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wait.c - until a container has come to a state */
#include "coracle/container/container.h"

#include <time.h>

#include "ending.h"

#define POLL_FIRST_NS 2000000
#define POLL_MOST_NS  100000000

#define CODE_UNKNOWN 255

static void pause_longer(struct timespec *pause)
{
	(void) nanosleep(pause, NULL);
	pause->tv_nsec = MIN(pause->tv_nsec * 2, POLL_MOST_NS);
}

static int64_t last_code(const struct container *container)
{
	return container->exit ? container->exit->code : 0;
}

/* The monitor is gone without having told a code: the record knows, unless it is gone too. */
static int code_of_record(struct engine *engine, struct container *container, int64_t *code,
                          struct error *err)
{
	int r = state_refresh(&engine->paths, container, err);

	if (r == -ENOENT) {
		*code = CODE_UNKNOWN;
		return 0;
	}
	if (r >= 0)
		*code = last_code(container);
	return r;
}

static int wait_end(struct engine *engine, struct container *container, int64_t *code, struct error *err)
{
	struct error ignored = {0};
	AUTO_CLOSE int fd = ending_open(&engine->paths, container->id, &ignored);

	if (fd < 0 && fd != -ESRCH) {
		*err = ignored;
		return fd;
	}
	if (fd >= 0 && ending_read(fd, code))
		return 0;
	return code_of_record(engine, container, code, err);
}

/* docker's next-exit, podman's exited: one that has not run yet is waited for */
static int wait_exited(struct engine *engine, struct container *container, int64_t *code, struct error *err)
{
	struct timespec pause = {.tv_nsec = POLL_FIRST_NS};

	while (container->status == STATUS_CREATED) {
		int r;

		pause_longer(&pause);
		r = state_refresh(&engine->paths, container, err);
		if (r < 0)
			return r;
	}
	return wait_end(engine, container, code, err);
}

static int wait_running(struct engine *engine, struct container *container, int64_t *code, struct error *err)
{
	struct timespec pause = {.tv_nsec = POLL_FIRST_NS};

	while (container->status != STATUS_RUNNING && container->status != STATUS_PAUSED) {
		int r;

		pause_longer(&pause);
		r = state_refresh(&engine->paths, container, err);
		if (r < 0)
			return r;
	}
	*code = 0;
	return 0;
}

static int wait_removed(struct engine *engine, struct container *container, int64_t *code, struct error *err)
{
	struct timespec pause = {.tv_nsec = POLL_FIRST_NS};
	int r = wait_end(engine, container, code, err);

	while (r >= 0) {
		struct error gone = {0};

		r = state_refresh(&engine->paths, container, &gone);
		if (r < 0 && gone.kind == ERROR_NOT_FOUND)
			return 0;
		if (r < 0)
			*err = gone;
		else
			pause_longer(&pause);
	}
	return r;
}

int container_wait(struct engine *engine, const char *name, enum wait_condition condition, int64_t *code,
                   struct error *err)
{
	AUTO_CONTAINER struct container container = {0};
	int r = state_find(&engine->paths, name, STATE_SUMMARY, &container, err);

	if (r < 0)
		return r;
	switch (condition) {
	case WAIT_STOPPED:
		return wait_end(engine, &container, code, err);
	case WAIT_EXITED:
		return wait_exited(engine, &container, code, err);
	case WAIT_RUNNING:
		return wait_running(engine, &container, code, err);
	case WAIT_REMOVED:
		return wait_removed(engine, &container, code, err);
	case WAIT_CREATED:
		/* it has been created, or it would not be known */
		*code = 0;
		return 0;
	}
	return error_set(err, ERROR_INVALID, "no such condition to wait for");
}
