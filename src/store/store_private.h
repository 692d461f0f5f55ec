/* SPDX-License-Identifier: GPL-2.0-or-later */
/* store_private.h - what the files of this module share */
#ifndef CORACLE_STORE_PRIVATE_H
#define CORACLE_STORE_PRIVATE_H

#include "coracle/store/store.h"

#define STORE_NAME_SIZE 160
#define STORE_FILE_MAX  255 /* bytes of a file name */

struct store {
	int fd; /* of store/ */
	char *path;           /* of the directory that holds an additional store/ (shared.h); NULL: it is the own one */
	const char *from;     /* who named it; static */
	struct error problem; /* why it is not used, then fd is -1; of the own one: why not all were found */
	bool mark_known, mark; /* store_is_shared */
	bool looked;          /* the additional ones are known */
	struct store **shared;
	size_t shared_count;
};

/*
 * A workspace is a directory of its own in tmp/, locked for as long as its descriptor is open, so
 * that store_sweep of another process knows whether its maker lives.
 */
struct workspace {
	struct store *store;
	int fd;                     /* -1: none; read-only descriptor, holds the lock */
	char path[STORE_NAME_SIZE]; /* "tmp/layer-..." relative to store/ */
};
#define WORKSPACE_INIT {.fd = -1}

int workspace_open(struct store *store, const char *what, struct workspace *out, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;
/* workspace_close - remove what is still there and let go */
void workspace_close(struct workspace *workspace) NONNULL(1);
/* workspace_publish - sync it all, then one rename to path; -EEXIST when somebody was first */
int workspace_publish(struct workspace *workspace, const char *path, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
#define AUTO_WORKSPACE AUTO(workspace_close)

/* store_publish_file - bytes become folder/name at once and durably; name may have up to 255 bytes */
int store_publish_file(struct store *store, const char *folder, const char *name, const void *bytes,
                       size_t length) NONNULL(1, 2, 3) MUST_USE;
/* name_escape - a file name; what is not plain becomes %XX, and so does a first dot; 0 or negative errno */
int name_escape(const char *name, char into[static STORE_FILE_MAX + 1]) NONNULL(1) MUST_USE;
/* name_unescape - owned name, NULL when name_escape did not make the file's name */
char *name_unescape(const char *file) NONNULL(1) MUST_USE;
/* store_sweep_count - store_sweep; bytes of the files that went */
uint64_t store_sweep_count(struct store *store) NONNULL(1);
/*
 * part_find_gap - what is missing of the first "length" bytes: from the first hole to the end of the last one
 *
 * Begins with a whole unit (part.h), since the block before a hole may be filled in part. No holes, and file systems
 * that can't tell them: 0, 0. Bytes that are zero may be taken for holes; that only makes the download longer.
 */
void part_find_gap(int fd, uint64_t length, uint64_t *gap, uint64_t *gap_end) NONNULL(3, 4);
/* store_lock_exclusive - keep other holders out; descriptor, or -EWOULDBLOCK while the store is held (store_hold) */
int store_lock_exclusive(struct store *store) NONNULL(1) MUST_USE;

#endif
