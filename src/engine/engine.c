/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine.c - opens paths, store and user namespace once, on demand; see engine.h */
#include "coracle/engine/engine.h"

#include <string.h>

int engine_open(struct engine *out, struct error *err)
{
	(void) memset(out, 0, sizeof *out);
	return paths_open(&out->paths, err);
}

void engine_close(struct engine *engine)
{
	store_close(engine->store);
	userns_free(engine->userns);
	paths_done(&engine->paths);
	(void) memset(engine, 0, sizeof *engine);
}

struct store *engine_store(struct engine *engine, struct error *err)
{
	/* on failure the member stays NULL, which is the answer */
	if (!engine->store)
		(void) !store_open(&engine->paths, &engine->store, err);
	return engine->store;
}

int engine_userns_begin(struct engine *engine, struct error *err)
{
	return engine->userns ? 0 : userns_begin(&engine->paths, &engine->userns, err);
}

int engine_enter(struct engine *engine, struct error *err)
{
	int r;

	if (engine->entered)
		return 0;
	r = engine_userns_begin(engine, err);
	if (r >= 0)
		r = userns_enter(engine->userns, err);
	if (r >= 0)
		engine->entered = true;
	return r;
}
