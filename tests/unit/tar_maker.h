/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tar_maker.h - archives for tests, made byte by byte: what is tested must not make its own input (tar(5)) */
#ifndef CORACLE_TESTS_TAR_MAKER_H
#define CORACLE_TESTS_TAR_MAKER_H

#include "coracle/base/text.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

struct tar_entry {
	const char *name;
	char type; /* '0' file, '1' hard link, '2' symlink, '3' '4' devices, '5' directory, '6' FIFO */
	const char *link, *content;
	unsigned mode; /* 0: 0644, or 0755 for a directory */
	unsigned uid, gid, mtime;
	const char *pax_key, *pax_value; /* one record of an extended header, such as SCHILY.xattr.user.x */
};

static inline void tar_header(struct text *tar, const struct tar_entry *entry, char type, const char *name,
                              size_t size)
{
	char block[512] = {0};
	unsigned sum = 0, mode = entry->mode ? entry->mode : type == '5' ? 0755 : 0644;

	(void) memcpy(block, name, strlen(name) < 100 ? strlen(name) : 100);
	(void) snprintf(block + 100, 8, "%07o", mode & 07777777);
	(void) snprintf(block + 108, 8, "%07o", entry->uid & 07777777);
	(void) snprintf(block + 116, 8, "%07o", entry->gid & 07777777);
	(void) snprintf(block + 124, 12, "%011o", (unsigned) size & 0777777777);
	(void) snprintf(block + 136, 12, "%011o", entry->mtime & 0777777777);
	(void) memset(block + 148, ' ', 8);
	block[156] = type;
	if (entry->link)
		(void) memcpy(block + 157, entry->link, strlen(entry->link) < 100 ? strlen(entry->link) : 100);
	(void) memcpy(block + 257, "ustar\00000", 8);
	for (size_t i = 0; i < sizeof block; i++)
		sum += (unsigned char) block[i];
	(void) snprintf(block + 148, 8, "%06o", sum & 0777777);
	(void) text_add_bytes(tar, block, sizeof block);
}

static inline void tar_body(struct text *tar, const char *bytes, size_t size)
{
	static const char zeros[512];

	(void) text_add_bytes(tar, bytes, size);
	if (size % 512)
		(void) text_add_bytes(tar, zeros, 512 - size % 512);
}

static inline void tar_add(struct text *tar, const struct tar_entry *entry)
{
	size_t size = entry->content ? strlen(entry->content) : 0;

	if (entry->pax_key) {
		/* the record's length counts its own digits */
		size_t length = strlen(entry->pax_key) + strlen(entry->pax_value) + 3 + 2;
		char record[1024];

		length += length + 1 > 100 ? 1 : 0;
		(void) snprintf(record, sizeof record, "%zu %s=%s\n", length, entry->pax_key,
		                entry->pax_value);
		tar_header(tar, entry, 'x', "PaxHeader", strlen(record));
		tar_body(tar, record, strlen(record));
	}
	tar_header(tar, entry, entry->type, entry->name, size);
	if (size)
		tar_body(tar, entry->content, size);
}

static inline void tar_end(struct text *tar)
{
	static const char zeros[1024];

	(void) text_add_bytes(tar, zeros, sizeof zeros);
}

/* tar_memory - descriptor of the bytes at offset 0 */
static inline int tar_memory(const struct text *tar)
{
	int fd = memfd_create("tar", MFD_CLOEXEC);

	if (fd < 0 || write(fd, text_string(tar), tar->length) != (ssize_t) tar->length
	    || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	return fd;
}

#endif
