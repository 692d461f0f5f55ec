/* SPDX-License-Identifier: GPL-2.0-or-later */
/* toml_private.h - the reader's place in the text, and what its three files need from each other */
#ifndef CORACLE_SRC_CONF_TOML_PRIVATE_H
#define CORACLE_SRC_CONF_TOML_PRIVATE_H

#include "coracle/base/json.h"
#include "coracle/base/text.h"

struct toml {
	const char *at, *end;
	unsigned line;
	struct error *err;
};

/* toml_fail - "line N: ..."; -EINVAL */
int toml_fail(struct toml *toml, const char *format, ...) PRINTF(2, 3) NONNULL(1);
/* toml_peek - the byte n further on, 0 behind the end (a NUL in the text is refused before) */
static inline char toml_peek(const struct toml *toml, size_t n)
{
	return (size_t) (toml->end - toml->at) > n ? toml->at[n] : '\0';
}

/* toml_check_text - UTF-8, no control characters but tab, LF and CR LF; 0 or -EINVAL */
int toml_check_text(struct toml *toml) NONNULL(1) MUST_USE;
/* toml_string - at stands on a quote; the multi-line kinds only when lines is set; owned, in *out */
enum toml_lines { TOML_ONE_LINE, TOML_MANY_LINES };
int toml_string(struct toml *toml, enum toml_lines lines, char **out) NONNULL(1, 3) MUST_USE;
/* toml_scalar - a boolean, number, date or time; a new reference, in *out */
int toml_scalar(struct toml *toml, json_t **out) NONNULL(1, 2) MUST_USE;

#endif
