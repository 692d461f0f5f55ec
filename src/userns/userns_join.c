/* SPDX-License-Identifier: GPL-2.0-or-later */
/* userns_join.c - user namespaces of living monitors, for others to join */
#include "userns_join.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/sys/process.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#define PUBLISHED "userns.d"

static bool same_map(const char *path, const struct id_range *ranges, size_t count)
{
	struct id_range found[USERNS_RANGES_MAX];
	int n = userns_read_map(path, found, USERNS_RANGES_MAX);

	return n == (int) count && memcmp(found, ranges, count * sizeof *ranges) == 0;
}

/* PID.START of a file in the directory */
struct candidate {
	int64_t pid;
	uint64_t start;
};

/* A descriptor of the namespace of exactly that process, when the caller may enter it. */
static int open_of(const struct candidate *candidate)
{
	AUTO_CLOSE int fd = -1;
	char path[64];
	uid_t owner;

	if (!process_is((pid_t) candidate->pid, candidate->start))
		return -ESRCH;
	(void) snprintf(path, sizeof path, "/proc/%d/ns/user", (int) candidate->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, NS_GET_OWNER_UID, &owner) < 0 || owner != geteuid())
		return -EPERM;
	return TAKE_FD(fd);
}

/* Inside of an unshare a monitor may be in the very namespace that we are in, which can't be entered again (setns(2)). */
static bool is_our_own(int fd)
{
	struct stat it, ours;

	return fstat(fd, &it) == 0 && stat("/proc/self/ns/user", &ours) == 0 && it.st_dev == ours.st_dev
	       && it.st_ino == ours.st_ino;
}

/* The namespace of a living monitor, if it has the maps that we would make. */
static int try_join(const struct candidate *candidate, const struct userns *wanted)
{
	AUTO_CLOSE int fd = open_of(candidate);
	char path[64];

	if (fd < 0)
		return fd;
	if (is_our_own(fd))
		return -EALREADY;
	(void) snprintf(path, sizeof path, "/proc/%d/uid_map", (int) candidate->pid);
	if (!same_map(path, wanted->uids, wanted->uid_count))
		return -ESTALE;
	(void) snprintf(path, sizeof path, "/proc/%d/gid_map", (int) candidate->pid);
	if (!same_map(path, wanted->gids, wanted->gid_count))
		return -ESTALE;
	/* after the reads: the pid was that process all along */
	if (!process_is((pid_t) candidate->pid, candidate->start))
		return -ESRCH;
	return TAKE_FD(fd);
}

static int compare_age(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* The oldest first, so that all commands agree on one. */
int userns_join(const struct paths *paths, const struct userns *wanted)
{
	AUTO_TEXTS struct texts names = {0};
	AUTO_FREE struct candidate *found = NULL;
	size_t count = 0;

	if (directory_list(paths->runtime_fd, PUBLISHED, &names) < 0)
		return -ENOENT;
	found = xcalloc(names.count, sizeof *found);
	for (size_t i = 0; i < names.count; i++) {
		struct candidate *candidate = &found[count];

		if (sscanf(names.items[i], "%" SCNd64 ".%" SCNu64, &candidate->pid, &candidate->start) != 2)
			continue;
		if (process_is((pid_t) candidate->pid, candidate->start)) {
			count++;
		} else {
			AUTO_FREE char *stale = xprintf(PUBLISHED "/%s", names.items[i]);

			(void) unlinkat(paths->runtime_fd, stale, 0);
		}
	}
	if (count)
		qsort(found, count, sizeof *found, compare_age);
	for (size_t i = 0; i < count; i++) {
		int fd = try_join(&found[i], wanted);

		if (fd >= 0)
			return fd;
	}
	return -ENOENT;
}

/* PUBLISHED/PID.START: an empty file for each process whose namespace may be joined */
static char *published_name(void)
{
	return xprintf(PUBLISHED "/%d.%" PRIu64, (int) getpid(), process_start_time(getpid()));
}

void userns_publish(const struct paths *paths)
{
	AUTO_FREE char *name = published_name();
	int fd = -1;

	/* only a short cut for others: without it they make their own */
	if (directory_make(paths->runtime_fd, PUBLISHED, 0700) >= 0)
		fd = openat(paths->runtime_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0)
		(void) close(fd);
}

void userns_withdraw(const struct paths *paths)
{
	AUTO_FREE char *name = published_name();

	(void) unlinkat(paths->runtime_fd, name, 0);
}
