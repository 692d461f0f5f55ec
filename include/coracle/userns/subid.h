/* SPDX-License-Identifier: GPL-2.0-or-later */
/* subid.h - /etc/subuid and /etc/subgid (subuid(5)) */
#ifndef CORACLE_USERNS_SUBID_H
#define CORACLE_USERNS_SUBID_H

#include "coracle/userns/userns.h"

/*
 * subid_parse - the ranges of a user (by name or by number) in the text of a subid file
 *
 * Lines "name:start:count"; malformed, empty and overflowing lines are passed over; several lines add up.
 * out     inside is left 0; outside and count are filled
 * Returns how many, at most max.
 */
size_t subid_parse(const char *text, const char *name, uint64_t id, struct id_range *out, size_t max)
	NONNULL(1, 4);
/* subid_read - the same from a file; count or negative errno (-ENOENT: no such file) */
int subid_read(const char *path, const char *name, uint64_t id, struct id_range *out, size_t max)
	NONNULL(1, 4) MUST_USE;

#endif
