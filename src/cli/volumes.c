/* SPDX-License-Identifier: GPL-2.0-or-later */
/* volumes.c - which volumes a command is about */
#include "volumes.h"

#include "coracle/container/container.h"

int volumes_find(struct engine *engine, const struct texts *filters, struct list *out, struct texts *used,
                 struct error *err)
{
	struct list all = {0};
	int r = volume_list(&engine->paths, &all, err);

	if (r >= 0)
		r = container_volumes_used(engine, used, err);
	LIST_EACH(struct volume, volume, &all) {
		int matches = r < 0 ? r : volume_matches(volume, filters, used, err);

		if (matches <= 0) {
			r = matches;
			volume_done(volume);
			continue;
		}
		/* What matches moves over; the rest is freed here. */
		*(struct volume *) list_add(out, sizeof *volume) = *volume;
	}
	free(all.items);
	return r < 0 ? r : 0;
}
