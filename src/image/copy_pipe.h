/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * copy_pipe.h - a blob from one registry to another through a few bytes of memory
 *
 * The upload asks for bytes; the download begins with the first question, so that nothing is fetched that is there
 * already or can be mounted. Whichever is ahead waits. An upload that begins anew half-way makes the download do so.
 */
#ifndef CORACLE_IMAGE_COPY_PIPE_H
#define CORACLE_IMAGE_COPY_PIPE_H

#include "coracle/registry/registry.h"

struct copy_pipe {
	/* in; borrowed */
	struct registry *from, *to;
	const char *from_repository, *to_repository;
	const char *digest;
	uint64_t size;
	/* private */
	struct blob_get get;
	struct blob_put put;
	bool getting, putting;
	char *buffer;           /* owned */
	size_t start, length;   /* in the buffer */
	uint64_t base;          /* offset in the blob of the first byte in the buffer */
	uint64_t skip;          /* bytes that come again because a range was ignored */
	uint64_t wanted;        /* the download shall begin here; UINT64_MAX: it is where it should be */
	bool get_waits, put_waits;
	struct digest *hash;
	uint64_t hashed;
};

/* copy_pipe_start - *pipe zeroed but for what is "in", and stays where it is until copy_pipe_done */
int copy_pipe_start(struct copy_pipe *pipe, struct error *err) NONNULL(1, 2) MUST_USE;
/* copy_pipe_step - after each http_poll; 1: it has ended, 0: not yet, or a negative errno */
int copy_pipe_step(struct copy_pipe *pipe, struct error *err) NONNULL(1, 2) MUST_USE;
void copy_pipe_done(struct copy_pipe *pipe) NONNULL(1);

#endif
