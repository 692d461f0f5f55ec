/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_fs.c - directories and files of cgroup hierarchies (cgroups(7)) */
#include "cgroup_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/path.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define GROUP_FILE_MAX (1 << 20)
#define REMOVE_TRIES   200
#define REMOVE_PAUSE   5000000 /* nanoseconds */

char *group_read(int dir_fd, const char *file)
{
	char *text = NULL;
	size_t length = 0;

	if (dir_fd < 0 || file_read(dir_fd, file, GROUP_FILE_MAX, &text, &length) < 0)
		return NULL;
	if (length > 0 && text[length - 1] == '\n')
		text[length - 1] = '\0';
	return text;
}

int group_write(int dir_fd, const char *file, const char *value)
{
	AUTO_CLOSE int fd = openat(dir_fd, file, O_WRONLY | O_CLOEXEC);

	return fd < 0 || write(fd, value, strlen(value)) < 0 ? -errno : 0;
}

int group_move(int dir_fd, pid_t pid)
{
	char text[16];

	(void) snprintf(text, sizeof text, "%d", (int) pid);
	return group_write(dir_fd, "cgroup.procs", text);
}

/*
 * "No internal processes" (cgroups(7)): controllers are enabled for children of a cgroup without members.
 * With members cpu and pids could be, which would make it a threaded domain that nobody can move into.
 */
void group_share(int dir_fd)
{
	/* version 1 has no such file, and nothing to hand on */
	AUTO_FREE char *there = group_read(dir_fd, "cgroup.controllers");
	AUTO_FREE char *shared = there && *there ? group_read(dir_fd, "cgroup.subtree_control") : NULL;
	AUTO_FREE char *members = NULL;
	AUTO_TEXTS struct texts names = {0};

	if (!there || !*there)
		return;
	texts_split(&names, there, ' ');
	for (size_t i = names.count; i > 0; i--)
		if (cgroup_has_word(shared ? shared : "", names.items[i - 1], " "))
			texts_remove(&names, i - 1);
	members = names.count ? group_read(dir_fd, "cgroup.procs") : NULL;
	/* the root has no type, and may have members */
	if (members && *members && file_exists(dir_fd, "cgroup.type"))
		return;
	for (size_t i = 0; i < names.count; i++) {
		AUTO_FREE char *word = xprintf("+%s", names.items[i]);

		/* one by one: a missing one is told by the limit that needs it */
		if (word[1])
			(void) !group_write(dir_fd, "cgroup.subtree_control", word);
	}
}

int group_make(const char *mount, const char *path)
{
	AUTO_CLOSE int at = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_TEXTS struct texts parts = {0};

	if (at < 0)
		return -errno;
	texts_split(&parts, path, '/');
	for (size_t i = 0; i < parts.count; i++) {
		const char *part = parts.items[i];
		int next;

		if (!*part || strcmp(part, ".") == 0)
			continue;
		if (strcmp(part, "..") == 0)
			return -EINVAL;
		group_share(at);
		if (mkdirat(at, part, 0755) < 0 && errno != EEXIST)
			return -errno;
		next = directory_open(at, part);
		if (next < 0)
			return next;
		(void) close(at);
		at = next;
	}
	return TAKE_FD(at);
}

void group_inherit_cpuset(int dir_fd)
{
	static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		AUTO_FREE char *own = group_read(dir_fd, files[i]);
		AUTO_FREE char *above = NULL;
		AUTO_CLOSE int parent = own && !*own ? openat(dir_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

		if (parent < 0)
			continue;
		/* that one may have been made along with this one; above the mount's root there is no such file */
		group_inherit_cpuset(parent);
		above = group_read(parent, files[i]);
		if (above && *above)
			(void) !group_write(dir_fd, files[i], above);
	}
}

static int remove_below(int dir_fd)
{
	AUTO_TEXTS struct texts names = {0};
	int r = directory_list(dir_fd, ".", &names);

	for (size_t i = 0; r >= 0 && i < names.count; i++) {
		struct stat info;
		AUTO_CLOSE int below = -1;

		if (fstatat(dir_fd, names.items[i], &info, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(info.st_mode))
			continue;
		below = directory_open(dir_fd, names.items[i]);
		if (below >= 0)
			(void) !remove_below(below);
		if (unlinkat(dir_fd, names.items[i], AT_REMOVEDIR) < 0 && errno != ENOENT)
			r = -errno;
	}
	return r;
}

void group_remove(const char *mount, const char *path)
{
	const struct timespec pause = {.tv_nsec = REMOVE_PAUSE};
	AUTO_FREE char *full = xprintf("%s%s", mount, path);

	for (int i = 0; i < REMOVE_TRIES && rmdir(full) < 0 && (errno == EBUSY || errno == ENOTEMPTY); i++) {
		AUTO_CLOSE int fd = open(full, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		/* with processes in it as with groups below it: EBUSY; they take a moment to go */
		if (fd < 0 || remove_below(fd) < 0 || i > 0)
			(void) nanosleep(&pause, NULL);
	}
}

void group_give(int dir_fd, uid_t uid, gid_t gid)
{
	AUTO_FREE char *list = NULL;
	AUTO_TEXTS struct texts files = {0};

	/* one that can't be given stays ours, and the payload can't make groups of its own */
	(void) !fchown(dir_fd, uid, gid);
	if (file_read(AT_FDCWD, "/sys/kernel/cgroup/delegate", 4096, &list, NULL) < 0)
		list = xstrdup("cgroup.procs\ncgroup.threads\ncgroup.subtree_control");
	texts_split(&files, list, '\n');
	for (size_t i = 0; i < files.count; i++)
		if (*files.items[i])
			(void) !fchownat(dir_fd, files.items[i], uid, gid, AT_SYMLINK_NOFOLLOW);
}

void group_open(struct cgroup *cgroup, struct group *out)
{
	AUTO_CGROUP_HOST struct cgroup_host host = {0};

	*out = (struct group){.unified = cgroup_open(cgroup)};
	if (cgroup->v1.count)
		cgroup_host_find(&host);
	for (size_t i = 0; i < cgroup->v1.count; i++) {
		const struct hierarchy *hierarchy = cgroup_host_get(&host, cgroup->v1.items[i].key);
		AUTO_FREE char *path = hierarchy ? xprintf("%s%s", hierarchy->mount, cgroup->v1.items[i].value) : NULL;
		int fd = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
		struct group_dir *dir;

		if (fd < 0)
			continue;
		dir = list_add(&out->v1, sizeof *dir);
		*dir = (struct group_dir){.controllers = xstrdup(cgroup->v1.items[i].key), .fd = fd};
	}
}

void group_done(struct group *group)
{
	LIST_EACH(struct group_dir, dir, &group->v1) {
		free(dir->controllers);
		if (dir->fd >= 0)
			(void) close(dir->fd);
	}
	free(group->v1.items);
	*group = (struct group){.unified = -1};
}

int group_dir(const struct group *group, const char *controller)
{
	LIST_EACH(struct group_dir, dir, &group->v1)
		if (cgroup_has_word(dir->controllers, controller, ","))
			return dir->fd;
	/* on a hybrid host the unified one may have what is not in one of version 1 */
	return group->unified;
}
