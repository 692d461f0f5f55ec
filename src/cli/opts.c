/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * opts.c - command-line options by rows; the grammar is that of docker's and podman's commands
 *
 *   --name=value  --name value  --flag  --flag=false  -n value  -nvalue  -n=value  -abc  -abn value
 *
 * The value of an option that takes one is the next word whatever it looks like, so "-t -1" and
 * "--env --x" work. "-" alone is an operand; "--" ends the options.
 */
#include "coracle/cli/opts.h"

#include "coracle/base/alloc.h"
#include "coracle/base/number.h"

#include <string.h>

struct search {
	char letter;
	const char *name;
	size_t name_len;
	const struct opt *found;
};

struct words {
	const char **items;
	size_t count;
};

struct parser {
	const struct opt *rows;
	char *const *next; /* the word after the current one */
	void *request;
	bool help;
	struct error *err;
};

int opts_each(const struct opt *rows, int (*visit)(const struct opt *row, void *data), void *data)
{
	for (const struct opt *row = rows; row->type != OPT_TYPE_END; row++) {
		int r = row->type == OPT_TYPE_INCLUDE ? opts_each(row->rows, visit, data)
		                                      : visit(row, data);

		if (r != 0)
			return r;
	}
	return 0;
}

static int match(const struct opt *row, void *data)
{
	struct search *search = data;

	if (row->type == OPT_TYPE_GROUP)
		return 0;
	if (search->name ? row->name && strlen(row->name) == search->name_len
	                           && memcmp(row->name, search->name, search->name_len) == 0
	                 : row->letter == search->letter)
		search->found = row;
	return search->found != NULL;
}

static const struct opt *find_name(const struct opt *rows, const char *name, size_t name_len)
{
	struct search search = {.name = name, .name_len = name_len};

	(void) opts_each(rows, match, &search);
	return search.found;
}

static const struct opt *find_letter(const struct opt *rows, char letter)
{
	struct search search = {.letter = letter};

	(void) opts_each(rows, match, &search);
	return search.found;
}

static int collect_name(const struct opt *row, void *data)
{
	struct words *words = data;

	if (row->type == OPT_TYPE_GROUP || row->hidden || !row->name)
		return 0;
	words->items = xrealloc(words->items, words->count + 1, sizeof *words->items);
	words->items[words->count++] = row->name;
	return 0;
}

static int unknown_name(const struct parser *parser, const char *name, size_t name_len)
{
	AUTO_FREE char *typed = xstrndup(name, name_len);
	struct words words = {0};
	const char *close;
	int r;

	(void) opts_each(parser->rows, collect_name, &words);
	close = nearest(typed, words.items, words.count);
	if (close)
		r = error_set(parser->err, ERROR_INVALID,
		              "unknown option \"--%s\"; did you mean \"--%s\"?", typed, close);
	else
		r = error_set(parser->err, ERROR_INVALID, "unknown option \"--%.200s\"", typed);
	free(words.items);
	return r;
}

/* "--name" or "-n", as the user will find it in --help */
static char *row_label(const struct opt *row)
{
	return row->name ? xprintf("--%s", row->name) : xprintf("-%c", row->letter);
}

static bool takes_value(const struct opt *row)
{
	return row->arg != NULL;
}

/* One field of a comma-separated list; RFC 4180 §2: in quotes commas count for themselves and "" is a quote. */
static int take_field(const char **cursor, char **out)
{
	const char *from = *cursor;
	AUTO_FREE char *field = NULL;
	size_t len = 0;

	if (*from != '"') {
		size_t span = strcspn(from, ",");

		*out = xstrndup(from, span);
		*cursor = from + span;
		return memchr(from, '"', span) ? -EINVAL : 0;
	}
	field = xcalloc(strlen(from) + 1, 1);
	for (from++;; from++) {
		if (*from == '\0')
			return -EINVAL;
		if (*from == '"' && *++from != '"')
			break;
		field[len++] = *from;
	}
	if (*from != ',' && *from != '\0')
		return -EINVAL;
	*cursor = from;
	*out = TAKE_PTR(field);
	return 0;
}

static int add_list(const char *value, struct texts *into)
{
	AUTO_TEXTS struct texts fields = {0};
	const char *cursor = value;

	if (*value == '\0')
		return 0;
	for (;; cursor++) {
		char *field = NULL;
		int r = take_field(&cursor, &field);

		if (r < 0) {
			free(field);
			return r;
		}
		texts_take(&fields, field);
		if (*cursor == '\0')
			break;
	}
	texts_add_all(into, &fields);
	return 0;
}

static int bad_value(const struct parser *parser, const struct opt *row, const char *value,
                     const char *wanted)
{
	AUTO_FREE char *label = row_label(row);

	return error_set(parser->err, ERROR_INVALID, "option %s: \"%.200s\" is not %s", label, value,
	                 wanted);
}

static int store_flag(const struct parser *parser, const struct opt *row, const char *value)
{
	void *slot = (char *) parser->request + row->offset;
	bool on = true;

	if (value && number_parse_bool(value, &on) < 0)
		return bad_value(parser, row, value, "true or false");
	if (row->type == OPT_TYPE_FLAG)
		*(bool *) slot = on;
	else
		*(struct opt_bool *) slot = (struct opt_bool) {.set = true, .value = on};
	return 0;
}

static int store_signed(const struct parser *parser, const struct opt *row, const char *value)
{
	void *slot = (char *) parser->request + row->offset;
	int64_t number = 0;

	if (number_parse_int(value, INT64_MIN, INT64_MAX, &number) < 0)
		return bad_value(parser, row, value, "a whole number");
	if (row->type == OPT_TYPE_INT)
		*(int64_t *) slot = number;
	else
		*(struct opt_int *) slot = (struct opt_int) {.set = true, .value = number};
	return 0;
}

static int store_unsigned(const struct parser *parser, const struct opt *row, const char *value)
{
	void *slot = (char *) parser->request + row->offset;
	uint64_t number = 0;

	if (number_parse_uint(value, 0, UINT64_MAX, &number) < 0)
		return bad_value(parser, row, value, "a whole number of at least 0");
	if (row->type == OPT_TYPE_UINT)
		*(uint64_t *) slot = number;
	else
		*(struct opt_uint *) slot = (struct opt_uint) {.set = true, .value = number};
	return 0;
}

static int store_text(const struct parser *parser, const struct opt *row, const char *value)
{
	void *slot = (char *) parser->request + row->offset;
	struct opt_text *text = slot;

	if (row->type == OPT_TYPE_TEXT) {
		text_replace(slot, value);
		return 0;
	}
	text_replace(&text->value, value);
	text->set = true;
	return 0;
}

/* A switch that can't be had may still be turned off. */
static int refuse(const struct parser *parser, const struct opt *row, const char *value)
{
	AUTO_FREE char *label = row_label(row);
	bool on = true;

	if (!takes_value(row) && value && number_parse_bool(value, &on) == 0 && !on)
		return 0;
	return error_set(parser->err, ERROR_UNSUPPORTED, "option %s: %s", label, row->help);
}

/* A row without a value: value is NULL or what followed "=". */
static int store_switch(const struct parser *parser, const struct opt *row, const char *value)
{
	bool ignored;

	if (row->type == OPT_TYPE_REFUSED)
		return refuse(parser, row, value);
	if (row->type != OPT_TYPE_IGNORED)
		return store_flag(parser, row, value);
	return value && number_parse_bool(value, &ignored) < 0
	               ? bad_value(parser, row, value, "true or false")
	               : 0;
}

static int store_value(const struct parser *parser, const struct opt *row, const char *value)
{
	void *slot = (char *) parser->request + row->offset;

	switch (row->type) {
	case OPT_TYPE_TEXT:
	case OPT_TYPE_OPT_TEXT:
		return store_text(parser, row, value);
	case OPT_TYPE_TEXTS:
		texts_add(slot, value);
		return 0;
	case OPT_TYPE_LIST:
		if (add_list(value, slot) < 0)
			return bad_value(parser, row, value, "a list: a quote is out of place");
		return 0;
	case OPT_TYPE_INT:
	case OPT_TYPE_OPT_INT:
		return store_signed(parser, row, value);
	case OPT_TYPE_UINT:
	case OPT_TYPE_OPT_UINT:
		return store_unsigned(parser, row, value);
	case OPT_TYPE_REFUSED:
		return refuse(parser, row, value);
	case OPT_TYPE_FLAG:
	case OPT_TYPE_OPT_FLAG:
	case OPT_TYPE_IGNORED:
	case OPT_TYPE_END:
	case OPT_TYPE_GROUP:
	case OPT_TYPE_INCLUDE:
		break;
	}
	return 0;
}

/* attached is what followed "=" or the letter, NULL: nothing did */
static int apply(struct parser *parser, const struct opt *row, const char *attached)
{
	if (!takes_value(row))
		return store_switch(parser, row, attached);
	if (!attached) {
		if (!*parser->next) {
			AUTO_FREE char *label = row_label(row);

			/* What can't be had need not be completed first. */
			if (row->type == OPT_TYPE_REFUSED)
				return refuse(parser, row, NULL);
			return error_set(parser->err, ERROR_INVALID, "option %s needs a value: %s %s",
			                 label, label, row->arg);
		}
		attached = *parser->next++;
	}
	return store_value(parser, row, attached);
}

static int parse_long(struct parser *parser, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t len = equals ? (size_t) (equals - word) : strlen(word);
	const struct opt *row;

	if (len == 0 || *word == '-')
		return error_set(parser->err, ERROR_INVALID,
		                 "\"--%.200s\" is not an option; \"--\" alone ends the options", word);
	row = find_name(parser->rows, word, len);
	if (row)
		return apply(parser, row, equals ? equals + 1 : NULL);
	if (len == 4 && memcmp(word, "help", 4) == 0) {
		parser->help = true;
		return 0;
	}
	return unknown_name(parser, word, len);
}

static int parse_letters(struct parser *parser, const char *word)
{
	for (const char *at = word; *at; at++) {
		const struct opt *row = find_letter(parser->rows, *at);
		const char *rest = at + 1;

		if (!row && *at == 'h') {
			parser->help = true;
			return 0;
		}
		if (!row && word[1])
			return error_set(parser->err, ERROR_INVALID,
			                 "unknown option \"-%c\" in \"-%.200s\"", *at, word);
		if (!row)
			return error_set(parser->err, ERROR_INVALID, "unknown option \"-%c\"", *at);
		/* "-n=value": the equals sign is dropped only when something follows it. */
		if (rest[0] == '=' && rest[1])
			return apply(parser, row, rest + 1);
		if (takes_value(row))
			return apply(parser, row, *rest ? rest : NULL);
		if (store_switch(parser, row, NULL) < 0)
			return -EINVAL;
	}
	return 0;
}

static int parse_word(struct parser *parser, const char *word)
{
	int r = word[1] == '-' ? parse_long(parser, word + 2) : parse_letters(parser, word + 1);

	return r < 0 ? -EINVAL : 0;
}

int opts_parse(const struct opt *rows, enum opts_order order, char *const *argv, void *request,
               struct texts *operands, bool *help, struct error *err)
{
	struct parser parser = {.rows = rows, .next = argv, .request = request, .err = err};

	while (*parser.next) {
		const char *word = *parser.next++;

		if (word[0] != '-' || word[1] == '\0') {
			texts_add(operands, word);
			if (order == OPTS_BEFORE_OPERANDS)
				break;
			continue;
		}
		if (word[1] == '-' && word[2] == '\0')
			break;
		if (parse_word(&parser, word) < 0)
			return -EINVAL;
		if (parser.help) {
			*help = true;
			return 0;
		}
	}
	for (; *parser.next; parser.next++)
		texts_add(operands, *parser.next);
	return 0;
}

static int release(const struct opt *row, void *request)
{
	void *slot = (char *) request + row->offset;

	switch (row->type) {
	case OPT_TYPE_TEXT:
		text_replace(slot, NULL);
		break;
	case OPT_TYPE_OPT_TEXT:
		text_replace(&((struct opt_text *) slot)->value, NULL);
		break;
	case OPT_TYPE_TEXTS:
	case OPT_TYPE_LIST:
		texts_done(slot);
		break;
	case OPT_TYPE_END:
	case OPT_TYPE_FLAG:
	case OPT_TYPE_OPT_FLAG:
	case OPT_TYPE_INT:
	case OPT_TYPE_UINT:
	case OPT_TYPE_OPT_INT:
	case OPT_TYPE_OPT_UINT:
	case OPT_TYPE_GROUP:
	case OPT_TYPE_INCLUDE:
	case OPT_TYPE_REFUSED:
	case OPT_TYPE_IGNORED:
		break;
	}
	return 0;
}

void opts_done(const struct opt *rows, void *request)
{
	(void) opts_each(rows, release, request);
}
