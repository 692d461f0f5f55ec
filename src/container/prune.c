/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prune.c - the containers that do not run, removed all at once */
#include "coracle/base/alloc.h"
#include "coracle/container/container.h"

#include <string.h>

#include "filter.h"
#include "size.h"

static int check_filters(const struct texts *filters, struct error *err)
{
	static const char *const keys[] = {"until=", "label=", "label!="};

	for (size_t i = 0; i < filters->count; i++) {
		bool known = false;

		for (size_t j = 0; j < ARRAY_LEN(keys); j++)
			known = known || strncmp(filters->items[i], keys[j], strlen(keys[j])) == 0;
		if (!known)
			return error_set(err, ERROR_INVALID, "filter \"%.200s\" is unknown; there are: label, label!, until",
			                 filters->items[i]);
	}
	return 0;
}

static bool is_idle(const struct container *container)
{
	/* what can't be read is rm's to remove, by name */
	return container->status == STATUS_EXITED || container->status == STATUS_CREATED;
}

int container_prune(struct engine *engine, const struct container_prune *request, struct texts *removed,
                    uint64_t *bytes, struct error *err)
{
	static const struct container_remove remove = {0};
	AUTO_FILTERS struct filters filters = {0};
	AUTO_CONTAINERS struct list containers = {0};
	int result = 0, r = check_filters(&request->filters, err);

	*bytes = 0;
	if (r >= 0)
		r = filters_open(engine, &request->filters, &filters, err);
	if (r >= 0)
		r = state_list(&engine->paths, STATE_ALL, STATE_FULL, &containers, err);
	if (r < 0)
		return r;
	LIST_EACH(struct container, container, &containers) {
		struct error failure = {0};
		struct size size;

		if (!is_idle(container) || !filters_match(&filters, container))
			continue;
		size_of(engine, container, &size);
		r = container_remove(engine, container->id, &remove, NULL, &failure);
		/* started or removed by somebody else meanwhile */
		if (r < 0 && (failure.kind == ERROR_CONFLICT || failure.kind == ERROR_NOT_FOUND))
			continue;
		if (r >= 0) {
			texts_add(removed, container->id);
			*bytes += size.written;
		} else if (result == 0) {
			*err = failure;
			result = r;
		}
	}
	return result;
}
