/* SPDX-License-Identifier: GPL-2.0-or-later */
/* print.h - values in Go's fmt and encoding/json notation; private to format */
#ifndef CORACLE_FORMAT_PRINT_H
#define CORACLE_FORMAT_PRINT_H

#include "value.h"

/* verb - one %[flags][width][.precision]letter of fmt */
struct verb {
	char letter;
	bool minus, plus, sharp, space, zero;
	bool names; /* %+v: a struct's fields with their names */
	int width, precision; /* -1: not given */
};

/* Each returns 0, or -E2BIG when the text is full or the value is nested too deeply. */

/* print_verb - the value under a verb; null is <nil> */
int print_verb(struct text *out, const struct template_kinds *kinds, const struct verb *verb,
               const struct value *value) MUST_USE;
/* print_value - what an action prints: %v, with "<no value>" for nothing */
int print_value(struct text *out, const struct template_kinds *kinds, const struct value *value)
	MUST_USE;
int print_json(struct text *out, const struct template_kinds *kinds, const struct value *value,
               unsigned indent) MUST_USE;

/* print_format - fmt.Sprintf; captions makes every verb print strings as %s does */
int print_format(struct text *out, const struct template_kinds *kinds, const char *format,
                 const struct value *args, size_t count, bool captions) MUST_USE;
/* print_repeated - c count times */
int print_repeated(struct text *out, char c, size_t count) MUST_USE;
/* print_quoted - Go's double-quoted string */
int print_quoted(struct text *out, const char *s, size_t length) MUST_USE;
/* print_float - 'g' or 'f' or 'e' with precision -1 for the shortest that reads back the same */
int print_float(struct text *out, double number, char letter, int precision) MUST_USE;

#endif
