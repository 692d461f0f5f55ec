/* SPDX-License-Identifier: GPL-2.0-or-later */
/* used.c - what containers stand on: images, layers, volumes */
#include "coracle/container/container.h"
#include "coracle/volume/volume.h"

static void add_once(struct texts *into, const struct texts *more)
{
	for (size_t i = 0; i < more->count; i++)
		if (!texts_has(into, more->items[i]))
			texts_add(into, more->items[i]);
}

int container_layers_used(void *data, struct texts *chain_ids, struct error *err)
{
	struct engine *engine = data;
	AUTO_CONTAINERS struct list containers = {0};
	int r = state_list(&engine->paths, STATE_ALL, STATE_FULL, &containers, err);

	if (r < 0)
		return r;
	LIST_EACH(struct container, container, &containers) {
		if (!container->record) {
			(void) error_set(err, ERROR_CONFLICT, "container %.12s", container->id);
			return -EAGAIN;
		}
		add_once(chain_ids, &container->record->layers);
	}
	return 0;
}

int container_layers_live(struct engine *engine, struct pairs *live, struct error *err)
{
	AUTO_CONTAINERS struct list containers = {0};
	int r = state_list(&engine->paths, STATE_LIVE, STATE_FULL, &containers, err);

	LIST_EACH(struct container, container, &containers)
		for (size_t i = 0; r >= 0 && container->record && i < container->record->layers.count; i++)
			pairs_set(live, container->record->layers.items[i], container->id);
	return r;
}

int container_images_used(struct engine *engine, struct pairs *used, struct texts *layers, struct error *err)
{
	AUTO_CONTAINERS struct list containers = {0};
	int r = state_list(&engine->paths, STATE_ALL, STATE_FULL, &containers, err);

	if (r < 0)
		return r;
	LIST_EACH(struct container, container, &containers) {
		if (container->image_id && *container->image_id)
			pairs_set(used, container->image_id, container->id);
		if (container->record)
			add_once(layers, &container->record->layers);
	}
	return 0;
}

int container_images_live(struct engine *engine, struct pairs *live, struct error *err)
{
	AUTO_CONTAINERS struct list containers = {0};
	int r = state_list(&engine->paths, STATE_LIVE, STATE_SUMMARY, &containers, err);

	LIST_EACH(struct container, container, &containers)
		if (r >= 0 && container->image_id && *container->image_id)
			pairs_set(live, container->image_id, container->id);
	return r < 0 ? r : 0;
}

int container_volumes_used(struct engine *engine, struct texts *out, struct error *err)
{
	AUTO_CONTAINERS struct list containers = {0};
	int r = state_list(&engine->paths, STATE_ALL, STATE_SUMMARY, &containers, err);

	if (r < 0)
		return r;
	LIST_EACH(struct container, container, &containers)
		for (size_t i = 0; i < container->volumes.count; i++) {
			const char *source = container->volumes.items[i];

			/* the other sources are paths of bind mounts */
			if (volume_name_is_valid(source) && !texts_has(out, source))
				texts_add(out, source);
		}
	return 0;
}
