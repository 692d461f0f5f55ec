/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage.h - what takes how much room on disk, as rows of tables */
#ifndef CORACLE_CLI_USAGE_H
#define CORACLE_CLI_USAGE_H

#include "coracle/engine/engine.h"
#include "coracle/image/prune.h"

struct usage { /* arrays of objects; owned */
	json_t *kinds;      /* Type TotalCount Total Active Size Reclaimable RawSize RawReclaimable */
	json_t *images;     /* Repository Tag ID CreatedSince Size SharedSize UniqueSize Containers */
	json_t *containers; /* of ps, with Size of what was written */
	json_t *volumes;    /* Name Links Size */
};
void usage_done(struct usage *usage) NONNULL(1);
/* usage_read - [userns] out zeroed by the caller */
int usage_read(struct engine *engine, struct usage *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;

#endif
