/* SPDX-License-Identifier: GPL-2.0-or-later */
/* history.h - which layer belongs to which step, and what is known of a layer */
#ifndef CORACLE_IMAGE_HISTORY_H
#define CORACLE_IMAGE_HISTORY_H

#include "coracle/image/explore.h"
#include "coracle/oci/image.h"

/* history_steps - pure: append struct image_step to out, newest first; sizes of the count layers, lowest first */
void history_steps(const struct image_config *config, const uint64_t *sizes, size_t count, struct list *out)
	NONNULL(1, 4);

/* explore_layer - as layer_read, with what mends it when the layer is gone */
int explore_layer(struct store *store, const char *chain_id, struct layer_info *out, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;

#endif
