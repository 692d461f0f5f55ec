/* SPDX-License-Identifier: GPL-2.0-or-later */
/* package.c - files under names, put into a tar archive or a directory that is being made; see package.h */
#include "package.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/id.h"
#include "coracle/base/path.h"
#include "coracle/store/tar.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define END_BYTES (2 * TAR_BLOCK)

/* --- temporary files --- */

static char *temporary_name(void)
{
	char id[ID_LENGTH + 1];

	id_random(id);
	return xprintf(".coracle-%.16s", id);
}

/* open_temporary - *name stays NULL where the file needs none (open(2), O_TMPFILE) */
static int open_temporary(int dir_fd, char **name)
{
	int fd = openat(dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);

	if (fd >= 0)
		return fd;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT)
		return -errno;
	*name = temporary_name();
	fd = openat(dir_fd, *name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	return fd < 0 ? -errno : fd;
}

/* publish - fd becomes name; what is there is replaced by a rename */
static int publish(int dir_fd, int fd, char **temporary, const char *name)
{
	char path[64];

	if (!*temporary) {
		(void) snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		if (linkat(AT_FDCWD, path, dir_fd, name, AT_SYMLINK_FOLLOW) == 0)
			return 0;
		if (errno != EEXIST)
			return -errno;
		*temporary = temporary_name();
		if (linkat(AT_FDCWD, path, dir_fd, *temporary, AT_SYMLINK_FOLLOW) < 0) {
			text_replace(temporary, NULL);
			return -errno;
		}
	}
	if (renameat(dir_fd, *temporary, dir_fd, name) < 0)
		return -errno;
	text_replace(temporary, NULL);
	return 0;
}

/* --- the package --- */

static int fail(const struct package *package, int errnum, struct error *err)
{
	return error_errno(err, errnum, "write %.300s", package->path);
}

static int open_directory(struct package *package, struct error *err)
{
	package->made = mkdir(package->path, 0777) == 0;
	package->dir_fd = open(package->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return package->dir_fd < 0 ? error_errno(err, errno, "%.300s", package->path) : 0;
}

static int open_stream(struct package *package, int fd, struct error *err)
{
	if (fd < 0)
		return error_errno(err, errno, "%.300s", package->path);
	package->fd = fd;
	if (isatty(fd))
		return error_set(err, ERROR_INVALID, "%.300s is a terminal; name a file with -o FILE or redirect it",
		                 package->path);
	return 0;
}

static int open_archive(struct package *package, struct error *err)
{
	/* of a link it is the file that is replaced */
	AUTO_FREE char *real = realpath(package->path, NULL);
	AUTO_FREE char *clean = path_clean(real ? real : package->path);
	const char *base = path_base(clean);
	AUTO_FREE char *folder = xstrndup(clean, (size_t) (base - clean));
	bool is_there;
	struct stat st;

	/* a FIFO or a device: nothing to rename, and no place to go back to */
	is_there = stat(clean, &st) == 0;
	if (is_there && !S_ISREG(st.st_mode)) {
		if (S_ISDIR(st.st_mode))
			return error_set(err, ERROR_CONFLICT, "%.300s is a directory; name a file", clean);
		return open_stream(package, open(clean, O_WRONLY | O_CLOEXEC | O_NOCTTY), err);
	}
	package->dir_fd = open(*folder ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (package->dir_fd < 0)
		return error_errno(err, errno, "%.300s", *folder ? folder : ".");
	package->fd = open_temporary(package->dir_fd, &package->temporary);
	if (package->fd < 0)
		return error_errno(err, -package->fd, "make a file in %.300s", *folder ? folder : ".");
	if (is_there && fchmod(package->fd, st.st_mode & 0777) < 0)
		return fail(package, errno, err);
	package->name = xstrdup(base);
	return 0;
}

int package_create(const char *path, enum package_kind kind, struct package *out, struct error *err)
{
	/* opened anew, /dev/stdout would begin at the file's first byte once more */
	bool is_output = kind == PACKAGE_ARCHIVE
	                 && (!path || strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0);

	*out = (struct package) PACKAGE_INIT;
	out->kind = kind;
	out->path = is_output ? "standard output" : path;
	if (kind == PACKAGE_DIRECTORY)
		return open_directory(out, err);
	return is_output ? open_stream(out, fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3), err) : open_archive(out, err);
}

bool package_is_stream(const struct package *package)
{
	return package->kind == PACKAGE_ARCHIVE && !package->name;
}

bool package_has(const struct package *package, const char *name, uint64_t size)
{
	struct stat st;

	return package->kind == PACKAGE_DIRECTORY && fstatat(package->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0
	       && S_ISREG(st.st_mode) && (uint64_t) st.st_size == size;
}

/* put_at - into the archive: at the offset, or to a stream's end */
static int put_at(const struct package *package, int fd, uint64_t offset, const void *bytes, size_t length,
                  struct error *err)
{
	const char *from = bytes;
	int r;

	if (package_is_stream(package) && fd == package->fd) {
		r = write_all(fd, bytes, length);
		return r < 0 ? fail(package, -r, err) : 0;
	}
	while (length) {
		ssize_t n = pwrite(fd, from, length, (off_t) offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(package, n < 0 ? errno : EIO, err);
		from += n;
		offset += (uint64_t) n;
		length -= (size_t) n;
	}
	return 0;
}

int package_finish(struct package *package, struct error *err)
{
	static const char zeros[END_BYTES];
	int r;

	package->made = false;
	if (package->kind == PACKAGE_DIRECTORY)
		return 0;
	r = put_at(package, package->fd, package->end, zeros, sizeof zeros, err);
	if (r < 0 || package_is_stream(package))
		return r;
	r = publish(package->dir_fd, package->fd, &package->temporary, package->name);
	return r < 0 ? fail(package, -r, err) : 0;
}

void package_done(struct package *package)
{
	if (package->temporary)
		(void) unlinkat(package->dir_fd, package->temporary, 0);
	if (package->made)
		/* what was begun is of no use; the failure that led here is what counts */
		(void) !tree_remove(AT_FDCWD, package->path);
	auto_close(&package->dir_fd);
	auto_close(&package->fd);
	free(package->name);
	free(package->temporary);
	*package = (struct package) PACKAGE_INIT;
}

int package_temporary(const struct package *package, struct error *err)
{
	AUTO_FREE char *name = NULL;
	const char *fallback = getenv("TMPDIR");
	AUTO_CLOSE int other = -1;
	int dir_fd = package->dir_fd, fd;

	if (dir_fd < 0) {
		other = open(fallback && *fallback ? fallback : "/var/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (other < 0)
			return error_errno(err, errno, "%.300s", fallback && *fallback ? fallback : "/var/tmp");
		dir_fd = other;
	}
	fd = open_temporary(dir_fd, &name);
	if (fd < 0)
		return error_errno(err, -fd, "make a temporary file");
	if (name)
		(void) unlinkat(dir_fd, name, 0);
	return fd;
}

/* --- files --- */

static int put_entry(const struct package *package, const struct tar_header *header, uint64_t offset, struct error *err)
{
	char block[TAR_BLOCK];

	tar_header_fill(header, block);
	return put_at(package, package->fd, offset, block, sizeof block, err);
}

static int put_header(const struct package *package, const char *name, uint64_t size, uint64_t offset,
                      struct error *err)
{
	const struct tar_header header = {.path = name, .type = '0', .mode = 0644, .size = size};

	return put_entry(package, &header, offset, err);
}

int package_directory(struct package *package, const char *name, struct error *err)
{
	const struct tar_header header = {.path = name, .type = '5', .mode = 0755};
	int r;

	if (package->kind == PACKAGE_DIRECTORY)
		return mkdirat(package->dir_fd, name, 0777) < 0 && errno != EEXIST ? fail(package, errno, err) : 0;
	r = put_entry(package, &header, package->end, err);
	package->end += TAR_BLOCK;
	return r;
}

static int put_padding(const struct package *package, uint64_t size, uint64_t offset, struct error *err)
{
	static const char zeros[TAR_BLOCK];

	return put_at(package, package->fd, offset, zeros, tar_padding(size), err);
}

int package_file_begin(struct package *package, const char *name, uint64_t size, struct package_file *out,
                       struct error *err)
{
	bool is_known = size != PACKAGE_SIZE_UNKNOWN;
	bool is_stream = package_is_stream(package);

	*out = (struct package_file) PACKAGE_FILE_INIT;
	out->package = package;
	out->size = size;
	if (package->kind == PACKAGE_DIRECTORY) {
		out->is_own = true;
		out->fd = open_temporary(package->dir_fd, &out->temporary);
		return out->fd < 0 ? fail(package, -out->fd, err) : 0;
	}
	/* one of unknown size at the end would bar those that are aside from it */
	if (package->open_ended || (!is_known && package->aside) || (is_stream && (!is_known || !name))) {
		out->fd = package_temporary(package, err);
		out->is_own = out->fd >= 0;
		package->aside += out->is_own;
		return out->fd < 0 ? out->fd : 0;
	}
	out->fd = package->fd;
	out->start = package->end + TAR_BLOCK;
	if (is_known)
		package->end = out->start + size + tar_padding(size);
	else
		package->open_ended = true;
	return is_stream ? put_header(package, name, size, 0, err) : 0;
}

int package_file_write(struct package_file *file, const void *bytes, size_t length, struct error *err)
{
	int r;

	if (length > file->size - file->length) {
		(void) error_set(err, ERROR_INVALID, "content is longer than the %llu bytes that it should have",
		                 (unsigned long long) file->size);
		return -EBADMSG;
	}
	r = put_at(file->package, file->fd, file->start + file->length, bytes, length, err);
	if (r >= 0)
		file->length += length;
	return r;
}

/* move_in - from a temporary file to the archive's end */
static int move_in(struct package_file *file, const char *name, struct error *err)
{
	struct package *package = file->package;

	if (lseek(file->fd, 0, SEEK_SET) < 0)
		return fail(package, errno, err);
	return package_copy(package, name, file->fd, file->length, err);
}

static int end_in_archive(struct package_file *file, const char *name, struct error *err)
{
	struct package *package = file->package;
	int r;

	if (file->size == PACKAGE_SIZE_UNKNOWN) {
		package->open_ended = false;
		package->end = file->start + file->length + tar_padding(file->length);
	}
	r = package_is_stream(package) ? 0 : put_header(package, name, file->length, file->start - TAR_BLOCK, err);
	return r < 0 ? r : put_padding(package, file->length, file->start + file->length, err);
}

int package_file_end(struct package_file *file, const char *name, struct error *err)
{
	struct package *package = file->package;
	int r;

	if (file->size != PACKAGE_SIZE_UNKNOWN && file->length != file->size) {
		(void) error_set(err, ERROR_INVALID, "%.100s has %llu bytes, not %llu", name,
		                 (unsigned long long) file->length, (unsigned long long) file->size);
		return -EBADMSG;
	}
	if (!file->is_own) {
		r = end_in_archive(file, name, err);
	} else if (package->kind == PACKAGE_ARCHIVE) {
		r = move_in(file, name, err);
	} else {
		r = publish(package->dir_fd, file->fd, &file->temporary, name);
		if (r < 0)
			r = fail(package, -r, err);
	}
	if (!file->is_own)
		file->fd = -1;
	package_file_done(file);
	return r;
}

void package_file_done(struct package_file *file)
{
	if (file->temporary)
		(void) unlinkat(file->package->dir_fd, file->temporary, 0);
	if (file->is_own && file->package->kind == PACKAGE_ARCHIVE)
		file->package->aside--;
	if (file->is_own)
		auto_close(&file->fd);
	else if (file->fd >= 0 && file->size == PACKAGE_SIZE_UNKNOWN)
		file->package->open_ended = false;
	free(file->temporary);
	*file = (struct package_file) PACKAGE_FILE_INIT;
}

int package_put(struct package *package, const char *name, const void *bytes, size_t length, struct error *err)
{
	AUTO_PACKAGE_FILE struct package_file file = PACKAGE_FILE_INIT;
	int r = package_file_begin(package, name, length, &file, err);

	if (r >= 0)
		r = package_file_write(&file, bytes, length, err);
	return r < 0 ? r : package_file_end(&file, name, err);
}

int package_copy(struct package *package, const char *name, int fd, uint64_t length, struct error *err)
{
	AUTO_PACKAGE_FILE struct package_file file = PACKAGE_FILE_INIT;
	AUTO_FREE char *buffer = xcalloc(1, PACKAGE_BLOCK);
	int r = package_file_begin(package, name, length, &file, err);

	while (r >= 0 && length) {
		ssize_t n = read(fd, buffer, (size_t) MIN(length, (uint64_t) PACKAGE_BLOCK));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_errno(err, n < 0 ? errno : EIO, "read what becomes %.100s", name);
		r = package_file_write(&file, buffer, (size_t) n, err);
		length -= (uint64_t) n;
	}
	return r < 0 ? r : package_file_end(&file, name, err);
}
