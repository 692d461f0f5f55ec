/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * logs_read.h - the entries of a container's log in their order, over rotated files, while it grows
 *
 * The files are NAME.n ... NAME.1, NAME, oldest first (monitor/log.c). All that exist are opened at
 * once, so that a rotation meanwhile takes nothing away; a file is known by its inode, so that the one
 * that follows it is found again after any number of rotations.
 */
#ifndef CORACLE_CONTAINER_LOGS_READ_H
#define CORACLE_CONTAINER_LOGS_READ_H

#include "coracle/base/error.h"

#include <sys/types.h>

#include "log_line.h"

#define LOG_BUFFER_BYTES (512 << 10) /* more than the longest line: 16 KiB of text, each byte an escape */

struct log_file {
	int fd;
	dev_t device;
	ino_t inode;
};

struct log_reader {
	int dir_fd;             /* borrowed */
	const char *name;       /* borrowed; relative to dir_fd or absolute */
	enum log_format format;
	struct log_file *files; /* owned; those that come after the current one, newest first */
	size_t count;
	struct log_file current; /* fd -1: none yet */
	char *buffer;           /* owned */
	size_t at, end;         /* what of it is not taken yet */
	bool overlong;          /* in the middle of a line that is longer than the buffer */
	size_t damaged;         /* lines passed over */
};

#define LOG_READER_INIT {.current.fd = -1}

/* log_reader_open - no file at all is fine; release with log_reader_close */
int log_reader_open(struct log_reader *reader, int dir_fd, const char *name, enum log_format format,
                    struct error *err) NONNULL(1, 3, 5) MUST_USE;
void log_reader_close(struct log_reader *reader) NONNULL(1);
#define AUTO_LOG_READER AUTO(log_reader_close)

struct log_range {
	uint64_t since, until; /* nanoseconds, both included; 0: no bound */
};
bool log_range_has(const struct log_range *range, const struct log_entry *entry) NONNULL(1, 2);

/* log_reader_tail - begin at the last lines lines that are in range; before the first log_reader_next */
void log_reader_tail(struct log_reader *reader, uint64_t lines, const struct log_range *range)
	NONNULL(1, 3);
/*
 * log_reader_next - the next entry; borrowed until the next call
 *
 * Returns 1, or 0 when all that was written so far has been read (a later call may find more), or a negative errno.
 */
int log_reader_next(struct log_reader *reader, struct log_entry *out) NONNULL(1, 2) MUST_USE;
/* log_reader_rest - bytes behind the last newline: a line that was never finished */
bool log_reader_rest(const struct log_reader *reader) NONNULL(1);

#endif
