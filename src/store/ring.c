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
	(void) pthread_cond_init(&ring->more, NULL);
	(void) pthread_cond_init(&ring->room, NULL);
}

void ring_done(struct ring *ring)
{
	if (!ring->memory)
		return;
	(void) pthread_cond_destroy(&ring->more);
	(void) pthread_cond_destroy(&ring->room);
	(void) pthread_mutex_destroy(&ring->mutex);
	free(TAKE_PTR(ring->memory));
}

/* used - blocks that a reader still wants */
static uint64_t used(const struct ring *ring)
{
	uint64_t most = 0;

	for (unsigned i = 0; i < ring->readers; i++)
		most = MAX(most, ring->produced - ring->released[i]);
	return most;
}

static unsigned char *block_at(const struct ring *ring, uint64_t number)
{
	return ring->memory + (size_t) (number % ring->count) * ring->block_size;
}

unsigned char *ring_reserve(struct ring *ring)
{
	unsigned char *block;

	(void) pthread_mutex_lock(&ring->mutex);
	ring->full = used(ring) >= ring->count;
	while (ring->full && !ring->cancelled)
		(void) pthread_cond_wait(&ring->room, &ring->mutex);
	block = ring->cancelled ? NULL : block_at(ring, ring->produced);
	(void) pthread_mutex_unlock(&ring->mutex);
	return block;
}

void ring_commit(struct ring *ring, size_t length)
{
	(void) pthread_mutex_lock(&ring->mutex);
	ring->lengths[ring->produced % ring->count] = length;
	ring->produced++;
	(void) pthread_cond_broadcast(&ring->more);
	(void) pthread_mutex_unlock(&ring->mutex);
}

static void set(struct ring *ring, bool *flag)
{
	(void) pthread_mutex_lock(&ring->mutex);
	*flag = true;
	(void) pthread_cond_broadcast(&ring->more);
	(void) pthread_cond_broadcast(&ring->room);
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
		if (ring->full && used(ring) <= ring->count / 2) {
			ring->full = false;
			(void) pthread_cond_signal(&ring->room);
		}
	}
	while (ring->released[reader] == ring->produced && !ring->ended && !ring->cancelled)
		(void) pthread_cond_wait(&ring->more, &ring->mutex);
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
