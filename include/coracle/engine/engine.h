/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine.h - opens paths, store and state once, on demand, for whoever calls */
#ifndef CORACLE_ENGINE_ENGINE_H
#define CORACLE_ENGINE_ENGINE_H

#include "coracle/base/error.h"
#include "coracle/conf/paths.h"
#include "coracle/store/store.h"
#include "coracle/userns/userns.h"

struct engine {
	struct paths paths;
	struct store *store;     /* NULL until engine_store */
	struct userns *userns;   /* NULL until engine_userns_begin */
	bool entered;            /* this process is inside the user namespace */
};

/* engine_open - the directories only; release with engine_close */
int engine_open(struct engine *out, struct error *err) NONNULL(1, 2) MUST_USE;
void engine_close(struct engine *engine) NONNULL(1);
/* engine_store - borrowed, opened at the first call; NULL with err filled */
struct store *engine_store(struct engine *engine, struct error *err) NONNULL(1, 2) MUST_USE;
/* engine_userns_begin - start making or joining the user namespace in the background; idempotent */
int engine_userns_begin(struct engine *engine, struct error *err) NONNULL(1, 2) MUST_USE;
/* engine_enter - put this process into the user namespace (and a private mount namespace) for good; idempotent */
int engine_enter(struct engine *engine, struct error *err) NONNULL(1, 2) MUST_USE;

#endif
