/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mount_words.h - the words of -v, --mount and --tmpfs, and which of them exclude each other */
#ifndef CORACLE_PARSE_MOUNT_WORDS_H
#define CORACLE_PARSE_MOUNT_WORDS_H

#include "coracle/state/record.h"

enum mount_kind {
	MOUNT_KIND_NONE = 0,
	MOUNT_KIND_BIND = 1 << 0,
	MOUNT_KIND_VOLUME = 1 << 1,
	MOUNT_KIND_TMPFS = 1 << 2,
	MOUNT_KIND_DEVPTS = 1 << 3,
};

/* Words of one group exclude each other, so each group is answered once. */
enum word_group {
	WORD_GROUP_ACCESS,
	WORD_GROUP_LABEL,
	WORD_GROUP_OWNER,
	WORD_GROUP_COPY,
	WORD_GROUP_PROPAGATION,
	WORD_GROUP_RECURSION,
	WORD_GROUP_SUID,
	WORD_GROUP_DEV,
	WORD_GROUP_EXEC,
	WORD_GROUP_SYNC,
	WORD_GROUP_TIME,
	WORD_GROUP_DIRECTORY_TIME,
	WORD_GROUP_CONSISTENCY,
	WORD_GROUP_COUNT,
};

/* mount_reader - a mount while its text is read; zeroed at first */
struct mount_reader {
	struct record_mount mount;
	enum mount_kind kind;
	const char *given[WORD_GROUP_COUNT]; /* static */
};

void mount_reader_done(struct mount_reader *reader) NONNULL(1);
#define AUTO_MOUNT_READER AUTO(mount_reader_done)

/* mount_reader_kind - fill type and what follows from it: volumes and tmpfs start with the image's files */
void mount_reader_kind(struct mount_reader *reader, enum mount_kind kind) NONNULL(1);
/* mount_reader_source - [bind, volume] a host path, made absolute with cwd, or a volume's name */
int mount_reader_source(struct mount_reader *reader, const char *source, const char *cwd,
                        struct error *err) NONNULL(1, 2, 3, 4) MUST_USE;
/* mount_reader_target - an absolute path below "/" in the container */
int mount_reader_target(struct mount_reader *reader, const char *target, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* mount_reader_word - "ro", "nosuid", "U"...; the kind must be known */
int mount_reader_word(struct mount_reader *reader, const char *word, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* mount_reader_setting - "size=64m", "mode=1777"... of tmpfs and devpts, kept as the kernel reads them */
int mount_reader_setting(struct mount_reader *reader, const char *key, const char *value,
                         struct error *err) NONNULL(1, 2, 3, 4) MUST_USE;

#endif
