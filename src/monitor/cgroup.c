/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cgroup.c - a cgroup of its own for the container, where the caller's is delegated (cgroups(7))
 *
 * Version 2 only: below the caller's own cgroup, when it may make directories there. A limit that was
 * asked for and can't be had is one warning; a container never fails to run because of cgroups.
 */
#include "monitor_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/text.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

#define REMOVE_TRIES 20

#define ENGINE_GROUP "coracle-engine"

static bool wants_limits(const struct record_resources *resources)
{
	return resources->memory || resources->memory_reservation || resources->memory_swap
	       || resources->cpu_shares || resources->cpu_quota || resources->pids_limit > 0
	       || (resources->cpuset_cpus && *resources->cpuset_cpus)
	       || (resources->cpuset_mems && *resources->cpuset_mems) || resources->blkio_weight
	       || resources->unified.count;
}

/* The caller's cgroup in the unified hierarchy: the line "0::/path" of /proc/self/cgroup; NULL: none */
static char *own_cgroup(void)
{
	AUTO_FREE char *text = NULL;
	const char *line, *end;

	if (file_read(AT_FDCWD, "/proc/self/cgroup", 65536, &text, NULL) < 0)
		return NULL;
	line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	if (!line)
		return NULL;
	line += line[0] == '\n' ? 4 : 3;
	end = strchrnul(line, '\n');
	return xstrndup(line, (size_t) (end - line));
}

static int open_unified(struct error *err)
{
	struct statfs fs;
	AUTO_CLOSE int fd = open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return error_set(err, ERROR_UNSUPPORTED, "cgroups are not mounted on /sys/fs/cgroup");
	if (fs.f_type != CGROUP2_SUPER_MAGIC)
		return error_set(err, ERROR_UNSUPPORTED,
		                 "this host has cgroup v1; as root boot with systemd.unified_cgroup_hierarchy=1");
	return TAKE_FD(fd);
}

static void write_limit(struct monitor *monitor, const char *file, const char *value)
{
	AUTO_CLOSE int fd = openat(monitor->cgroup_fd, file, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		monitor_warn(monitor,
		             "limit %s=%s is not applied: %s; see: coracle doctor", file, value,
		             fd < 0 ? "its cgroup controller is not delegated to you, or other processes share this cgroup" : strerror(errno));
}

static void write_number(struct monitor *monitor, const char *file, int64_t value)
{
	char text[32];

	(void) snprintf(text, sizeof text, "%" PRId64, value);
	write_limit(monitor, file, value < 0 ? "max" : text);
}

static void write_limits(struct monitor *monitor)
{
	const struct record_resources *resources = &monitor->record->resources;
	char text[64];

	if (resources->memory)
		write_number(monitor, "memory.max", resources->memory);
	if (resources->memory_reservation)
		write_number(monitor, "memory.low", resources->memory_reservation);
	/* docker counts memory and swap together, version 2 swap alone */
	if (resources->memory_swap)
		write_number(monitor, "memory.swap.max",
		             resources->memory_swap < 0 ? -1 : resources->memory_swap - resources->memory);
	if (resources->pids_limit)
		write_number(monitor, "pids.max", resources->pids_limit);
	if (resources->cpu_quota > 0) {
		(void) snprintf(text, sizeof text, "%" PRId64 " %" PRIu64, resources->cpu_quota,
		                resources->cpu_period ? resources->cpu_period : 100000);
		write_limit(monitor, "cpu.max", text);
	}
	/* from 2..262144 to 1..10000, as crun and runc convert it */
	if (resources->cpu_shares)
		write_number(monitor, "cpu.weight", 1 + ((resources->cpu_shares - 2) * 9999) / 262142);
	if (resources->cpuset_cpus && *resources->cpuset_cpus)
		write_limit(monitor, "cpuset.cpus", resources->cpuset_cpus);
	if (resources->cpuset_mems && *resources->cpuset_mems)
		write_limit(monitor, "cpuset.mems", resources->cpuset_mems);
	if (resources->blkio_weight)
		write_number(monitor, "io.weight", (int64_t) resources->blkio_weight);
	for (size_t i = 0; i < resources->unified.count; i++) {
		const struct pair *pair = &resources->unified.items[i];

		if (strchr(pair->key, '/'))
			monitor_warn(monitor, "cgroup-conf %s: not a file of a cgroup", pair->key);
		else
			write_limit(monitor, pair->key, pair->value);
	}
}

/* "No internal processes" (cgroups(7)): controllers are enabled for children of a cgroup without members. */
static void enable_controllers(int parent_fd)
{
	static const char *const controllers[] = {"+memory", "+pids", "+cpu", "+cpuset", "+io", "+hugetlb"};

	for (size_t i = 0; i < ARRAY_LEN(controllers); i++) {
		AUTO_CLOSE int fd = openat(parent_fd, "cgroup.subtree_control", O_WRONLY | O_CLOEXEC);

		/* a missing one is told by the limit that needs it */
		if (fd >= 0)
			(void) !write(fd, controllers[i], strlen(controllers[i]));
	}
}

static void move_process(int group_fd, pid_t pid)
{
	AUTO_CLOSE int fd = openat(group_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	char text[16];
	int length = snprintf(text, sizeof text, "%d", (int) pid);

	/* one that stays keeps the controllers off, which the limit that needs them will tell */
	if (fd >= 0)
		(void) !write(fd, text, (size_t) length);
}

/* So that the delegated cgroup has no members and may give its controllers to its children: we and the front end go aside. */
static void step_aside(int parent_fd)
{
	AUTO_CLOSE int fd = -1;

	if (mkdirat(parent_fd, ENGINE_GROUP, 0755) < 0 && errno != EEXIST)
		return;
	fd = openat(parent_fd, ENGINE_GROUP, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	move_process(fd, getpid());
	move_process(fd, getppid());
}

/* The cgroup of a command that was started from a front end that stepped aside is the one above. */
static void strip_engine(char *own)
{
	size_t length = strlen(own);
	size_t tail = strlen("/" ENGINE_GROUP);

	if (length > tail && strcmp(own + length - tail, "/" ENGINE_GROUP) == 0)
		own[length - tail] = '\0';
}

static int make_group(struct monitor *monitor, int unified, const char *own, struct error *err)
{
	AUTO_FREE char *leaf = xprintf("coracle-%.12s", monitor->record->id);
	AUTO_CLOSE int parent = openat(unified, own[1] ? own + 1 : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (parent < 0)
		return error_errno(err, errno, "cgroup %s", own);
	if (wants_limits(&monitor->record->resources)) {
		step_aside(parent);
		enable_controllers(parent);
	}
	if (mkdirat(parent, leaf, 0755) < 0 && errno != EEXIST)
		return error_set(err, ERROR_DENIED,
		                 "cgroup %s is not delegated to you; run: systemd-run --user --scope -p "
		                 "Delegate=yes coracle ...",
		                 own);
	monitor->cgroup_fd = openat(parent, leaf, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (monitor->cgroup_fd < 0)
		return error_errno(err, errno, "cgroup %s", leaf);
	monitor->cgroup = xprintf("%s/%s", own[1] ? own : "", leaf);
	return 0;
}

int monitor_cgroup_make(struct monitor *monitor, struct error *err)
{
	bool wanted = wants_limits(&monitor->record->resources);
	struct error why = {0};
	AUTO_CLOSE int unified = open_unified(&why);
	AUTO_FREE char *own = unified >= 0 ? own_cgroup() : NULL;

	(void) err;
	if (own)
		strip_engine(own);
	if (unified >= 0 && own)
		(void) !make_group(monitor, unified, own, &why);
	if (monitor->cgroup_fd >= 0)
		write_limits(monitor);
	else if (wanted)
		monitor_warn(monitor, "the limits asked for are not applied: %s", why.text);
	return 0;
}

/* With the host's pid namespace the end of the first process is not that of the others (Linux 5.14). */
static void kill_rest(int cgroup_fd)
{
	AUTO_CLOSE int fd = openat(cgroup_fd, "cgroup.kill", O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		/* with nobody left there is nothing to do */
		(void) !write(fd, "1", 1);
}

void monitor_cgroup_remove(struct monitor *monitor)
{
	const struct timespec pause = {.tv_nsec = 5000000};
	AUTO_FREE char *path = NULL;

	if (monitor->cgroup_fd < 0)
		return;
	kill_rest(monitor->cgroup_fd);
	(void) close(monitor->cgroup_fd);
	monitor->cgroup_fd = -1;
	path = xprintf("/sys/fs/cgroup%s", monitor->cgroup);
	/* they take a moment to go */
	for (int i = 0; i < REMOVE_TRIES && rmdir(path) < 0 && errno == EBUSY; i++)
		(void) nanosleep(&pause, NULL);
	free(monitor->cgroup);
	monitor->cgroup = NULL;
}
