/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * split_write.c - recording what of a tar is not the content of a file, while it is unpacked; see tar_split.h
 *
 * Bytes of the stream are in one of three states: settled (raw or claimed, up to "settled"), carried
 * (copied from earlier blocks, because libarchive has not said yet what they are), or in the block that
 * passes now. libarchive looks ahead by less than a block mostly, so little is copied.
 */
#include "tar_split.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/json.h"
#include "coracle/base/log.h"
#include "coracle/sys/root.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "checksum.h"

#define CARRY_MAX_BYTES (8 << 20) /* libarchive's own limit for one header is far below */
#define COPY_BYTES      (64 * 1024)
#define DEPTH_MAX       256 /* LAYER_MAX_DEPTH, and more */

struct split_writer {
	int dir_fd; /* borrowed: the workspace */
	struct split_sink *sink;
	struct checksum checksum;
	const char *why; /* recording was given up; NULL: it goes on */
	uint64_t settled, passed; /* offsets in the stream */
	const unsigned char *block; /* borrowed: the newest bytes, up to "passed" */
	size_t block_length;
	unsigned char *carry; /* owned: from "settled" to the block's begin */
	size_t carry_length, carry_size;
	/* content that is being claimed; length 0: none */
	uint64_t offset, length;
	uint32_t crc;
	char *path;     /* owned: of the file whose first content is still to come */
	uint64_t inode;
	struct uints inodes; /* of each file record: what is there at the end must be the same */
	unsigned aside;
	uint64_t aside_bytes;
};

int split_writer_open(int dir_fd, struct split_writer **out, struct error *err)
{
	struct split_writer *writer = xcalloc(1, sizeof *writer);
	int r = split_sink_open(dir_fd, TAR_SPLIT_NAME, &writer->sink, err);

	if (r < 0) {
		free(writer);
		return r;
	}
	writer->dir_fd = dir_fd;
	checksum_init(&writer->checksum);
	*out = writer;
	return 0;
}

void split_writer_close(struct split_writer *writer)
{
	if (!writer)
		return;
	split_sink_close(writer->sink);
	free(writer->carry);
	free(writer->path);
	free(writer->inodes.items);
	free(writer);
}

static void give_up(struct split_writer *writer, const char *why)
{
	if (!writer->why)
		writer->why = why;
}

/* --- the stream --- */

/* at - how many bytes at position lie together in memory, and where */
static const unsigned char *at(const struct split_writer *writer, uint64_t position, size_t *length)
{
	uint64_t block_at = writer->passed - writer->block_length;

	if (position >= block_at) {
		*length = (size_t) (writer->passed - position);
		return writer->block + (position - block_at);
	}
	*length = (size_t) (block_at - position);
	return writer->carry + (writer->carry_length - *length);
}

static void end_content(struct split_writer *writer)
{
	if (!writer->length)
		return;
	if (writer->path) {
		split_sink_file(writer->sink, writer->path);
		uints_add(&writer->inodes, writer->inode);
		free(TAKE_PTR(writer->path));
	}
	split_sink_content(writer->sink, writer->offset, writer->length, writer->crc);
	writer->length = 0;
}

/* settle_raw - what was not claimed before position is raw */
static void settle_raw(struct split_writer *writer, uint64_t position)
{
	if (position > writer->settled)
		end_content(writer);
	while (writer->settled < position) {
		size_t length;
		const unsigned char *bytes = at(writer, writer->settled, &length);

		length = (size_t) MIN((uint64_t) length, position - writer->settled);
		split_sink_raw(writer->sink, bytes, length);
		writer->settled += length;
	}
}

/* keep_carry - the block goes: what is not settled stays as a copy */
static void keep_carry(struct split_writer *writer)
{
	size_t left = (size_t) (writer->passed - writer->settled);
	size_t of_block = MIN(left, writer->block_length), of_carry = left - of_block;

	if (left > CARRY_MAX_BYTES) {
		give_up(writer, "an entry's headers are too long");
		return;
	}
	if (of_carry && of_carry < writer->carry_length)
		(void) memmove(writer->carry, writer->carry + (writer->carry_length - of_carry), of_carry);
	if (left > writer->carry_size) {
		writer->carry_size = MAX(left, (size_t) 2 * writer->carry_size);
		writer->carry = xrealloc(writer->carry, writer->carry_size, 1);
	}
	if (of_block)
		(void) memcpy(writer->carry + of_carry, writer->block + (writer->block_length - of_block), of_block);
	writer->carry_length = left;
}

void split_settle(struct split_writer *writer, uint64_t consumed)
{
	if (writer->why)
		return;
	settle_raw(writer, MIN(consumed, writer->passed));
	keep_carry(writer);
	writer->block_length = 0;
}

void split_pass(struct split_writer *writer, const void *bytes, size_t length)
{
	if (writer->why)
		return;
	writer->block = bytes;
	writer->block_length = length;
	writer->passed += length;
}

void split_file(struct split_writer *writer, const char *path, uint64_t inode)
{
	if (writer->why)
		return;
	end_content(writer);
	if (!split_path_is_valid(path)) {
		give_up(writer, "a file's path can't be recorded");
		return;
	}
	text_replace(&writer->path, path);
	writer->inode = inode;
}

void split_content(struct split_writer *writer, uint64_t position, const void *bytes, size_t length,
                   uint64_t offset)
{
	const unsigned char *from = bytes;

	if (writer->why || !length)
		return;
	if (position < writer->settled || position > writer->passed || length > writer->passed - position) {
		give_up(writer, "libarchive says other positions than expected");
		return;
	}
	settle_raw(writer, position);
	if (!writer->length || offset != writer->offset + writer->length) {
		end_content(writer);
		writer->offset = offset;
		writer->crc = 0;
	}
	writer->crc = checksum_add(&writer->checksum, writer->crc, bytes, length);
	writer->length += length;
	while (length) {
		size_t step;
		const unsigned char *there = at(writer, writer->settled, &step);

		step = MIN(step, length);
		if (there != from && memcmp(there, from, step) != 0) {
			give_up(writer, "libarchive hands out other bytes than expected");
			return;
		}
		writer->settled += step;
		from += step;
		length -= step;
	}
}

/* --- replaced entries --- */

/* bytes_below - of regular files in this directory and those below */
static uint64_t bytes_below(int dir_fd, int depth)
{
	AUTO_TEXTS struct texts names = {0};
	uint64_t sum = 0;

	if (dir_fd < 0 || depth == 0 || directory_list(dir_fd, ".", &names) < 0)
		return 0;
	for (size_t i = 0; i < names.count; i++) {
		struct stat st;

		if (fstatat(dir_fd, names.items[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISREG(st.st_mode)) {
			sum += (uint64_t) st.st_size;
		} else if (S_ISDIR(st.st_mode)) {
			AUTO_CLOSE int fd = directory_open(dir_fd, names.items[i]);

			sum += bytes_below(fd, depth - 1);
		}
	}
	return sum;
}

static int move_aside(struct split_writer *writer, int dir_fd, const char *name, const struct stat *st)
{
	char path[32];

	if (writer->aside == 0 && mkdirat(writer->dir_fd, TAR_SPLIT_ASIDE, 0700) < 0)
		return -errno;
	if (S_ISREG(st->st_mode)) {
		writer->aside_bytes += (uint64_t) st->st_size;
	} else if (S_ISDIR(st->st_mode)) {
		AUTO_CLOSE int fd = directory_open(dir_fd, name);

		writer->aside_bytes += bytes_below(fd, DEPTH_MAX);
	}
	if (writer->aside_bytes > TAR_SPLIT_MAX_ASIDE || writer->aside >= TAR_SPLIT_MAX_ASIDE_FILES)
		return -EFBIG;
	(void) snprintf(path, sizeof path, TAR_SPLIT_ASIDE "/%u", writer->aside++);
	return renameat(dir_fd, name, writer->dir_fd, path) < 0 ? -errno : 0;
}

int split_aside(struct split_writer *writer, int dir_fd, const char *name, const struct stat *st)
{
	int r = writer->why ? -ECANCELED : move_aside(writer, dir_fd, name, st);

	if (r < 0)
		give_up(writer, "later entries replace too much");
	return r;
}

/* --- the second writing, when entries were replaced: records pass from the reader to a new sink --- */

/* where a regular file is now */
struct found {
	uint64_t inode;
	bool aside;
	char *path; /* owned: in diff/ or aside/ */
};

struct rewriting {
	struct split_writer *writer;
	struct split_sink *sink;
	int root_fd, aside_fd;
	struct list index; /* struct found, by inode; made when it is needed first */
	size_t next;       /* file record */
	int fd;            /* of the file aside; -1: it is in diff/ */
};

static void rewriting_done(struct rewriting *rewriting)
{
	LIST_EACH(struct found, found, &rewriting->index)
		free(found->path);
	free(rewriting->index.items);
	auto_close(&rewriting->fd);
}

static int add_files(struct rewriting *rewriting, int dir_fd, const char *above, bool aside, int depth)
{
	AUTO_TEXTS struct texts names = {0};
	int r = depth ? directory_list(dir_fd, ".", &names) : -ELOOP;

	for (size_t i = 0; r >= 0 && i < names.count; i++) {
		AUTO_FREE char *path = *above ? xprintf("%s/%s", above, names.items[i]) : xstrdup(names.items[i]);
		struct stat st;

		if (fstatat(dir_fd, names.items[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
		if (S_ISREG(st.st_mode)) {
			struct found *found = list_add(&rewriting->index, sizeof *found);

			*found = (struct found){.inode = st.st_ino, .aside = aside, .path = TAKE_PTR(path)};
		} else if (S_ISDIR(st.st_mode)) {
			AUTO_CLOSE int fd = directory_open(dir_fd, names.items[i]);

			r = fd < 0 ? fd : add_files(rewriting, fd, path, aside, depth - 1);
		}
	}
	return r;
}

/* by inode, and those in diff/ first */
static int compare_found(const void *a, const void *b)
{
	const struct found *one = a, *other = b;

	if (one->inode != other->inode)
		return one->inode < other->inode ? -1 : 1;
	return (one->aside ? 1 : 0) - (other->aside ? 1 : 0);
}

static int make_index(struct rewriting *rewriting)
{
	int r = add_files(rewriting, rewriting->root_fd, "", false, DEPTH_MAX);

	if (r >= 0)
		r = add_files(rewriting, rewriting->aside_fd, "", true, DEPTH_MAX);
	if (r >= 0 && rewriting->index.count)
		qsort(rewriting->index.items, rewriting->index.count, sizeof(struct found), compare_found);
	return r;
}

static const struct found *find(const struct rewriting *rewriting, uint64_t inode)
{
	size_t low = 0, high = rewriting->index.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (LIST_AT(struct found, &rewriting->index, middle)->inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == rewriting->index.count || LIST_AT(struct found, &rewriting->index, low)->inode != inode)
		return NULL;
	return LIST_AT(struct found, &rewriting->index, low);
}

static bool is_there(const struct rewriting *rewriting, const char *path, uint64_t inode)
{
	AUTO_FREE char *name = NULL;
	AUTO_CLOSE int parent = root_open_parent(rewriting->root_fd, path, 0, &name);
	struct stat st;

	return parent >= 0 && fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode)
	       && st.st_ino == inode;
}

static int rewrite_raw(void *context, const void *bytes, size_t length, struct error *err UNUSED)
{
	struct rewriting *rewriting = context;

	split_sink_raw(rewriting->sink, bytes, length);
	return 0;
}

static int rewrite_file(void *context, const char *path, struct error *err)
{
	struct rewriting *rewriting = context;
	uint64_t inode = rewriting->writer->inodes.items[rewriting->next++];
	const struct found *found;
	int r;

	auto_close(&rewriting->fd);
	rewriting->fd = -1;
	if (is_there(rewriting, path, inode)) {
		split_sink_file(rewriting->sink, path);
		return 0;
	}
	r = rewriting->index.count ? 0 : make_index(rewriting);
	if (r < 0)
		return error_errno(err, -r, "find what was replaced");
	found = find(rewriting, inode);
	if (!found)
		return -ESTALE;
	if (!found->aside) {
		split_sink_file(rewriting->sink, found->path);
		return 0;
	}
	rewriting->fd = root_open(rewriting->aside_fd, found->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	return rewriting->fd < 0 ? error_errno(err, -rewriting->fd, "open what was replaced") : 0;
}

static int rewrite_content(void *context, uint64_t offset, uint64_t length, uint32_t crc, struct error *err)
{
	struct rewriting *rewriting = context;
	AUTO_FREE char *buffer = NULL;

	if (rewriting->fd < 0) {
		split_sink_content(rewriting->sink, offset, length, crc);
		return 0;
	}
	buffer = xcalloc(1, COPY_BYTES);
	while (length) {
		ssize_t n = pread(rewriting->fd, buffer, (size_t) MIN(length, (uint64_t) COPY_BYTES), (off_t) offset);

		if (n <= 0)
			return error_errno(err, n < 0 ? errno : EIO, "read what was replaced");
		split_sink_raw(rewriting->sink, buffer, (size_t) n);
		offset += (uint64_t) n;
		length -= (uint64_t) n;
	}
	return 0;
}

static int rewrite(struct split_writer *writer, int root_fd, uint64_t length, struct error *err)
{
	AUTO_CLOSE int aside_fd = directory_open(writer->dir_fd, TAR_SPLIT_ASIDE);
	AUTO_CLOSE int from = openat(writer->dir_fd, TAR_SPLIT_NAME, O_RDONLY | O_CLOEXEC);
	AUTO_SPLIT_SINK struct split_sink *sink = NULL;
	AUTO(rewriting_done) struct rewriting rewriting = {.writer = writer, .root_fd = root_fd, .aside_fd = aside_fd, .fd = -1};
	struct split_handler handler = {rewrite_raw, rewrite_file, rewrite_content, &rewriting};
	int r;

	if (aside_fd < 0 || from < 0)
		return error_errno(err, aside_fd < 0 ? -aside_fd : errno, "open " TAR_SPLIT_NAME);
	/* the old one stays readable through "from" */
	if (unlinkat(writer->dir_fd, TAR_SPLIT_NAME, 0) < 0)
		return error_errno(err, errno, "replace " TAR_SPLIT_NAME);
	r = split_sink_open(writer->dir_fd, TAR_SPLIT_NAME, &sink, err);
	if (r < 0)
		return r;
	rewriting.sink = sink;
	r = split_read(from, length, &handler, err);
	if (r == -ESTALE)
		give_up(writer, "a file is nowhere to be found any more");
	if (r < 0)
		return r;
	r = split_sink_end(sink, length);
	return r < 0 ? error_errno(err, -r, "write " TAR_SPLIT_NAME) : 0;
}

static int finish(struct split_writer *writer, int root_fd, uint64_t length, struct error *err)
{
	int r;

	settle_raw(writer, writer->passed);
	end_content(writer);
	if (writer->passed != length)
		return error_set(err, ERROR_INVALID, "the recording has another length than the archive");
	r = split_sink_end(writer->sink, length);
	if (r < 0)
		return error_errno(err, -r, "write " TAR_SPLIT_NAME);
	return writer->aside ? rewrite(writer, root_fd, length, err) : 0;
}

int split_finish(struct split_writer *writer, int root_fd, uint64_t length, struct error *err)
{
	int r = writer->why ? 0 : finish(writer, root_fd, length, err), aside = 0;

	if (writer->aside)
		aside = tree_remove(writer->dir_fd, TAR_SPLIT_ASIDE);
	if (aside < 0)
		return error_errno(err, -aside, "remove what was replaced");
	if (!writer->why)
		return r < 0 ? r : 1;
	log_debug("layer is not recorded: %s", writer->why);
	if (unlinkat(writer->dir_fd, TAR_SPLIT_NAME, 0) < 0)
		return error_errno(err, errno, "remove " TAR_SPLIT_NAME);
	return 0;
}
