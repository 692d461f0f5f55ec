/* SPDX-License-Identifier: GPL-2.0-or-later */
/* texts.h - a list of strings, and a list of key/value pairs */
#ifndef CORACLE_BASE_TEXTS_H
#define CORACLE_BASE_TEXTS_H

#include "coracle/base/base.h"

/* items is NULL while count is 0, else NULL-terminated, so that it serves as argv */
struct texts {
	char **items; /* owned */
	size_t count;
};

struct pair {
	char *key;   /* owned */
	char *value; /* owned, never NULL */
};

/* Pairs keep the order of insertion; a key occurs once. */
struct pairs {
	struct pair *items; /* owned */
	size_t count;
};

#define AUTO_TEXTS AUTO(texts_done)
#define AUTO_PAIRS AUTO(pairs_done)

void texts_done(struct texts *texts) NONNULL(1);
void texts_add(struct texts *texts, const char *s) NONNULL(1, 2);
/* texts_take - as texts_add, but the list owns s from now on */
void texts_take(struct texts *texts, char *s) NONNULL(1, 2);
void texts_printf(struct texts *texts, const char *format, ...) PRINTF(2, 3) NONNULL(1);
void texts_add_all(struct texts *texts, const struct texts *more) NONNULL(1, 2);
void texts_remove(struct texts *texts, size_t index) NONNULL(1);
bool texts_has(const struct texts *texts, const char *s) NONNULL(1, 2);
/* texts_split - append the pieces of s between separators; empty pieces are kept */
void texts_split(struct texts *texts, const char *s, char separator) NONNULL(1, 2);
/* texts_join - owned string of all items with separator between */
char *texts_join(const struct texts *texts, const char *separator) NONNULL(1, 2) MUST_USE;
/* texts_env_set - "KEY=value" (or "KEY") replaces the item with the same KEY or is appended */
void texts_env_set(struct texts *texts, const char *assignment) NONNULL(1, 2);
/* texts_env_get - the value of KEY, borrowed; NULL when absent */
const char *texts_env_get(const struct texts *texts, const char *key) NONNULL(1, 2);

void pairs_done(struct pairs *pairs) NONNULL(1);
void pairs_set(struct pairs *pairs, const char *key, const char *value) NONNULL(1, 2, 3);
/* pairs_get - borrowed value or NULL */
const char *pairs_get(const struct pairs *pairs, const char *key) NONNULL(1, 2);
void pairs_set_all(struct pairs *pairs, const struct pairs *more) NONNULL(1, 2);
/* pairs_set_text - from "key=value", or "key" with an empty value */
void pairs_set_text(struct pairs *pairs, const char *assignment) NONNULL(1, 2);

#endif
