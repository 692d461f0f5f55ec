/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock.h - times in nanoseconds, RFC 3339, durations */
#ifndef CORACLE_BASE_CLOCK_H
#define CORACLE_BASE_CLOCK_H

#include "coracle/base/base.h"

#define NS_PER_SECOND UINT64_C(1000000000)
#define CLOCK_TEXT_SIZE 48

uint64_t clock_now(void);       /* CLOCK_REALTIME since 1970 */
uint64_t clock_monotonic(void); /* CLOCK_MONOTONIC */
/* clock_rfc3339 - "2026-11-21T21:17:36.753439468Z" in UTC; no trailing zeros in the fraction; into is returned */
char *clock_rfc3339(uint64_t ns, char into[static CLOCK_TEXT_SIZE]);
/* clock_go - "2026-11-21 21:17:36.753439468 +0000 UTC" as Go prints a time */
char *clock_go(uint64_t ns, char into[static CLOCK_TEXT_SIZE]);
/* clock_parse_rfc3339 - with Z or an offset; fraction optional; 0 or -EINVAL */
int clock_parse_rfc3339(const char *text, uint64_t *out) NONNULL(1, 2) MUST_USE;
/* clock_parse_duration - Go's: "1h30m", "10s", "1.5ms", "500us", "0"; plain digits are refused; nanoseconds */
int clock_parse_duration(const char *text, uint64_t *out) NONNULL(1, 2) MUST_USE;
/* clock_parse_point - RFC 3339 (also date only, or without zone: local), unix seconds with fraction, or a duration before now */
int clock_parse_point(const char *text, uint64_t now, uint64_t *out) NONNULL(1, 3) MUST_USE;

#endif
