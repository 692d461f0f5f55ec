/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pull_private.h - the parts of a pull
 *
 * pull.c         the request: policy, names, tags
 * pull_image.c   one image from one place: manifest, configuration; ends with image_make
 * pull_layers.c  the layers: downloads side by side, one poll loop
 * pull_worker.c  the process that unpacks one layer while it arrives
 * pull_apart.c   all of it in a process of its own
 */
#ifndef CORACLE_IMAGE_PULL_PRIVATE_H
#define CORACLE_IMAGE_PULL_PRIVATE_H

#include "coracle/image/image.h"
#include "coracle/store/part.h"

#include <sys/types.h>

#include "progress.h"
#include "remote.h"

/* --- pull_image.c --- */
struct pull {
	struct engine *engine;
	struct store *store;
	const struct image_pull *request;
	const struct image_progress *progress;
	const struct remote *remote;
	struct platform platform; /* wanted; without architecture: this machine's */
	size_t parallel;
	bool entered;
	struct list *out;
};
/* pull_enter - where files are made that belong to others; an image that is whole is not worth the namespace; idempotent */
int pull_enter(struct pull *pull, struct error *err) NONNULL(1, 2) MUST_USE;
/* pull_image - what name stands for at a place, into the store */
int pull_image(struct pull *pull, const struct remote_place *place, struct registry *registry,
               const struct reference *name, struct error *err) NONNULL(1, 2, 3, 4, 5) MUST_USE;

/* --- pull_worker.c --- */
struct pull_worker {
	pid_t pid;     /* 0: none */
	int result_fd; /* becomes readable when it has ended */
	int more_fd;   /* a byte into it says that the part has grown; -1: it is complete */
	_Atomic uint64_t *unpacked; /* shared with it: bytes of the blob that were worked up */
};
#define PULL_WORKER_INIT {.result_fd = -1, .more_fd = -1}

struct pull_work {
	struct store *store;
	struct part *part;
	const char *parent, *diff_id;
	bool grows;
	const int *close_fds; /* of the caller, that the worker must not hold: locks, writing ends of pipes */
	size_t close_count;
};
int pull_worker_start(struct pull_worker *worker, const struct pull_work *work, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* pull_worker_grown - the part is longer now; harmless when nobody works */
void pull_worker_grown(const struct pull_worker *worker) NONNULL(1);
/* pull_worker_no_more - the part won't grow any longer */
void pull_worker_no_more(struct pull_worker *worker) NONNULL(1);
/* pull_worker_finish - wait for it; what layer_unpack_stream returned there */
int pull_worker_finish(struct pull_worker *worker, struct error *err) NONNULL(1, 2) MUST_USE;
/* pull_worker_stop - end it, whatever it does */
void pull_worker_stop(struct pull_worker *worker) NONNULL(1);

/* --- pull_layers.c --- */
struct pull_layers {
	struct store *store;
	struct registry *registry;
	const char *repository;
	const struct list *descriptors; /* struct descriptor, lowest first */
	const struct texts *diff_ids;   /* as many */
	size_t parallel; /* downloads at a time */
	const struct image_progress *progress;
};
/* pull_layers - all of them are in the store afterwards; the caller holds it (store_hold) */
int pull_layers(const struct pull_layers *request, struct error *err) NONNULL(1, 2) MUST_USE;

#endif
