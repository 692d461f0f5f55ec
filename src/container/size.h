/* SPDX-License-Identifier: GPL-2.0-or-later */
/* size.h - how much a container has written, and how large it is with its image */
#ifndef CORACLE_CONTAINER_SIZE_H
#define CORACLE_CONTAINER_SIZE_H

#include "coracle/engine/engine.h"
#include "coracle/state/state.h"

struct size {
	uint64_t written; /* bytes of the files in the writable layer */
	uint64_t total;   /* with those of the image */
};

/* size_of - [userns] what can't be read is not counted */
void size_of(struct engine *engine, const struct container *container, struct size *out) NONNULL(1, 2, 3);

#endif
