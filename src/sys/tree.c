/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tree.c - whole directory trees that somebody else controls; see tree.h */
#include "coracle/sys/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define TREE_MAX_LEVELS  128
#define BYTES_MAX_LEVELS 200 /* a descriptor a level */

/* One step of a walk over the entries of a directory. */
typedef int step(int fd, const char *name, const struct stat *st, const void *data, int level);

static int each_entry(int fd, step *visit, const void *data, int level)
{
	int scan = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = scan < 0 ? NULL : fdopendir(scan);
	int r = 0;

	if (!dir) {
		r = -errno;
		if (scan >= 0)
			(void) close(scan);
		return r;
	}
	for (struct dirent *entry = readdir(dir); entry && r >= 0; entry = readdir(dir)) {
		struct stat st;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		r = fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0
		            ? -errno
		            : visit(fd, entry->d_name, &st, data, level);
	}
	(void) closedir(dir);
	return r;
}

static int copy_attributes(int fd, const struct stat *st)
{
	const struct timespec times[] = {st->st_atim, st->st_mtim};

	if (fchown(fd, st->st_uid, st->st_gid) < 0 || fchmod(fd, st->st_mode & 07777) < 0
	    || futimens(fd, times) < 0)
		return -errno;
	return 0;
}

static int copy_range(int in, int out, off_t start, off_t end)
{
	while (start < end) {
		off_t from = start, to = start;
		ssize_t n = copy_file_range(in, &from, out, &to, (size_t) (end - start), 0);

		if (n < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP
		              || errno == EPERM)) {
			char buffer[16384];

			n = pread(in, buffer, MIN(sizeof buffer, (size_t) (end - start)), start);
			if (n > 0 && pwrite(out, buffer, (size_t) n, start) != n)
				return errno ? -errno : -ENOSPC;
		}
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0; /* it was cut shorter meanwhile */
		start += n;
	}
	return 0;
}

/* Only the parts that hold data (lseek(2), SEEK_DATA); where that is not known all is data. */
static int copy_data(int in, int out, off_t size)
{
	off_t at = 0;

	while (at < size) {
		off_t start = lseek(in, at, SEEK_DATA);
		off_t end;
		int r;

		if (start < 0 && errno == ENXIO)
			break;
		if (start < 0)
			start = at;
		end = lseek(in, start, SEEK_HOLE);
		if (end < 0)
			end = size;
		r = copy_range(in, out, start, end);
		if (r < 0)
			return r;
		at = end;
	}
	return ftruncate(out, size) < 0 ? -errno : 0;
}

static int copy_file(int from, int into, const char *name)
{
	AUTO_CLOSE int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	AUTO_CLOSE int out = -1;
	struct stat st;
	int r;

	if (in < 0 || fstat(in, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EAGAIN; /* replaced under us */
	out = openat(into, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0)
		return -errno;
	r = copy_data(in, out, st.st_size);
	return r < 0 ? r : copy_attributes(out, &st);
}

static int copy_link(int from, int into, const char *name, const struct stat *st)
{
	char target[4096];
	ssize_t n = readlinkat(from, name, target, sizeof target - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	if (symlinkat(target, into, name) < 0)
		return -errno;
	return fchownat(into, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int copy_step(int from, const char *name, const struct stat *st, const void *data, int level)
{
	int into = *(const int *) data;
	AUTO_CLOSE int in = -1;
	AUTO_CLOSE int out = -1;
	int r;

	if (S_ISREG(st->st_mode))
		return copy_file(from, into, name);
	if (S_ISLNK(st->st_mode))
		return copy_link(from, into, name, st);
	if (!S_ISDIR(st->st_mode))
		return 0;
	if (level >= TREE_MAX_LEVELS)
		return -ELOOP;
	in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (in < 0 || mkdirat(into, name, 0700) < 0)
		return -errno;
	out = openat(into, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0)
		return -errno;
	r = each_entry(in, copy_step, &out, level + 1);
	return r < 0 ? r : copy_attributes(out, st);
}

int tree_copy(int from, int into)
{
	return each_entry(from, copy_step, &into, 0);
}

struct owner {
	uid_t uid;
	gid_t gid;
};

static int chown_step(int fd, const char *name, const struct stat *st, const void *data, int level)
{
	const struct owner *owner = data;
	AUTO_CLOSE int below = -1;

	if (fchownat(fd, name, owner->uid, owner->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISDIR(st->st_mode))
		return 0;
	if (level >= TREE_MAX_LEVELS)
		return -ELOOP;
	below = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return below < 0 ? -errno : each_entry(below, chown_step, data, level + 1);
}

int tree_chown(int fd, uid_t uid, gid_t gid)
{
	struct owner owner = {uid, gid};
	struct stat st;

	if (fchown(fd, uid, gid) < 0 || fstat(fd, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? each_entry(fd, chown_step, &owner, 0) : 0;
}

static uint64_t add_bytes(int dir_fd, const char *name, unsigned depth)
{
	struct stat st;
	uint64_t sum = 0;
	const struct dirent *entry;
	DIR *dir;
	int fd;

	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (S_ISREG(st.st_mode) || S_ISLNK(st.st_mode))
		return (uint64_t) st.st_size;
	if (!S_ISDIR(st.st_mode) || depth > BYTES_MAX_LEVELS)
		return 0;
	fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		if (fd >= 0)
			(void) close(fd);
		return 0;
	}
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			sum += add_bytes(fd, entry->d_name, depth + 1);
	(void) closedir(dir);
	return sum;
}

uint64_t tree_bytes(int dir_fd, const char *name)
{
	return add_bytes(dir_fd, name, 0);
}
