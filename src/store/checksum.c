/* SPDX-License-Identifier: GPL-2.0-or-later */
/* checksum.c - CRC-32, by ISA-L or by tables; and finding ISA-L */
#include "checksum.h"

#include "coracle/base/dl.h"

#include <string.h>

#define POLYNOMIAL UINT32_C(0xedb88320) /* reflected */

bool isal_load(struct isal_api *out)
{
#define ISAL_ROW(function) DL_SYMBOL(*out, function),
	const struct dl_symbol symbols[] = {ISAL_FUNCTIONS(ISAL_ROW){.name = NULL}};
#undef ISAL_ROW
	struct error ignored = {0};

	out->there = HAVE_ISAL && dl_load("libisal.so.2", "libisal2", symbols, &ignored) == 0;
	return out->there;
}

void checksum_init(struct checksum *checksum)
{
	if (isal_load(&checksum->isal))
		return;
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
		checksum->table[0][i] = crc;
	}
	for (size_t i = 0; i < 256; i++)
		for (size_t j = 1; j < 8; j++) {
			uint32_t before = checksum->table[j - 1][i];

			checksum->table[j][i] = before >> 8 ^ checksum->table[0][before & 255];
		}
}

static uint32_t add_by_tables(const uint32_t table[8][256], uint32_t crc, const unsigned char *bytes,
                              size_t length)
{
	crc = ~crc;
	for (; length >= 8; bytes += 8, length -= 8) {
		uint32_t low = crc ^ ((uint32_t) bytes[0] | (uint32_t) bytes[1] << 8 | (uint32_t) bytes[2] << 16
		                      | (uint32_t) bytes[3] << 24);

		crc = table[7][low & 255] ^ table[6][low >> 8 & 255] ^ table[5][low >> 16 & 255]
		      ^ table[4][low >> 24] ^ table[3][bytes[4]] ^ table[2][bytes[5]] ^ table[1][bytes[6]]
		      ^ table[0][bytes[7]];
	}
	for (; length; bytes++, length--)
		crc = crc >> 8 ^ table[0][(crc ^ *bytes) & 255];
	return ~crc;
}

uint32_t checksum_add(const struct checksum *checksum, uint32_t crc, const void *bytes, size_t length)
{
#if HAVE_ISAL
	if (checksum->isal.there)
		return checksum->isal.crc32_gzip_refl(crc, bytes, length);
#endif
	return add_by_tables(checksum->table, crc, bytes, length);
}
