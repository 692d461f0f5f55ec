/* SPDX-License-Identifier: GPL-2.0-or-later */
/* changes.h - what changes.c and its helpers share: directories seen through several layers */
#ifndef CORACLE_STORE_CHANGES_PRIVATE_H
#define CORACLE_STORE_CHANGES_PRIVATE_H

#include "coracle/store/changes.h"

#include <sys/stat.h>

/* Which layers make up one directory, uppermost first: descriptors of their diff/. */
struct stack {
	int *fds; /* owned array of borrowed descriptors */
	size_t count;
};

struct sight_entry {
	char *name;         /* owned */
	mode_t mode;        /* of the uppermost */
	struct stack stack; /* of a directory: all that it is made of; else the one layer that shows it */
};

/* A directory as overlayfs would show it. */
struct sight {
	struct sight_entry *entries; /* owned; by name */
	size_t count;
};

/* sight_read - path is below each layer's root ("" for the root itself) and a directory in all of the stack */
int sight_read(const struct stack *stack, const char *path, struct sight *out, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;
void sight_done(struct sight *sight) NONNULL(1);

/*
 * same_object - whether two files, or two directories without what is in them, look the same (changes_same.c)
 *
 * path is below the roots of both layers. Returns 1, 0, or a negative errno with err.
 */
int same_object(const struct sight_entry *a, const struct sight_entry *b, const char *path, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;

#endif
