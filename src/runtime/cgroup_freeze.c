/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_freeze.c - stop all processes of a cgroup and let them go on (cgroup-v2 "cgroup.freeze", version 1's freezer) */
#include "cgroup_private.h"

#include "coracle/base/clock.h"
#include "coracle/base/file.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#define PATIENCE (10 * NS_PER_SECOND)
#define STEP_MS  20

static bool is_frozen_v2(int dir_fd)
{
	AUTO_FREE char *events = group_read(dir_fd, "cgroup.events");

	return events && strstr(events, "frozen 1");
}

static bool is_state_v1(int dir_fd, bool frozen)
{
	AUTO_FREE char *state = group_read(dir_fd, "freezer.state");

	return state && strcmp(state, frozen ? "FROZEN" : "THAWED") == 0;
}

static int freeze_v2(int dir_fd, bool frozen)
{
	uint64_t end = clock_monotonic() + PATIENCE;
	AUTO_CLOSE int events = openat(dir_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	int r = group_write(dir_fd, "cgroup.freeze", frozen ? "1" : "0");

	while (r >= 0 && is_frozen_v2(dir_fd) != frozen) {
		/* told by POLLPRI; a change between the look and the wait costs one step */
		struct pollfd change = {.fd = events, .events = POLLPRI};

		if (clock_monotonic() > end)
			return -ETIMEDOUT;
		(void) poll(&change, 1, STEP_MS);
	}
	return r;
}

static int freeze_v1(int dir_fd, bool frozen)
{
	const struct timespec pause = {.tv_nsec = 2000000};
	uint64_t end = clock_monotonic() + PATIENCE;
	int r = group_write(dir_fd, "freezer.state", frozen ? "FROZEN" : "THAWED");

	while (r >= 0 && !is_state_v1(dir_fd, frozen)) {
		if (clock_monotonic() > end)
			return -ETIMEDOUT;
		(void) nanosleep(&pause, NULL);
		/* stuck in FREEZING: a further write looks at all processes again (kernel, freezer-subsystem) */
		r = group_write(dir_fd, "freezer.state", frozen ? "FROZEN" : "THAWED");
	}
	return r;
}

static bool has_file(int dir_fd, const char *file)
{
	return dir_fd >= 0 && file_exists(dir_fd, file);
}

int cgroup_freeze(struct cgroup *cgroup, bool frozen, struct error *err)
{
	AUTO_GROUP struct group group = {.unified = -1};
	int dir_fd, r;

	group_open(cgroup, &group);
	dir_fd = group_dir(&group, "freezer");
	if (has_file(dir_fd, "freezer.state"))
		r = freeze_v1(dir_fd, frozen);
	else if (has_file(group.unified, "cgroup.freeze"))
		r = freeze_v2(dir_fd = group.unified, frozen);
	else
		return error_set(err, ERROR_UNSUPPORTED,
		                 "the container has no cgroup that can be frozen" NO_CGROUP_HINT);
	if (r == -ETIMEDOUT && frozen)
		/* half of a container stopped helps nobody */
		(void) !group_write(dir_fd, has_file(dir_fd, "freezer.state") ? "freezer.state" : "cgroup.freeze",
		                    has_file(dir_fd, "freezer.state") ? "THAWED" : "0");
	return r < 0 ? error_errno(err, -r, "%s cgroup %s", frozen ? "freeze" : "thaw",
	                           cgroup->path ? cgroup->path : "(version 1)")
	             : 0;
}

bool cgroup_is_frozen(struct cgroup *cgroup)
{
	AUTO_GROUP struct group group = {.unified = -1};
	int dir_fd;

	group_open(cgroup, &group);
	dir_fd = group_dir(&group, "freezer");
	if (has_file(dir_fd, "freezer.state"))
		return is_state_v1(dir_fd, true);
	return group.unified >= 0 && is_frozen_v2(group.unified);
}
