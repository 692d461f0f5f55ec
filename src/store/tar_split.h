/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tar_split.h - everything of a layer's tar that is not the content of a file: store/layers/HEX/tar.split
 *
 * A sequence of records, compressed (zstd, where that library is not there as they are). Numbers are unsigned LEB128, at most 10 bytes.
 *
 *   "CORACLE SPLIT 1\n"
 *   'R' length, bytes                 these bytes stand in the tar: headers, padding, what is not kept
 *   'F' path length, path             the following 'C' are about this file of diff/; no ".", "..", "//"
 *   'C' offset, length, crc32 (4, LE) so many bytes of the file, from there (a sparse file has several)
 *   'E' length                        the end; bytes of the tar in all
 *
 * Who made the file may be hostile: all records together may stand for no more than the bytes that layer.json
 * says the tar has, and none stands for 0 bytes, so the work is bounded by that number. Paths are
 * opened inside diff/ only. What comes out is held against the diff id in any case; the checksum is
 * there to name the file that was changed.
 *
 * How it is recorded: libarchive parses the tar; where the data of an entry lies in the stream is what
 * archive_filter_bytes() says when it hands out a block. No second parser has to agree with it,
 * because each block is compared with the bytes of the stream at that place (mostly they are the
 * same memory). Content that went elsewhere than into a regular file is never claimed: it is raw.
 *
 * An entry that replaces an earlier one: the earlier file is put aside (unpack.c) instead of being
 * removed, and when all is unpacked the recording is written anew with the aside files' contents as raw bytes.
 * More than TAR_SPLIT_MAX_ASIDE bytes aside: the recording is given up, the layer is exported anew.
 */
#ifndef CORACLE_STORE_TAR_SPLIT_H
#define CORACLE_STORE_TAR_SPLIT_H

#include "coracle/base/error.h"

#include <sys/stat.h>

#define TAR_SPLIT_NAME      "tar.split"
#define TAR_SPLIT_ASIDE     "aside"
#define TAR_SPLIT_MAX_PATH  8192       /* LAYER_MAX_NAME_BYTES, and a component more */
#define TAR_SPLIT_MAX_ASIDE (64 << 20) /* bytes that later entries replaced */
#define TAR_SPLIT_MAX_ASIDE_FILES 65536

/* --- the writer (split_write.c) --- */
struct split_writer;
#define TAR_SPLIT_MAGIC "CORACLE SPLIT 1\n"

/* split_writer_open - dir_fd (borrowed) is the workspace: tar.split and aside/ are made in it */
int split_writer_open(int dir_fd, struct split_writer **out, struct error *err) NONNULL(2, 3) MUST_USE;
void split_writer_close(struct split_writer *writer);
/*
 * split_settle - the block that passed is about to go
 *
 * consumed  bytes of the stream that libarchive has used: what was not claimed of them is raw
 */
void split_settle(struct split_writer *writer, uint64_t consumed) NONNULL(1);
/* split_pass - the next block of the uncompressed stream; it stays valid until split_settle */
void split_pass(struct split_writer *writer, const void *bytes, size_t length) NONNULL(1);
/* split_file - what split_content claims from now on lies in this file */
void split_file(struct split_writer *writer, const char *path, uint64_t inode) NONNULL(1, 2);
/* split_content - bytes that stand at position of the stream were written to offset of the file */
void split_content(struct split_writer *writer, uint64_t position, const void *bytes, size_t length,
                   uint64_t offset) NONNULL(1);
/* split_aside - move name away instead of removing it; 0, or a negative errno: remove it yourself */
int split_aside(struct split_writer *writer, int dir_fd, const char *name, const struct stat *st)
	NONNULL(1, 3, 4) MUST_USE;
/*
 * split_finish - the end of the stream, which had length bytes; root_fd: diff/
 *
 * Returns 1 when tar.split was written, 0 when recording was given up (nothing stays), or a negative errno.
 */
int split_finish(struct split_writer *writer, int root_fd, uint64_t length, struct error *err) NONNULL(1, 4) MUST_USE;

/* --- records, encoded and compressed (split_sink.c); a failed write fails split_sink_end --- */
struct split_sink;
int split_sink_open(int dir_fd, const char *name, struct split_sink **out, struct error *err)
	NONNULL(2, 3, 4) MUST_USE;
void split_sink_raw(struct split_sink *sink, const void *bytes, size_t length) NONNULL(1);
void split_sink_file(struct split_sink *sink, const char *path) NONNULL(1, 2);
void split_sink_content(struct split_sink *sink, uint64_t offset, uint64_t length, uint32_t crc) NONNULL(1);
int split_sink_end(struct split_sink *sink, uint64_t length) NONNULL(1) MUST_USE;
void split_sink_close(struct split_sink *sink);

static inline void auto_split_sink(struct split_sink **slot)
{
	split_sink_close(*slot);
	*slot = NULL;
}
#define AUTO_SPLIT_SINK AUTO(auto_split_sink)

/* --- the reader (split_read.c) --- */
struct split_handler {
	/* each returns 0, or a negative errno with err, which ends the reading */
	int (*raw)(void *context, const void *bytes, size_t length, struct error *err);
	int (*file)(void *context, const char *path, struct error *err);
	int (*content)(void *context, uint64_t offset, uint64_t length, uint32_t crc, struct error *err);
	void *context;
};
/*
 * split_read - check and hand out all records of the compressed file fd
 *
 * length  bytes that the tar has; a file whose records stand for another number is -EINVAL
 * file is called before the first content; content never passes 2^63 in the file.
 */
int split_read(int fd, uint64_t length, const struct split_handler *handler, struct error *err)
	NONNULL(3, 4) MUST_USE;
/* split_path_is_valid - not empty or absolute, no "", ".", ".." between slashes */
bool split_path_is_valid(const char *path) NONNULL(1);

#endif
