/* SPDX-License-Identifier: GPL-2.0-or-later */
/* expand.c - blobs of layers without their compression; see expand.h */
#include "coracle/store/expand.h"

#include "coracle/base/alloc.h"

#include <unistd.h>

#include "decoder.h"

#define BLOCK (256 * 1024)

struct input {
	int fd;
	uint64_t left;
	char *buffer; /* owned by the caller */
};

static int peek(int fd, enum compression *out)
{
	char bytes[DECODER_PEEK];
	off_t offset = lseek(fd, 0, SEEK_CUR);
	ssize_t n = offset < 0 ? -1 : pread(fd, bytes, sizeof bytes, offset);

	if (n < 0)
		return -errno;
	*out = compression_of(bytes, (size_t) n);
	return 0;
}

int blob_is_compressed(int fd)
{
	enum compression compression;
	int r = peek(fd, &compression);

	return r < 0 ? r : compression != COMPRESSION_NONE;
}

static ssize_t read_more(void *context, const void **bytes)
{
	struct input *input = context;
	ssize_t n;

	do
		n = read(input->fd, input->buffer, (size_t) MIN(input->left, (uint64_t) BLOCK));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	input->left -= (uint64_t) n;
	*bytes = input->buffer;
	return n;
}

static int pass_on(struct input *input, layer_write *write, void *context, struct error *err)
{
	const void *bytes;
	ssize_t n;

	while ((n = read_more(input, &bytes)) > 0) {
		int r = write(context, bytes, (size_t) n, err);

		if (r < 0)
			return r;
	}
	return n < 0 ? error_errno(err, (int) -n, "read a layer") : 0;
}

int blob_expand(int fd, uint64_t length, layer_write *write, void *context, struct error *err)
{
	AUTO_FREE char *buffer = xcalloc(1, BLOCK);
	AUTO_FREE char *plain = xcalloc(1, BLOCK);
	AUTO_DECODER struct decoder *decoder = NULL;
	struct input input = {.fd = fd, .left = length, .buffer = buffer};
	enum compression compression = COMPRESSION_NONE;
	int r = peek(fd, &compression);

	if (r < 0)
		return error_errno(err, -r, "read a layer");
	if (compression == COMPRESSION_NONE)
		return pass_on(&input, write, context, err);
	r = decoder_open(compression, read_more, &input, &decoder, err);
	while (r >= 0) {
		ssize_t n = decoder_read(decoder, plain, BLOCK, err);

		if (n <= 0)
			return (int) n;
		r = write(context, plain, (size_t) n, err);
	}
	return r;
}
