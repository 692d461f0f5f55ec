/* SPDX-License-Identifier: GPL-2.0-or-later */
/* split_sink.c - the records of tar.split, encoded, compressed by libzstd and written; see tar_split.h */
#include "tar_split.h"

#include "coracle/base/alloc.h"
#include "coracle/base/dl.h"
#include "coracle/base/file.h"

#include <fcntl.h>
#include <string.h>

#define BUFFER_BYTES (128 * 1024)
#define NUMBER_BYTES 10

/*
 * The stable part of zstd.h (1.4 and later); the declarations are ours, so that its headers are not
 * needed to build.
 */
struct zstd_in { const void *src; size_t size, pos; };
struct zstd_out { void *dst; size_t size, pos; };
enum { ZSTD_LEVEL_PARAMETER = 100, ZSTD_CONTINUE = 0, ZSTD_END = 2, ZSTD_FASTEST = 1 };

struct zstd_api {
	void *(*ZSTD_createCCtx)(void);
	size_t (*ZSTD_freeCCtx)(void *context);
	size_t (*ZSTD_CCtx_setParameter)(void *context, int parameter, int value);
	size_t (*ZSTD_compressStream2)(void *context, struct zstd_out *out, struct zstd_in *in, int directive);
	unsigned (*ZSTD_isError)(size_t code);
};

struct split_sink {
	struct zstd_api api;
	void *context; /* NULL: not compressed */
	int fd;
	int result; /* the first failure */
	size_t used;
	unsigned char buffer[BUFFER_BYTES];
	char out[BUFFER_BYTES];
};

static void open_zstd(struct split_sink *sink)
{
	const struct dl_symbol symbols[] = {
		DL_SYMBOL(sink->api, ZSTD_createCCtx), DL_SYMBOL(sink->api, ZSTD_freeCCtx),
		DL_SYMBOL(sink->api, ZSTD_CCtx_setParameter), DL_SYMBOL(sink->api, ZSTD_compressStream2),
		DL_SYMBOL(sink->api, ZSTD_isError), {.name = NULL},
	};
	struct error ignored = {0};

	if (dl_load("libzstd.so.1", "libzstd1", symbols, &ignored) < 0)
		return;
	sink->context = sink->api.ZSTD_createCCtx();
	if (sink->context)
		(void) sink->api.ZSTD_CCtx_setParameter(sink->context, ZSTD_LEVEL_PARAMETER, ZSTD_FASTEST);
}

static int compress(struct split_sink *sink, int directive)
{
	struct zstd_in in = {.src = sink->buffer, .size = sink->used};
	size_t left;

	do {
		struct zstd_out out = {.dst = sink->out, .size = sizeof sink->out};
		int r;

		left = sink->api.ZSTD_compressStream2(sink->context, &out, &in, directive);
		if (sink->api.ZSTD_isError(left))
			return -EIO;
		r = write_all(sink->fd, sink->out, out.pos);
		if (r < 0)
			return r;
	} while (in.pos < in.size || (directive == ZSTD_END && left));
	return 0;
}

static void flush(struct split_sink *sink, int directive)
{
	if (sink->result >= 0)
		sink->result = sink->context ? compress(sink, directive)
		                             : write_all(sink->fd, sink->buffer, sink->used);
	sink->used = 0;
}

static void put(struct split_sink *sink, const void *bytes, size_t length)
{
	const char *from = bytes;

	while (length) {
		size_t step = MIN(length, sizeof sink->buffer - sink->used);

		(void) memcpy(sink->buffer + sink->used, from, step);
		sink->used += step;
		from += step;
		length -= step;
		if (sink->used == sizeof sink->buffer)
			flush(sink, ZSTD_CONTINUE);
	}
}

static void put_number(struct split_sink *sink, uint64_t number)
{
	unsigned char bytes[NUMBER_BYTES];
	size_t length = 0;

	for (; number > 127; number >>= 7)
		bytes[length++] = (unsigned char) (number & 127) | 128;
	bytes[length++] = (unsigned char) number;
	put(sink, bytes, length);
}

int split_sink_open(int dir_fd, const char *name, struct split_sink **out, struct error *err)
{
	struct split_sink *sink = xcalloc(1, sizeof *sink);

	sink->fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (sink->fd < 0) {
		int saved = errno;

		free(sink);
		return error_errno(err, saved, "make %s", name);
	}
	open_zstd(sink);
	put(sink, TAR_SPLIT_MAGIC, sizeof TAR_SPLIT_MAGIC - 1);
	*out = sink;
	return 0;
}

void split_sink_raw(struct split_sink *sink, const void *bytes, size_t length)
{
	put(sink, "R", 1);
	put_number(sink, length);
	put(sink, bytes, length);
}

void split_sink_file(struct split_sink *sink, const char *path)
{
	put(sink, "F", 1);
	put_number(sink, strlen(path));
	put(sink, path, strlen(path));
}

void split_sink_content(struct split_sink *sink, uint64_t offset, uint64_t length, uint32_t crc)
{
	unsigned char bytes[4];

	for (unsigned i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char) (crc >> 8 * i & 255);
	put(sink, "C", 1);
	put_number(sink, offset);
	put_number(sink, length);
	put(sink, bytes, sizeof bytes);
}

int split_sink_end(struct split_sink *sink, uint64_t length)
{
	put(sink, "E", 1);
	put_number(sink, length);
	flush(sink, ZSTD_END);
	return sink->result;
}

void split_sink_close(struct split_sink *sink)
{
	if (!sink)
		return;
	if (sink->context)
		(void) sink->api.ZSTD_freeCCtx(sink->context);
	(void) close(sink->fd);
	free(sink);
}
