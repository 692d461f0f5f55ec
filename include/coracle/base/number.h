/* SPDX-License-Identifier: GPL-2.0-or-later */
/* number.h - strict parsing of numbers and sizes: no blanks, no trailing text, no overflow */
#ifndef CORACLE_BASE_NUMBER_H
#define CORACLE_BASE_NUMBER_H

#include "coracle/base/base.h"

/* Each returns 0, -EINVAL (not a number) or -ERANGE (outside min..max), *out untouched on failure. */
int number_parse_uint(const char *text, uint64_t min, uint64_t max, uint64_t *out) NONNULL(1, 4) MUST_USE;
int number_parse_int(const char *text, int64_t min, int64_t max, int64_t *out) NONNULL(1, 4) MUST_USE;
/* number_parse_octal - file modes: "0755", "755" */
int number_parse_octal(const char *text, unsigned max, unsigned *out) NONNULL(1, 3) MUST_USE;
/* number_parse_size - bytes: "64m", "1g", "1.5GiB", "512k", "1024", "100b"; units are powers of 1024 as docker's */
int number_parse_size(const char *text, uint64_t *out) NONNULL(1, 2) MUST_USE;
/* number_parse_decimal - "1.5" into billionths (for --cpus); 0 or negative errno */
int number_parse_decimal(const char *text, uint64_t *out_billionths) NONNULL(1, 2) MUST_USE;
/* number_parse_bool - true false 1 0 t f T F TRUE FALSE True False (Go's strconv.ParseBool) */
int number_parse_bool(const char *text, bool *out) NONNULL(1, 2) MUST_USE;

#endif
