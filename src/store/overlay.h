/* SPDX-License-Identifier: GPL-2.0-or-later */
/* overlay.h - what the drivers share: names of layers, the upper directory, probing in a child */
#ifndef CORACLE_STORE_OVERLAY_PRIVATE_H
#define CORACLE_STORE_OVERLAY_PRIVATE_H

#include "coracle/store/driver.h"

#define OVERLAY_LAYER_SIZE 80

/* overlay_layer_path - "layers/HEX/diff" from a chain id with or without "sha256:" */
void overlay_layer_path(const char *chain_id, char into[static OVERLAY_LAYER_SIZE]);

/* overlay_layer_store - borrowed descriptor of the store/ that the layer is in; the own one when it is nowhere */
int overlay_layer_store(const struct driver_mount *request, size_t i);

/* overlay_check_layers - chain ids become names of directories, and records may be damaged */
int overlay_check_layers(const struct driver_mount *request, struct error *err) MUST_USE;

/*
 * overlay_make_upper - upper/ and work/ in a container's directory, fit for a mount now
 *
 * like  a directory below like_fd whose owner and mode a new upper/ gets; NULL: 0755
 */
int overlay_make_upper(int container_fd, int like_fd, const char *like) MUST_USE;

/*
 * overlay_reopen - the same directory as fd, by its path in this mount namespace
 *
 * The kernel mounts only what belongs to the caller's mount namespace (-EINVAL otherwise), and a
 * descriptor from before unshare(2) or setns(2) belongs to the old one.
 * Returns an O_PATH descriptor, or a negative errno (-ESTALE: something else is there now).
 */
int overlay_reopen(int fd) MUST_USE;

/*
 * overlay_probe_in_child - run try in a child with a mount namespace of its own
 *
 * try  gets an empty directory in store/tmp, opened in that namespace, which is removed afterwards
 * Outside of a user namespace where it may mount, the child makes one with a single id.
 * Returns 0 or the negative errno that try returned; a child that hangs is ended after 10 s (-ETIMEDOUT), -EINTR is
 * one that was killed.
 */
int overlay_probe_in_child(struct store *store, int (*try)(int dir_fd)) NONNULL(1, 2) MUST_USE;

#endif
