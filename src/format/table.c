/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.c - columns aligned with blanks; see table.h */
#include "coracle/format/table.h"

#include "coracle/base/alloc.h"

#include <string.h>
#include <wchar.h>

#include "utf8.h"

void table_init(struct table *table, size_t min_width, size_t padding)
{
	*table = (struct table){
		.min_width = min_width,
		.padding = padding,
		.bytes = TEXT_INIT(TABLE_BYTES_MAX),
	};
}

void table_done(struct table *table)
{
	text_done(&table->bytes);
	free(table->cells);
	table->cells = NULL;
	table->count = table->size = 0;
}

size_t table_width(const char *text, size_t length)
{
	size_t width = 0, used;

	for (size_t i = 0; i < length; i += used) {
		uint32_t c = utf8_next(text + i, length - i, &used);
		int columns = c < 0x80 || c == UTF8_BAD ? 1 : wcwidth((wchar_t) c);

		width += columns < 0 ? 1 : (size_t) columns;
	}
	return width;
}

static int add_cell(struct table *table, const char *text, size_t length, bool ends_row)
{
	struct table_cell cell = {table->bytes.length, length, table_width(text, length), ends_row};
	int r = text_add_bytes(&table->bytes, text, length);

	if (r < 0)
		return r;
	if (table->count == table->size) {
		table->size = table->size ? table->size * 2 : 64;
		table->cells = xrealloc(table->cells, table->size, sizeof *table->cells);
	}
	table->cells[table->count++] = cell;
	return 0;
}

int table_add(struct table *table, const char *cell)
{
	return add_cell(table, cell, strlen(cell), false);
}

int table_end_row(struct table *table)
{
	if (table->count == 0 || table->cells[table->count - 1].ends_row)
		return add_cell(table, "", 0, true);
	table->cells[table->count - 1].ends_row = true;
	return 0;
}

int table_add_lines(struct table *table, const char *lines, size_t length)
{
	const char *end = lines + length;

	while (lines < end) {
		size_t cell = 0;
		bool ends_row;
		int r;

		while (lines + cell < end && lines[cell] != '\t' && lines[cell] != '\n')
			cell++;
		ends_row = lines + cell == end || lines[cell] == '\n';
		r = add_cell(table, lines, cell, ends_row);
		if (r < 0)
			return r;
		lines += cell + (lines + cell < end);
		/* text that ends with a tab has one more, empty cell */
		if (!ends_row && lines == end) {
			r = add_cell(table, "", 0, true);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static size_t longest_row(const struct table *table)
{
	size_t longest = 0, cells = 0;

	for (size_t i = 0; i < table->count; i++) {
		cells++;
		if (table->cells[i].ends_row) {
			longest = MAX(longest, cells);
			cells = 0;
		}
	}
	return MAX(longest, cells);
}

static size_t row_cells(const struct table *table, size_t start)
{
	size_t end = start;

	while (end < table->count && !table->cells[end].ends_row)
		end++;
	return MIN(end + 1, table->count) - start;
}

/*
 * One pass: width[block[i]] grows while the column's block goes on. block[i] is the block that
 * cell i belongs to; open[c] is the block of column c in the row before, or none.
 */
static void find_widths(const struct table *table, size_t *block, size_t *width, size_t *open,
                        size_t columns)
{
	size_t blocks = 0;

	for (size_t c = 0; c < columns; c++)
		open[c] = SIZE_MAX;
	for (size_t start = 0; start < table->count;) {
		size_t cells = row_cells(table, start);

		for (size_t c = 0; c + 1 < cells; c++) {
			const struct table_cell *cell = &table->cells[start + c];

			if (open[c] == SIZE_MAX) {
				open[c] = blocks++;
				width[open[c]] = table->min_width;
			}
			block[start + c] = open[c];
			width[open[c]] = MAX(width[open[c]], cell->width + table->padding);
		}
		for (size_t c = cells - 1; c < columns && open[c] != SIZE_MAX; c++)
			open[c] = SIZE_MAX;
		start += cells;
	}
}

static int print_blanks(struct text *out, size_t count)
{
	static const char blanks[] = "                                ";
	int r = 0;

	for (; r >= 0 && count; count -= MIN(count, sizeof blanks - 1))
		r = text_add_bytes(out, blanks, MIN(count, sizeof blanks - 1));
	return r;
}

int table_print(const struct table *table, struct text *out)
{
	size_t columns = longest_row(table);
	AUTO_FREE size_t *block = xcalloc(table->count + 1, sizeof *block);
	AUTO_FREE size_t *width = xcalloc(table->count + 1, sizeof *width);
	AUTO_FREE size_t *open = xcalloc(columns + 1, sizeof *open);
	int r = 0;

	find_widths(table, block, width, open, columns);
	for (size_t i = 0; r >= 0 && i < table->count; i++) {
		const struct table_cell *cell = &table->cells[i];

		r = text_add_bytes(out, text_string(&table->bytes) + cell->offset, cell->length);
		if (r < 0)
			break;
		if (cell->ends_row || i + 1 == table->count)
			r = text_add_char(out, '\n');
		else
			r = print_blanks(out, width[block[i]] - cell->width);
	}
	return r;
}

int table_write(const struct table *table, FILE *out)
{
	AUTO_TEXT struct text text = TEXT_INIT(SIZE_MAX / 2);
	int r = table_print(table, &text);

	if (r < 0)
		return r;
	errno = 0;
	if (fwrite(text_string(&text), 1, text.length, out) != text.length)
		return errno ? -errno : -EIO;
	return 0;
}
