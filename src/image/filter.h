/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filter.h - `images --filter` and `image prune --filter` */
#ifndef CORACLE_IMAGE_FILTER_H
#define CORACLE_IMAGE_FILTER_H

#include "coracle/image/image.h"

struct image_filter { const char *key, *value; };
/* image_filters_check - known keys and readable values, before anything is listed */
int image_filters_check(const struct texts *filters, struct error *err) NONNULL(1, 2) MUST_USE;
/*
 * image_filters_match - 1, 0 or a negative errno (before= or since= names no image)
 *
 * The same key twice means either (labels: both); different keys mean both.
 * used  image id -> container, for containers=; NULL: none is used
 */
int image_filters_match(struct engine *engine, const struct texts *filters, const struct pairs *used,
                        const struct image_record *record, struct error *err)
	NONNULL(1, 2, 4, 5) MUST_USE;
/* image_filters_show_name - of an image with several names reference= shows those that fit, as docker does */
bool image_filters_show_name(const struct texts *filters, const char *full_name) NONNULL(1, 2);
/* image_name_matches - a full name fits a pattern such as "debian", "*bian:1?", "docker.io/library/debian:12" */
bool image_name_matches(const char *full_name, const char *pattern) NONNULL(1, 2);

#endif
