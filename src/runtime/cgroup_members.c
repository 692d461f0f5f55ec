/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_members.c - the processes of a container's cgroup: moved in, listed, killed; and its end; see cgroup.h */
#include "cgroup_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/number.h"
#include "coracle/base/path.h"
#include "coracle/base/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define KILL_TRIES 100

static void pause_ms(unsigned ms)
{
	const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long) (ms % 1000) * 1000000};

	(void) nanosleep(&pause, NULL);
}

static void end_keeper(struct cgroup *cgroup)
{
	int status;

	if (cgroup->keeper <= 0)
		return;
	(void) kill(cgroup->keeper, SIGKILL);
	(void) !spawn_wait(cgroup->keeper, &status);
	cgroup->keeper = 0;
}

/* In it or in one below it, where an exec may have been born */
static bool is_in(const char *path, pid_t pid)
{
	AUTO_FREE char *own = cgroup_of(pid);
	const char *at = own ? strstr(own, path) : NULL;
	char end = at ? at[strlen(path)] : 'x';

	return end == '\0' || end == '/';
}

int cgroup_adopt(struct cgroup *cgroup, pid_t pid, struct error *err)
{
	AUTO_GROUP struct group group = {.unified = -1};
	int r = 0;

	if (!cgroup->path && cgroup->v1.count == 0)
		return 0;
	group_open(cgroup, &group);
	if (group.unified >= 0 && !is_in(cgroup->path, pid)) {
		r = group_move(group.unified, pid);
		if (r < 0 && r != -ESRCH && cgroup->scope) {
			r = scope_attach(cgroup, path_base(cgroup->path), pid, err);
		} else if (r < 0) {
			(void) error_errno(err, -r, "move process %d into cgroup %s", (int) pid, cgroup->path);
		}
	}
	LIST_EACH(struct group_dir, dir, &group.v1) {
		int moved = group_move(dir->fd, pid);

		if (moved < 0 && r >= 0)
			r = error_errno(err, -moved, "move process %d into cgroup %s of %s", (int) pid,
			                pairs_get(&cgroup->v1, dir->controllers), dir->controllers);
	}
	end_keeper(cgroup);
	return r;
}

int cgroup_approach(struct cgroup *cgroup, struct error *err)
{
	AUTO_CGROUP_HOST struct cgroup_host host = {0};
	const struct hierarchy *unified;
	const char *within;
	AUTO_FREE char *own = cgroup_of(getpid());
	AUTO_FREE char *part = xprintf("/%s/", cgroup->scope ? cgroup->scope : "");
	AUTO_FREE char *aside = NULL;
	AUTO_CLOSE int fd = -1;

	cgroup_host_find(&host);
	unified = cgroup_host_get(&host, "");
	if (!cgroup->scope || !unified || !own || strstr(own, part) || scope_can_move(unified))
		return 0;
	within = strstr(cgroup->path, part);
	if (!within)
		return 0;
	aside = xprintf("%.*s" ENGINE_GROUP, (int) (within - cgroup->path) + (int) strlen(part), cgroup->path);
	fd = group_make(unified->mount, aside);
	return fd < 0 ? error_errno(err, -fd, "cgroup %s", aside) : scope_attach(cgroup, ENGINE_GROUP, getpid(), err);
}

int cgroup_open(struct cgroup *cgroup)
{
	AUTO_CGROUP_HOST struct cgroup_host host = {0};
	const struct hierarchy *unified;
	AUTO_FREE char *path = NULL;

	if (cgroup->fd > 0)
		return cgroup->fd;
	cgroup->fd = -1;
	if (!cgroup->path)
		return -ENOENT;
	cgroup_host_find(&host);
	unified = cgroup_host_get(&host, "");
	path = xprintf("%s%s", unified ? unified->mount : "/sys/fs/cgroup", cgroup->path);
	cgroup->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return cgroup->fd < 0 ? -errno : cgroup->fd;
}

static void add_pids(int dir_fd, struct uints *out)
{
	AUTO_FREE char *list = group_read(dir_fd, "cgroup.procs");
	AUTO_TEXTS struct texts lines = {0}, names = {0};
	uint64_t pid;

	if (list)
		texts_split(&lines, list, '\n');
	for (size_t i = 0; i < lines.count; i++)
		/* 0: in a pid namespace that is not below ours */
		if (number_parse_uint(lines.items[i], 1, INT32_MAX, &pid) >= 0)
			uints_add(out, pid);
	if (directory_list(dir_fd, ".", &names) < 0)
		return;
	for (size_t i = 0; i < names.count; i++) {
		struct stat info;
		AUTO_CLOSE int below_fd = -1;

		if (fstatat(dir_fd, names.items[i], &info, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(info.st_mode))
			continue;
		below_fd = directory_open(dir_fd, names.items[i]);
		if (below_fd >= 0)
			add_pids(below_fd, out);
	}
}

int cgroup_pids(struct cgroup *cgroup, struct uints *out)
{
	AUTO_GROUP struct group group = {.unified = -1};
	int fd;

	group_open(cgroup, &group);
	fd = group.unified >= 0   ? group.unified
	     : group.v1.count > 0 ? LIST_AT(struct group_dir, &group.v1, 0)->fd
	                          : -1;
	if (fd < 0)
		return -ENOENT;
	add_pids(fd, out);
	return 0;
}

/* How many members got it; never ourselves */
static size_t signal_all(struct cgroup *cgroup, int signal)
{
	struct uints pids = {0};
	size_t count = 0;

	if (cgroup_pids(cgroup, &pids) >= 0)
		for (size_t i = 0; i < pids.count; i++)
			if ((pid_t) pids.items[i] != getpid())
				count += kill((pid_t) pids.items[i], signal) == 0;
	free(pids.items);
	return count;
}

int cgroup_kill(struct cgroup *cgroup, int signal)
{
	AUTO_GROUP struct group group = {.unified = -1};
	struct error ignored = {0};
	int freezer;

	group_open(cgroup, &group);
	if (group.unified < 0 && group.v1.count == 0)
		return -ENOENT;
	freezer = group_dir(&group, "freezer");
	/* Linux 5.14; kills frozen ones too */
	if (signal == SIGKILL && group.unified >= 0 && group_write(group.unified, "cgroup.kill", "1") >= 0
	    && freezer == group.unified)
		return 0;
	for (int i = 0; i < KILL_TRIES; i++) {
		size_t left = signal_all(cgroup, signal);

		/* version 1 holds the frozen ones back even from SIGKILL */
		if (signal == SIGKILL && freezer >= 0 && freezer != group.unified)
			(void) !cgroup_freeze(cgroup, false, &ignored);
		if (left == 0 || signal != SIGKILL)
			return 0;
		pause_ms(5);
	}
	return 0;
}

void cgroup_remove(struct cgroup *cgroup)
{
	AUTO_CGROUP_HOST struct cgroup_host host = {0};
	const struct hierarchy *unified;

	end_keeper(cgroup);
	if (!cgroup->path && cgroup->v1.count == 0)
		return;
	if (cgroup->shared)
		return;
	/* -ENOENT: it is gone already */
	(void) !cgroup_kill(cgroup, SIGKILL);
	if (cgroup->fd > 0)
		(void) close(cgroup->fd);
	cgroup->fd = -1;
	cgroup_host_find(&host);
	unified = cgroup_host_get(&host, "");
	if (cgroup->path && unified && !cgroup_holds(cgroup->path, unified->own))
		group_remove(unified->mount, cgroup->path);
	for (size_t i = 0; i < cgroup->v1.count; i++) {
		const struct hierarchy *hierarchy = cgroup_host_get(&host, cgroup->v1.items[i].key);

		if (hierarchy && !cgroup_holds(cgroup->v1.items[i].value, hierarchy->own))
			group_remove(hierarchy->mount, cgroup->v1.items[i].value);
	}
	if (cgroup->scope)
		scope_remove(cgroup);
}
