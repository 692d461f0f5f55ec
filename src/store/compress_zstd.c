/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compress_zstd.c - one zstd frame (RFC 8878) by libzstd, with threads of its own where it has them
 *
 * Declared here, so that a build needs no header: these functions and numbers are libzstd's stable interface since
 * 1.4.0 (zstd.h). One worker or more give the same bytes, whatever their number.
 */
#include "compress_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/dl.h"

#define ZSTD_LEVEL_DEFAULT 3
#define THREADS_MAX        4
#define JOB_BYTES          (2 << 20) /* what a worker compresses at once; bounds the memory */
#define OUT_BYTES          (128 << 10)

/* ZSTD_cParameter, ZSTD_EndDirective */
enum { ZSTD_LEVEL = 100, ZSTD_CHECKSUM = 201, ZSTD_WORKERS = 400, ZSTD_JOB_SIZE = 401 };
enum { ZSTD_GO_ON = 0, ZSTD_END = 2 };

struct zstd_input { /* ZSTD_inBuffer */
	const void *bytes;
	size_t size, position;
};
struct zstd_output { /* ZSTD_outBuffer */
	void *bytes;
	size_t size, position;
};

static struct {
	void *(*ZSTD_createCCtx)(void);
	size_t (*ZSTD_freeCCtx)(void *context);
	size_t (*ZSTD_CCtx_setParameter)(void *context, int parameter, int value);
	size_t (*ZSTD_compressStream2)(void *context, struct zstd_output *output, struct zstd_input *input, int directive);
	unsigned (*ZSTD_isError)(size_t code);
	const char *(*ZSTD_getErrorName)(size_t code);
} zstd;

struct zstd_stream {
	void *context;      /* libzstd's */
	unsigned char *out; /* owned */
};

static int load(struct error *err)
{
	const struct dl_symbol symbols[] = {
		DL_SYMBOL(zstd, ZSTD_createCCtx), DL_SYMBOL(zstd, ZSTD_freeCCtx), DL_SYMBOL(zstd, ZSTD_CCtx_setParameter),
		DL_SYMBOL(zstd, ZSTD_compressStream2), DL_SYMBOL(zstd, ZSTD_isError), DL_SYMBOL(zstd, ZSTD_getErrorName),
		{.name = NULL},
	};

	return dl_load("libzstd.so.1", "libzstd1", symbols, err);
}

int zstd_stream_new(int level, struct zstd_stream **out, struct error *err)
{
	struct zstd_stream *stream;
	int r = load(err);

	if (r < 0)
		return r;
	stream = xcalloc(1, sizeof *stream);
	stream->context = zstd.ZSTD_createCCtx();
	if (!stream->context) {
		free(stream);
		return error_errno(err, ENOMEM, "zstd");
	}
	stream->out = xcalloc(1, OUT_BYTES);
	(void) zstd.ZSTD_CCtx_setParameter(stream->context, ZSTD_LEVEL,
	                                   level == COMPRESS_LEVEL_DEFAULT ? ZSTD_LEVEL_DEFAULT : level);
	(void) zstd.ZSTD_CCtx_setParameter(stream->context, ZSTD_CHECKSUM, 1);
	/* refused by a library without threads: then it works alone */
	(void) zstd.ZSTD_CCtx_setParameter(stream->context, ZSTD_WORKERS, (int) compress_threads(THREADS_MAX));
	(void) zstd.ZSTD_CCtx_setParameter(stream->context, ZSTD_JOB_SIZE, JOB_BYTES);
	*out = stream;
	return 0;
}

static int compress(struct zstd_stream *stream, const struct compress_sink *sink, struct zstd_input *input,
                    int directive, struct error *err)
{
	size_t left;

	do {
		struct zstd_output output = {stream->out, OUT_BYTES, 0};
		int r;

		left = zstd.ZSTD_compressStream2(stream->context, &output, input, directive);
		if (zstd.ZSTD_isError(left))
			return error_set(err, ERROR_SYSTEM, "zstd: %s", zstd.ZSTD_getErrorName(left));
		r = output.position ? sink->write(sink->context, stream->out, output.position, err) : 0;
		if (r < 0)
			return r;
	} while (directive == ZSTD_END ? left > 0 : input->position < input->size);
	return 0;
}

int zstd_stream_write(struct zstd_stream *stream, const struct compress_sink *sink, const void *bytes, size_t length,
                      struct error *err)
{
	struct zstd_input input = {bytes, length, 0};

	return compress(stream, sink, &input, ZSTD_GO_ON, err);
}

int zstd_stream_finish(struct zstd_stream *stream, const struct compress_sink *sink, struct error *err)
{
	struct zstd_input input = {"", 0, 0};
	int r = compress(stream, sink, &input, ZSTD_END, err);

	/* its threads end with it */
	(void) zstd.ZSTD_freeCCtx(TAKE_PTR(stream->context));
	return r;
}

void zstd_stream_free(struct zstd_stream *stream)
{
	if (!stream)
		return;
	if (stream->context)
		(void) zstd.ZSTD_freeCCtx(stream->context);
	free(stream->out);
	free(stream);
}
