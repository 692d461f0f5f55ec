/* SPDX-License-Identifier: GPL-2.0-or-later */
/* progress.h - telling whoever wants to know how a transfer goes on */
#ifndef CORACLE_IMAGE_PROGRESS_H
#define CORACLE_IMAGE_PROGRESS_H

#include "coracle/image/image.h"

/* progress_event - tell progress (may be NULL) */
static inline void progress_event(const struct image_progress *progress, enum image_pull_event event, const char *text)
{
	if (progress && progress->event)
		progress->event(progress->data, event, text);
}

#endif
