/* SPDX-License-Identifier: GPL-2.0-or-later */
/* root.c - things below a root directory that somebody else controls; see root.h */
#include "coracle/sys/root.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "root_walk.h"

#define ROOT_OPEN_TRIES     8
#define ROOT_DIRECTORY_MODE 0755

static int open_in_kernel(int root_fd, const char *path, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (unsigned) flags,
		.mode = mode,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	for (int i = 0; i < ROOT_OPEN_TRIES; i++) {
		long fd = syscall(SYS_openat2, root_fd, path, &how, sizeof how);

		if (fd >= 0)
			return (int) fd;
		/* EAGAIN: a rename raced with a ".." in path; openat2(2) says to retry. */
		if (errno != EAGAIN)
			return -errno;
	}
	return -EAGAIN;
}

int root_open(int root_fd, const char *path, int flags, mode_t mode)
{
	int fd;

	/* openat2(2) refuses what open(2) ignores: O_NOCTTY with O_PATH, a mode without O_CREAT */
	flags |= flags & O_PATH ? O_CLOEXEC : O_CLOEXEC | O_NOCTTY;
	mode = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? mode & 07777 : 0;
	fd = open_in_kernel(root_fd, path, flags, mode);
	/* EPERM may also be the answer itself: then the walk gives it again */
	if (fd == -ENOSYS || fd == -EPERM)
		fd = walk_open(root_fd, path, flags, mode);
	return fd;
}

/* Split path into its directory ("" when it has none, "/" for the root) and its last component. */
static int split(const char *path, char **directory, char **name)
{
	size_t end = strlen(path), start;

	while (end > 0 && path[end - 1] == '/')
		end--;
	for (start = end; start > 0 && path[start - 1] != '/'; start--)
		continue;
	*name = xstrndup(path + start, end - start);
	*directory = xstrndup(path, start);
	return **name && strcmp(*name, ".") != 0 && strcmp(*name, "..") != 0 ? 0 : -EINVAL;
}

int root_open_parent(int root_fd, const char *path, mode_t dir_mode, char **name)
{
	AUTO_FREE char *directory = NULL;
	AUTO_FREE char *last = NULL;
	int r = split(path, &directory, &last);
	const char *where = directory && *directory ? directory : "/";

	if (r < 0)
		return r;
	r = dir_mode ? root_make_directory(root_fd, where, dir_mode)
	             : root_open(root_fd, where, O_PATH | O_DIRECTORY, 0);
	if (r >= 0)
		*name = TAKE_PTR(last);
	return r;
}

static int make_last_directory(struct walk *walk, mode_t mode)
{
	int fd;

	if (!walk->name)
		return TAKE_FD(walk->parent_fd);
	if (mkdirat(walk->parent_fd, walk->name, mode) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(walk->parent_fd, walk->name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int root_make_directory(int root_fd, const char *path, mode_t mode)
{
	AUTO_WALK struct walk walk = {.parent_fd = -1, .fd = -1};
	int r = root_open(root_fd, path, O_PATH | O_DIRECTORY, 0);

	if (r != -ENOENT)
		return r;
	r = walk_path(root_fd, path, WALK_LAST_FOLLOW, mode, &walk);
	return r < 0 ? r : make_last_directory(&walk, mode);
}

static int make_last_file(struct walk *walk, mode_t mode)
{
	int fd;

	if (!walk->name)
		return walk->wants_directory ? -EISDIR : TAKE_FD(walk->parent_fd);
	if (walk->wants_directory)
		return -EISDIR;
	fd = openat(walk->parent_fd, walk->name,
	            O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0 && errno != EEXIST)
		return -errno;
	auto_close(&fd);
	fd = openat(walk->parent_fd, walk->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int root_make_file(int root_fd, const char *path, mode_t mode)
{
	AUTO_WALK struct walk walk = {.parent_fd = -1, .fd = -1};
	int r = root_open(root_fd, path, O_PATH, 0);

	if (r != -ENOENT)
		return r;
	r = walk_path(root_fd, path, WALK_LAST_FOLLOW, ROOT_DIRECTORY_MODE, &walk);
	return r < 0 ? r : make_last_file(&walk, mode);
}

int root_read(int root_fd, const char *path, size_t max, char **out, size_t *length)
{
	AUTO_CLOSE int look = root_open(root_fd, path, O_PATH, 0);
	AUTO_CLOSE int fd = -1;
	struct stat st, opened;

	if (look < 0)
		return look;
	if (fstat(look, &st) < 0)
		return -errno;
	/* opening a device can already act on it: look first */
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	fd = root_open(root_fd, path, O_RDONLY | O_NONBLOCK, 0);
	if (fd < 0)
		return fd;
	if (fstat(fd, &opened) < 0)
		return -errno;
	if (!S_ISREG(opened.st_mode))
		return -EINVAL;
	return file_read_fd(fd, max, out, length);
}

int root_resolve(int root_fd, const char *path, char **out)
{
	AUTO_WALK struct walk walk = {.parent_fd = -1, .fd = -1};
	AUTO_FREE char *joined = NULL;
	int r = walk_path(root_fd, path, WALK_LAST_FOLLOW, 0, &walk);

	if (r < 0)
		return r;
	if (walk.name)
		texts_add(&walk.names, walk.name);
	joined = texts_join(&walk.names, "/");
	*out = xprintf("/%s", joined);
	return 0;
}
