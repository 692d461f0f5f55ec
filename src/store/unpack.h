/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unpack.h - one layer's archive becomes a directory: what the unpack_*.c files share */
#ifndef CORACLE_STORE_UNPACK_H
#define CORACLE_STORE_UNPACK_H

#include "store_private.h"
#include "tar_reader.h"
#include "tar_split.h"

#include <sys/stat.h>

#define LAYER_MAX_ENTRIES    4000000
#define LAYER_MAX_DEPTH      200 /* components of a name */
#define LAYER_MAX_NAME_BYTES 4095
#define LAYER_MAX_DIRECTORY_BYTES (64 << 20) /* of all names of directories together */
#define LAYER_MAX_PARENTS    500 /* overlayfs takes no more */
#define LAYER_DIRECTORY_MODE 0755

/* --- names (unpack_name.c; pure) --- */
enum entry_kind {
	ENTRY_PLAIN,
	ENTRY_WHITEOUT, /* base is the name to hide */
	ENTRY_OPAQUE,   /* directory is the one whose lower contents are hidden */
	ENTRY_SKIP,     /* bookkeeping of aufs */
};
struct entry_name {
	enum entry_kind kind;
	char *directory; /* "" for the layer's root, else "usr/bin": no "..", ".", "//" */
	char *base;      /* "" when the entry is the root itself */
};
/* entry_name_parse - *out untouched on failure */
int entry_name_parse(const char *raw, struct entry_name *out, struct error *err) NONNULL(2, 3) MUST_USE;
void entry_name_done(struct entry_name *name) NONNULL(1);
/* entry_name_path - owned "usr/bin/env" */
char *entry_name_path(const struct entry_name *name) NONNULL(1) MUST_USE;
#define AUTO_ENTRY_NAME AUTO(entry_name_done)

/* --- owners (unpack_owner.c) --- */
struct owner_range { uint64_t inside, count; };
struct owner_ranges { struct owner_range ranges[64]; size_t count; };
struct owners {
	bool squash; /* there is one id only: all files become the caller's */
	struct owner_ranges uids, gids;
};
/* owners_parse_map - /proc/PID/uid_map's text (user_namespaces(7)) */
void owners_parse_map(const char *text, struct owner_ranges *out) NONNULL(1, 2);
int owners_read(struct owners *out, struct error *err) NONNULL(1, 2) MUST_USE;
int owners_check(const struct owners *owners, int64_t uid, int64_t gid, struct error *err)
	NONNULL(1, 4) MUST_USE;

/* --- layers below (unpack_lower.c) --- */
struct lower { int fds[LAYER_MAX_PARENTS]; size_t count; bool opened; };

struct unpack {
	struct store *store;
	const struct tar_api *api;
	struct tar_reader *reader;
	struct split_writer *split; /* records the archive; NULL: nobody does */
	const char *parent; /* chain id below, or NULL */
	int root_fd;        /* the layer's diff/ */
	struct owners owners;
	struct lower lower;
	struct list directories; /* struct directory_time */
	size_t directory_bytes;
	char *cached_directory; /* the last parent used, and its descriptor */
	int cached_fd;
	bool opaque_root;
	bool for_all;              /* the store is one that others can read (shared.h) */
	struct texts directories_own; /* for_all: the paths of those that are not root's with mode 0755 */
	uint64_t entries, files, size;
};

struct directory_time { char *path; struct timespec time; };

int lower_open(struct unpack *unpack, struct error *err) NONNULL(1, 2) MUST_USE;
void lower_close(struct lower *lower) NONNULL(1);
/*
 * lower_find - what the layers below show at path, following no symlink
 * Returns 1 with the parent's descriptor (the caller closes it) and stat, 0 when nothing is there.
 */
int lower_find(struct unpack *unpack, const char *path, int *parent_fd, struct stat *st, struct error *err)
	NONNULL(1, 2, 3, 4, 5) MUST_USE;
/* lower_copy_attributes - owner, mode, times and extended attributes of from/name to into/into_name */
int lower_copy_attributes(struct unpack *unpack, int from_fd, const char *name, int into_fd,
                          const char *into_name, const struct stat *st) NONNULL(1, 3, 5, 6) MUST_USE;
/* lower_copy_file - a regular file or symlink of the layers below, for a hard link to it */
int lower_copy_file(struct unpack *unpack, const char *path, int into_fd, const char *into_name,
                    struct error *err) NONNULL(1, 2, 4, 5) MUST_USE;

/* --- whiteouts in overlayfs' form (unpack_whiteout.c) --- */
bool whiteout_is(int dir_fd, const char *name, const struct stat *st) NONNULL(2, 3);
/* whiteout_hide - hide name of the layers below; what this layer holds there stays visible */
int whiteout_hide(int dir_fd, const char *name) NONNULL(2) MUST_USE;
/* whiteout_make_opaque - the directory shows nothing of the layers below */
int whiteout_make_opaque(int dir_fd, const char *name) NONNULL(2) MUST_USE;
/* whiteout_is_opaque - as above */
bool whiteout_is_opaque(int dir_fd, const char *name) NONNULL(2);
/* whiteout_hide_root - overlayfs ignores the mark on the root: hide each name of the layers below */
int whiteout_hide_root(struct unpack *unpack, struct error *err) NONNULL(1, 2) MUST_USE;

/* --- attributes (unpack_attribute.c) --- */
/* attribute_is_allowed - extended attributes that an archive may set */
bool attribute_is_allowed(const char *key) NONNULL(1);
/* attribute_set - as xattr_set, but where the file system or our rights do not allow it the file stays without */
int attribute_set(int dir_fd, const char *name, const char *key, const void *value, size_t length)
	NONNULL(2, 3) MUST_USE;
/*
 * attributes_apply - owner, mode, extended attributes and time of the entry, in the order that keeps all of them
 *
 * made  of the file when it was made, so that what fits already is not set again; NULL: not known
 */
int attributes_apply(struct unpack *unpack, struct archive_entry *entry, int dir_fd, const char *name,
                     const struct stat *made, struct error *err) NONNULL(1, 2, 4, 6) MUST_USE;
/* attributes_remember_time - of a directory: what is put into it later would change the time again */
int attributes_remember_time(struct unpack *unpack, struct archive_entry *entry, const char *path,
                             struct error *err) NONNULL(1, 2, 3, 4) MUST_USE;
int attributes_apply_times(struct unpack *unpack, struct error *err) NONNULL(1, 2) MUST_USE;

/* --- the whole (unpack.c) --- */
/* unpack_run - all entries of reader into root_fd; release with unpack_done in any case */
int unpack_run(struct unpack *unpack, struct error *err) NONNULL(1, 2) MUST_USE;
void unpack_done(struct unpack *unpack) NONNULL(1);

#endif
