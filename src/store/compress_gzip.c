/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compress_gzip.c - one gzip member (RFC 1952) out of blocks that threads deflate side by side
 *
 * The caller fills blocks in turn, each with the 32 KiB before it as dictionary; threads deflate them up to a
 * byte's end; the caller hands them on in their order. So the bytes do not depend on the number of threads, and
 * there is no member but the one, which every reader takes. Input that is not more than a block needs no thread.
 */
#include "compress_private.h"

#include "coracle/base/alloc.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "checksum.h"

#define THREADS_MAX 4 /* several compressors may run side by side */
#define BLOCKS_MAX  (2 * THREADS_MAX)

struct block {
	unsigned char *in;  /* owned; dictionary and then the bytes */
	unsigned char *out; /* owned */
	size_t dictionary, length, out_length;
	bool is_done;
};

struct gzipper {
	enum deflate_engine engine;
	int level; /* of the engine */
	struct checksum checksum;
	uint32_t crc;
	uint64_t total;
	bool header_written;

	struct block blocks[BLOCKS_MAX]; /* block number i is at i % count */
	unsigned count;
	uint64_t filled;  /* blocks handed to the threads so far */
	uint64_t written; /* of these handed on */

	struct deflater *own; /* of the calling thread, when there are no others; owned */
	struct deflater *deflaters[THREADS_MAX]; /* owned */
	pthread_t threads[THREADS_MAX];
	unsigned thread_count;
	pthread_mutex_t mutex; /* of what follows, filled, and is_done */
	pthread_cond_t changed;
	uint64_t taken; /* blocks that threads have begun */
	bool ending;
};

struct seat { /* of a thread */
	struct gzipper *gzipper;
	unsigned number;
};

static struct block *block_at(struct gzipper *gzipper, uint64_t number)
{
	return &gzipper->blocks[number % gzipper->count];
}

static void work_up(struct deflater *deflater, struct block *block)
{
	block->out_length = deflater_block(deflater, block->in, block->dictionary, block->in + block->dictionary,
	                                   block->length, block->out);
}

static void *run_thread(void *data)
{
	struct seat *seat = data;
	struct gzipper *gzipper = seat->gzipper;
	struct deflater *deflater = gzipper->deflaters[seat->number];

	free(seat);
	(void) pthread_mutex_lock(&gzipper->mutex);
	for (;;) {
		struct block *block;

		while (gzipper->taken == gzipper->filled && !gzipper->ending)
			(void) pthread_cond_wait(&gzipper->changed, &gzipper->mutex);
		if (gzipper->ending)
			break;
		block = block_at(gzipper, gzipper->taken++);
		(void) pthread_mutex_unlock(&gzipper->mutex);
		work_up(deflater, block);
		(void) pthread_mutex_lock(&gzipper->mutex);
		block->is_done = true;
		(void) pthread_cond_broadcast(&gzipper->changed);
	}
	(void) pthread_mutex_unlock(&gzipper->mutex);
	return NULL;
}

/* start_threads - as many as can be had; without any the caller does the work itself */
static void start_threads(struct gzipper *gzipper)
{
	unsigned wanted = gzipper->count / 2;
	sigset_t all, before;

	if (gzipper->thread_count > 0 || gzipper->own || wanted < 2)
		return;
	(void) sigfillset(&all);
	(void) pthread_sigmask(SIG_SETMASK, &all, &before);
	for (unsigned i = 0; i < wanted; i++) {
		struct seat *seat;

		if (deflater_new(gzipper->engine, gzipper->level, &gzipper->deflaters[i]) < 0)
			break;
		seat = xcalloc(1, sizeof *seat);
		*seat = (struct seat){gzipper, i};
		if (pthread_create(&gzipper->threads[i], NULL, run_thread, seat) != 0) {
			free(seat);
			break;
		}
		gzipper->thread_count++;
	}
	(void) pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void stop_threads(struct gzipper *gzipper)
{
	(void) pthread_mutex_lock(&gzipper->mutex);
	gzipper->ending = true;
	(void) pthread_cond_broadcast(&gzipper->changed);
	(void) pthread_mutex_unlock(&gzipper->mutex);
	for (unsigned i = 0; i < gzipper->thread_count; i++)
		(void) pthread_join(gzipper->threads[i], NULL);
	gzipper->thread_count = 0;
}

int gzipper_new(int level, struct gzipper **out, struct error *err)
{
	struct gzipper *gzipper = xcalloc(1, sizeof *gzipper);
	int r = deflate_engine(level, &gzipper->engine, &gzipper->level, err);

	if (r < 0) {
		free(gzipper);
		return r;
	}
	checksum_init(&gzipper->checksum);
	(void) pthread_mutex_init(&gzipper->mutex, NULL);
	(void) pthread_cond_init(&gzipper->changed, NULL);
	gzipper->count = 2 * compress_threads(THREADS_MAX);
	*out = gzipper;
	return 0;
}

static int write_header(struct gzipper *gzipper, const struct compress_sink *sink, struct error *err)
{
	/* deflate, no flags, no time, no hint, unknown system */
	static const unsigned char header[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};

	if (gzipper->header_written)
		return 0;
	gzipper->header_written = true;
	return sink->write(sink->context, header, sizeof header, err);
}

/* hand_on - the oldest block; waits for it */
static int hand_on(struct gzipper *gzipper, const struct compress_sink *sink, struct error *err)
{
	struct block *block = block_at(gzipper, gzipper->written);

	(void) pthread_mutex_lock(&gzipper->mutex);
	while (!block->is_done)
		(void) pthread_cond_wait(&gzipper->changed, &gzipper->mutex);
	(void) pthread_mutex_unlock(&gzipper->mutex);
	gzipper->written++;
	return sink->write(sink->context, block->out, block->out_length, err);
}

static bool oldest_is_done(struct gzipper *gzipper)
{
	bool is_done;

	if (gzipper->written == gzipper->filled)
		return false;
	(void) pthread_mutex_lock(&gzipper->mutex);
	is_done = block_at(gzipper, gzipper->written)->is_done;
	(void) pthread_mutex_unlock(&gzipper->mutex);
	return is_done;
}

/* begin_block - number filled: empty, after the one before, which is full */
static void begin_block(struct gzipper *gzipper)
{
	struct block *block = block_at(gzipper, gzipper->filled);

	if (!block->in) {
		block->in = xcalloc(1, DEFLATE_DICTIONARY + DEFLATE_BLOCK);
		block->out = xcalloc(1, DEFLATE_ROOM);
	}
	block->length = block->dictionary = 0;
	block->is_done = false;
	if (gzipper->filled > 0) {
		const struct block *before = block_at(gzipper, gzipper->filled - 1);

		/* threads only read it */
		memcpy(block->in, before->in + before->dictionary + before->length - DEFLATE_DICTIONARY,
		       DEFLATE_DICTIONARY);
		block->dictionary = DEFLATE_DICTIONARY;
	}
}

static int do_it_ourselves(struct gzipper *gzipper, struct block *block, struct error *err)
{
	if (!gzipper->own && deflater_new(gzipper->engine, gzipper->level, &gzipper->own) < 0)
		return error_errno(err, ENOMEM, "compress");
	work_up(gzipper->own, block);
	block->is_done = true;
	gzipper->taken++;
	return 0;
}

/* submit - the block that is being filled; then there is room for another one */
static int submit(struct gzipper *gzipper, const struct compress_sink *sink, struct error *err)
{
	struct block *block = block_at(gzipper, gzipper->filled);
	int r = gzipper->thread_count > 0 ? 0 : do_it_ourselves(gzipper, block, err);

	if (r < 0)
		return r;
	(void) pthread_mutex_lock(&gzipper->mutex);
	gzipper->filled++;
	(void) pthread_cond_broadcast(&gzipper->changed);
	(void) pthread_mutex_unlock(&gzipper->mutex);
	while (r >= 0 && (gzipper->filled - gzipper->written == gzipper->count || oldest_is_done(gzipper)))
		r = hand_on(gzipper, sink, err);
	return r;
}

int gzipper_write(struct gzipper *gzipper, const struct compress_sink *sink, const void *bytes, size_t length,
                  struct error *err)
{
	const unsigned char *next = bytes;
	int r = write_header(gzipper, sink, err);

	gzipper->crc = checksum_add(&gzipper->checksum, gzipper->crc, bytes, length);
	gzipper->total += length;
	if (!gzipper->blocks[0].in)
		begin_block(gzipper);
	while (r >= 0 && length > 0) {
		struct block *block = block_at(gzipper, gzipper->filled);
		size_t n = MIN(length, DEFLATE_BLOCK - block->length);

		/* only now is it sure that there is more than one */
		if (n == 0) {
			start_threads(gzipper);
			r = submit(gzipper, sink, err);
			if (r >= 0)
				begin_block(gzipper);
			continue;
		}
		(void) memcpy(block->in + block->dictionary + block->length, next, n);
		block->length += n;
		next += n;
		length -= n;
	}
	return r;
}

static int write_end(struct gzipper *gzipper, const struct compress_sink *sink, struct error *err)
{
	/* a last block that is empty (fixed codes, RFC 1951 §3.2.6), CRC and length, least byte first */
	unsigned char end[10] = {3, 0};

	for (unsigned i = 0; i < 4; i++) {
		end[2 + i] = (unsigned char) (gzipper->crc >> 8 * i & 255);
		end[6 + i] = (unsigned char) (gzipper->total >> 8 * i & 255);
	}
	return sink->write(sink->context, end, sizeof end, err);
}

int gzipper_finish(struct gzipper *gzipper, const struct compress_sink *sink, struct error *err)
{
	int r = write_header(gzipper, sink, err);

	if (r >= 0 && gzipper->blocks[0].in && block_at(gzipper, gzipper->filled)->length > 0)
		r = submit(gzipper, sink, err);
	while (r >= 0 && gzipper->written < gzipper->filled)
		r = hand_on(gzipper, sink, err);
	stop_threads(gzipper);
	return r < 0 ? r : write_end(gzipper, sink, err);
}

void gzipper_free(struct gzipper *gzipper)
{
	if (!gzipper)
		return;
	stop_threads(gzipper);
	for (unsigned i = 0; i < THREADS_MAX; i++)
		deflater_free(gzipper->deflaters[i]);
	deflater_free(gzipper->own);
	for (unsigned i = 0; i < BLOCKS_MAX; i++) {
		free(gzipper->blocks[i].in);
		free(gzipper->blocks[i].out);
	}
	(void) pthread_mutex_destroy(&gzipper->mutex);
	(void) pthread_cond_destroy(&gzipper->changed);
	free(gzipper);
}
