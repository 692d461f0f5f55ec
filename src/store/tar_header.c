/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tar_header.c - headers of tar archives that we write; see tar.h */
#include "coracle/store/tar.h"

#include <string.h>

static void octal(char *into, int digits, uint64_t number)
{
	for (int i = digits; i-- > 0; number >>= 3)
		into[i] = (char) ('0' + (number & 7));
}

/* put_size - eleven octal digits, or the top bit and eleven bytes (tar(5), "Numeric Extensions") */
static void put_size(char *into, uint64_t size)
{
	if (size <= TAR_LARGEST_NUMBER) {
		octal(into, 11, size);
		return;
	}
	into[0] = (char) 0x80;
	for (int i = 12; i-- > 4; size >>= 8)
		into[i] = (char) (size & 0xff);
}

void tar_header_fill(const struct tar_header *header, char block[static TAR_BLOCK])
{
	int64_t seconds = header->seconds;
	unsigned sum = 0;

	(void) memset(block, 0, TAR_BLOCK);
	(void) memcpy(block, header->path, MIN(strlen(header->path), (size_t) TAR_NAME_BYTES));
	octal(block + 100, 7, header->mode & 07777);
	octal(block + 108, 7, header->uid > TAR_LARGEST_ID ? 0 : header->uid);
	octal(block + 116, 7, header->gid > TAR_LARGEST_ID ? 0 : header->gid);
	put_size(block + 124, header->size);
	octal(block + 136, 11, seconds < 0 || seconds > TAR_LARGEST_NUMBER ? 0 : (uint64_t) seconds);
	(void) memset(block + 148, ' ', 8);
	block[156] = header->type;
	if (header->link)
		(void) memcpy(block + 157, header->link, MIN(strlen(header->link), (size_t) TAR_NAME_BYTES));
	(void) memcpy(block + 257, "ustar\00000", 8);
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += (unsigned char) block[i];
	octal(block + 148, 6, sum);
}
