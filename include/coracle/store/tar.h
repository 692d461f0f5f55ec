/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tar.h - headers of tar archives that we write (tar(5), "POSIX ustar Archives") */
#ifndef CORACLE_STORE_TAR_H
#define CORACLE_STORE_TAR_H

#include "coracle/base/base.h"

#include <sys/types.h>

#define TAR_BLOCK          512
#define TAR_NAME_BYTES     100
#define TAR_LARGEST_ID     2097151 /* seven octal digits */
#define TAR_LARGEST_NUMBER 8589934591 /* eleven */

struct tar_header {
	const char *path, *link; /* what is longer than TAR_NAME_BYTES is cut off; link may be NULL */
	char type;               /* '0' file, '1' hard link, '2' symlink, '5' directory, '6' FIFO, 'x' pax records */
	mode_t mode;
	uint64_t uid, gid;       /* larger than TAR_LARGEST_ID: 0 */
	uint64_t size;           /* larger than TAR_LARGEST_NUMBER: in base 256, as GNU tar, Go and libarchive read it */
	int64_t seconds;         /* modification time; what does not fit is 0 */
};

/* tar_header_fill - the block that stands before an entry's content */
void tar_header_fill(const struct tar_header *header, char block[static TAR_BLOCK]) NONNULL(1);
/* tar_padding - zero bytes that follow a content of so many */
static inline size_t tar_padding(uint64_t length)
{
	return (size_t) ((TAR_BLOCK - length % TAR_BLOCK) % TAR_BLOCK);
}

#endif
