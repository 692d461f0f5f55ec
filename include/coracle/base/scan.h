/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scan.h - JSON as we write it ourselves, straight into a struct: ps and images read a thousand files in milliseconds */
#ifndef CORACLE_BASE_SCAN_H
#define CORACLE_BASE_SCAN_H

#include "coracle/base/json.h"

/*
 * scan_json - fill *into (zeroed by the caller) from an object, by the same rows as json_read
 *
 * Knows plain ASCII without \u escapes, whole numbers and keys that have a row: what it does not know
 * is for json_parse and json_read, which also say what is wrong. What it accepts, they read the same.
 *
 * Returns 0, or -EINVAL with *into freed and zeroed.
 */
int scan_json(const char *bytes, size_t length, const struct field *fields, void *into)
	NONNULL(1, 3, 4) MUST_USE;
/*
 * scan_file - the same from a file, by the slower way where the fast one does not do
 *
 * Returns 0 or a negative errno with err as file_read_json, but -ENOENT without words: to most an absent
 * file is no failure.
 */
int scan_file(int dir_fd, const char *path, size_t max, const struct field *fields, void *into,
              struct error *err) NONNULL(2, 4, 5, 6) MUST_USE;

#endif
