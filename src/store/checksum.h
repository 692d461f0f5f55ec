/* SPDX-License-Identifier: GPL-2.0-or-later */
/* checksum.h - CRC-32 of IEEE 802.3 (RFC 1952 §8), as gzip's */
#ifndef CORACLE_STORE_CHECKSUM_H
#define CORACLE_STORE_CHECKSUM_H

#include "isal.h"

struct checksum {
	struct isal_api isal;
	uint32_t table[8][256]; /* without ISA-L: eight bytes at a time */
};

void checksum_init(struct checksum *checksum) NONNULL(1);
/* checksum_add - crc is 0 at first; the new one */
uint32_t checksum_add(const struct checksum *checksum, uint32_t crc, const void *bytes, size_t length)
	NONNULL(1) MUST_USE;

#endif
