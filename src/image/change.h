/* SPDX-License-Identifier: GPL-2.0-or-later */
/* change.h - Dockerfile words that change an image's configuration (import --change, commit --change) */
#ifndef CORACLE_IMAGE_CHANGE_H
#define CORACLE_IMAGE_CHANGE_H

#include "coracle/oci/image.h"

/* change_apply - one line such as `CMD ["sh"]` or `ENV A=b`; *run untouched on failure */
int change_apply(const char *line, struct image_config_run *run, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;

#endif
