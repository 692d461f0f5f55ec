/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bundle.h - the files of an image archive (tar in a file or pipe, compressed or not) or layout directory, by name */
#ifndef CORACLE_STORE_BUNDLE_H
#define CORACLE_STORE_BUNDLE_H

#include "coracle/store/store.h"

struct bundle;

/*
 * bundle_open - fd of a directory, a file or a pipe; stays the caller's and open until bundle_close
 *
 * An uncompressed archive in a file is used where it is; otherwise its files are put into store/tmp.
 */
int bundle_open(struct store *store, int fd, struct bundle **out, struct error *err) NONNULL(1, 3, 4) MUST_USE;
void bundle_close(struct bundle *bundle);
bool bundle_has(struct bundle *bundle, const char *name) NONNULL(1, 2);
/* bundle_read - owned bytes, NUL-terminated; -EFBIG above max */
int bundle_read(struct bundle *bundle, const char *name, size_t max, char **out, size_t *length,
                struct error *err) NONNULL(1, 2, 4, 5, 6) MUST_USE;
/* bundle_seek - descriptor (the caller closes it) that stands at the file's first byte; length: how many are its */
int bundle_seek(struct bundle *bundle, const char *name, uint64_t *length, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;

#endif
