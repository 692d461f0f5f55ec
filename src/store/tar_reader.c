/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tar_reader.c - a libarchive reader that knows tar and nothing else, above bytes that are already uncompressed
 *
 * The diff id covers every byte of the uncompressed stream, also those behind the archive's end, so
 * that two programs cannot see different things behind one digest. Hence decompressing is
 * apart (decoder.c), and whoever hashes does so between the two.
 */
#include "tar_reader.h"

#include "coracle/base/alloc.h"
#include "coracle/base/dl.h"

#include <string.h>
#include <sys/stat.h>

#include "decoder.h"

#define BLOCK_BYTES (256 * 1024)

struct tar_reader {
	const struct tar_api *api;
	struct archive *tar;
	tar_blocks *next; /* NULL: from fd */
	void *context;
	int fd;
	uint64_t left; /* of fd */
	bool seekable;
	struct decoder *decoder;
	char peek[DECODER_PEEK];
	size_t peeked;
	char *input, *output; /* owned: of BLOCK_BYTES, from fd and from the decoder */
	int input_errno;
	struct error decoder_error;
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

/* read_fd - into input; bytes, 0 at the end, negative errno */
static ssize_t read_fd(struct tar_reader *reader, size_t size)
{
	size_t want = (size_t) MIN(reader->left, (uint64_t) size);
	ssize_t n;

	do {
		n = want ? read(reader->fd, reader->input, want) : 0;
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	reader->left -= (uint64_t) n;
	return n;
}

/* next_input - what was peeked at comes first */
static ssize_t next_input(void *context, const void **bytes)
{
	struct tar_reader *reader = context;

	if (reader->peeked) {
		*bytes = reader->peek;
		return (ssize_t) TAKE(reader->peeked, 0);
	}
	*bytes = reader->input;
	return read_fd(reader, BLOCK_BYTES);
}

static ssize_t decoded(struct tar_reader *reader, const void **bytes)
{
	*bytes = reader->output;
	return decoder_read(reader->decoder, reader->output, BLOCK_BYTES, &reader->decoder_error);
}

static ssize_t feed(struct archive *archive UNUSED, void *data, const void **bytes)
{
	struct tar_reader *reader = data;
	ssize_t n = reader->next ? reader->next(reader->context, bytes)
	          : reader->decoder ? decoded(reader, bytes) : next_input(reader, bytes);

	if (n >= 0)
		return n;
	reader->input_errno = (int) -n;
	return ARCHIVE_FATAL;
}

/* skip - in a file that is not compressed nobody has to read what nobody wants */
static la_int64_t skip(struct archive *archive UNUSED, void *data, la_int64_t want)
{
	struct tar_reader *reader = data;
	uint64_t step = want > 0 ? MIN((uint64_t) want, reader->left) : 0;

	if (!reader->seekable || reader->peeked || step < BLOCK_BYTES)
		return 0;
	if (lseek(reader->fd, (off_t) step, SEEK_CUR) < 0)
		return 0;
	reader->left -= step;
	return (la_int64_t) step;
}

/* archive_failure - the words of libarchive, unless a system call of ours or the decoder is to blame */
static int archive_failure(struct tar_reader *reader, struct error *err)
{
	const char *words = reader->api->archive_error_string(reader->tar);

	if (*reader->decoder_error.text) {
		*err = reader->decoder_error;
		return -reader->input_errno;
	}
	if (reader->input_errno)
		return error_errno(err, reader->input_errno, "read archive");
	return error_set(err, ERROR_INVALID, "not a whole tar archive (plain, gzip, bzip2, xz or zstd): %s",
	                 words ? words : "unknown error");
}

static int open_tar(struct tar_reader *reader, struct error *err)
{
	int r;

	reader->tar = reader->api->archive_read_new();
	if (!reader->tar)
		return error_errno(err, ENOMEM, "read archive");
	(void) reader->api->archive_read_support_format_tar(reader->tar);
	(void) reader->api->archive_read_support_format_empty(reader->tar);
	r = reader->api->archive_read_open2(reader->tar, reader, NULL, feed, skip, NULL);
	return r != ARCHIVE_OK ? archive_failure(reader, err) : 0;
}

/* peek - the first bytes of fd, which tell the compression */
static int peek(struct tar_reader *reader)
{
	while (reader->peeked < sizeof reader->peek) {
		ssize_t n = read_fd(reader, sizeof reader->peek - reader->peeked);

		if (n <= 0)
			return (int) n;
		(void) memcpy(reader->peek + reader->peeked, reader->input, (size_t) n);
		reader->peeked += (size_t) n;
	}
	return 0;
}

/* where libarchive has seen how much a file has, it wants to go there itself: a size that can be skipped to */
static void look_whether_seekable(struct tar_reader *reader)
{
	struct stat st;
	off_t at = lseek(reader->fd, 0, SEEK_CUR);

	if (at < 0 || fstat(reader->fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size < at)
		return;
	/* a jump behind the end would be no error, and a cut-off archive would look whole */
	reader->left = MIN(reader->left, (uint64_t) (st.st_size - at));
	reader->seekable = true;
}

static int open_fd(struct tar_reader *reader, struct error *err)
{
	enum compression compression;
	int r;

	reader->input = xcalloc(1, BLOCK_BYTES);
	r = peek(reader);
	if (r < 0)
		return error_errno(err, -r, "read archive");
	compression = compression_of(reader->peek, reader->peeked);
	if (compression == COMPRESSION_NONE) {
		look_whether_seekable(reader);
	} else {
		reader->output = xcalloc(1, BLOCK_BYTES);
		r = decoder_open(compression, next_input, reader, &reader->decoder, err);
	}
	return r < 0 ? r : open_tar(reader, err);
}

int tar_reader_open(int fd, uint64_t length, struct tar_reader **out, struct error *err)
{
	AUTO_TAR_READER struct tar_reader *reader = xcalloc(1, sizeof *reader);
	int r;

	reader->api = tar_api_load(err);
	if (!reader->api)
		return -EOPNOTSUPP;
	reader->fd = fd;
	reader->left = length;
	r = open_fd(reader, err);
	if (r < 0)
		return r;
	*out = TAKE_PTR(reader);
	return 0;
}

int tar_reader_open_blocks(tar_blocks *next, void *context, struct tar_reader **out, struct error *err)
{
	AUTO_TAR_READER struct tar_reader *reader = xcalloc(1, sizeof *reader);
	int r;

	reader->api = tar_api_load(err);
	if (!reader->api)
		return -EOPNOTSUPP;
	reader->fd = -1;
	reader->next = next;
	reader->context = context;
	r = open_tar(reader, err);
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
	decoder_close(reader->decoder);
	free(reader->input);
	free(reader->output);
	free(reader);
}

int tar_reader_next(struct tar_reader *reader, struct archive_entry **entry, struct error *err)
{
	int r = reader->api->archive_read_next_header(reader->tar, entry);

	if (r == ARCHIVE_EOF)
		return 0;
	/* a warning is about a name that is not in the locale's character set; we want the bytes */
	if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
		return archive_failure(reader, err);
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
		return archive_failure(reader, err);
	*offset = at;
	return 1;
}

int64_t tar_reader_position(struct tar_reader *reader)
{
	return reader->api->archive_filter_bytes(reader->tar, 0);
}

bool tar_reader_is_plain(struct tar_reader *reader)
{
	return !reader->decoder && !reader->next;
}
