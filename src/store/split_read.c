/* SPDX-License-Identifier: GPL-2.0-or-later */
/* split_read.c - the records of tar.split, checked; see tar_split.h */
#include "tar_split.h"

#include "coracle/base/alloc.h"

#include <string.h>

#include "decoder.h"

#define BUFFER_BYTES (64 * 1024)
_Static_assert(BUFFER_BYTES > TAR_SPLIT_MAX_PATH, "a path is handed out whole");

struct split_reader {
	int fd;
	char peek[DECODER_PEEK];
	size_t peeked;
	struct decoder *decoder; /* owned; NULL: not compressed */
	char input[BUFFER_BYTES];
	unsigned char buffer[BUFFER_BYTES];
	size_t begin, end; /* of what is in the buffer */
	uint64_t left;     /* bytes of the tar that records may still stand for */
	bool in_file;
	char path[TAR_SPLIT_MAX_PATH + 1];
};

bool split_path_is_valid(const char *path)
{
	size_t length;

	if (!*path || strlen(path) > TAR_SPLIT_MAX_PATH)
		return false;
	for (;; path += length + 1) {
		length = strcspn(path, "/");
		if (length == 0 || (length == 1 && path[0] == '.')
		    || (length == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		if (!path[length])
			return true;
	}
}

static int damaged(const char *why, struct error *err)
{
	return error_set(err, ERROR_INVALID, TAR_SPLIT_NAME " is damaged: %s", why);
}

static ssize_t next_input(void *context, const void **bytes)
{
	struct split_reader *reader = context;
	ssize_t n;

	if (reader->peeked) {
		*bytes = reader->peek;
		return (ssize_t) TAKE(reader->peeked, 0);
	}
	do {
		n = read(reader->fd, reader->input, sizeof reader->input);
	} while (n < 0 && errno == EINTR);
	*bytes = reader->input;
	return n < 0 ? -errno : n;
}

/* fill - what is in the buffer moves to its begin, and more comes behind it; 0: nothing more */
static ssize_t fill(struct split_reader *reader, struct error *err)
{
	const void *bytes;
	ssize_t n;

	(void) memmove(reader->buffer, reader->buffer + reader->begin, reader->end - reader->begin);
	reader->end -= reader->begin;
	reader->begin = 0;
	if (reader->decoder) {
		n = decoder_read(reader->decoder, reader->buffer + reader->end, sizeof reader->buffer - reader->end, err);
		if (n < 0)
			return n;
	} else if (reader->peeked) {
		n = next_input(reader, &bytes);
		(void) memcpy(reader->buffer + reader->end, bytes, (size_t) n);
	} else {
		do {
			n = read(reader->fd, reader->buffer + reader->end, sizeof reader->buffer - reader->end);
		} while (n < 0 && errno == EINTR);
		if (n < 0)
			return error_errno(err, errno, "read " TAR_SPLIT_NAME);
	}
	reader->end += (size_t) n;
	return n;
}

/* need - that many bytes are in the buffer, or it is an error */
static int need(struct split_reader *reader, size_t count, struct error *err)
{
	while (reader->end - reader->begin < count) {
		ssize_t n = fill(reader, err);

		if (n < 0)
			return (int) n;
		if (n == 0)
			return damaged("it ends too early", err);
	}
	return 0;
}

static int read_number(struct split_reader *reader, uint64_t *out, struct error *err)
{
	uint64_t number = 0;

	for (unsigned shift = 0; shift < 70; shift += 7) {
		int r = need(reader, 1, err);
		unsigned char byte;

		if (r < 0)
			return r;
		byte = reader->buffer[reader->begin++];
		if (shift == 63 && byte > 1)
			break;
		number |= (uint64_t) (byte & 127) << shift;
		if (!(byte & 128)) {
			*out = number;
			return 0;
		}
	}
	return damaged("a number is too large", err);
}

/* stand_for - a record's bytes count against those that the tar has */
static int stand_for(struct split_reader *reader, uint64_t length, struct error *err)
{
	if (length == 0 || length > reader->left)
		return damaged("it stands for another archive", err);
	reader->left -= length;
	return 0;
}

static int read_raw(struct split_reader *reader, const struct split_handler *handler, struct error *err)
{
	uint64_t length;
	int r = read_number(reader, &length, err);

	if (r >= 0)
		r = stand_for(reader, length, err);
	while (r >= 0 && length) {
		size_t step;

		r = need(reader, 1, err);
		if (r < 0)
			return r;
		step = (size_t) MIN(length, (uint64_t) (reader->end - reader->begin));
		r = handler->raw(handler->context, reader->buffer + reader->begin, step, err);
		reader->begin += step;
		length -= step;
	}
	return r;
}

static int read_file(struct split_reader *reader, const struct split_handler *handler, struct error *err)
{
	uint64_t length;
	int r = read_number(reader, &length, err);

	if (r < 0)
		return r;
	if (length > TAR_SPLIT_MAX_PATH)
		return damaged("a path is too long", err);
	r = need(reader, (size_t) length, err);
	if (r < 0)
		return r;
	(void) memcpy(reader->path, reader->buffer + reader->begin, (size_t) length);
	reader->path[length] = '\0';
	reader->begin += (size_t) length;
	if (strlen(reader->path) != length || !split_path_is_valid(reader->path))
		return damaged("a path is not allowed", err);
	reader->in_file = true;
	return handler->file(handler->context, reader->path, err);
}

static int read_content(struct split_reader *reader, const struct split_handler *handler, struct error *err)
{
	const unsigned char *bytes;
	uint64_t offset, length;
	int r = read_number(reader, &offset, err);

	if (r >= 0)
		r = read_number(reader, &length, err);
	if (r >= 0)
		r = stand_for(reader, length, err);
	if (r >= 0)
		r = need(reader, 4, err);
	if (r < 0)
		return r;
	if (!reader->in_file)
		return damaged("content without a file", err);
	if (offset > INT64_MAX || length > INT64_MAX - offset)
		return damaged("a number is too large", err);
	bytes = reader->buffer + reader->begin;
	reader->begin += 4;
	return handler->content(handler->context, offset, length,
	                        bytes[0] | (uint32_t) bytes[1] << 8 | (uint32_t) bytes[2] << 16
	                        | (uint32_t) bytes[3] << 24, err);
}

static int read_end(struct split_reader *reader, uint64_t length, struct error *err)
{
	uint64_t said;
	ssize_t n;
	int r = read_number(reader, &said, err);

	if (r < 0)
		return r;
	n = reader->end > reader->begin ? 1 : fill(reader, err);
	if (n < 0)
		return (int) n;
	if (n > 0)
		return damaged("something follows its end", err);
	return reader->left || said != length ? damaged("it stands for another archive", err) : 0;
}

static int read_records(struct split_reader *reader, uint64_t length, const struct split_handler *handler,
                        struct error *err)
{
	int r = need(reader, sizeof TAR_SPLIT_MAGIC - 1, err);
	/* a path alone stands for nothing: as many as there may be headers, and no more */
	uint64_t files = length / 512;

	if (r < 0)
		return r;
	if (memcmp(reader->buffer + reader->begin, TAR_SPLIT_MAGIC, sizeof TAR_SPLIT_MAGIC - 1) != 0)
		return damaged("it is none", err);
	reader->begin += sizeof TAR_SPLIT_MAGIC - 1;
	for (;;) {
		r = need(reader, 1, err);
		if (r < 0)
			return r;
		switch (reader->buffer[reader->begin++]) {
		case 'R':
			r = read_raw(reader, handler, err);
			break;
		case 'F':
			if (files-- == 0)
				return damaged("too many files", err);
			r = read_file(reader, handler, err);
			break;
		case 'C':
			r = read_content(reader, handler, err);
			break;
		case 'E':
			return read_end(reader, length, err);
		default:
			return damaged("unknown record", err);
		}
		if (r < 0)
			return r;
	}
}

static int open_decoder(struct split_reader *reader, struct error *err)
{
	enum compression compression;

	while (reader->peeked < sizeof reader->peek) {
		ssize_t n = read(reader->fd, reader->peek + reader->peeked, sizeof reader->peek - reader->peeked);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, errno, "read " TAR_SPLIT_NAME);
		if (n == 0)
			break;
		reader->peeked += (size_t) n;
	}
	compression = compression_of(reader->peek, reader->peeked);
	return compression == COMPRESSION_NONE ? 0 : decoder_open(compression, next_input, reader, &reader->decoder, err);
}

int split_read(int fd, uint64_t length, const struct split_handler *handler, struct error *err)
{
	AUTO_FREE struct split_reader *reader = xcalloc(1, sizeof *reader);
	int r;

	reader->fd = fd;
	reader->left = length;
	r = open_decoder(reader, err);
	if (r >= 0)
		r = read_records(reader, length, handler, err);
	decoder_close(reader->decoder);
	return r;
}
