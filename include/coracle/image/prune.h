/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prune.h - images that nothing needs, and how much room images take */
#ifndef CORACLE_IMAGE_PRUNE_H
#define CORACLE_IMAGE_PRUNE_H

#include "coracle/engine/engine.h"
#include "coracle/store/gc.h"

struct image_prune {
	bool all;             /* also images that have names; else only those without */
	struct texts filters; /* as of image_list; dangling=false means all */
};

struct image_pruned {
	struct texts untagged; /* names */
	struct texts deleted;  /* image ids */
	struct store_collected collected;
};
void image_pruned_done(struct image_pruned *pruned) NONNULL(1);

/*
 * image_prune - [userns] remove images that no container uses, then what nothing in the store needs
 *
 * used    pairs of image id and container id (container_images_used)
 * in_use  layers that containers stand on, asked when records are gone (container_layers_used); data goes to it
 * out     zeroed by the caller, filled also in failure; images whose record is damaged stay
 */
int image_prune(struct engine *engine, const struct image_prune *request, const struct pairs *used,
                store_in_use *in_use, void *data, struct image_pruned *out, struct error *err)
	NONNULL(1, 2, 3, 4, 6, 7) MUST_USE;

struct image_usage {
	char *id, *created; /* owned; created RFC 3339 */
	struct texts names;
	uint64_t size;      /* bytes of its layers */
	uint64_t shared;    /* of those that other images have too */
	uint64_t containers; /* that are made of it */
};
struct image_usages {
	struct list images;     /* struct image_usage, newest first */
	uint64_t size;          /* bytes of all layers, each counted once */
	uint64_t reclaimable;   /* of those that no image with a container has */
	uint64_t active;        /* images with containers */
};
void image_usages_done(struct image_usages *usages) NONNULL(1);
/*
 * image_usage - how much room images take, from the records of layers: no file of a layer is looked at
 *
 * users  image ids of all containers, one for each container
 */
int image_usage(struct engine *engine, const struct texts *users, struct image_usages *out, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;

#endif
