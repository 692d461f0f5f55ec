/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file.c - whole files and directory trees, by directory descriptor; see file.h */
#include "coracle/base/file.h"

#include "coracle/base/alloc.h"
#include "coracle/base/text.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#define TREE_MAX_DEPTH 4096

bool file_exists(int dir_fd, const char *path)
{
	struct stat st;

	return fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int file_access(int dir_fd, const char *path, int how)
{
	if (faccessat(dir_fd, path, how, AT_EACCESS) == 0)
		return 0;
	/* filters of old container engines answer EPERM to faccessat2(2), which the C library takes for the answer */
	return errno == EPERM && syscall(SYS_faccessat, dir_fd, path, how) == 0 ? 0 : -errno;
}

int write_all(int fd, const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length) {
		ssize_t n = write(fd, at, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		length -= (size_t) n;
	}
	return 0;
}

static int read_opened(int fd, const struct stat *st, size_t max, char **out, size_t *length)
{
	/* proc(5) files say size 0 */
	bool known = S_ISREG(st->st_mode) && st->st_size > 0;
	size_t size = known ? (size_t) st->st_size + 1 : 4096;
	size_t used = 0;
	AUTO_FREE char *data = NULL;

	if (known && (uintmax_t) st->st_size > max)
		return -EFBIG;
	data = xrealloc(NULL, size + 1, 1);
	for (;;) {
		ssize_t n = read(fd, data + used, size - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += (size_t) n;
		if (used > max)
			return -EFBIG;
		/* a short read of a regular file that has just that size is its end */
		if (known && used == (size_t) st->st_size)
			break;
		if (used == size) {
			size *= 2;
			data = xrealloc(data, size + 1, 1);
		}
	}
	data[used] = '\0';
	if (length)
		*length = used;
	*out = TAKE_PTR(data);
	return 0;
}

int file_read_fd(int fd, size_t max, char **out, size_t *length)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	/* it may stand behind the beginning: the size tells nothing */
	if (lseek(fd, 0, SEEK_CUR) != 0)
		st.st_size = 0;
	return read_opened(fd, &st, max, out, length);
}

int file_read(int dir_fd, const char *path, size_t max, char **out, size_t *length)
{
	/* O_NONBLOCK: a FIFO in place of the file must not hang us */
	AUTO_CLOSE int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	return read_opened(fd, &st, max, out, length);
}

int file_read_stream(int dir_fd, const char *path, size_t max, char **out, size_t *length)
{
	AUTO_CLOSE int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : file_read_fd(fd, max, out, length);
}

static int write_temporary(int dir_fd, const char *temporary, const void *bytes, size_t length,
                           mode_t mode, enum file_durability durability)
{
	AUTO_CLOSE int fd =
		openat(dir_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	int r;

	if (fd < 0)
		return -errno;
	r = write_all(fd, bytes, length);
	if (r < 0)
		return r;
	if (durability == FILE_DURABLE && fsync(fd) < 0)
		return -errno;
	return 0;
}

static int sync_parent(int dir_fd, const char *path)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *parent = slash ? xstrndup(path, (size_t) (slash - path) + 1) : xstrdup(".");
	AUTO_CLOSE int fd = openat(dir_fd, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return fsync(fd) < 0 ? -errno : 0;
}

int file_write(int dir_fd, const char *path, const void *bytes, size_t length, mode_t mode,
               enum file_durability durability)
{
	struct timespec now;
	AUTO_FREE char *temporary = NULL;
	int r;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	/* pid and time: unique among live writers; a leftover of a crash ends in .tmp and is swept */
	temporary = xprintf("%s.%d.%lx.tmp", path, (int) getpid(), (unsigned long) now.tv_nsec);
	r = write_temporary(dir_fd, temporary, bytes, length, mode, durability);
	if (r >= 0 && renameat(dir_fd, temporary, dir_fd, path) < 0)
		r = -errno;
	if (r < 0) {
		/* best effort: the error that counts is r */
		(void) unlinkat(dir_fd, temporary, 0);
		return r;
	}
	return durability == FILE_DURABLE ? sync_parent(dir_fd, path) : 0;
}

int file_read_json(int dir_fd, const char *path, size_t max, const struct field *fields, void *into,
                   struct error *err)
{
	AUTO_FREE char *bytes = NULL;
	AUTO_JSON json_t *json = NULL;
	size_t length;
	int r = file_read(dir_fd, path, max, &bytes, &length);

	if (r < 0)
		return error_errno(err, -r, "%s", path);
	json = json_parse(bytes, length, err);
	if (!json)
		return error_wrap(err, -EINVAL, "%s", path);
	r = json_read(json, fields, into, err);
	return r < 0 ? error_wrap(err, r, "%s", path) : 0;
}

int file_write_json(int dir_fd, const char *path, const struct field *fields, const void *from,
                    mode_t mode, enum file_durability durability, struct error *err)
{
	AUTO_JSON json_t *json = json_write(fields, from);
	AUTO_FREE char *text = json_text(json, JSON_COMPACT);
	int r = file_write(dir_fd, path, text, strlen(text), mode, durability);

	return r < 0 ? error_errno(err, -r, "write %s", path) : 0;
}

int directory_make(int dir_fd, const char *path, mode_t mode)
{
	AUTO_FREE char *copy = NULL;

	if (mkdirat(dir_fd, path, mode) == 0 || errno == EEXIST)
		return 0;
	if (errno != ENOENT)
		return -errno;
	copy = xstrdup(path);
	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdirat(dir_fd, copy, mode) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return mkdirat(dir_fd, path, mode) < 0 && errno != EEXIST ? -errno : 0;
}

int directory_open(int dir_fd, const char *path)
{
	int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -errno : fd;
}

static int remove_entry(int dir_fd, const char *name, unsigned depth);

static int remove_entries(int fd, unsigned depth)
{
	AUTO_CLOSE int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	int first = 0;
	DIR *dir;

	if (copy < 0)
		return -errno;
	dir = fdopendir(copy);
	if (!dir)
		return -errno;
	copy = -1; /* the stream owns it */
	rewinddir(dir); /* the offset is shared with fd: a second round would see nothing */
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		int r;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		r = remove_entry(fd, entry->d_name, depth);
		if (r < 0 && first == 0)
			first = r;
	}
	(void) closedir(dir);
	return first;
}

static int remove_directory(int dir_fd, const char *name, unsigned depth)
{
	AUTO_CLOSE int fd = directory_open(dir_fd, name);
	int r;

	if (fd == -EACCES && fchmodat(dir_fd, name, 0700, 0) == 0)
		fd = directory_open(dir_fd, name);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (depth >= TREE_MAX_DEPTH)
		return -ELOOP;
	r = remove_entries(fd, depth + 1);
	if (r == -EACCES && fchmod(fd, 0700) == 0)
		r = remove_entries(fd, depth + 1);
	if (unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return r < 0 ? r : -errno;
	return r;
}

static int remove_entry(int dir_fd, const char *name, unsigned depth)
{
	if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	/* EISDIR is Linux', EPERM POSIX' answer to unlink(2) of a directory */
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	return remove_directory(dir_fd, name, depth);
}

int tree_remove(int dir_fd, const char *path)
{
	return remove_entry(dir_fd, path, 0);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

int directory_list(int dir_fd, const char *path, struct texts *out)
{
	int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir;

	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		int saved = errno;

		(void) close(fd);
		return -saved;
	}
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			texts_add(out, entry->d_name);
	(void) closedir(dir);
	if (out->count)
		qsort(out->items, out->count, sizeof *out->items, compare_names);
	return 0;
}
