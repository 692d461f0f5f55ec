/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * layer_entries.h - what an archive says that a layer holds, against what lies in its directory
 *
 * Paths are kept as hashes with a random seed, 64 bits each: two that collide could at the worst hide a change.
 */
#ifndef CORACLE_STORE_LAYER_ENTRIES_H
#define CORACLE_STORE_LAYER_ENTRIES_H

#include "coracle/store/check.h"

#include <sys/stat.h>

#include "tar_reader.h"

struct layer_entries;

enum layer_kind {
	LAYER_OWN,
	LAYER_SHARED, /* of a store for everybody (shared.h): owners and modes stand in attributes; symlinks have none */
};
/* layer_entries_new - diff_fd (borrowed): the layer's diff/; damages (borrowed) is appended to */
struct layer_entries *layer_entries_new(int diff_fd, enum layer_kind kind, struct texts *damages) NONNULL(3);
void layer_entries_free(struct layer_entries *entries);
/* layer_entries_add - the next entry of the archive; api as of tar_api_load */
int layer_entries_add(struct layer_entries *entries, const struct tar_api *api, struct archive_entry *entry,
                      struct error *err) NONNULL(1, 2, 3, 4) MUST_USE;
/* layer_entries_finish - the archive was whole: tell of what differs, and what it did not bring */
int layer_entries_finish(struct layer_entries *entries, struct error *err) NONNULL(1, 2) MUST_USE;
/* layer_damage - append a line, at most LAYER_CHECK_MAX_LINES of them */
void layer_damage(struct texts *damages, const char *format, ...) PRINTF(2, 3) NONNULL(1);
/*
 * layer_export_damaged - as layer_export_fd, but goes on after files that were changed, with zeros for what is not there
 *
 * damages  out: a line for each of them; with any the digest is another one, so -EBADMSG is returned
 */
int layer_export_damaged(struct store *store, const char *chain_id, int fd, struct texts *damages, struct error *err)
	NONNULL(1, 2, 4, 5) MUST_USE;

/* layer_visit - path is relative to diff/, dir_fd the directory that it lies in; 1: look into it, 0: not, or a negative errno */
typedef int layer_visit(void *data, int dir_fd, const char *path, const struct stat *st, struct error *err);
int layer_walk(int diff_fd, layer_visit *visit, void *data, struct error *err) NONNULL(2, 4) MUST_USE;

struct layer_sums { uint64_t bytes, files; };
/* layer_sum - what is in the directory: bytes of its files (one with several names once) and entries but whiteouts */
int layer_sum(int diff_fd, struct layer_sums *out, struct error *err) NONNULL(2, 3) MUST_USE;

#endif
