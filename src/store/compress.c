/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compress.c - what compress.h promises; the work is in compress_gzip.c and compress_zstd.c */
#include "coracle/store/compress.h"

#include "coracle/base/alloc.h"

#include <sched.h>
#include <string.h>

#include "compress_private.h"

#define GZIP_LEVEL_MAX 9
#define ZSTD_LEVEL_MAX 22

struct compressor {
	enum compression kind;
	struct compress_sink sink;
	struct gzipper *gzipper;  /* owned */
	struct zstd_stream *zstd; /* owned */
};

int compress_parse(const char *text, enum compression *out, struct error *err)
{
	static const struct { const char *word; enum compression kind; } words[] = {
		{"gzip", COMPRESS_GZIP}, {"zstd", COMPRESS_ZSTD},
		{"none", COMPRESS_NONE}, {"uncompressed", COMPRESS_NONE},
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(text, words[i].word) == 0) {
			*out = words[i].kind;
			return 0;
		}
	if (strcmp(text, "zstd:chunked") == 0)
		return error_set(err, ERROR_INVALID, "compression zstd:chunked can't be made by this version; take zstd, "
		                 "which every reader of zstd:chunked reads");
	return error_set(err, ERROR_INVALID, "compression \"%.100s\" is not gzip, zstd or none", text);
}

int compress_level_check(enum compression kind, int level, struct error *err)
{
	int least = kind == COMPRESS_ZSTD ? 1 : 0;
	int most = kind == COMPRESS_ZSTD ? ZSTD_LEVEL_MAX : GZIP_LEVEL_MAX;

	if (level == COMPRESS_LEVEL_DEFAULT)
		return 0;
	if (kind == COMPRESS_NONE)
		return error_set(err, ERROR_INVALID, "a compression level without compression");
	if (level < least || level > most)
		return error_set(err, ERROR_INVALID, "compression level %d: %s has levels from %d to %d", level,
		                 kind == COMPRESS_ZSTD ? "zstd" : "gzip", least, most);
	return 0;
}

const char *compress_media_type(enum compression kind, bool docker)
{
	static const char *const types[][2] = {
		[COMPRESS_NONE] = {"application/vnd.oci.image.layer.v1.tar", "application/vnd.docker.image.rootfs.diff.tar"},
		[COMPRESS_GZIP] = {"application/vnd.oci.image.layer.v1.tar+gzip",
		                   "application/vnd.docker.image.rootfs.diff.tar.gzip"},
		[COMPRESS_ZSTD] = {"application/vnd.oci.image.layer.v1.tar+zstd", NULL},
	};

	return types[kind][docker];
}

unsigned compress_threads(unsigned max)
{
	cpu_set_t set;
	int count = sched_getaffinity(0, sizeof set, &set) < 0 ? 1 : CPU_COUNT(&set);

	return MIN((unsigned) MAX(count, 1), max);
}

int compressor_new(enum compression kind, int level, layer_write *write, void *context, struct compressor **out,
                   struct error *err)
{
	struct compressor *compressor;
	int r = compress_level_check(kind, level, err);

	if (r < 0)
		return r;
	compressor = xcalloc(1, sizeof *compressor);
	compressor->kind = kind;
	compressor->sink = (struct compress_sink){write, context};
	if (kind == COMPRESS_GZIP)
		r = gzipper_new(level, &compressor->gzipper, err);
	else if (kind == COMPRESS_ZSTD)
		r = zstd_stream_new(level, &compressor->zstd, err);
	if (r < 0)
		compressor_free(compressor);
	else
		*out = compressor;
	return r;
}

int compressor_write(void *context, const void *bytes, size_t length, struct error *err)
{
	struct compressor *compressor = context;
	const struct compress_sink *sink = &compressor->sink;

	if (length == 0)
		return 0;
	if (compressor->gzipper)
		return gzipper_write(compressor->gzipper, sink, bytes, length, err);
	if (compressor->zstd)
		return zstd_stream_write(compressor->zstd, sink, bytes, length, err);
	return sink->write(sink->context, bytes, length, err);
}

int compressor_finish(struct compressor *compressor, struct error *err)
{
	if (compressor->gzipper)
		return gzipper_finish(compressor->gzipper, &compressor->sink, err);
	if (compressor->zstd)
		return zstd_stream_finish(compressor->zstd, &compressor->sink, err);
	return 0;
}

void compressor_free(struct compressor *compressor)
{
	if (!compressor)
		return;
	gzipper_free(compressor->gzipper);
	zstd_stream_free(compressor->zstd);
	free(compressor);
}
