/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_tar_split.c - arbitrary bytes as the recording of a layer's tar
 *
 * First 2 bytes: how long the tar is said to be. Whatever the records say, what is handed out stands for no
 * more than that, paths stay inside, and success means exactly that length.
 */
#include "coracle/base/file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../../src/store/tar_split.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen { uint64_t bytes; bool file; };

static int see_raw(void *context, const void *bytes, size_t length, struct error *err)
{
	struct seen *seen = context;
	volatile unsigned char sum = 0;

	(void) err;
	/* all of it must be readable */
	for (size_t i = 0; i < length; i++)
		sum = (unsigned char) (sum + ((const unsigned char *) bytes)[i]);
	seen->bytes += length;
	return 0;
}

static int see_file(void *context, const char *path, struct error *err)
{
	struct seen *seen = context;

	(void) err;
	if (*path == '/' || !*path || strstr(path, "//") || strncmp(path, "../", 3) == 0 || strstr(path, "/../")
	    || strcmp(path, "..") == 0 || strlen(path) > TAR_SPLIT_MAX_PATH)
		abort();
	seen->file = true;
	return 0;
}

static int see_content(void *context, uint64_t offset, uint64_t length, uint32_t crc, struct error *err)
{
	struct seen *seen = context;

	(void) err;
	(void) crc;
	if (!seen->file || length == 0 || offset + length < offset || offset + length > INT64_MAX)
		abort();
	seen->bytes += length;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_CLOSE int fd = memfd_create("split", MFD_CLOEXEC);
	struct seen seen = {0};
	const struct split_handler handler = {see_raw, see_file, see_content, &seen};
	struct error err = {0};
	uint64_t length;
	int r;

	if (size < 2)
		return 0;
	length = data[0] | (uint64_t) data[1] << 8;
	if (fd < 0 || write_all(fd, data + 2, size - 2) < 0 || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	r = split_read(fd, length, &handler, &err);
	if (seen.bytes > length || (r == 0 && seen.bytes != length) || (r < 0 && !*err.text))
		abort();
	return 0;
}
