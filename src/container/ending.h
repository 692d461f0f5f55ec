/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ending.h - hear of a container's end when it comes */
#ifndef CORACLE_CONTAINER_ENDING_H
#define CORACLE_CONTAINER_ENDING_H

#include "coracle/engine/engine.h"
#include "coracle/state/state.h"

/*
 * ending_open - a connection on which its monitor tells the end, for good: restarts are not the end
 *
 * Returns a descriptor that becomes readable then, -ESRCH when no monitor lives (any more), or
 * another negative errno with err.
 */
int ending_open(const struct paths *paths, const char *id, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* ending_read - wait for it; true with the exit code, false when the monitor went away without a word */
bool ending_read(int fd, int64_t *code) NONNULL(2);

#endif
