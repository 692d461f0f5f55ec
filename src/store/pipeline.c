/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pipeline.c - reading, hashing and inflating at the same time; see pipeline.h */
#include "pipeline.h"

#include "coracle/base/alloc.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "decoder.h"
#include "ring.h"
#include "source.h"

#define INPUT_BLOCK  (128 * 1024)
#define INPUT_BLOCKS 6
#define TAR_BLOCK    (256 * 1024)
#define TAR_BLOCKS   8
#define STACK_BYTES  (256 * 1024)

enum reader { READER_TAKER, READER_HASHER };
enum stage { STAGE_READ, STAGE_DECODE, STAGE_HASH, STAGE_COUNT };

struct pipeline {
	const struct layer_stream *stream; /* borrowed */
	struct source source;
	enum compression compression;
	char peek[DECODER_PEEK];
	size_t peek_length;
	struct ring input, tar; /* input only where there is compression */
	struct digest *input_digest, *tar_digest; /* owned; input_digest only where it differs from the other */
	struct decoder *decoder; /* owned */
	pthread_t threads[STAGE_COUNT];
	bool running[STAGE_COUNT];
	_Atomic uint64_t received;
	uint64_t taken;    /* bytes of tar that the caller has had */
	bool tar_ended;
	/* each written by its own thread, read when that has been joined */
	int read_result, decode_result;
	struct error decode_error;
};

/* is_promised - there is a digest to hold all of the bytes against, and they end some time */
static bool is_promised(const struct pipeline *pipeline)
{
	return pipeline->stream->digest && pipeline->stream->length != UINT64_MAX;
}

/* --- the threads --- */

static void receive(struct pipeline *pipeline, const void *bytes, size_t length)
{
	if (pipeline->input_digest)
		digest_add(pipeline->input_digest, bytes, length);
	(void) atomic_fetch_add(&pipeline->received, length);
}

static void *read_stage(void *data)
{
	struct pipeline *pipeline = data;
	struct ring *ring = pipeline->compression == COMPRESSION_NONE ? &pipeline->tar : &pipeline->input;
	unsigned char *block = ring_reserve(ring);
	ssize_t n = (ssize_t) pipeline->peek_length;

	if (block)
		(void) memcpy(block, pipeline->peek, pipeline->peek_length);
	while (block && n > 0) {
		receive(pipeline, block, (size_t) n);
		ring_commit(ring, (size_t) n);
		block = ring_reserve(ring);
		n = block ? source_read(&pipeline->source, block, ring->block_size) : 0;
	}
	pipeline->read_result = block ? (int) MIN(n, 0) : -ECANCELED;
	ring_end(ring);
	return NULL;
}

static ssize_t next_input(void *context, const void **bytes)
{
	struct pipeline *pipeline = context;
	size_t length = 0;
	int r = ring_read(&pipeline->input, READER_TAKER, bytes, &length);

	return r > 0 ? (ssize_t) length : r;
}

static void *decode_stage(void *data)
{
	struct pipeline *pipeline = data;
	const void *bytes;
	ssize_t n = 0;

	for (;;) {
		unsigned char *block = ring_reserve(&pipeline->tar);

		n = block ? decoder_read(pipeline->decoder, block, TAR_BLOCK, &pipeline->decode_error) : -ECANCELED;
		if (n <= 0)
			break;
		ring_commit(&pipeline->tar, (size_t) n);
	}
	pipeline->decode_result = (int) n;
	ring_end(&pipeline->tar);
	if (!is_promised(pipeline)) {
		source_cancel(&pipeline->source);
		ring_cancel(&pipeline->input);
	}
	/* the rest counts for the digest, and tells whether the bytes are the ones that were promised */
	while (next_input(pipeline, &bytes) > 0)
		;
	return NULL;
}

static void *hash_stage(void *data)
{
	struct pipeline *pipeline = data;
	const void *bytes;
	size_t length;

	while (ring_read(&pipeline->tar, READER_HASHER, &bytes, &length) > 0)
		digest_add(pipeline->tar_digest, bytes, length);
	return NULL;
}

static int start_thread(struct pipeline *pipeline, enum stage stage, void *(*run)(void *), struct error *err)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int r;

	/* signals are the caller's thread's */
	(void) sigfillset(&all);
	(void) pthread_sigmask(SIG_SETMASK, &all, &before);
	(void) pthread_attr_init(&attributes);
	(void) pthread_attr_setstacksize(&attributes, STACK_BYTES);
	r = pthread_create(&pipeline->threads[stage], &attributes, run, pipeline);
	(void) pthread_attr_destroy(&attributes);
	(void) pthread_sigmask(SIG_SETMASK, &before, NULL);
	pipeline->running[stage] = r == 0;
	return r ? error_errno(err, r, "start a thread") : 0;
}

static void join(struct pipeline *pipeline)
{
	for (int i = 0; i < STAGE_COUNT; i++) {
		if (pipeline->running[i])
			(void) pthread_join(pipeline->threads[i], NULL);
		pipeline->running[i] = false;
	}
}

/* --- start --- */

/* peek - the first bytes; fewer only where there are no more */
static int peek(struct pipeline *pipeline, struct error *err)
{
	while (pipeline->peek_length < sizeof pipeline->peek) {
		ssize_t n = source_read(&pipeline->source, pipeline->peek + pipeline->peek_length,
		                        sizeof pipeline->peek - pipeline->peek_length);

		if (n == -EPIPE) {
			pipeline->source.more_ended = true;
			break;
		}
		if (n < 0)
			return error_errno(err, (int) -n, "read archive");
		if (n == 0)
			break;
		pipeline->peek_length += (size_t) n;
	}
	return 0;
}

static int prepare(struct pipeline *pipeline, struct error *err)
{
	bool plain;
	int r = peek(pipeline, err);

	if (r < 0)
		return r;
	pipeline->compression = compression_of(pipeline->peek, pipeline->peek_length);
	plain = pipeline->compression == COMPRESSION_NONE;
	ring_init(&pipeline->tar, TAR_BLOCK, TAR_BLOCKS, 2);
	pipeline->tar_digest = digest_new(err);
	if (!pipeline->tar_digest)
		return -EOPNOTSUPP;
	if (plain)
		return 0;
	ring_init(&pipeline->input, INPUT_BLOCK, INPUT_BLOCKS, 1);
	if (pipeline->stream->digest) {
		pipeline->input_digest = digest_new(err);
		if (!pipeline->input_digest)
			return -EOPNOTSUPP;
	}
	return decoder_open(pipeline->compression, next_input, pipeline, &pipeline->decoder, err);
}

int pipeline_start(const struct layer_stream *stream, struct pipeline **out, struct error *err)
{
	AUTO_PIPELINE struct pipeline *pipeline = xcalloc(1, sizeof *pipeline);
	int r;

	pipeline->stream = stream;
	r = source_open(&pipeline->source, stream, err);
	if (r >= 0)
		r = prepare(pipeline, err);
	if (r >= 0)
		r = start_thread(pipeline, STAGE_HASH, hash_stage, err);
	if (r >= 0 && pipeline->compression != COMPRESSION_NONE)
		r = start_thread(pipeline, STAGE_DECODE, decode_stage, err);
	if (r >= 0)
		r = start_thread(pipeline, STAGE_READ, read_stage, err);
	if (r < 0)
		return r;
	*out = TAKE_PTR(pipeline);
	return 0;
}

/* --- taking --- */

ssize_t pipeline_next(struct pipeline *pipeline, const void **bytes)
{
	size_t length = 0;

	if (pipeline->tar_ended)
		return 0;
	if (ring_read(&pipeline->tar, READER_TAKER, bytes, &length) <= 0) {
		pipeline->tar_ended = true;
		return 0;
	}
	pipeline->taken += length;
	if (pipeline->stream->progress)
		pipeline->stream->progress(pipeline->stream->context, atomic_load(&pipeline->received),
		                           pipeline->taken);
	return (ssize_t) length;
}

/* --- the end --- */

static int check_length(const struct pipeline *pipeline, struct error *err)
{
	const struct layer_stream *stream = pipeline->stream;

	if (pipeline->read_result == -EPIPE) {
		(void) error_set(err, ERROR_SYSTEM, "only %llu of %llu bytes came, and nobody brings more",
		                 (unsigned long long) pipeline->received, (unsigned long long) stream->length);
		return -EPIPE;
	}
	/* whoever did not want the rest has stopped the reading */
	if (pipeline->read_result == -ECANCELED && !is_promised(pipeline))
		return 0;
	if (pipeline->read_result < 0)
		return error_errno(err, -pipeline->read_result, "read archive");
	if (stream->exact && pipeline->received != stream->length) {
		(void) error_set(err, ERROR_INVALID, "%llu bytes came, it should be %llu: fetch it again",
		                 (unsigned long long) pipeline->received, (unsigned long long) stream->length);
		return -EBADMSG;
	}
	return 0;
}

static int check_digest(struct pipeline *pipeline, const char *tar_digest, struct error *err)
{
	char actual[DIGEST_TEXT_SIZE];

	if (!pipeline->stream->digest)
		return 0;
	if (pipeline->input_digest)
		digest_finish(TAKE_PTR(pipeline->input_digest), actual);
	else
		(void) memcpy(actual, tar_digest, sizeof actual);
	if (strcmp(actual, pipeline->stream->digest) == 0)
		return 0;
	(void) error_set(err, ERROR_INVALID, "content is damaged: its digest is %s, it should be %s: fetch it again",
	                 actual, pipeline->stream->digest);
	return -EBADMSG;
}

int pipeline_finish(struct pipeline *pipeline, char diff_id[static DIGEST_TEXT_SIZE], uint64_t *length,
                    struct error *err)
{
	const void *bytes;
	int r;

	while (pipeline_next(pipeline, &bytes) > 0)
		;
	join(pipeline);
	digest_finish(TAKE_PTR(pipeline->tar_digest), diff_id);
	*length = pipeline->taken;
	r = check_length(pipeline, err);
	if (r >= 0)
		r = check_digest(pipeline, diff_id, err);
	if (r < 0)
		return r;
	if (pipeline->decode_result < 0) {
		*err = pipeline->decode_error;
		return pipeline->decode_result;
	}
	return 0;
}

int pipeline_blame(struct pipeline *pipeline, int r, struct error *err)
{
	char ignored[DIGEST_TEXT_SIZE];
	struct error other = {0};
	uint64_t length;
	int result;

	/* a bad archive may be a bad download; anything else has nothing to do with the bytes */
	if (r != -EINVAL)
		return r;
	if (!pipeline->tar_ended && !is_promised(pipeline))
		return r;
	result = pipeline_finish(pipeline, ignored, &length, &other);
	if (result >= 0)
		return r;
	*err = other;
	return result;
}

void pipeline_stop(struct pipeline *pipeline)
{
	if (!pipeline)
		return;
	if (pipeline->input.memory)
		ring_cancel(&pipeline->input);
	if (pipeline->tar.memory)
		ring_cancel(&pipeline->tar);
	source_cancel(&pipeline->source);
	join(pipeline);
	decoder_close(pipeline->decoder);
	digest_free(pipeline->input_digest);
	digest_free(pipeline->tar_digest);
	ring_done(&pipeline->input);
	ring_done(&pipeline->tar);
	source_close(&pipeline->source);
	free(pipeline);
}
