/* SPDX-License-Identifier: GPL-2.0-or-later */
/* changes_same.c - whether an object of one layer looks as one of another does */
#include "changes.h"

#include "coracle/base/alloc.h"
#include "coracle/sys/root.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/xattr.h>

#include "shared_private.h"
#include "unpack.h"

#define SAME_NAMES_MAX  65536
#define SAME_VALUE_MAX  65536
#define SAME_BLOCK_SIZE 65536

/* Where an object is: the directory that holds it, and its own name; what /proc/self/fd makes of both. */
struct place {
	int dir_fd;
	struct stat st;
	char *name, *proc; /* owned */
};

static void place_done(struct place *place)
{
	if (place->dir_fd >= 0)
		(void) close(place->dir_fd);
	free(place->name);
	free(place->proc);
}

static int place_open(int layer_fd, const char *path, struct place *out)
{
	out->dir_fd = root_open_parent(layer_fd, path, 0, &out->name);
	if (out->dir_fd < 0)
		return out->dir_fd;
	if (fstatat(out->dir_fd, out->name, &out->st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	/* a layer of a store for everybody says so there; no archive brings that attribute (attribute_is_allowed) */
	(void) shared_stat(out->dir_fd, out->name, &out->st);
	out->proc = xprintf("/proc/self/fd/%d/%s", out->dir_fd, out->name);
	return 0;
}

static ssize_t list_keys(const struct place *place, char *keys)
{
	ssize_t length = llistxattr(place->proc, keys, SAME_NAMES_MAX);

	return length < 0 && errno == EOPNOTSUPP ? 0 : length;
}

static size_t count_keys(const char *keys, ssize_t length)
{
	size_t count = 0;

	for (const char *key = keys; key < keys + length; key += strlen(key) + 1)
		count += attribute_is_allowed(key);
	return count;
}

static int same_xattrs(const struct place *a, const struct place *b)
{
	AUTO_FREE char *keys = xcalloc(2, SAME_NAMES_MAX), *values = xcalloc(2, SAME_VALUE_MAX);
	char *other_keys = keys + SAME_NAMES_MAX, *other_value = values + SAME_VALUE_MAX;
	ssize_t length = list_keys(a, keys), other_length = list_keys(b, other_keys);

	if (length < 0 || other_length < 0)
		return -errno;
	if (count_keys(keys, length) != count_keys(other_keys, other_length))
		return 0;
	for (const char *key = keys; key < keys + length; key += strlen(key) + 1) {
		ssize_t size, other_size;

		if (!attribute_is_allowed(key))
			continue;
		size = lgetxattr(a->proc, key, values, SAME_VALUE_MAX);
		other_size = lgetxattr(b->proc, key, other_value, SAME_VALUE_MAX);
		if (size < 0 || size != other_size || memcmp(values, other_value, (size_t) size) != 0)
			return 0;
	}
	return 1;
}

static int same_target(const struct place *a, const struct place *b)
{
	char one[PATH_MAX], other[PATH_MAX];
	ssize_t length = readlinkat(a->dir_fd, a->name, one, sizeof one);
	ssize_t other_length = readlinkat(b->dir_fd, b->name, other, sizeof other);

	if (length < 0 || other_length < 0)
		return -errno;
	return length == other_length && memcmp(one, other, (size_t) length) == 0;
}

static ssize_t read_block(int fd, char *into)
{
	size_t have = 0;

	while (have < SAME_BLOCK_SIZE) {
		ssize_t n = read(fd, into + have, SAME_BLOCK_SIZE - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		have += (size_t) n;
	}
	return (ssize_t) have;
}

static int same_bytes(const struct place *a, const struct place *b)
{
	AUTO_CLOSE int one = openat(a->dir_fd, a->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	AUTO_CLOSE int other = openat(b->dir_fd, b->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	AUTO_FREE char *blocks = xcalloc(2, SAME_BLOCK_SIZE);
	ssize_t n, m;

	if (one < 0 || other < 0)
		return -errno;
	do {
		n = read_block(one, blocks);
		m = read_block(other, blocks + SAME_BLOCK_SIZE);
		if (n < 0 || m < 0)
			return (int) (n < 0 ? n : m);
		if (n != m || memcmp(blocks, blocks + SAME_BLOCK_SIZE, (size_t) n) != 0)
			return 0;
	} while (n > 0);
	return 1;
}

static bool same_time(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static bool same_stat(const struct stat *a, const struct stat *b)
{
	if (a->st_mode != b->st_mode || a->st_uid != b->st_uid || a->st_gid != b->st_gid)
		return false;
	/* of directories that an archive names only as parents, the time is that of unpacking */
	if (S_ISDIR(a->st_mode))
		return true;
	if ((S_ISCHR(a->st_mode) || S_ISBLK(a->st_mode)) && a->st_rdev != b->st_rdev)
		return false;
	return a->st_size == b->st_size && same_time(a, b);
}

int same_object(const struct sight_entry *a, const struct sight_entry *b, const char *path, struct error *err)
{
	AUTO(place_done) struct place one = {.dir_fd = -1}, other = {.dir_fd = -1};
	int r;

	if (a->stack.fds[0] == b->stack.fds[0])
		return 1;
	r = place_open(a->stack.fds[0], path, &one);
	if (r >= 0)
		r = place_open(b->stack.fds[0], path, &other);
	if (r >= 0 && !same_stat(&one.st, &other.st))
		return 0;
	if (r >= 0)
		r = same_xattrs(&one, &other);
	if (r > 0 && S_ISLNK(one.st.st_mode))
		r = same_target(&one, &other);
	if (r > 0 && S_ISREG(one.st.st_mode))
		r = same_bytes(&one, &other);
	return r < 0 ? error_errno(err, -r, "compare \"/%.300s\" of two layers", path) : r;
}
