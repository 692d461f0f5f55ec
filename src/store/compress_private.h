/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compress_private.h - the parts of a compressor
 *
 * compress.c          what the header promises, and "none"
 * compress_gzip.c     blocks deflated by threads, put together to one gzip member
 * compress_deflate.c  one block, by ISA-L or zlib
 * compress_zstd.c     libzstd's stream
 */
#ifndef CORACLE_STORE_COMPRESS_PRIVATE_H
#define CORACLE_STORE_COMPRESS_PRIVATE_H

#include "coracle/store/compress.h"

struct compress_sink { /* where compressed bytes go */
	layer_write *write;
	void *context;
};
/* compress_threads - processors we may use, at most max */
unsigned compress_threads(unsigned max) MUST_USE;

/* --- compress_deflate.c --- */
#define DEFLATE_BLOCK      (256u << 10) /* bytes; smaller ones cost ratio, larger ones memory */
#define DEFLATE_DICTIONARY (32u << 10)  /* RFC 1951 §2: no match goes further back */
#define DEFLATE_ROOM       (DEFLATE_BLOCK + 64) /* a block's output at the most: then it is stored */

enum deflate_engine { DEFLATE_STORED, DEFLATE_ISAL, DEFLATE_ZLIB };
/* deflate_engine - who does this level, and at what level of its own */
int deflate_engine(int level, enum deflate_engine *engine, int *own_level, struct error *err)
	NONNULL(2, 3, 4) MUST_USE;
struct deflater; /* one a thread; -ENOMEM only */
int deflater_new(enum deflate_engine engine, int own_level, struct deflater **out) NONNULL(3) MUST_USE;
void deflater_free(struct deflater *deflater);
/*
 * deflater_block - raw deflate data that ends at a byte and is not the last block
 *
 * dictionary  what comes before the block, up to DEFLATE_DICTIONARY bytes of it
 * out         DEFLATE_ROOM bytes; returns how many are used
 */
size_t deflater_block(struct deflater *deflater, const unsigned char *dictionary, size_t dictionary_length,
                      const unsigned char *bytes, size_t length, unsigned char *out) NONNULL(1, 2, 4, 6) MUST_USE;

/* --- compress_gzip.c --- */
struct gzipper;
int gzipper_new(int level, struct gzipper **out, struct error *err) NONNULL(2, 3) MUST_USE;
int gzipper_write(struct gzipper *gzipper, const struct compress_sink *sink, const void *bytes, size_t length,
                  struct error *err) NONNULL(1, 2, 5) MUST_USE;
int gzipper_finish(struct gzipper *gzipper, const struct compress_sink *sink, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
void gzipper_free(struct gzipper *gzipper);

/* --- compress_zstd.c --- */
struct zstd_stream;
int zstd_stream_new(int level, struct zstd_stream **out, struct error *err) NONNULL(2, 3) MUST_USE;
int zstd_stream_write(struct zstd_stream *stream, const struct compress_sink *sink, const void *bytes, size_t length,
                      struct error *err) NONNULL(1, 2, 5) MUST_USE;
int zstd_stream_finish(struct zstd_stream *stream, const struct compress_sink *sink, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
void zstd_stream_free(struct zstd_stream *stream);

#endif
