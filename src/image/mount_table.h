/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mount_table.h - which images are mounted, from tables of mounts */
#ifndef CORACLE_IMAGE_MOUNT_TABLE_H
#define CORACLE_IMAGE_MOUNT_TABLE_H

#include "coracle/base/error.h"
#include "coracle/base/texts.h"

/*
 * mount_table_images - digits of images ("0123..." of 64) from the text of a mountinfo
 *
 * text  is changed (mountinfo_next)
 * top  directory whose HEX/merged are mount points, as the kernel writes it: absolute, no symlinks
 * An image that is mounted twice is given once.
 */
void mount_table_images(char *text, const char *top, struct texts *out) NONNULL(1, 2, 3);
/* mount_table_own - those of this mount namespace */
int mount_table_own(const char *top, struct texts *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* mount_table_user - the process in whose mount namespace the image is mounted, 0: none of those that we may look into */
int mount_table_user(const char *top, const char *hex) NONNULL(1, 2) MUST_USE;

#endif
