/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tar_reader.c - two libarchive readers in a row: bytes → decompress → hash → tar entries
 *
 * The diff id covers every byte of the uncompressed stream, also those behind the archive's end, so
 * that two programs cannot see different things behind one digest. Hence the first reader only
 * decompresses (format "raw") and the second one, fed by a callback, knows tar and nothing else.
 */
#include "tar_reader.h"

#include "coracle/base/alloc.h"
#include "coracle/base/dl.h"

#include <string.h>

#define INPUT_BYTES (256 * 1024)

struct tar_reader {
	const struct tar_api *api;
	struct archive *raw, *tar;
	struct digest *digest;
	bool raw_started, raw_ended;
	int fd;
	uint64_t left; /* of the input */
	uint64_t length; /* of the uncompressed stream */
	int input_errno;
	char input[INPUT_BYTES];
};

const struct tar_api *tar_api_load(struct error *err)
{
	static struct tar_api api;
#define TAR_ROW(function) DL_SYMBOL(api, function),
	static const struct dl_symbol symbols[] = {TAR_FUNCTIONS(TAR_ROW){0}};
#undef TAR_ROW

	if (!api.archive_read_new && dl_load("libarchive.so.13", "libarchive13", symbols, err) < 0)
		return NULL;
	return &api;
}

static ssize_t read_input(struct archive *archive UNUSED, void *data, const void **bytes)
{
	struct tar_reader *reader = data;
	size_t want = (size_t) MIN(reader->left, (uint64_t) sizeof reader->input);
	ssize_t n;

	do {
		n = want ? read(reader->fd, reader->input, want) : 0;
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		reader->input_errno = errno;
		return ARCHIVE_FATAL;
	}
	reader->left -= (uint64_t) n;
	*bytes = reader->input;
	return n;
}

/* archive_failure - the words of libarchive, unless a system call of ours is to blame */
static int archive_failure(struct tar_reader *reader, struct archive *archive, struct error *err)
{
	const char *words = reader->api->archive_error_string(archive);

	if (reader->input_errno)
		return error_errno(err, reader->input_errno, "read archive");
	if (reader->raw && archive == reader->tar && reader->api->archive_errno(reader->raw))
		words = reader->api->archive_error_string(reader->raw);
	return error_set(err, ERROR_INVALID, "not a whole tar archive (plain, gzip, bzip2, xz or zstd): %s",
	                 words ? words : "unknown error");
}

/* next_block - 1, 0 at the end, -1 */
static int next_block(struct tar_reader *reader, const void **bytes, size_t *length)
{
	struct archive_entry *entry;
	la_int64_t offset;
	int r;

	if (reader->raw_ended)
		return 0;
	if (!reader->raw_started) {
		r = reader->api->archive_read_next_header(reader->raw, &entry);
		reader->raw_started = true;
	} else {
		r = ARCHIVE_OK;
	}
	if (r == ARCHIVE_OK)
		r = reader->api->archive_read_data_block(reader->raw, bytes, length, &offset);
	if (r == ARCHIVE_EOF) {
		reader->raw_ended = true;
		return 0;
	}
	if (r != ARCHIVE_OK)
		return -1;
	if (reader->digest)
		digest_add(reader->digest, *bytes, *length);
	reader->length += *length;
	return 1;
}

static ssize_t read_uncompressed(struct archive *archive UNUSED, void *data, const void **bytes)
{
	size_t length = 0;
	int r;

	/* 0 would mean the end, and a filter may hand out an empty block before it */
	do {
		r = next_block(data, bytes, &length);
	} while (r > 0 && length == 0);
	if (r < 0)
		return ARCHIVE_FATAL;
	return r == 0 ? 0 : (ssize_t) length;
}

static int open_readers(struct tar_reader *reader, struct error *err)
{
	const struct tar_api *api = reader->api;
	int r;

	/* never the filters that run a program of the host: lzop, lrzip, grzip, rpm and so on stay out */
	(void) api->archive_read_support_filter_gzip(reader->raw);
	(void) api->archive_read_support_filter_bzip2(reader->raw);
	(void) api->archive_read_support_filter_xz(reader->raw);
	(void) api->archive_read_support_filter_lzma(reader->raw);
	(void) api->archive_read_support_filter_zstd(reader->raw);
	(void) api->archive_read_support_format_raw(reader->raw);
	(void) api->archive_read_support_format_empty(reader->raw);
	(void) api->archive_read_support_format_tar(reader->tar);
	(void) api->archive_read_support_format_empty(reader->tar);
	r = api->archive_read_open2(reader->raw, reader, NULL, read_input, NULL, NULL);
	if (r != ARCHIVE_OK)
		return archive_failure(reader, reader->raw, err);
	r = api->archive_read_open2(reader->tar, reader, NULL, read_uncompressed, NULL, NULL);
	return r != ARCHIVE_OK ? archive_failure(reader, reader->tar, err) : 0;
}

int tar_reader_open(int fd, uint64_t length, enum tar_hash hash, struct tar_reader **out, struct error *err)
{
	const struct tar_api *api = tar_api_load(err);
	AUTO_TAR_READER struct tar_reader *reader = NULL;
	int r;

	if (!api)
		return -EOPNOTSUPP;
	reader = xcalloc(1, sizeof *reader);
	reader->api = api;
	reader->fd = fd;
	reader->left = length;
	reader->raw = api->archive_read_new();
	reader->tar = api->archive_read_new();
	if (!reader->raw || !reader->tar)
		return error_errno(err, ENOMEM, "read archive");
	if (hash == TAR_HASH_STREAM) {
		reader->digest = digest_new(err);
		if (!reader->digest)
			return -EOPNOTSUPP;
	}
	r = open_readers(reader, err);
	if (r < 0)
		return r;
	*out = TAKE_PTR(reader);
	return 0;
}

void tar_reader_close(struct tar_reader *reader)
{
	if (!reader)
		return;
	if (reader->tar)
		(void) reader->api->archive_read_free(reader->tar);
	if (reader->raw)
		(void) reader->api->archive_read_free(reader->raw);
	digest_free(reader->digest);
	free(reader);
}

int tar_reader_next(struct tar_reader *reader, struct archive_entry **entry, struct error *err)
{
	int r = reader->api->archive_read_next_header(reader->tar, entry);

	if (r == ARCHIVE_EOF)
		return 0;
	/* a warning is about a name that is not in the locale's character set; we want the bytes */
	if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
		return archive_failure(reader, reader->tar, err);
	return 1;
}

int tar_reader_data(struct tar_reader *reader, const void **bytes, size_t *length, int64_t *offset,
                    struct error *err)
{
	la_int64_t at = 0;
	int r = reader->api->archive_read_data_block(reader->tar, bytes, length, &at);

	if (r == ARCHIVE_EOF)
		return 0;
	if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
		return archive_failure(reader, reader->tar, err);
	*offset = at;
	return 1;
}

int tar_reader_finish(struct tar_reader *reader, char digest[static DIGEST_TEXT_SIZE], uint64_t *length,
                      struct error *err)
{
	const void *bytes;
	size_t size;
	int r;

	do {
		r = next_block(reader, &bytes, &size);
	} while (r > 0);
	if (r < 0)
		return archive_failure(reader, reader->raw, err);
	*length = reader->length;
	digest_finish(reader->digest, digest);
	reader->digest = NULL;
	return 0;
}

int64_t tar_reader_position(struct tar_reader *reader)
{
	return reader->api->archive_filter_bytes(reader->tar, 0);
}

bool tar_reader_is_plain(struct tar_reader *reader)
{
	return reader->api->archive_filter_count(reader->raw) <= 1;
}
