/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table.h - columns aligned with blanks, as Go's text/tabwriter does
 *
 * A column's width is its widest cell plus padding, but at least min_width. The last cell of a row
 * is not padded and belongs to no column; a row with fewer cells ends the columns it lacks, so
 * that widths are found anew below it. Widths are those of the terminal (wcwidth(3)), which needs
 * setlocale(LC_CTYPE, "") in main; without it each character outside ASCII counts one.
 */
#ifndef CORACLE_FORMAT_TABLE_H
#define CORACLE_FORMAT_TABLE_H

#include "coracle/base/text.h"

#include <stdio.h>

#define TABLE_MIN_WIDTH 12 /* podman's */
#define TABLE_PADDING   2
#define TABLE_BYTES_MAX ((size_t) 256 << 20)

struct table_cell {
	size_t offset, length; /* in the table's bytes */
	size_t width;          /* columns of the terminal */
	bool ends_row;
};

struct table {
	size_t min_width, padding;
	struct text bytes;        /* owned */
	struct table_cell *cells; /* owned; row by row */
	size_t count, size;
};

#define AUTO_TABLE AUTO(table_done)

void table_init(struct table *table, size_t min_width, size_t padding) NONNULL(1);
void table_done(struct table *table) NONNULL(1);
/* table_add - append a cell to the current row; 0 or -E2BIG */
int table_add(struct table *table, const char *cell) NONNULL(1, 2) MUST_USE;
/* table_end_row - the next cell starts a row; a row without cells is an empty line */
int table_end_row(struct table *table) NONNULL(1) MUST_USE;
/* table_add_lines - append rows from text: tabs end cells, newlines end rows (the last one may lack it) */
int table_add_lines(struct table *table, const char *lines, size_t length) NONNULL(1) MUST_USE;
/* table_print - append all rows, each with its newline; 0 or -E2BIG */
int table_print(const struct table *table, struct text *out) NONNULL(1, 2) MUST_USE;
/* table_write - as table_print, to a stream; 0 or a negative errno */
int table_write(const struct table *table, FILE *out) NONNULL(1, 2) MUST_USE;
/* table_width - columns of the terminal that UTF-8 text takes; malformed bytes count one each */
size_t table_width(const char *text, size_t length) MUST_USE;

#endif
