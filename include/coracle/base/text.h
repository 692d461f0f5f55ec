/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text.h - a growing string with a mandatory maximum */
#ifndef CORACLE_BASE_TEXT_H
#define CORACLE_BASE_TEXT_H

#include "coracle/base/base.h"

/*
 * Invariant: data is NULL or NUL-terminated with length bytes before the NUL (which may hold NULs).
 * Once an addition would pass max the text stays as it is and "cut" is set.
 */
struct text {
	char *data;    /* owned; NULL while empty */
	size_t length; /* bytes, without the NUL */
	size_t size;   /* bytes allocated */
	size_t max;    /* bytes at the most, without the NUL */
	bool cut;      /* an addition was refused */
};

#define TEXT_INIT(maximum) {.max = (maximum)}
#define AUTO_TEXT          AUTO(text_done)

void text_done(struct text *text) NONNULL(1);
void text_clear(struct text *text) NONNULL(1);
/* Each returns 0, or -E2BIG when the maximum would be passed. */
int text_add(struct text *text, const char *s) NONNULL(1, 2);
int text_add_bytes(struct text *text, const void *bytes, size_t length) NONNULL(1);
int text_add_char(struct text *text, char c) NONNULL(1);
int text_printf(struct text *text, const char *format, ...) PRINTF(2, 3) NONNULL(1);
/* text_string - borrowed until the next change; "" while empty */
const char *text_string(const struct text *text) NONNULL(1);
/* text_take - the caller owns the string; the text is empty afterwards; never NULL */
char *text_take(struct text *text) NONNULL(1) MUST_USE;

#endif
