/* SPDX-License-Identifier: GPL-2.0-or-later */
/* utf8.h - decode one character; private to format */
#ifndef CORACLE_FORMAT_UTF8_H
#define CORACLE_FORMAT_UTF8_H

#include "coracle/base/base.h"

#define UTF8_BAD UINT32_MAX

/*
 * utf8_next - the character at s, of which length > 0 bytes are there
 *
 * used  out: bytes it takes, 1 for a malformed one, for which UTF8_BAD is returned
 */
uint32_t utf8_next(const char *s, size_t length, size_t *used) NONNULL(1, 3);
/* utf8_put - encode into 4 bytes, returns how many were written; surrogates become U+FFFD */
size_t utf8_put(uint32_t character, char into[static 4]) NONNULL(2);

#endif
