/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ring.h - blocks of bytes handed from one thread to one or two others, without copying */
#ifndef CORACLE_STORE_RING_H
#define CORACLE_STORE_RING_H

#include "coracle/base/base.h"

#include <pthread.h>

#define RING_MAX_BLOCKS  16
#define RING_MAX_READERS 2

struct ring {
	pthread_mutex_t mutex;
	pthread_cond_t more, room; /* for readers; for the producer */
	unsigned char *memory; /* owned */
	size_t block_size, lengths[RING_MAX_BLOCKS];
	uint64_t count;    /* of blocks */
	uint64_t produced; /* blocks so far */
	uint64_t released[RING_MAX_READERS]; /* blocks that a reader is done with */
	bool reading[RING_MAX_READERS];      /* a reader holds block number released[] */
	unsigned readers;
	bool full;         /* the producer waits until half of the blocks are free: fewer turns of the threads */
	bool ended, cancelled;
};

void ring_init(struct ring *ring, size_t block_size, unsigned blocks, unsigned readers) NONNULL(1);
void ring_done(struct ring *ring) NONNULL(1);

/* --- the one producer --- */
/* ring_reserve - a block of block_size bytes to fill, when all readers are done with its last use; NULL: cancelled */
unsigned char *ring_reserve(struct ring *ring) NONNULL(1) MUST_USE;
void ring_commit(struct ring *ring, size_t length) NONNULL(1);
void ring_end(struct ring *ring) NONNULL(1);

/* --- each reader, 0 or 1 --- */
/* ring_read - 1 and the next block, borrowed until this reader's next call; 0: the end; -ECANCELED */
int ring_read(struct ring *ring, unsigned reader, const void **bytes, size_t *length) NONNULL(1, 3, 4) MUST_USE;
/* ring_cancel - by anybody: all calls, those that wait too, give up */
void ring_cancel(struct ring *ring) NONNULL(1);

#endif
