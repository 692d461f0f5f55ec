/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file.h - whole files and directory trees, by directory descriptor */
#ifndef CORACLE_BASE_FILE_H
#define CORACLE_BASE_FILE_H

#include "coracle/base/error.h"
#include "coracle/base/json.h"

#include <sys/types.h>

/* every dir_fd below may be AT_FDCWD */

enum file_durability {
	FILE_FAST,    /* atomic: others see the old file or the new one */
	FILE_DURABLE, /* atomic, and on disk (file and directory synced) before the call returns */
};

/*
 * file_read - the whole regular file as an owned, NUL-terminated string
 *
 * max     bytes at the most; a larger file is -EFBIG
 * length  out, may be NULL: bytes without the added NUL
 * Returns 0 or a negative errno (a FIFO, device or directory is -EINVAL and never blocks).
 */
int file_read(int dir_fd, const char *path, size_t max, char **out, size_t *length)
	NONNULL(2, 4) MUST_USE;
/* file_read_fd - the same from an open descriptor, from its current position */
int file_read_fd(int fd, size_t max, char **out, size_t *length) NONNULL(3) MUST_USE;
/* file_read_stream - the same of what a user names: a FIFO or /dev/stdin too (--env-file <(...)); waits for who writes */
int file_read_stream(int dir_fd, const char *path, size_t max, char **out, size_t *length) NONNULL(2, 4) MUST_USE;
/* file_write - atomically replace or create path with mode; a temp name in the same directory, then rename */
int file_write(int dir_fd, const char *path, const void *bytes, size_t length, mode_t mode,
               enum file_durability durability) NONNULL(2) MUST_USE;
/* file_read_json - parse and read by a table; the error begins with the path */
int file_read_json(int dir_fd, const char *path, size_t max, const struct field *fields, void *into,
                   struct error *err) NONNULL(2, 4, 5, 6) MUST_USE;
int file_write_json(int dir_fd, const char *path, const struct field *fields, const void *from,
                    mode_t mode, enum file_durability durability, struct error *err)
	NONNULL(2, 3, 4, 7) MUST_USE;
/* file_exists - path is there, be it a symlink that leads nowhere; false also when that can't be told */
bool file_exists(int dir_fd, const char *path) NONNULL(2);
/* file_access - R_OK, W_OK, X_OK by the effective ids: 0 or a negative errno; also where faccessat2(2) is filtered out */
int file_access(int dir_fd, const char *path, int how) NONNULL(2) MUST_USE;
/* write_all - go on until everything is written; 0 or negative errno */
int write_all(int fd, const void *bytes, size_t length) MUST_USE;
/* directory_make - mkdir -p; a directory that exists is fine */
int directory_make(int dir_fd, const char *path, mode_t mode) NONNULL(2) MUST_USE;
/* directory_open - O_DIRECTORY|O_CLOEXEC|O_NOFOLLOW; descriptor or negative errno */
int directory_open(int dir_fd, const char *path) NONNULL(2) MUST_USE;
/*
 * tree_remove - remove path and all below it; absent is success
 *
 * Never follows symlinks, makes unreadable own directories readable, needs no disk space.
 * Returns 0 or the first negative errno, having gone on with the rest.
 */
int tree_remove(int dir_fd, const char *path) NONNULL(2) MUST_USE;
/* directory_list - names without "." and "..", sorted; names in UTF-8 or not */
int directory_list(int dir_fd, const char *path, struct texts *out) NONNULL(2, 3) MUST_USE;

#endif
