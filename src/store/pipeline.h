/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pipeline.h - from the bytes of a layer_stream to blocks of tar, hashed twice on their way
 *
 *   thread 1   reads fd (and waits for it to grow), hashes the compressed bytes
 *   thread 2   inflates; not there when the tar is not compressed: then thread 1 fills its ring
 *   thread 3   hashes the tar
 *   caller     takes the blocks of tar
 */
#ifndef CORACLE_STORE_PIPELINE_H
#define CORACLE_STORE_PIPELINE_H

#include "coracle/base/digest.h"
#include "coracle/store/stream.h"

struct pipeline;

int pipeline_start(const struct layer_stream *stream, struct pipeline **out, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* pipeline_next - > 0: length of the next block, borrowed until the next call; 0: the end, good or bad */
ssize_t pipeline_next(struct pipeline *pipeline, const void **bytes) NONNULL(1, 2) MUST_USE;
/* pipeline_finish - take what is left, check it all; diff_id and length are those of the whole tar */
int pipeline_finish(struct pipeline *pipeline, char diff_id[static DIGEST_TEXT_SIZE], uint64_t *length,
                    struct error *err) NONNULL(1, 3, 4) MUST_USE;
/*
 * pipeline_blame - the caller can't go on, for the reason r in err: is what came the cause?
 *
 * Returns r, or what is wrong with the bytes, in err.
 */
int pipeline_blame(struct pipeline *pipeline, int r, struct error *err) NONNULL(1, 3) MUST_USE;
/* pipeline_stop - cancel what still runs, join the threads, free; NULL allowed */
void pipeline_stop(struct pipeline *pipeline);

static inline void auto_pipeline(struct pipeline **slot)
{
	pipeline_stop(*slot);
	*slot = NULL;
}
#define AUTO_PIPELINE AUTO(auto_pipeline)

#endif
