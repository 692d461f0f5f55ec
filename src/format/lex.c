/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lex.c - tokens inside the {{ }} of a template; see lex.h */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "lex.h"
#include "utf8.h"

bool lex_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_word_char(char c)
{
	/* letters outside ASCII are letters to Go too; nobody's field has them */
	return c == '_' || isalnum((unsigned char) c) || (unsigned char) c >= 0x80;
}

bool lex_open(const char *text, size_t at, size_t *length, bool *trim)
{
	if (text[at] != '{' || text[at + 1] != '{')
		return false;
	*trim = text[at + 2] == '-' && lex_is_space(text[at + 3]);
	*length = *trim ? 3 : 2;
	return true;
}

static struct token make(enum token_type type, size_t begin, size_t length)
{
	return (struct token){.type = type, .begin = begin, .length = length};
}

static struct token fail(size_t begin, struct error *err, const char *why)
{
	(void) error_set(err, ERROR_INVALID, "%s", why);
	return make(TOKEN_ERROR, begin, 0);
}

static struct token bad_character(const char *text, size_t at, struct error *err)
{
	size_t used;
	uint32_t c = utf8_next(text + at, strlen(text + at), &used);

	(void) error_set(err, ERROR_INVALID, "bad character U+%04" PRIX32 " '%.*s'",
	                 c == UTF8_BAD ? 0xfffd : c, (int) used, text + at);
	return make(TOKEN_ERROR, at, 0);
}

/* What may follow a field, a variable or a word without a blank. */
static bool ends_word(const char *text, size_t at)
{
	return lex_is_space(text[at]) || text[at] == '\0' || strchr(".,|:=)(", text[at])
	       || (text[at] == '}' && text[at + 1] == '}');
}

static struct token lex_name(const char *text, size_t begin, size_t prefix, enum token_type type,
                             struct error *err)
{
	size_t end = begin + prefix;

	while (is_word_char(text[end]))
		end++;
	return ends_word(text, end) ? make(type, begin, end - begin)
	                            : bad_character(text, end, err);
}

static struct token lex_quoted(const char *text, size_t begin, struct error *err)
{
	char quote = text[begin];
	size_t end = begin + 1;

	for (; text[end] != quote; end++) {
		if (text[end] == '\\' && text[end + 1] && text[end + 1] != '\n')
			end++;
		if (!text[end] || text[end] == '\n')
			return fail(begin, err,
			            quote == '"' ? "unterminated quoted string"
			                         : "unterminated character constant");
	}
	return make(quote == '"' ? TOKEN_STRING : TOKEN_CHARACTER, begin, end + 1 - begin);
}

static struct token lex_number(const char *text, size_t begin, struct error *err)
{
	size_t end = begin + (text[begin] == '-' || text[begin] == '+');

	for (;; end++) {
		bool sign = (text[end] == '-' || text[end] == '+')
		            && (text[end - 1] == 'e' || text[end - 1] == 'E');

		if (!isalnum((unsigned char) text[end]) && text[end] != '_' && text[end] != '.'
		    && !sign)
			break;
	}
	if (!ends_word(text, end)) {
		(void) error_set(err, ERROR_INVALID, "bad number syntax: \"%.*s\"",
		                 (int) (end + 1 - begin), text + begin);
		return make(TOKEN_ERROR, begin, 0);
	}
	return make(TOKEN_NUMBER, begin, end - begin);
}

static struct token lex_space(const char *text, size_t begin)
{
	size_t end = begin;
	struct token close;

	while (lex_is_space(text[end]))
		end++;
	if (strncmp(text + end, "-}}", 3) != 0)
		return make(TOKEN_SPACE, begin, end - begin);
	close = make(TOKEN_CLOSE, begin, end + 3 - begin);
	close.trim = true;
	return close;
}

struct token lex_next(const char *text, size_t at, struct error *err)
{
	const char *raw_end;
	char c = text[at];

	if (c == '\0')
		return fail(at, err, "unclosed action");
	if (c == '}' && text[at + 1] == '}')
		return make(TOKEN_CLOSE, at, 2);
	if (lex_is_space(c))
		return lex_space(text, at);
	if (isdigit((unsigned char) c) || (c == '.' && isdigit((unsigned char) text[at + 1]))
	    || ((c == '-' || c == '+')
	        && (isdigit((unsigned char) text[at + 1]) || text[at + 1] == '.')))
		return lex_number(text, at, err);
	if (c == '.')
		return is_word_char(text[at + 1]) ? lex_name(text, at, 1, TOKEN_FIELD, err)
		                                  : make(TOKEN_DOT, at, 1);
	if (c == '$')
		return lex_name(text, at, 1, TOKEN_VARIABLE, err);
	if (is_word_char(c))
		return lex_name(text, at, 0, TOKEN_WORD, err);
	switch (c) {
	case '"':
	case '\'':
		return lex_quoted(text, at, err);
	case '`':
		raw_end = strchr(text + at + 1, '`');
		return raw_end ? make(TOKEN_RAW, at, (size_t) (raw_end + 1 - (text + at)))
		               : fail(at, err, "unterminated raw quoted string");
	case ':':
		return text[at + 1] == '=' ? make(TOKEN_DECLARE, at, 2) : fail(at, err, "expected :=");
	case '=':
		return make(TOKEN_ASSIGN, at, 1);
	case '|':
		return make(TOKEN_PIPE, at, 1);
	case ',':
		return make(TOKEN_COMMA, at, 1);
	case '(':
		return make(TOKEN_LEFT, at, 1);
	case ')':
		return make(TOKEN_RIGHT, at, 1);
	default:
		return bad_character(text, at, err);
	}
}
