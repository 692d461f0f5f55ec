/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filter.h - which containers a user wants to see: --filter of ps, rm, stop, kill */
#ifndef CORACLE_CONTAINER_FILTER_H
#define CORACLE_CONTAINER_FILTER_H

#include "coracle/engine/engine.h"
#include "coracle/state/state.h"

struct criterion; /* one --filter, made ready */

struct filters {
	struct criterion *items; /* owned */
	size_t count;
	enum state_depth depth;  /* what state_list must read for them */
	bool all;                /* a state was asked for: also those that do not run */
};

/*
 * filters_open - check every "key=value" and look up what the values name
 *
 * words   borrowed until filters_close; NULL: none
 * An unknown key is an error that names the valid ones. Release with filters_close.
 */
int filters_open(struct engine *engine, const struct texts *words, struct filters *out, struct error *err)
	NONNULL(1, 3, 4) MUST_USE;
void filters_close(struct filters *filters) NONNULL(1);
#define AUTO_FILTERS AUTO(filters_close)
/* filters_match - the same key: one must match; different keys and all labels: each must */
bool filters_match(const struct filters *filters, const struct container *container) NONNULL(1, 2);

#endif
