/* SPDX-License-Identifier: GPL-2.0-or-later */
/* copy_pipe.c - a blob from one registry to another; see copy_pipe.h */
#include "copy_pipe.h"

#include "coracle/base/alloc.h"

#include <string.h>

#define BUFFER_BYTES (2 << 20)
#define NOWHERE      UINT64_MAX

/* --- the download --- */

static int begin(void *data, struct http_request *request, UNUSED struct error *err)
{
	struct copy_pipe *pipe = data;
	uint64_t there = pipe->base + pipe->length;

	pipe->skip = request->offset < there ? there - request->offset : 0;
	return 0;
}

/* check - bytes that come for the first time, at offset */
static int check(struct copy_pipe *pipe, uint64_t offset, const char *bytes, size_t length, struct error *err)
{
	char actual[DIGEST_TEXT_SIZE];
	size_t known = (size_t) MIN(pipe->hashed > offset ? pipe->hashed - offset : 0, (uint64_t) length);

	if (!pipe->hash)
		return 0;
	digest_add(pipe->hash, bytes + known, length - known);
	pipe->hashed += length - known;
	if (pipe->hashed < pipe->size)
		return 0;
	digest_finish(TAKE_PTR(pipe->hash), actual);
	if (strcmp(actual, pipe->digest) == 0)
		return 0;
	(void) error_set(err, ERROR_INVALID, "blob %.19s from %s: its content has another digest", pipe->digest,
	                 registry_host(pipe->from));
	return -EBADMSG;
}

static int take(void *data, const void *bytes, size_t length, struct error *err)
{
	struct copy_pipe *pipe = data;
	size_t skipped = (size_t) MIN(pipe->skip, (uint64_t) length);
	int r;

	if (length > BUFFER_BYTES - pipe->length) {
		pipe->get_waits = true;
		return HTTP_PAUSE;
	}
	if (pipe->start + pipe->length + length > BUFFER_BYTES) {
		(void) memmove(pipe->buffer, pipe->buffer + pipe->start, pipe->length);
		pipe->start = 0;
	}
	pipe->skip -= skipped;
	bytes = (const char *) bytes + skipped;
	length -= skipped;
	r = check(pipe, pipe->base + pipe->length, bytes, length, err);
	if (r < 0)
		return r;
	(void) memcpy(pipe->buffer + pipe->start + pipe->length, bytes, length);
	pipe->length += length;
	return 0;
}

static void download(struct copy_pipe *pipe, uint64_t offset)
{
	if (pipe->getting)
		blob_get_done(&pipe->get);
	pipe->start = pipe->length = 0;
	pipe->base = offset;
	pipe->get_waits = false;
	pipe->get = (struct blob_get) {
		.repository = pipe->from_repository,
		.digest = pipe->digest,
		.actions = REGISTRY_PULL,
		.offset = offset,
		.size = pipe->size,
		.callbacks = {.data = pipe, .begin = begin, .write = take},
	};
	pipe->getting = true;
	blob_get_start(pipe->from, &pipe->get);
}

/* --- the upload --- */

static ssize_t give(void *data, uint64_t offset, void *into, size_t size, UNUSED struct error *err)
{
	struct copy_pipe *pipe = data;
	size_t dropped;

	if (offset == pipe->size)
		return 0;
	if (!pipe->getting || offset < pipe->base || offset > pipe->base + pipe->length) {
		pipe->wanted = offset;
		pipe->put_waits = true;
		return HTTP_READ_PAUSE;
	}
	dropped = (size_t) (offset - pipe->base);
	pipe->base += dropped;
	pipe->start += dropped;
	pipe->length -= dropped;
	size = MIN(size, pipe->length);
	if (size == 0) {
		pipe->put_waits = true;
		return HTTP_READ_PAUSE;
	}
	/* what is given stays here: it may be asked for once more */
	(void) memcpy(into, pipe->buffer + pipe->start, size);
	return (ssize_t) size;
}

int copy_pipe_start(struct copy_pipe *pipe, struct error *err)
{
	pipe->hash = digest_new(err);
	if (!pipe->hash)
		return -EOPNOTSUPP;
	pipe->buffer = xcalloc(1, BUFFER_BYTES);
	pipe->wanted = NOWHERE;
	pipe->put = (struct blob_put) {
		.repository = pipe->to_repository,
		.size = pipe->size,
		.callbacks = {.data = pipe, .read = give},
		.mount_from = strcmp(registry_host(pipe->from), registry_host(pipe->to)) == 0 ? pipe->from_repository : NULL,
		.check = true,
	};
	(void) memcpy(pipe->put.digest, pipe->digest, DIGEST_TEXT_SIZE);
	pipe->putting = true;
	blob_put_start(pipe->to, &pipe->put);
	return 0;
}

int copy_pipe_step(struct copy_pipe *pipe, struct error *err)
{
	if (pipe->getting && pipe->get.finished && pipe->get.result < 0) {
		*err = pipe->get.err;
		return pipe->get.result;
	}
	if (pipe->put.finished) {
		if (pipe->put.result < 0)
			*err = pipe->put.err;
		return pipe->put.result < 0 ? pipe->put.result : 1;
	}
	if (pipe->wanted != NOWHERE)
		download(pipe, TAKE(pipe->wanted, NOWHERE));
	if (pipe->get_waits && pipe->length <= BUFFER_BYTES / 2) {
		pipe->get_waits = false;
		blob_get_resume(&pipe->get);
	}
	if (pipe->put_waits && pipe->length > 0) {
		pipe->put_waits = false;
		blob_put_resume(&pipe->put);
	}
	return 0;
}

void copy_pipe_done(struct copy_pipe *pipe)
{
	if (pipe->putting)
		blob_put_done(&pipe->put);
	if (pipe->getting)
		blob_get_done(&pipe->get);
	free(pipe->buffer);
	digest_free(pipe->hash);
	pipe->putting = pipe->getting = false;
	pipe->buffer = NULL;
	pipe->hash = NULL;
}
