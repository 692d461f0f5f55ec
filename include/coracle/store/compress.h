/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compress.h - layers made smaller on their way out: gzip (RFC 1952) and zstd (RFC 8878)
 *
 * What is given in comes out through a layer_write, so that a compressor stands between layer_export and a file
 * or a registry: layer_export(store, chain_id, compressor_write, compressor, ...). The same input, kind, level and
 * library give the same bytes (no time, no name in gzip's header, and no matter how many threads), as far as the
 * library does on different processors of an architecture.
 *
 * Threads of the calling process do the work where there is more than one processor; they start with the second block
 * and are joined by compressor_finish or compressor_free, whatever happened. So don't fork or clone in between.
 * Memory: gzip about 2 MiB a thread (4 at the most), zstd at its default level about 20 MiB.
 * gzip is done by ISA-L up to level 3 and by default, where it is installed, and by zlib at other levels.
 */
#ifndef CORACLE_STORE_COMPRESS_H
#define CORACLE_STORE_COMPRESS_H

#include "coracle/store/stream.h"

enum compression { COMPRESS_NONE, COMPRESS_GZIP, COMPRESS_ZSTD };
#define COMPRESS_LEVEL_DEFAULT INT_MIN /* gzip: ISA-L's 3, else zlib's 4 (src/store/compress_deflate.c); zstd: 3 */

/* compress_parse - "gzip", "zstd", "none" ("uncompressed"); "zstd:chunked" and others are -EINVAL that says why */
int compress_parse(const char *text, enum compression *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* compress_level_check - is the level one of the kind's? (gzip 0..9, zstd 1..22) */
int compress_level_check(enum compression kind, int level, struct error *err) NONNULL(3) MUST_USE;
/* compress_media_type - of a layer; static; docker's or the OCI's ("application/vnd.oci.image.layer.v1.tar+gzip"); NULL: docker has no zstd */
const char *compress_media_type(enum compression kind, bool docker);

struct compressor;
/* compressor_new - write gets the compressed bytes; release with compressor_free */
int compressor_new(enum compression kind, int level, layer_write *write, void *context, struct compressor **out,
                   struct error *err) NONNULL(3, 5, 6) MUST_USE;
/* compressor_write - a layer_write: context is the struct compressor */
int compressor_write(void *context, const void *bytes, size_t length, struct error *err) NONNULL(1, 4) MUST_USE;
/* compressor_finish - the end of the stream is written; once */
int compressor_finish(struct compressor *compressor, struct error *err) NONNULL(1, 2) MUST_USE;
void compressor_free(struct compressor *compressor); /* NULL allowed; also in the middle of a stream */
static inline void compressor_free_pointer(struct compressor **compressor) { compressor_free(*compressor); }
#define AUTO_COMPRESSOR AUTO(compressor_free_pointer)

#endif
