/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decoder.c - gzip, bzip2, xz, lzma and zstd; see decoder.h
 *
 * A gzip file may have several members one after another (RFC 1952 §2.2; eStargz and pigz make such
 * layers). What follows the last one must be zero bytes, as gzip(1) tolerates them from tapes: other
 * bytes would be something that one program sees and another does not. libarchive does not tell: without
 * ISA-L, and for the other compressions, what follows is read for the digest and otherwise passed over.
 */
#include "decoder.h"

#include "coracle/base/alloc.h"

#include <string.h>

#include "isal.h"
#include "tar_reader.h"

/* RFC 1952 §2.3; ISA-L's own reader of headers forgets where it was when the input comes in pieces */
enum gzip_step { GZIP_FIXED, GZIP_EXTRA_LENGTH, GZIP_EXTRA, GZIP_NAME, GZIP_COMMENT, GZIP_CHECKSUM, GZIP_READY };
enum { GZIP_FLAG_CHECKSUM = 2, GZIP_FLAG_EXTRA = 4, GZIP_FLAG_NAME = 8, GZIP_FLAG_COMMENT = 16, GZIP_FLAGS_RESERVED = 224 };
struct gzip_header {
	enum gzip_step step;
	unsigned seen; /* bytes of this step */
	unsigned flags, extra;
};

struct decoder {
	decoder_input *input;
	void *context;
	int input_errno;
	/* ISA-L */
	struct isal_api isal;
#if HAVE_ISAL
	struct inflate_state *state; /* owned */
	enum { GZIP_BETWEEN, GZIP_HEADER, GZIP_DATA } gzip;
	struct gzip_header header;
	bool seen_member;
#endif
	const unsigned char *bytes;
	size_t length;
	bool input_ended;
	/* libarchive */
	const struct tar_api *api;
	struct archive *raw; /* owned */
	bool started, ended;
};

static bool begins(const void *bytes, size_t length, const char *magic, size_t magic_length)
{
	return length >= magic_length && memcmp(bytes, magic, magic_length) == 0;
}
#define BEGINS(magic) begins(bytes, length, magic, sizeof(magic) - 1)

enum compression compression_of(const void *bytes, size_t length)
{
	const unsigned char *first = bytes;

	if (BEGINS("\x1f\x8b\x08"))
		return COMPRESSION_GZIP;
	if (BEGINS("\xfd" "7zXZ\0") || BEGINS("\x28\xb5\x2f\xfd") || BEGINS("\x5d\0\0"))
		return COMPRESSION_OTHER;
	/* zstd's skippable frame: any of sixteen numbers */
	if (length >= 4 && (first[0] & 0xf0) == 0x50 && memcmp(first + 1, "\x2a\x4d\x18", 3) == 0)
		return COMPRESSION_OTHER;
	/* a tar may begin with a name "BZh": the block's or the end's mark has to follow */
	if (BEGINS("BZh") && length >= 10
	    && (memcmp(first + 4, "\x31\x41\x59\x26\x53\x59", 6) == 0
	        || memcmp(first + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0))
		return COMPRESSION_OTHER;
	return COMPRESSION_NONE;
}

/* refill - 1: there is a byte at least, 0: the end, negative errno */
static int refill(struct decoder *decoder)
{
	const void *bytes;
	ssize_t n;

	if (decoder->length)
		return 1;
	if (decoder->input_ended)
		return 0;
	n = decoder->input(decoder->context, &bytes);
	if (n < 0) {
		decoder->input_errno = (int) -n;
		return (int) n;
	}
	decoder->input_ended = n == 0;
	decoder->bytes = n ? bytes : NULL;
	decoder->length = (size_t) n;
	return n > 0;
}

#if HAVE_ISAL
static int damaged(const char *why, struct error *err)
{
	return error_set(err, ERROR_INVALID, "the compressed archive is damaged: %s", why);
}

/* only_zeros - to the end of the input */
static int only_zeros(struct decoder *decoder, struct error *err)
{
	int r;

	while ((r = refill(decoder)) > 0) {
		for (size_t i = 0; i < decoder->length; i++)
			if (decoder->bytes[i])
				return damaged("something follows the end of the gzip data", err);
		decoder->length = 0;
	}
	return r < 0 ? error_errno(err, -r, "read archive") : 0;
}

/* next_member - 1: there is one, 0: the end */
static int next_member(struct decoder *decoder, struct error *err)
{
	int r = refill(decoder);

	if (r <= 0)
		return r < 0 ? error_errno(err, -r, "read archive") : 0;
	if (decoder->seen_member && decoder->bytes[0] == 0)
		return only_zeros(decoder, err);
	if (decoder->seen_member && decoder->bytes[0] != 0x1f)
		return damaged("something follows the end of the gzip data", err);
	decoder->header = (struct gzip_header){0};
	decoder->gzip = GZIP_HEADER;
	decoder->seen_member = true;
	return 1;
}

/* advance - to the next step that this header has */
static void advance(struct gzip_header *header)
{
	static const struct { enum gzip_step step; unsigned flag; } steps[] = {
		{GZIP_EXTRA_LENGTH, GZIP_FLAG_EXTRA}, {GZIP_EXTRA, GZIP_FLAG_EXTRA}, {GZIP_NAME, GZIP_FLAG_NAME},
		{GZIP_COMMENT, GZIP_FLAG_COMMENT}, {GZIP_CHECKSUM, GZIP_FLAG_CHECKSUM},
	};

	header->seen = 0;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		bool empty = steps[i].step == GZIP_EXTRA && header->extra == 0;

		if (steps[i].step <= header->step || !(header->flags & steps[i].flag) || empty)
			continue;
		header->step = steps[i].step;
		return;
	}
	header->step = GZIP_READY;
}

/* take_byte - false: no header of gzip's */
static bool take_byte(struct gzip_header *header, unsigned char byte)
{
	static const unsigned char magic[] = {0x1f, 0x8b, 8};
	unsigned at = header->seen++;

	switch (header->step) {
	case GZIP_FIXED:
		if ((at < sizeof magic && byte != magic[at]) || (at == 3 && byte & GZIP_FLAGS_RESERVED))
			return false;
		if (at == 3)
			header->flags = byte;
		if (at == 9)
			advance(header);
		return true;
	case GZIP_EXTRA_LENGTH:
		header->extra |= (unsigned) byte << 8 * at;
		if (at == 1)
			advance(header);
		return true;
	case GZIP_EXTRA:
		if (header->seen == header->extra)
			advance(header);
		return true;
	case GZIP_NAME:
	case GZIP_COMMENT:
		header->seen = 1;
		if (byte == 0)
			advance(header);
		return true;
	case GZIP_CHECKSUM:
		if (at == 1)
			advance(header);
		return true;
	case GZIP_READY:
	default:
		return false;
	}
}

/* read_header - up to the deflated data */
static int read_header(struct decoder *decoder, struct error *err)
{
	while (decoder->header.step != GZIP_READY) {
		int r = refill(decoder);

		if (r < 0)
			return error_errno(err, -r, "read archive");
		if (r == 0)
			return damaged("it ends too early", err);
		if (!take_byte(&decoder->header, *decoder->bytes))
			return damaged("not a valid gzip stream", err);
		decoder->bytes++;
		decoder->length--;
	}
	decoder->isal.isal_inflate_reset(decoder->state);
	decoder->state->crc_flag = ISAL_GZIP_NO_HDR_VER;
	decoder->gzip = GZIP_DATA;
	return 0;
}

static ssize_t read_gzip(struct decoder *decoder, void *into, size_t size, struct error *err)
{
	struct inflate_state *state = decoder->state;
	size_t used = 0;

	while (used < size) {
		int r = 1;

		if (decoder->gzip == GZIP_BETWEEN) {
			r = next_member(decoder, err);
			if (r < 0)
				return r;
			if (r == 0)
				break;
		}
		if (decoder->gzip == GZIP_HEADER) {
			r = read_header(decoder, err);
			if (r < 0)
				return r;
		}
		r = refill(decoder);
		if (r < 0)
			return error_errno(err, -r, "read archive");
		state->next_in = (uint8_t *) (uintptr_t) decoder->bytes;
		state->avail_in = (uint32_t) decoder->length;
		state->next_out = (uint8_t *) into + used;
		state->avail_out = (uint32_t) (size - used);
		r = decoder->isal.isal_inflate(state);
		if (r < 0)
			return damaged(r == ISAL_INCORRECT_CHECKSUM ? "its checksum is wrong"
			                                            : "not a valid gzip stream", err);
		/* at the end of the input there are none, and nothing to count from */
		if (decoder->bytes)
			decoder->bytes += decoder->length - state->avail_in;
		decoder->length = state->avail_in;
		r = (size_t) (state->next_out - (uint8_t *) into) > used;
		used = (size_t) (state->next_out - (uint8_t *) into);
		if (state->block_state == ISAL_BLOCK_FINISH)
			decoder->gzip = GZIP_BETWEEN;
		else if (decoder->input_ended && !r)
			return damaged("it ends too early", err);
	}
	return (ssize_t) used;
}

static bool open_isal(struct decoder *decoder)
{
	if (!isal_load(&decoder->isal))
		return false;
	/* room to spare: a later library of this soname may know more than our header */
	decoder->state = xcalloc(2, sizeof *decoder->state);
	decoder->isal.isal_inflate_init(decoder->state);
	return true;
}
#endif

/* --- libarchive --- */

static ssize_t feed_archive(struct archive *archive UNUSED, void *data, const void **bytes)
{
	struct decoder *decoder = data;
	ssize_t n = decoder->input(decoder->context, bytes);

	if (n >= 0)
		return n;
	decoder->input_errno = (int) -n;
	return ARCHIVE_FATAL;
}

static int archive_failure(struct decoder *decoder, struct error *err)
{
	const char *words = decoder->api->archive_error_string(decoder->raw);

	if (decoder->input_errno)
		return error_errno(err, decoder->input_errno, "read archive");
	return error_set(err, ERROR_INVALID, "the compressed archive is damaged: %s", words ? words : "unknown error");
}

static int open_archive(struct decoder *decoder, enum compression compression, struct error *err)
{
	decoder->api = tar_api_load(err);
	if (!decoder->api)
		return -EOPNOTSUPP;
	decoder->raw = decoder->api->archive_read_new();
	if (!decoder->raw)
		return error_errno(err, ENOMEM, "read archive");
	/* never the filters that run a program of the host: lzop, lrzip, grzip, rpm and so on stay out */
	(void) decoder->api->archive_read_support_filter_gzip(decoder->raw);
	if (compression != COMPRESSION_GZIP) {
		(void) decoder->api->archive_read_support_filter_bzip2(decoder->raw);
		(void) decoder->api->archive_read_support_filter_xz(decoder->raw);
		(void) decoder->api->archive_read_support_filter_lzma(decoder->raw);
		(void) decoder->api->archive_read_support_filter_zstd(decoder->raw);
	}
	(void) decoder->api->archive_read_support_format_raw(decoder->raw);
	(void) decoder->api->archive_read_support_format_empty(decoder->raw);
	return 0;
}

/* start_archive - 1, or 0 for an empty one */
static int start_archive(struct decoder *decoder, struct error *err)
{
	struct archive_entry *entry;
	int r = decoder->api->archive_read_open2(decoder->raw, decoder, NULL, feed_archive, NULL, NULL);

	decoder->started = true;
	if (r == ARCHIVE_OK)
		r = decoder->api->archive_read_next_header(decoder->raw, &entry);
	if (r == ARCHIVE_EOF)
		return 0;
	return r == ARCHIVE_OK ? 1 : archive_failure(decoder, err);
}

static ssize_t read_archive(struct decoder *decoder, void *into, size_t size, struct error *err)
{
	ssize_t n;
	int r = decoder->started ? 1 : start_archive(decoder, err);

	if (r <= 0 || decoder->ended) {
		decoder->ended = true;
		return r < 0 ? r : 0;
	}
	n = decoder->api->archive_read_data(decoder->raw, into, size);
	decoder->ended = n == 0;
	return n < 0 ? archive_failure(decoder, err) : n;
}

/* --- both --- */

int decoder_open(enum compression compression, decoder_input *input, void *context, struct decoder **out,
                 struct error *err)
{
	AUTO_DECODER struct decoder *decoder = xcalloc(1, sizeof *decoder);

	decoder->input = input;
	decoder->context = context;
#if HAVE_ISAL
	if (compression == COMPRESSION_GZIP && open_isal(decoder)) {
		*out = TAKE_PTR(decoder);
		return 0;
	}
#endif
	if (open_archive(decoder, compression, err) < 0)
		return -EOPNOTSUPP;
	*out = TAKE_PTR(decoder);
	return 0;
}

ssize_t decoder_read(struct decoder *decoder, void *into, size_t size, struct error *err)
{
#if HAVE_ISAL
	if (decoder->state)
		return read_gzip(decoder, into, size, err);
#endif
	return read_archive(decoder, into, size, err);
}

void decoder_close(struct decoder *decoder)
{
	if (!decoder)
		return;
#if HAVE_ISAL
	free(decoder->state);
#endif
	if (decoder->raw)
		(void) decoder->api->archive_read_free(decoder->raw);
	free(decoder);
}
