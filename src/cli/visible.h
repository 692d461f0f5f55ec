/* SPDX-License-Identifier: GPL-2.0-or-later */
/* visible.h - foreign text that a terminal can be shown */
#ifndef CORACLE_CLI_VISIBLE_H
#define CORACLE_CLI_VISIBLE_H

#include "coracle/base/base.h"

/* visible_line - owned: runs of blanks, tabs and newlines become one blank, what visible_name() would escape becomes '?' */
char *visible_line(const char *text) NONNULL(1) MUST_USE;
/*
 * visible_name - owned: a file name with control characters (C0, DEL, C1), and bytes that are no UTF-8, as "\xHH"; all
 * else, a backslash too, stays
 */
char *visible_name(const char *name) NONNULL(1) MUST_USE;
/* visible_cut - end UTF-8 text after at most length bytes, never inside of a character */
void visible_cut(char *text, size_t length) NONNULL(1);

#endif
