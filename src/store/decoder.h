/* SPDX-License-Identifier: GPL-2.0-or-later */
/* decoder.h - compressed bytes become plain ones: gzip by ISA-L where it is installed, the rest by libarchive */
#ifndef CORACLE_STORE_DECODER_H
#define CORACLE_STORE_DECODER_H

#include "coracle/base/error.h"

#define DECODER_PEEK 16 /* bytes that tell the compression */

enum compression {
	COMPRESSION_NONE,
	COMPRESSION_GZIP,
	COMPRESSION_OTHER, /* libarchive finds out: bzip2, xz, lzma, zstd */
};
/* compression_of - by the first bytes; fewer than DECODER_PEEK only where there are no more */
enum compression compression_of(const void *bytes, size_t length);

/* decoder_input - > 0: so many bytes, borrowed until the next call; 0: the end; negative errno: give up */
typedef ssize_t decoder_input(void *context, const void **bytes);

struct decoder;
int decoder_open(enum compression compression, decoder_input *input, void *context, struct decoder **out,
                 struct error *err) NONNULL(2, 4, 5) MUST_USE;
/* decoder_read - bytes put into the buffer (it may not be full before the end), 0 at the end, negative errno */
ssize_t decoder_read(struct decoder *decoder, void *into, size_t size, struct error *err) NONNULL(1, 2, 4) MUST_USE;
void decoder_close(struct decoder *decoder);

static inline void auto_decoder(struct decoder **slot)
{
	decoder_close(*slot);
	*slot = NULL;
}
#define AUTO_DECODER AUTO(auto_decoder)

#endif
