/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rebuild.c - the runtime directory comes back when somebody has wiped it
 *
 * A log-out may remove /run/user/UID under running containers. The kernel tells (inotify(7)); lock,
 * control socket and run.json are made again, at once or as soon as the directory can be made.
 */
#include "monitor_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/file.h"
#include "coracle/base/log.h"
#include "coracle/sys/lock.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#define REBUILD_PAUSE (NS_PER_SECOND / 2)

static void close_slot(int *fd)
{
	if (*fd >= 0)
		(void) close(*fd);
	*fd = -1;
}

void rebuild_watch(struct monitor *monitor)
{
	char path[64];

	close_slot(&monitor->notify_fd);
	monitor->notify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	(void) snprintf(path, sizeof path, "/proc/self/fd/%d", monitor->runtime_fd);
	/* without it a wiped directory stays wiped: nothing else depends on it */
	if (monitor->notify_fd >= 0 && inotify_add_watch(monitor->notify_fd, path, IN_DELETE | IN_DELETE_SELF) < 0)
		close_slot(&monitor->notify_fd);
}

static bool is_wiped(const struct monitor *monitor)
{
	char path[96];
	struct stat st, own;

	(void) snprintf(path, sizeof path, "containers/%s/alive", monitor->record->id);
	if (fstat(monitor->alive_fd, &own) < 0)
		return true;
	return own.st_nlink == 0 || fstatat(monitor->paths.runtime_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0
	       || st.st_ino != own.st_ino;
}

static int rebuild(struct monitor *monitor)
{
	AUTO_FREE char *path = xprintf("%s/containers/%s", monitor->paths.runtime, monitor->record->id);
	struct error err = {0};
	int r = directory_make(AT_FDCWD, path, 0700);

	if (r < 0)
		return r;
	close_slot(&monitor->paths.runtime_fd);
	close_slot(&monitor->runtime_fd);
	close_slot(&monitor->control_fd);
	monitor->paths.runtime_fd = open(monitor->paths.runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (monitor->paths.runtime_fd < 0)
		return -errno;
	monitor->runtime_fd = directory_open(AT_FDCWD, path);
	if (monitor->runtime_fd < 0)
		return monitor->runtime_fd;
	r = lock_take(monitor->runtime_fd, "alive", LOCK_MODE_EXCLUSIVE, LOCK_TRY);
	if (r < 0)
		return r;
	close_slot(&monitor->alive_fd);
	monitor->alive_fd = r;
	r = control_listen(monitor, &err);
	if (r >= 0)
		r = monitor_write_run(monitor, monitor->restart_at != 0, &err);
	userns_publish(&monitor->paths);
	return r;
}

void rebuild_check(struct monitor *monitor)
{
	char events[1024];

	if (monitor->notify_fd >= 0)
		/* what happened is seen by looking, not from the event */
		(void) !read(monitor->notify_fd, events, sizeof events);
	monitor->rebuild_at = 0;
	if (!is_wiped(monitor))
		return;
	if (rebuild(monitor) < 0) {
		monitor->rebuild_at = clock_monotonic() + REBUILD_PAUSE;
		return;
	}
	log_debug("the runtime directory was wiped and is made again");
	rebuild_watch(monitor);
}
