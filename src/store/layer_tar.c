/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * layer_tar.c - a tar of a directory in overlayfs' form; tar(5), pax(1) "pax Interchange Format", image-spec layer.md
 *
 * Left out because they differ from one unpacking to the next: access and change times, inode and
 * device numbers, names of users and groups. Sockets can't stand in a tar.
 */
#include "layer_tar.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/text.h"
#include "coracle/store/tar.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "shared_private.h"
#include "unpack.h"

#define RECORDS_MAX     (1 << 20)
#define XATTR_MAX       65536
#define WHITEOUT_PREFIX ".wh."
#define OPAQUE_NAME     ".wh..wh..opq"

struct first_name { uint64_t inode; char *path; };

struct tar_maker {
	layer_write *write;
	void *context;
	enum layer_kind kind;
	char *buffer; /* owned, EXPORT_BLOCK */
	struct list links; /* struct first_name, by inode: files with more than one name */
};

static int put(struct tar_maker *maker, const void *bytes, size_t length, struct error *err)
{
	return length ? maker->write(maker->context, bytes, length, err) : 0;
}

static int put_padding(struct tar_maker *maker, uint64_t length, struct error *err)
{
	static const char zeros[TAR_BLOCK];

	return put(maker, zeros, tar_padding(length), err);
}

/* --- headers --- */

static int put_header(struct tar_maker *maker, const struct tar_header *header, struct error *err)
{
	struct tar_header fitting = *header;
	char block[TAR_BLOCK];

	/* what does not fit stands in the pax records before it */
	if (fitting.size > TAR_LARGEST_NUMBER)
		fitting.size = 0;
	tar_header_fill(&fitting, block);
	return put(maker, block, sizeof block, err);
}

/* add_record - "LENGTH KEY=VALUE\n", where LENGTH counts its own digits */
static int add_record(struct text *records, const char *key, const void *value, size_t length)
{
	size_t rest = strlen(key) + length + 3, total = rest;
	char digits[24];

	for (;;) {
		size_t n = (size_t) snprintf(digits, sizeof digits, "%zu", total);

		if (rest + n == total)
			break;
		total = rest + n;
	}
	if (text_printf(records, "%s %s=", digits, key) < 0 || text_add_bytes(records, value, length) < 0)
		return -E2BIG;
	return text_add_char(records, '\n');
}

static int add_number(struct text *records, const char *key, uint64_t number)
{
	char digits[24];

	(void) snprintf(digits, sizeof digits, "%llu", (unsigned long long) number);
	return add_record(records, key, digits, strlen(digits));
}

static int add_time(struct text *records, const struct timespec *time)
{
	/* of a time before 1970 the fraction still counts forward: -1.25 is second -2 and 0.75 */
	bool negative = time->tv_sec < 0;
	long long whole = negative && time->tv_nsec ? -(time->tv_sec + 1) : negative ? -time->tv_sec : time->tv_sec;
	long part = negative && time->tv_nsec ? 1000000000 - time->tv_nsec : time->tv_nsec;
	char digits[48];
	size_t length;

	(void) snprintf(digits, sizeof digits, "%s%lld.%09ld", negative ? "-" : "", whole, part);
	for (length = strlen(digits); digits[length - 1] == '0'; length--)
		digits[length - 1] = '\0';
	if (digits[length - 1] == '.')
		digits[length - 1] = '\0';
	return add_record(records, "mtime", digits, strlen(digits));
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

static int list_xattrs(const char *path, struct texts *out)
{
	AUTO_FREE char *keys = xcalloc(1, XATTR_MAX);
	ssize_t length = llistxattr(path, keys, XATTR_MAX);

	if (length < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	for (const char *key = keys; key < keys + length; key += strlen(key) + 1)
		if (attribute_is_allowed(key))
			texts_add(out, key);
	if (out->count)
		qsort(out->items, out->count, sizeof *out->items, compare_texts);
	return 0;
}

static int add_xattrs(struct text *records, int dir_fd, const char *name)
{
	AUTO_FREE char *path = xprintf("/proc/self/fd/%d/%s", dir_fd, name);
	AUTO_FREE char *value = NULL;
	AUTO_TEXTS struct texts keys = {0};
	int r = list_xattrs(path, &keys);

	for (size_t i = 0; r >= 0 && i < keys.count; i++) {
		AUTO_FREE char *key = xprintf("SCHILY.xattr.%s", keys.items[i]);
		ssize_t length;

		if (!value)
			value = xcalloc(1, XATTR_MAX);
		length = lgetxattr(path, keys.items[i], value, XATTR_MAX);
		r = length < 0 ? -errno : add_record(records, key, value, (size_t) length);
	}
	return r;
}

static int put_entry(struct tar_maker *maker, const struct tar_header *header, const struct timespec *time,
                     struct text *records, struct error *err)
{
	struct tar_header extra = {.path = "PaxHeaders/entry", .type = 'x', .mode = 0644};
	int r = 0;

	if (strlen(header->path) > TAR_NAME_BYTES)
		r = add_record(records, "path", header->path, strlen(header->path));
	if (r >= 0 && header->link && strlen(header->link) > TAR_NAME_BYTES)
		r = add_record(records, "linkpath", header->link, strlen(header->link));
	if (r >= 0 && header->size > TAR_LARGEST_NUMBER)
		r = add_number(records, "size", header->size);
	if (r >= 0 && header->uid > TAR_LARGEST_ID)
		r = add_number(records, "uid", header->uid);
	if (r >= 0 && header->gid > TAR_LARGEST_ID)
		r = add_number(records, "gid", header->gid);
	if (r >= 0 && (time->tv_nsec || time->tv_sec < 0 || time->tv_sec > TAR_LARGEST_NUMBER))
		r = add_time(records, time);
	if (r < 0)
		return error_errno(err, -r, "headers of \"%.300s\"", header->path);
	if (records->length) {
		extra.size = records->length;
		r = put_header(maker, &extra, err);
		if (r >= 0)
			r = put(maker, records->data, records->length, err);
		if (r >= 0)
			r = put_padding(maker, records->length, err);
	}
	return r < 0 ? r : put_header(maker, header, err);
}

/* --- entries --- */

/* first_name - the path under which this inode came before, or NULL; then it is remembered */
static const char *first_name(struct tar_maker *maker, uint64_t inode, const char *path)
{
	struct list *links = &maker->links;
	size_t low = 0, high = links->count;
	struct first_name *slot;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (LIST_AT(struct first_name, links, middle)->inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < links->count && LIST_AT(struct first_name, links, low)->inode == inode)
		return LIST_AT(struct first_name, links, low)->path;
	(void) list_add(links, sizeof *slot);
	slot = LIST_AT(struct first_name, links, low);
	(void) memmove(slot + 1, slot, (links->count - 1 - low) * sizeof *slot);
	*slot = (struct first_name){.inode = inode, .path = xstrdup(path)};
	return NULL;
}

static int put_content(struct tar_maker *maker, int dir_fd, const char *name, const struct stat *st, struct error *err)
{
	AUTO_CLOSE int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	uint64_t left = (uint64_t) st->st_size;
	int r = 0;

	if (fd < 0)
		return error_errno(err, errno, "open");
	while (r >= 0 && left) {
		ssize_t n = read(fd, maker->buffer, (size_t) MIN(left, (uint64_t) EXPORT_BLOCK));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? error_errno(err, errno, "read")
			             : error_set(err, ERROR_CONFLICT, "changed while it was read");
		left -= (uint64_t) n;
		r = put(maker, maker->buffer, (size_t) n, err);
	}
	return r < 0 ? r : put_padding(maker, (uint64_t) st->st_size, err);
}

static int put_file(struct tar_maker *maker, struct tar_header *header, int dir_fd, const char *name,
                    const struct stat *st, struct text *records, struct error *err)
{
	int r;

	header->type = '0';
	header->size = (uint64_t) st->st_size;
	r = put_entry(maker, header, &st->st_mtim, records, err);
	return r < 0 ? r : put_content(maker, dir_fd, name, st, err);
}

/* put_whiteout - what hides name of the layers below */
static int put_whiteout(struct tar_maker *maker, const char *above, const char *name, struct error *err)
{
	AUTO_FREE char *path = *above ? xprintf("%s/" WHITEOUT_PREFIX "%s", above, name)
	                              : xprintf(WHITEOUT_PREFIX "%s", name);
	AUTO_TEXT struct text records = TEXT_INIT(RECORDS_MAX);
	struct tar_header header = {.path = path, .type = '0', .mode = 0};
	struct timespec none = {0};

	return put_entry(maker, &header, &none, &records, err);
}

static int put_node(struct tar_maker *maker, int dir_fd, const char *name, const char *path,
                    const struct stat *st, struct error *err)
{
	AUTO_TEXT struct text records = TEXT_INIT(RECORDS_MAX);
	AUTO_FREE char *with_slash = NULL;
	char target[PATH_MAX];
	struct tar_header header = {
		.path = path, .mode = st->st_mode, .uid = st->st_uid, .gid = st->st_gid,
		.seconds = st->st_mtim.tv_sec,
	};
	ssize_t length;
	int r;

	if (!S_ISDIR(st->st_mode) && st->st_nlink > 1)
		header.link = first_name(maker, st->st_ino, path);
	if (header.link) {
		header.type = '1';
		return put_entry(maker, &header, &st->st_mtim, &records, err);
	}
	r = add_xattrs(&records, dir_fd, name);
	if (r < 0)
		return error_errno(err, -r, "read its attributes");
	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
		return put_file(maker, &header, dir_fd, name, st, &records, err);
	case S_IFDIR:
		with_slash = xprintf("%s/", path);
		header.path = with_slash;
		header.type = '5';
		break;
	case S_IFLNK:
		length = readlinkat(dir_fd, name, target, sizeof target - 1);
		if (length < 0)
			return error_errno(err, errno, "read symlink");
		target[length] = '\0';
		header.link = target;
		header.type = '2';
		break;
	case S_IFIFO:
		header.type = '6';
		break;
	default:
		return 0;
	}
	return put_entry(maker, &header, &st->st_mtim, &records, err);
}

static int put_directory(struct tar_maker *maker, int dir_fd, const char *path, int depth, struct error *err)
{
	AUTO_TEXTS struct texts names = {0};
	int r = depth ? directory_list(dir_fd, ".", &names) : -ELOOP;

	if (r < 0)
		return error_errno(err, -r, "list \"%.300s\"", path);
	for (size_t i = 0; r >= 0 && i < names.count; i++) {
		const char *name = names.items[i];
		AUTO_FREE char *below = *path ? xprintf("%s/%s", path, name) : xstrdup(name);
		AUTO_CLOSE int fd = -1;
		struct stat st;

		if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return error_errno(err, errno, "entry \"%.300s\"", below);
		if (whiteout_is(dir_fd, name, &st)) {
			r = put_whiteout(maker, path, name, err);
			continue;
		}
		if (maker->kind == LAYER_SHARED && !shared_stat(dir_fd, name, &st))
			st.st_uid = st.st_gid = 0;
		r = put_node(maker, dir_fd, name, below, &st, err);
		if (r < 0)
			return error_wrap(err, r, "entry \"%.300s\"", below);
		if (!S_ISDIR(st.st_mode))
			continue;
		fd = directory_open(dir_fd, name);
		if (fd < 0)
			return error_errno(err, -fd, "entry \"%.300s\"", below);
		if (whiteout_is_opaque(dir_fd, name))
			r = put_whiteout(maker, below, &OPAQUE_NAME[sizeof WHITEOUT_PREFIX - 1], err);
		if (r >= 0)
			r = put_directory(maker, fd, below, depth - 1, err);
	}
	return r;
}

int layer_tar_write(int diff_fd, enum layer_kind kind, layer_write *write, void *context, struct error *err)
{
	static const char end[2 * TAR_BLOCK];
	struct tar_maker maker = {.write = write, .context = context, .kind = kind, .buffer = xcalloc(1, EXPORT_BLOCK)};
	int r = put_directory(&maker, diff_fd, "", LAYER_MAX_DEPTH + 2, err);

	if (r >= 0)
		r = put(&maker, end, sizeof end, err);
	LIST_EACH(struct first_name, first, &maker.links)
		free(first->path);
	free(maker.links.items);
	free(maker.buffer);
	return r;
}
