/* SPDX-License-Identifier: GPL-2.0-or-later */
/* media.h - media types of what an index and a manifest point to (media-types.md, and docker's) */
#ifndef CORACLE_IMAGE_MEDIA_H
#define CORACLE_IMAGE_MEDIA_H

#include "coracle/oci/image.h"

bool media_is_index(const struct descriptor *descriptor) NONNULL(1);
/* media_is_image - an image or an index of images; attestations and artifacts stand beside them in an index */
bool media_is_image(const struct descriptor *descriptor) NONNULL(1);
/*
 * media_choose - of an index the image for a platform: the one that fits best (platform_rank), of equals the first, which
 * is the index's preference (image-index.md); else the only image of one that names no platform; borrowed from index.
 * NULL with err: what there is instead
 */
const struct descriptor *media_choose(const struct image_index *index, const struct platform *wanted,
                                      struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* media_check - the manifest is a container image's, with layers that can be unpacked */
int media_check(const struct image_manifest *manifest, struct error *err) NONNULL(1, 2) MUST_USE;

#endif
