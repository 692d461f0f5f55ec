/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shared_private.h - stores that others can read: their making, and what the look-ups of this module need */
#ifndef CORACLE_STORE_SHARED_PRIVATE_H
#define CORACLE_STORE_SHARED_PRIVATE_H

#include "coracle/store/shared.h"

#include <sys/stat.h>

#define SHARED_MARK        "shared.json"
#define SHARED_DIRECTORIES "directories"

/* shared_open - descriptor of path's store/, when it is a store that can be used; else negative errno */
int shared_open(const char *path, struct error *err) NONNULL(1, 2) MUST_USE;
/* store_is_shared - others can read it: what is written has to be so, too */
bool store_is_shared(struct store *store) NONNULL(1);
/* shared_set - give dir_fd/name the mode for everybody and, to files and directories, the attribute */
int shared_set(int dir_fd, const char *name, uint64_t uid, uint64_t gid, mode_t mode) NONNULL(2) MUST_USE;

/*
 * shared_keep_directories - copy directories whose owner or mode is a special one up into a fresh upper directory
 *
 * root_fd  fuse-overlayfs' mount of the layers. When it copies a directory up later, by itself, it gives it the
 *          owner and mode on disk (1.10): /tmp would not be everybody's any more. So it is done first,
 *          and both are set again.
 */
struct driver_mount;
void shared_keep_directories(const struct driver_mount *request, int root_fd) NONNULL(1);

/* shared_stat - owner and mode (the type's bits stay) as the attribute of dir_fd/name says; false: it has none */
bool shared_stat(int dir_fd, const char *name, struct stat *st) NONNULL(2, 3);

size_t store_shared_count(struct store *store) NONNULL(1);
/* store_shared_next - the next usable one from *i on, NULL at the end */
struct store *store_shared_next(struct store *store, size_t *i) NONNULL(1, 2);
void store_shared_close(struct store *store) NONNULL(1);
/* store_of_layer - the own store or the additional one that has the layer; NULL: none */
struct store *store_of_layer(struct store *store, const char *chain_id) NONNULL(1, 2);
/* layer_is_here - in this very store */
bool layer_is_here(const struct store *store, const char *chain_id) NONNULL(1, 2);

#endif
