/* SPDX-License-Identifier: GPL-2.0-or-later */
/* source.h - where a layer_stream's bytes come from: a pipe, a file, or a file that grows */
#ifndef CORACLE_STORE_SOURCE_H
#define CORACLE_STORE_SOURCE_H

#include "coracle/store/stream.h"

struct source {
	const struct layer_stream *stream; /* borrowed */
	int cancel_fd;    /* eventfd(2), owned: what waits gives up when it is readable */
	uint64_t left;    /* bytes that may still be read */
	bool more_ended;  /* nobody appends any longer */
};

int source_open(struct source *source, const struct layer_stream *stream, struct error *err) NONNULL(1, 2, 3) MUST_USE;
void source_close(struct source *source) NONNULL(1);
/* source_read - bytes, 0 at the end, -ECANCELED, -EPIPE (stopped growing), or another negative errno */
ssize_t source_read(struct source *source, void *into, size_t size) NONNULL(1, 2) MUST_USE;
/* source_cancel - by another thread */
void source_cancel(struct source *source) NONNULL(1);

#endif
