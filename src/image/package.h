/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * package.h - files under names, put into a tar archive or a directory that is being made
 *
 * An archive gets its final name when it is complete (package_finish); before, where the file system can do that,
 * it has none, so that a killed process leaves nothing. What goes to a pipe, a device or standard output goes there
 * directly, a file after the other. In a directory each file appears when it is complete.
 *
 * In an archive that is a file, files of known size have their places from the beginning on: several can be
 * written at the same time, by other processes too. A file of unknown size goes to the archive's end when
 * nothing else is open there, and gets its header afterwards; else into a temporary file without a name.
 */
#ifndef CORACLE_IMAGE_PACKAGE_H
#define CORACLE_IMAGE_PACKAGE_H

#include "coracle/base/error.h"

#include <limits.h>

#define PACKAGE_SIZE_UNKNOWN UINT64_MAX
#define PACKAGE_BLOCK        (1 << 20) /* bytes copied at a time */

enum package_kind { PACKAGE_ARCHIVE, PACKAGE_DIRECTORY };

struct package {
	enum package_kind kind;
	const char *path; /* borrowed, for messages */
	char *name;       /* owned: the archive's in its folder; NULL: a stream */
	char *temporary;  /* owned: what it is called meanwhile; NULL: it has no name */
	int dir_fd;       /* the directory, or the archive's folder */
	int fd;           /* archive */
	bool made;        /* the directory was not there before */
	bool open_ended;  /* a file of unknown size is being written at the end */
	size_t aside;     /* files being written beside it, which come to the archive's end each at its turn */
	uint64_t end;     /* of the archive */
};
#define PACKAGE_INIT {.dir_fd = -1, .fd = -1}

/*
 * package_create - path NULL, "-" or "/dev/stdout": standard output (archives only); path is borrowed until package_done
 * An archive that is there already is replaced by one of the same mode; of a link it is what that leads to.
 */
int package_create(const char *path, enum package_kind kind, struct package *out, struct error *err)
	NONNULL(3, 4) MUST_USE;
/* package_is_stream - one file at a time, in the order in which they are begun */
bool package_is_stream(const struct package *package) NONNULL(1);
/* package_has - a directory holds a regular file of this name and size; false for archives */
bool package_has(const struct package *package, const char *name, uint64_t size) NONNULL(1, 2);
/* package_finish - write the end, give the archive its name */
int package_finish(struct package *package, struct error *err) NONNULL(1, 2) MUST_USE;
/* package_done - what is not finished goes away; a directory that was made here too */
void package_done(struct package *package) NONNULL(1);
#define AUTO_PACKAGE AUTO(package_done)

struct package_file {
	struct package *package;
	int fd;          /* its own, or the archive's */
	bool is_own;
	uint64_t start;  /* where its content is in fd */
	uint64_t size;   /* as said at the beginning */
	uint64_t length; /* written so far */
	char *temporary; /* owned; name of fd, where it must have one */
};
#define PACKAGE_FILE_INIT {.fd = -1}

/*
 * package_file_begin - name may be NULL while unknown, and is then given to package_file_end; a known name with a
 * known size goes to a stream directly
 */
int package_file_begin(struct package *package, const char *name, uint64_t size, struct package_file *out,
                       struct error *err) NONNULL(1, 4, 5) MUST_USE;
/* package_file_write - also in a forked process; the one that began it then sets length before the end */
int package_file_write(struct package_file *file, const void *bytes, size_t length, struct error *err)
	NONNULL(1, 4) MUST_USE;
/* package_file_end - a length that differs from the size is an error */
int package_file_end(struct package_file *file, const char *name, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* package_file_done - release; what has not ended is given up */
void package_file_done(struct package_file *file) NONNULL(1);
#define AUTO_PACKAGE_FILE AUTO(package_file_done)

/* package_directory - "NAME/" with nothing in it; before any file is open */
int package_directory(struct package *package, const char *name, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* package_put - a whole file; in a directory it replaces one of this name by a rename */
int package_put(struct package *package, const char *name, const void *bytes, size_t length, struct error *err)
	NONNULL(1, 2, 5) MUST_USE;
/* package_copy - a whole file from the next length bytes of fd, which may be a pipe */
int package_copy(struct package *package, const char *name, int fd, uint64_t length, struct error *err)
	NONNULL(1, 2, 5) MUST_USE;
/* package_temporary - a file without a name beside it, for what has to be put aside; descriptor or negative errno */
int package_temporary(const struct package *package, struct error *err) NONNULL(1, 2) MUST_USE;

#endif
