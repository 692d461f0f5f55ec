/* SPDX-License-Identifier: GPL-2.0-or-later */
/* toml_string.c - the four kinds of strings of TOML 1.0, and which bytes a document may hold at all */
#include "toml_private.h"

#include "coracle/conf/toml.h"

#include <string.h>

/* utf8_length - bytes of the sequence at s, 0 when it is none (RFC 3629: no overlong forms, no surrogates) */
static size_t utf8_length(const unsigned char *s, size_t left)
{
	size_t length = *s < 0x80 ? 1 : *s >= 0xc2 && *s < 0xe0 ? 2 : (*s & 0xf0) == 0xe0 ? 3
	                : *s >= 0xf0 && *s < 0xf5 ? 4 : 0;

	if (length == 0 || length > left)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((*s == 0xe0 && s[1] < 0xa0) || (*s == 0xed && s[1] > 0x9f) || (*s == 0xf0 && s[1] < 0x90)
	    || (*s == 0xf4 && s[1] > 0x8f))
		return 0;
	return length;
}

int toml_check_text(struct toml *toml)
{
	const char *start = toml->at;
	int r = 0;

	while (toml->at < toml->end && r == 0) {
		unsigned char c = (unsigned char) *toml->at;
		size_t length = utf8_length((const unsigned char *) toml->at, (size_t) (toml->end - toml->at));

		if (length == 0)
			r = toml_fail(toml, "not UTF-8");
		else if ((c < ' ' && c != '\t' && c != '\n' && !(c == '\r' && toml_peek(toml, 1) == '\n')) || c == 0x7f)
			r = toml_fail(toml, "the control character 0x%02x is not allowed", c);
		toml->at += length;
		toml->line += c == '\n';
	}
	toml->at = start;
	toml->line = 1;
	return r;
}

static int add_code_point(struct toml *toml, uint32_t code, struct text *into)
{
	char bytes[4];
	size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};

	if (code == 0)
		return toml_fail(toml, "a NUL in a string is not supported");
	if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return toml_fail(toml, "\\u%04x is not a character of Unicode", (unsigned) code);
	for (size_t i = length - 1; i > 0; i--, code >>= 6)
		bytes[i] = (char) (0x80 | (code & 0x3f));
	bytes[0] = (char) (first[length] | code);
	return text_add_bytes(into, bytes, length);
}

static int add_hex(struct toml *toml, unsigned digits, struct text *into)
{
	uint32_t code = 0;

	for (unsigned i = 0; i < digits; i++, toml->at++) {
		char c = toml_peek(toml, 0);
		int value = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;

		if (value < 0)
			return toml_fail(toml, "\\%c wants %u hexadecimal digits", digits == 4 ? 'u' : 'U', digits);
		code = code << 4 | (uint32_t) value;
	}
	return add_code_point(toml, code, into);
}

/* skip_line_end - behind a backslash: to the end of the line and all white space below; false: the line goes on */
static bool skip_line_end(struct toml *toml)
{
	size_t n = 0;

	while (toml_peek(toml, n) == ' ' || toml_peek(toml, n) == '\t' || toml_peek(toml, n) == '\r')
		n++;
	if (toml_peek(toml, n) != '\n')
		return false;
	for (toml->at += n; toml->at < toml->end && strchr(" \t\r\n", *toml->at); toml->at++)
		toml->line += *toml->at == '\n';
	return true;
}

/* add_escape - at stands behind the backslash */
static int add_escape(struct toml *toml, enum toml_lines lines, struct text *into)
{
	static const char names[] = "btnfr\"\\", values[] = "\b\t\n\f\r\"\\";
	char c = toml_peek(toml, 0);
	const char *found = c ? strchr(names, c) : NULL;

	if (lines == TOML_MANY_LINES && skip_line_end(toml))
		return 0;
	if (found) {
		toml->at++;
		return text_add_char(into, values[found - names]);
	}
	if (c == 'u' || c == 'U') {
		toml->at++;
		return add_hex(toml, c == 'u' ? 4 : 8, into);
	}
	return toml_fail(toml, "unknown escape in a string: write a backslash as \\\\, or use '...'");
}

static unsigned quotes_here(const struct toml *toml, char quote)
{
	unsigned n = 0;

	while (n < 5 && toml_peek(toml, n) == quote)
		n++;
	return n;
}

static int read_many_lines(struct toml *toml, char quote, struct text *into)
{
	unsigned first = toml->line;
	int r = 0;

	toml->at += 3;
	/* a line end right behind the quotes is not part of the string */
	if (toml_peek(toml, 0) == '\r')
		toml->at++;
	if (toml_peek(toml, 0) == '\n') {
		toml->at++;
		toml->line++;
	}
	while (r == 0 && toml->at < toml->end) {
		unsigned quotes = quotes_here(toml, quote);
		char c = *toml->at;

		if (quotes >= 3) {
			/* up to two more belong to the string: """a"""" is a" */
			toml->at += quotes;
			return text_add_bytes(into, &"\"\"\"''"[quote == '"' ? 0 : 3], quotes - 3);
		}
		toml->at++;
		toml->line += c == '\n';
		r = c == '\\' && quote == '"' ? add_escape(toml, TOML_MANY_LINES, into) : text_add_char(into, c);
	}
	return r < 0 ? r : toml_fail(toml, "the string that begins in line %u does not end", first);
}

static int read_one_line(struct toml *toml, char quote, struct text *into)
{
	int r = 0;

	toml->at++;
	while (r == 0 && toml->at < toml->end && *toml->at != '\n' && *toml->at != '\r') {
		char c = *toml->at++;

		if (c == quote)
			return 0;
		r = c == '\\' && quote == '"' ? add_escape(toml, TOML_ONE_LINE, into) : text_add_char(into, c);
	}
	return r < 0 ? r : toml_fail(toml, "a string does not end in its line");
}

int toml_string(struct toml *toml, enum toml_lines lines, char **out)
{
	AUTO_TEXT struct text text = TEXT_INIT(TOML_MAX_BYTES);
	char quote = *toml->at;
	bool many = quotes_here(toml, quote) >= 3;
	int r;

	if (many && lines == TOML_ONE_LINE)
		return toml_fail(toml, "a key is quoted once, not three times");
	r = many ? read_many_lines(toml, quote, &text) : read_one_line(toml, quote, &text);
	if (r < 0)
		return r;
	*out = text_take(&text);
	return 0;
}
