/* SPDX-License-Identifier: GPL-2.0-or-later */
/* history.h - which layer belongs to which step; pure */
#ifndef CORACLE_IMAGE_HISTORY_H
#define CORACLE_IMAGE_HISTORY_H

#include "coracle/image/explore.h"
#include "coracle/oci/image.h"

/* history_steps - append struct image_step to out, newest first; sizes of the count layers, lowest first */
void history_steps(const struct image_config *config, const uint64_t *sizes, size_t count, struct list *out)
	NONNULL(1, 4);

#endif
