/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * toml.c - TOML 1.0 (toml.io/en/v1.0.0): keys, tables, arrays
 *
 * Beside the tree that is the result grows a second one, the shapes: which tables may still be entered,
 * and how they came to be. A shape is an object with the kind under "kind", its children under their
 * names with a dot before, and for an array of tables the shape of its last table under "last". What has no
 * shape (scalars, arrays written with brackets, inline tables once they are read) is closed for ever.
 */
#include "coracle/conf/toml.h"

#include "coracle/base/alloc.h"

#include <stdio.h>
#include <string.h>

#include "toml_private.h"

enum kind {
	KIND_NONE,     /* closed */
	KIND_IMPLICIT, /* named on the way by a header: its own header may follow */
	KIND_HEADER,   /* had its header */
	KIND_DOTTED,   /* made by a dotted key: more dotted keys may follow, no header */
	KIND_ARRAY,    /* array of tables */
};

struct table {
	json_t *values; /* borrowed */
	json_t *shape;  /* borrowed */
};

int toml_fail(struct toml *toml, const char *format, ...)
{
	AUTO_FREE char *text = NULL;
	va_list args;

	va_start(args, format);
	text = xvprintf(format, args);
	va_end(args);
	return error_set(toml->err, ERROR_INVALID, "line %u: %s", toml->line, text);
}

static enum kind shape_kind(const json_t *shape)
{
	return shape ? (enum kind) json_integer_value(json_object_get(shape, "kind")) : KIND_NONE;
}

static json_t *shape_new(enum kind kind)
{
	return json_pack("{s:i}", "kind", (int) kind);
}

static json_t *shape_child(const json_t *shape, const char *key)
{
	AUTO_FREE char *name = xprintf(".%s", key);

	return json_object_get(shape, name);
}

static void shape_add(json_t *shape, const char *key, json_t *child)
{
	AUTO_FREE char *name = xprintf(".%s", key);

	(void) json_object_set_new(shape, name, child);
}

/* table_add - a new table (or array of tables) at key, which is free; *table becomes it */
static void table_add(struct table *table, const char *key, enum kind kind)
{
	json_t *values = kind == KIND_ARRAY ? json_array() : json_object(), *shape = shape_new(kind);

	(void) json_object_set_new(table->values, key, values);
	shape_add(table->shape, key, shape);
	*table = (struct table) {values, shape};
}

/* table_last - from an array of tables to its last table */
static void table_last(struct table *table)
{
	if (shape_kind(table->shape) == KIND_ARRAY) {
		table->values = json_array_get(table->values, json_array_size(table->values) - 1);
		table->shape = json_object_get(table->shape, "last");
	}
}

/* table_enter - what is at key, if it may be entered; KIND_NONE: it may not, or it isn't there (then *absent) */
static enum kind table_enter(struct table *table, const char *key, bool *absent)
{
	json_t *values = json_object_get(table->values, key), *shape = shape_child(table->shape, key);

	*absent = !values;
	if (!values || !shape)
		return KIND_NONE;
	*table = (struct table) {values, shape};
	return shape_kind(shape);
}

static void skip_blanks(struct toml *toml)
{
	while (toml_peek(toml, 0) == ' ' || toml_peek(toml, 0) == '\t')
		toml->at++;
}

/* skip_space - blanks, comments and line ends */
static void skip_space(struct toml *toml)
{
	for (;;) {
		skip_blanks(toml);
		if (toml_peek(toml, 0) == '#')
			while (toml->at < toml->end && *toml->at != '\n')
				toml->at++;
		if (toml_peek(toml, 0) == '\r')
			toml->at++;
		if (toml_peek(toml, 0) != '\n')
			return;
		toml->at++;
		toml->line++;
	}
}

/* end_line - nothing but a comment may follow */
static int end_line(struct toml *toml)
{
	char c;

	skip_blanks(toml);
	c = toml_peek(toml, 0);
	if (toml->at < toml->end && c != '#' && c != '\r' && c != '\n')
		return toml_fail(toml, "unexpected \"%c\" behind the value: one \"key = value\" a line", c);
	skip_space(toml);
	return 0;
}

static int read_key_part(struct toml *toml, char **out)
{
	static const char bare[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	size_t length = 0;

	if (toml_peek(toml, 0) == '"' || toml_peek(toml, 0) == '\'')
		return toml_string(toml, TOML_ONE_LINE, out);
	while (toml->at + length < toml->end && strchr(bare, toml->at[length]))
		length++;
	if (length == 0)
		return toml_fail(toml, "a key is missing: bare keys are letters, digits, - and _, others stand in quotes");
	*out = xstrndup(toml->at, length);
	toml->at += length;
	return 0;
}

/* read_key - the parts of a dotted key, at least one; blanks behind it are skipped */
static int read_key(struct toml *toml, struct texts *parts)
{
	for (;;) {
		char *part = NULL;
		int r;

		if (parts->count == TOML_MAX_LEVELS)
			return toml_fail(toml, "a key has more than %d parts", TOML_MAX_LEVELS);
		skip_blanks(toml);
		r = read_key_part(toml, &part);
		if (r < 0)
			return r;
		texts_take(parts, part);
		skip_blanks(toml);
		if (toml_peek(toml, 0) != '.')
			return 0;
		toml->at++;
	}
}

static int read_value(struct toml *toml, unsigned level, json_t **out);

/* read_pair - key = value into table */
static int read_pair(struct toml *toml, struct table table, unsigned level)
{
	AUTO_TEXTS struct texts parts = {0};
	AUTO_JSON json_t *value = NULL;
	const char *last;
	int r = read_key(toml, &parts);

	if (r < 0)
		return r;
	for (size_t i = 0; i + 1 < parts.count; i++) {
		bool absent;
		enum kind kind = table_enter(&table, parts.items[i], &absent);

		if (absent)
			table_add(&table, parts.items[i], KIND_DOTTED);
		else if (kind != KIND_DOTTED)
			return toml_fail(toml, "\"%s\" is given already and can't be added to here", parts.items[i]);
	}
	last = parts.items[parts.count - 1];
	if (json_object_get(table.values, last))
		return toml_fail(toml, "\"%s\" is given twice", last);
	if (toml_peek(toml, 0) != '=')
		return toml_fail(toml, "\"=\" is missing behind the key \"%s\"", last);
	toml->at++;
	skip_blanks(toml);
	r = read_value(toml, level, &value);
	if (r < 0)
		return r;
	if (json_object_set_new(table.values, last, TAKE_PTR(value)) < 0)
		return toml_fail(toml, "\"%s\" can't be a key", last);
	return 0;
}

static int read_array(struct toml *toml, unsigned level, json_t **out)
{
	AUTO_JSON json_t *array = json_array();
	unsigned first = toml->line;

	for (toml->at++;;) {
		json_t *item = NULL;
		int r;

		skip_space(toml);
		if (toml_peek(toml, 0) == ']')
			break;
		r = read_value(toml, level + 1, &item);
		if (r < 0)
			return r;
		(void) json_array_append_new(array, item);
		skip_space(toml);
		if (toml_peek(toml, 0) != ',')
			break;
		toml->at++;
	}
	if (toml_peek(toml, 0) != ']')
		return toml_fail(toml, "\",\" or \"]\" is missing in the array that begins in line %u", first);
	toml->at++;
	*out = TAKE_PTR(array);
	return 0;
}

/* An inline table is written in one line, without a comma behind the last value (TOML 1.0). */
static int read_inline(struct toml *toml, unsigned level, json_t **out)
{
	AUTO_JSON json_t *values = json_object();
	AUTO_JSON json_t *shape = shape_new(KIND_DOTTED);

	toml->at++;
	skip_blanks(toml);
	while (toml_peek(toml, 0) != '}' || json_object_size(values) > 0) {
		int r = read_pair(toml, (struct table) {values, shape}, level + 1);

		if (r < 0)
			return r;
		skip_blanks(toml);
		if (toml_peek(toml, 0) != ',')
			break;
		toml->at++;
		skip_blanks(toml);
	}
	if (toml_peek(toml, 0) != '}')
		return toml_fail(toml, "\",\" or \"}\" is missing in a table that is written in one line");
	toml->at++;
	*out = TAKE_PTR(values);
	return 0;
}

static int read_value(struct toml *toml, unsigned level, json_t **out)
{
	AUTO_FREE char *string = NULL;
	char c = toml_peek(toml, 0);
	int r;

	if (level >= TOML_MAX_LEVELS)
		return toml_fail(toml, "more than %d arrays and tables in each other", TOML_MAX_LEVELS);
	if (c == '[')
		return read_array(toml, level, out);
	if (c == '{')
		return read_inline(toml, level, out);
	if (c != '"' && c != '\'')
		return toml_scalar(toml, out);
	r = toml_string(toml, TOML_MANY_LINES, &string);
	if (r < 0)
		return r;
	*out = json_string(string);
	return *out ? 0 : toml_fail(toml, "a string is not UTF-8");
}

/* open_table - [a.b.last]: the table that the lines below go into */
static int open_table(struct toml *toml, struct table *table, const char *last)
{
	bool absent;
	enum kind kind = table_enter(table, last, &absent);

	if (absent) {
		table_add(table, last, KIND_HEADER);
		return 0;
	}
	if (kind != KIND_IMPLICIT)
		return toml_fail(toml, kind == KIND_ARRAY ? "\"%s\" is an array of tables: its header is [[...]]"
		                                          : "\"%s\" is given twice", last);
	(void) json_object_set_new(table->shape, "kind", json_integer(KIND_HEADER));
	return 0;
}

/* open_array_table - [[a.b.last]]: a new table at the end of the array */
static int open_array_table(struct toml *toml, struct table *table, const char *last)
{
	bool absent;
	enum kind kind = table_enter(table, last, &absent);
	json_t *values, *shape;

	if (absent)
		table_add(table, last, KIND_ARRAY);
	else if (kind != KIND_ARRAY)
		return toml_fail(toml, "\"%s\" is given already and is not an array of tables", last);
	values = json_object();
	shape = shape_new(KIND_HEADER);
	(void) json_array_append_new(table->values, values);
	(void) json_object_set_new(table->shape, "last", shape);
	*table = (struct table) {values, shape};
	return 0;
}

static int read_header(struct toml *toml, struct table root, struct table *into)
{
	AUTO_TEXTS struct texts parts = {0};
	bool array = toml_peek(toml, 1) == '[';
	struct table table = root;
	const char *last;
	int r;

	toml->at += array ? 2 : 1;
	r = read_key(toml, &parts);
	if (r < 0)
		return r;
	if (toml_peek(toml, 0) != ']' || (array && toml_peek(toml, 1) != ']'))
		return toml_fail(toml, "\"%s\" is missing behind the name of a table", array ? "]]" : "]");
	toml->at += array ? 2 : 1;
	for (size_t i = 0; i + 1 < parts.count; i++) {
		bool absent;
		enum kind kind = table_enter(&table, parts.items[i], &absent);

		if (absent)
			table_add(&table, parts.items[i], KIND_IMPLICIT);
		else if (kind == KIND_NONE)
			return toml_fail(toml, "\"%s\" is given already and can't be added to", parts.items[i]);
		else
			table_last(&table);
	}
	last = parts.items[parts.count - 1];
	r = array ? open_array_table(toml, &table, last) : open_table(toml, &table, last);
	if (r == 0)
		*into = table;
	return r;
}

static int read_document(struct toml *toml, json_t *values)
{
	AUTO_JSON json_t *shape = shape_new(KIND_HEADER);
	struct table root = {values, shape}, into = root;
	int r = toml_check_text(toml);

	for (skip_space(toml); r == 0 && toml->at < toml->end;) {
		r = *toml->at == '[' ? read_header(toml, root, &into) : read_pair(toml, into, 0);
		if (r == 0)
			r = end_line(toml);
	}
	return r;
}

json_t *toml_parse(const char *bytes, size_t length, struct error *err)
{
	AUTO_JSON json_t *values = json_object();
	struct toml toml = {.at = bytes, .end = bytes + length, .line = 1, .err = err};

	if (length > TOML_MAX_BYTES) {
		(void) error_set(err, ERROR_INVALID, "larger than %u bytes", TOML_MAX_BYTES);
		return NULL;
	}
	/* a byte order mark is no part of the text */
	if (length >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3))
		toml.at += 3;
	if (read_document(&toml, values) < 0)
		return NULL;
	return TAKE_PTR(values);
}
