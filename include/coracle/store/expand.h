/* SPDX-License-Identifier: GPL-2.0-or-later */
/* expand.h - blobs of layers without their compression: gzip, xz, zstd, bzip2 */
#ifndef CORACLE_STORE_EXPAND_H
#define CORACLE_STORE_EXPAND_H

#include "coracle/store/stream.h"

/* blob_is_compressed - 1, 0 or a negative errno; by the first bytes from fd's position, which stays (a file, no pipe) */
int blob_is_compressed(int fd) MUST_USE;
/*
 * blob_expand - hand on, without compression, what the next length bytes of fd hold; what is not compressed as it is
 * -EINVAL: the compressed bytes are damaged. Whether the result is what it should be, its digest says.
 */
int blob_expand(int fd, uint64_t length, layer_write *write, void *context, struct error *err)
	NONNULL(3, 5) MUST_USE;

#endif
