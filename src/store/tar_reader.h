/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tar_reader.h - the entries of a tar stream, by libarchive(3) */
#ifndef CORACLE_STORE_TAR_READER_H
#define CORACLE_STORE_TAR_READER_H

#include "coracle/base/error.h"

#include <archive.h>
#include <archive_entry.h>

/* the functions that we use, found at run time so that only unpacking pays for the library */
#define TAR_FUNCTIONS(X)                                                                       \
	X(archive_read_new) X(archive_read_free) X(archive_error_string) X(archive_errno)       \
	X(archive_read_support_filter_gzip) X(archive_read_support_filter_bzip2)                \
	X(archive_read_support_filter_xz) X(archive_read_support_filter_lzma)                   \
	X(archive_read_support_filter_zstd) X(archive_read_support_format_raw)                  \
	X(archive_read_support_format_empty) X(archive_read_support_format_tar)                 \
	X(archive_read_open2) X(archive_read_next_header) X(archive_read_data_block)            \
	X(archive_read_data)                                                                    \
	X(archive_filter_bytes) X(archive_filter_count) X(archive_entry_pathname)               \
	X(archive_entry_hardlink) X(archive_entry_symlink) X(archive_entry_filetype)            \
	X(archive_entry_perm) X(archive_entry_uid) X(archive_entry_gid) X(archive_entry_size)   \
	X(archive_entry_size_is_set) X(archive_entry_mtime) X(archive_entry_mtime_nsec)         \
	X(archive_entry_xattr_reset) X(archive_entry_xattr_next)

struct tar_api {
#define TAR_MEMBER(function) __typeof__(&function) function;
	TAR_FUNCTIONS(TAR_MEMBER)
#undef TAR_MEMBER
};

struct tar_reader;

/* tar_api_load - static table */
const struct tar_api *tar_api_load(struct error *err) NONNULL(1) MUST_USE;
/*
 * tar_reader_open - read at most length bytes from fd's position
 *
 * fd stays the caller's. gzip, bzip2, xz, lzma and zstd are recognised. Nothing at all (0 bytes) is an
 * archive without entries.
 */
int tar_reader_open(int fd, uint64_t length, struct tar_reader **out, struct error *err) NONNULL(3, 4) MUST_USE;
/* tar_reader_open_blocks - the tar, uncompressed, in blocks: bytes, 0 at the end, or a negative errno */
typedef ssize_t tar_blocks(void *context, const void **bytes);
int tar_reader_open_blocks(tar_blocks *next, void *context, struct tar_reader **out, struct error *err)
	NONNULL(1, 3, 4) MUST_USE;
void tar_reader_close(struct tar_reader *reader);
/* tar_reader_next - 1 and a borrowed entry, 0 at the end, negative errno */
int tar_reader_next(struct tar_reader *reader, struct archive_entry **entry, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* tar_reader_data - 1 and a borrowed block of the entry with its offset (sparse files skip), 0 at the end */
int tar_reader_data(struct tar_reader *reader, const void **bytes, size_t *length, int64_t *offset,
                    struct error *err) NONNULL(1, 2, 3, 4, 5) MUST_USE;
/*
 * tar_reader_position - bytes of the uncompressed stream that were used: after tar_reader_next the offset of
 * the entry's data, after tar_reader_data that of the block
 */
int64_t tar_reader_position(struct tar_reader *reader) NONNULL(1);
/* tar_reader_is_plain - no compression was found */
bool tar_reader_is_plain(struct tar_reader *reader) NONNULL(1);

static inline void auto_tar_reader(struct tar_reader **slot)
{
	tar_reader_close(*slot);
	*slot = NULL;
}
#define AUTO_TAR_READER AUTO(auto_tar_reader)

#endif
