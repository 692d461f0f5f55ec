/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bundle.c - named files of an image archive or layout directory; see bundle.h
 *
 * Names come from the archive and are only compared, never opened: what must be put aside gets a
 * number for a name. Links inside the archive (docker save shares equal layers so) are followed
 * by text.
 */
#include "coracle/store/bundle.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/path.h"
#include "coracle/sys/root.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "store_private.h"
#include "tar_reader.h"

#define BUNDLE_MAX_PARTS 100000
#define BUNDLE_MAX_LINKS 8

struct part {
	char *name;      /* cleaned, "/manifest.json" */
	char *link;      /* cleaned name of another part, or NULL */
	uint64_t offset; /* in the archive, when it is used where it is */
	uint64_t length;
};

struct bundle {
	int fd;         /* the caller's */
	bool directory; /* fd is one */
	bool in_place;
	uint64_t start; /* of the archive in fd */
	struct list parts;
	struct workspace workspace; /* files "0", "1"...: the parts, unless in place */
};

static char *clean_name(const char *name)
{
	AUTO_FREE char *rooted = xprintf("/%s", name);

	return path_clean(rooted);
}

static int put_aside(struct bundle *bundle, struct tar_reader *reader, size_t number, struct part *part,
                     struct error *err)
{
	char name[32];
	AUTO_CLOSE int fd = -1;

	(void) snprintf(name, sizeof name, "%zu", number);
	fd = openat(bundle->workspace.fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(err, errno, "make store/%s/%s", bundle->workspace.path, name);
	for (;;) {
		const void *bytes;
		size_t length;
		int64_t offset;
		int r = tar_reader_data(reader, &bytes, &length, &offset, err);

		if (r <= 0)
			return r;
		if (offset < 0 || (uint64_t) offset != part->length)
			return error_set(err, ERROR_INVALID, "%s is a sparse file", part->name);
		r = write_all(fd, bytes, length);
		if (r < 0)
			return error_errno(err, -r, "write store/%s/%s", bundle->workspace.path, name);
		part->length += length;
	}
}

static int add_part(struct bundle *bundle, const struct tar_api *api, struct tar_reader *reader,
                    struct archive_entry *entry, struct error *err)
{
	mode_t type = api->archive_entry_filetype(entry);
	const char *name = api->archive_entry_pathname(entry);
	const char *hard_link = api->archive_entry_hardlink(entry);
	const char *symlink = type == S_IFLNK ? api->archive_entry_symlink(entry) : NULL;
	struct part *part;

	if (!name || (!hard_link && !symlink && type != S_IFREG))
		return 0;
	if (bundle->parts.count >= BUNDLE_MAX_PARTS)
		return error_set(err, ERROR_INVALID, "more than %d files", BUNDLE_MAX_PARTS);
	part = list_add(&bundle->parts, sizeof *part);
	part->name = clean_name(name);
	if (hard_link) {
		part->link = clean_name(hard_link);
	} else if (symlink) {
		AUTO_FREE char *beside = xprintf("%s/../%s", part->name, symlink);

		part->link = *symlink == '/' ? clean_name(symlink) : path_clean(beside);
	} else if (bundle->in_place) {
		part->offset = bundle->start + (uint64_t) tar_reader_position(reader);
		part->length = (uint64_t) api->archive_entry_size(entry);
	} else {
		return put_aside(bundle, reader, bundle->parts.count - 1, part, err);
	}
	return 0;
}

static int read_archive(struct bundle *bundle, struct store *store, struct error *err)
{
	AUTO_TAR_READER struct tar_reader *reader = NULL;
	const struct tar_api *api = tar_api_load(err);
	struct archive_entry *entry;
	struct stat st;
	off_t start;
	int r;

	if (!api)
		return -EOPNOTSUPP;
	start = lseek(bundle->fd, 0, SEEK_CUR);
	r = tar_reader_open(bundle->fd, UINT64_MAX, &reader, err);
	if (r < 0)
		return r;
	if (start >= 0 && fstat(bundle->fd, &st) == 0 && S_ISREG(st.st_mode)
	    && tar_reader_is_plain(reader)) {
		bundle->in_place = true;
		bundle->start = (uint64_t) start;
	} else {
		r = workspace_open(store, "load", &bundle->workspace, err);
		if (r < 0)
			return r;
	}
	while ((r = tar_reader_next(reader, &entry, err)) > 0) {
		r = add_part(bundle, api, reader, entry, err);
		if (r < 0)
			return r;
	}
	return r;
}

int bundle_open(struct store *store, int fd, struct bundle **out, struct error *err)
{
	struct bundle *bundle;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return error_errno(err, errno, "look at the archive");
	bundle = xcalloc(1, sizeof *bundle);
	bundle->fd = fd;
	bundle->workspace.fd = -1;
	bundle->directory = S_ISDIR(st.st_mode);
	r = bundle->directory ? 0 : read_archive(bundle, store, err);
	if (r < 0) {
		bundle_close(bundle);
		return r;
	}
	*out = bundle;
	return 0;
}

void bundle_close(struct bundle *bundle)
{
	if (!bundle)
		return;
	LIST_EACH(struct part, part, &bundle->parts) {
		free(part->name);
		free(part->link);
	}
	free(bundle->parts.items);
	workspace_close(&bundle->workspace);
	free(bundle);
}

/* last_part - of two files of one name tar's later one counts */
static struct part *last_part(const struct bundle *bundle, const char *name)
{
	for (size_t i = bundle->parts.count; i-- > 0;) {
		struct part *part = LIST_AT(struct part, &bundle->parts, i);

		if (strcmp(part->name, name) == 0)
			return part;
	}
	return NULL;
}

static struct part *find_part(const struct bundle *bundle, const char *name)
{
	AUTO_FREE char *clean = clean_name(name);
	struct part *part = last_part(bundle, clean);

	for (int i = 0; part && part->link; i++)
		part = i < BUNDLE_MAX_LINKS ? last_part(bundle, part->link) : NULL;
	return part;
}

static int open_in_directory(const struct bundle *bundle, const char *name, uint64_t *length)
{
	AUTO_CLOSE int fd = root_open(bundle->fd, name, O_RDONLY | O_NONBLOCK, 0);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	*length = (uint64_t) st.st_size;
	return TAKE_FD(fd);
}

static int open_part(const struct bundle *bundle, const char *name, uint64_t *length)
{
	const struct part *part = find_part(bundle, name);
	AUTO_CLOSE int fd = -1;
	char number[32];

	if (!part)
		return -ENOENT;
	*length = part->length;
	if (bundle->in_place) {
		fd = fcntl(bundle->fd, F_DUPFD_CLOEXEC, 3);
		if (fd < 0 || lseek(fd, (off_t) part->offset, SEEK_SET) < 0)
			return -errno;
	} else {
		(void) snprintf(number, sizeof number, "%zu",
		                (size_t) (part - (const struct part *) bundle->parts.items));
		fd = openat(bundle->workspace.fd, number, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return -errno;
	}
	return TAKE_FD(fd);
}

int bundle_seek(struct bundle *bundle, const char *name, uint64_t *length, struct error *err)
{
	int fd = bundle->directory ? open_in_directory(bundle, name, length)
	                           : open_part(bundle, name, length);

	if (fd == -ENOENT)
		return error_set(err, ERROR_NOT_FOUND, "the archive holds no file \"%.300s\"", name);
	return fd < 0 ? error_errno(err, -fd, "file \"%.300s\" of the archive", name) : fd;
}

bool bundle_has(struct bundle *bundle, const char *name)
{
	uint64_t length;
	AUTO_CLOSE int fd = bundle->directory ? open_in_directory(bundle, name, &length) : -1;

	return bundle->directory ? fd >= 0 : find_part(bundle, name) != NULL;
}

int bundle_read(struct bundle *bundle, const char *name, size_t max, char **out, size_t *length,
                struct error *err)
{
	uint64_t left;
	AUTO_CLOSE int fd = bundle_seek(bundle, name, &left, err);
	AUTO_FREE char *bytes = NULL;
	size_t used = 0;

	if (fd < 0)
		return fd;
	if (left > max)
		return error_errno(err, EFBIG, "file \"%.300s\" of the archive", name);
	bytes = xcalloc((size_t) left + 1, 1);
	while (used < left) {
		ssize_t n = read(fd, bytes + used, (size_t) left - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_errno(err, n < 0 ? errno : EIO, "file \"%.300s\" of the archive", name);
		used += (size_t) n;
	}
	*length = used;
	*out = TAKE_PTR(bytes);
	return 0;
}
