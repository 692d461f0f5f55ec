/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ring.c - a bounded queue of blocks between threads; see ring.h */
#include "ring.h"

#include "coracle/base/alloc.h"

#include <assert.h>
#include <string.h>

void ring_init(struct ring *ring, size_t block_size, unsigned blocks, unsigned readers)
{
	assert(blocks > 0 && blocks <= RING_MAX_BLOCKS && readers > 0 && readers <= RING_MAX_READERS);
	*ring = (struct ring){
		.block_size = block_size, .count = blocks, .readers = readers,
		.memory = xcalloc(blocks, block_size),
	};
	(void) pthread_mutex_init(&ring->mutex, NULL);
	(void) pthread_cond_init(&ring->changed, NULL);
}

void ring_done(struct ring *ring)
{
	if (!ring->memory)
		return;
	(void) pthread_cond_destroy(&ring->changed);
	(void) pthread_mutex_destroy(&ring->mutex);
	free(TAKE_PTR(ring->memory));
}

static bool is_full(const struct ring *ring)
{
	for (unsigned i = 0; i < ring->readers; i++)
		if (ring->produced - ring->released[i] >= ring->count)
			return true;
	return false;
}

static unsigned char *block_at(const struct ring *ring, uint64_t number)
{
	return ring->memory + (size_t) (number % ring->count) * ring->block_size;
}

unsigned char *ring_reserve(struct ring *ring)
{
	unsigned char *block;

	(void) pthread_mutex_lock(&ring->mutex);
	while (is_full(ring) && !ring->cancelled)
		(void) pthread_cond_wait(&ring->changed, &ring->mutex);
	block = ring->cancelled ? NULL : block_at(ring, ring->produced);
	(void) pthread_mutex_unlock(&ring->mutex);
	return block;
}

void ring_commit(struct ring *ring, size_t length)
{
	(void) pthread_mutex_lock(&ring->mutex);
	ring->lengths[ring->produced % ring->count] = length;
	ring->produced++;
	(void) pthread_cond_broadcast(&ring->changed);
	(void) pthread_mutex_unlock(&ring->mutex);
}

static void set(struct ring *ring, bool *flag)
{
	(void) pthread_mutex_lock(&ring->mutex);
	*flag = true;
	(void) pthread_cond_broadcast(&ring->changed);
	(void) pthread_mutex_unlock(&ring->mutex);
}

void ring_end(struct ring *ring)
{
	set(ring, &ring->ended);
}

void ring_cancel(struct ring *ring)
{
	set(ring, &ring->cancelled);
}

int ring_read(struct ring *ring, unsigned reader, const void **bytes, size_t *length)
{
	int r;

	(void) pthread_mutex_lock(&ring->mutex);
	if (ring->reading[reader]) {
		ring->reading[reader] = false;
		ring->released[reader]++;
		(void) pthread_cond_broadcast(&ring->changed);
	}
	while (ring->released[reader] == ring->produced && !ring->ended && !ring->cancelled)
		(void) pthread_cond_wait(&ring->changed, &ring->mutex);
	if (ring->cancelled) {
		r = -ECANCELED;
	} else if (ring->released[reader] == ring->produced) {
		r = 0;
	} else {
		*bytes = block_at(ring, ring->released[reader]);
		*length = ring->lengths[ring->released[reader] % ring->count];
		ring->reading[reader] = true;
		r = 1;
	}
	(void) pthread_mutex_unlock(&ring->mutex);
	return r;
}
