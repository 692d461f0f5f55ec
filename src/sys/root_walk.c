/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * root_walk.c - resolve a path inside a root component by component; see root_walk.h
 *
 * Each component is opened with O_PATH|O_NOFOLLOW in the directory before it, so a symlink is never
 * followed by the kernel; its text is put before what is left of the path. ".." takes the last name
 * off the list of those passed and opens the rest again from the root, because the kernel's ".."
 * would leave the root after a rename.
 */
#include "root_walk.h"

#include "coracle/base/alloc.h"
#include "coracle/base/fd.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define WALK_MAX_LINKS 40 /* as the kernel: path_resolution(7) */
#define WALK_PATH      (O_PATH | O_NOFOLLOW | O_CLOEXEC)

void walk_done(struct walk *walk)
{
	auto_close(&walk->parent_fd);
	auto_close(&walk->fd);
	walk->parent_fd = walk->fd = -1;
	free(walk->name);
	walk->name = NULL;
	texts_done(&walk->names);
}

static void set_parent(struct walk *walk, int fd)
{
	auto_close(&walk->parent_fd);
	walk->parent_fd = fd;
}

static int go_to_root(int root_fd, struct walk *walk)
{
	int fd = openat(root_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	texts_done(&walk->names);
	set_parent(walk, fd);
	return 0;
}

static int go_up(int root_fd, struct walk *walk)
{
	AUTO_CLOSE int fd = -1;

	if (walk->names.count == 0)
		return 0; /* "/.." is "/" */
	texts_remove(&walk->names, walk->names.count - 1);
	fd = openat(root_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; fd >= 0 && i < walk->names.count; i++) {
		int next = openat(fd, walk->names.items[i], WALK_PATH | O_DIRECTORY);

		/* it was a directory a moment ago */
		if (next < 0)
			return errno == ENOTDIR || errno == ENOENT ? -EAGAIN : -errno;
		(void) close(fd);
		fd = next;
	}
	if (fd < 0)
		return -errno;
	set_parent(walk, TAKE_FD(fd));
	return 0;
}

/* proc(5): these go to objects, not to the path that readlink(2) tells. */
static bool is_magic(int fd, const char *name, const struct texts *names)
{
	static const char *const links[] = {"exe", "cwd", "root"};
	static const char *const directories[] = {"fd", "ns", "map_files"};
	const char *parent = names->count ? names->items[names->count - 1] : "";
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		if (strcmp(name, links[i]) == 0 || strcmp(parent, directories[i]) == 0)
			return true;
	return false;
}

/* Put the text of the symlink before the rest of the path. */
static int expand(int root_fd, int link_fd, char **rest, struct walk *walk)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(link_fd, "", target, sizeof target - 1);
	char *joined;

	if (length < 0)
		return -errno;
	if (length == 0)
		return -ENOENT;
	if (strlen(*rest) + (size_t) length + 2 > PATH_MAX)
		return -ENAMETOOLONG;
	target[length] = '\0';
	joined = **rest ? xprintf("%s/%s", target, *rest) : xstrdup(target);
	free(*rest);
	*rest = joined;
	return target[0] == '/' ? go_to_root(root_fd, walk) : 0;
}

static int open_or_make(struct walk *walk, const char *name, bool is_last, mode_t make_mode)
{
	int fd = openat(walk->parent_fd, name, WALK_PATH);

	if (fd >= 0 || errno != ENOENT || is_last || make_mode == 0)
		return fd < 0 ? -errno : fd;
	if (mkdirat(walk->parent_fd, name, make_mode) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(walk->parent_fd, name, WALK_PATH);
	return fd < 0 ? -errno : fd;
}

/* One component. 1: it was the last and is in walk->name (and walk->fd); 0: go on. */
static int step(int root_fd, const char *name, char **rest, enum walk_last last, mode_t make_mode,
                unsigned *links, struct walk *walk)
{
	bool is_last = **rest == '\0';
	AUTO_CLOSE int fd = -1;
	struct stat st;

	if (strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0)
		return go_up(root_fd, walk);
	fd = open_or_make(walk, name, is_last, make_mode);
	if (fd == -ENOENT && is_last) {
		text_replace(&walk->name, name);
		return 1;
	}
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode) &&
	    (!is_last || last == WALK_LAST_FOLLOW || walk->wants_directory)) {
		if (++*links > WALK_MAX_LINKS || is_magic(fd, name, &walk->names))
			return -ELOOP;
		return expand(root_fd, fd, rest, walk);
	}
	if (S_ISDIR(st.st_mode)) {
		texts_add(&walk->names, name);
		set_parent(walk, TAKE_FD(fd));
		return 0;
	}
	if (!is_last || walk->wants_directory)
		return -ENOTDIR;
	text_replace(&walk->name, name);
	walk->fd = TAKE_FD(fd);
	return 1;
}

/* Take the first component off *rest, with the slashes around it. */
static char *next_name(char **rest, struct walk *walk)
{
	const char *start = *rest + strspn(*rest, "/");
	size_t length = strcspn(start, "/");
	const char *after = start + length + strspn(start + length, "/");
	char *name = xstrndup(start, length);
	char *left = xstrdup(after);

	if (length && start[length] == '/' && !*after)
		walk->wants_directory = true;
	free(*rest);
	*rest = left;
	return name;
}

int walk_path(int root_fd, const char *path, enum walk_last last, mode_t make_mode,
              struct walk *walk)
{
	AUTO_FREE char *rest = NULL;
	unsigned links = 0;
	int r;

	*walk = (struct walk){.parent_fd = -1, .fd = -1};
	if (!*path)
		return -ENOENT;
	if (strlen(path) >= PATH_MAX)
		return -ENAMETOOLONG;
	rest = xstrdup(path);
	r = go_to_root(root_fd, walk);
	while (r == 0) {
		AUTO_FREE char *name = next_name(&rest, walk);

		if (!*name)
			return 0;
		r = step(root_fd, name, &rest, last, make_mode, &links, walk);
	}
	return r < 0 ? r : 0;
}

/* The walk ended at a directory. */
static int open_directory(struct walk *walk, int flags, mode_t mode)
{
	int fd;

	if ((flags & O_CREAT) && (flags & O_EXCL))
		return -EEXIST;
	if (flags & O_PATH)
		return TAKE_FD(walk->parent_fd);
	fd = openat(walk->parent_fd, ".", (flags & ~O_NOFOLLOW) | O_CLOEXEC, mode);
	return fd < 0 ? -errno : fd;
}

int walk_open(int root_fd, const char *path, int flags, mode_t mode)
{
	bool keep = (flags & O_NOFOLLOW) || ((flags & O_CREAT) && (flags & O_EXCL));
	AUTO_WALK struct walk walk = {.parent_fd = -1, .fd = -1};
	int r = walk_path(root_fd, path, keep ? WALK_LAST_KEEP : WALK_LAST_FOLLOW, 0, &walk);
	int fd;

	if (r < 0)
		return r;
	if (!walk.name)
		return open_directory(&walk, flags, mode);
	if (walk.wants_directory)
		return flags & O_CREAT ? -EISDIR : -ENOENT;
	/* if somebody has put a symlink there since, O_NOFOLLOW refuses it */
	fd = openat(walk.parent_fd, walk.name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return errno == ELOOP && !keep ? -EAGAIN : -errno;
	return fd;
}
