/* SPDX-License-Identifier: GPL-2.0-or-later */
/* constant.c - Go's literals (https://go.dev/ref/spec#Lexical_elements); see constant.h */
#include "coracle/base/alloc.h"
#include "coracle/base/text.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "constant.h"
#include "utf8.h"

#define NUMBER_MAX 100

static unsigned digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned) (c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned) (c - 'a' + 10);
	return 99;
}

/* "0x1f", "0o17", "017", "0b1", "12"; underscores are gone already */
static bool parse_integer(const char *s, int64_t *out)
{
	bool negative = *s == '-';
	uint64_t number = 0, limit = (uint64_t) INT64_MAX + negative;
	unsigned base = 10;

	s += *s == '-' || *s == '+';
	if (s[0] == '0' && s[1]) {
		base = s[1] == 'x' ? 16 : s[1] == 'b' ? 2 : 8;
		s += s[1] == 'x' || s[1] == 'b' || s[1] == 'o' ? 2 : 1;
	}
	if (!*s)
		return false;
	for (; *s; s++) {
		unsigned digit = digit_of(*s);

		if (digit >= base || number > (limit - digit) / base)
			return false;
		number = number * base + digit;
	}
	*out = negative ? (int64_t) -number : (int64_t) number;
	return true;
}

static bool parse_float(const char *s, double *out)
{
	char *end;

	if (strspn(s, "0123456789.e+-") != strlen(s))
		return false;
	*out = strtod(s, &end);
	return end != s && !*end && isfinite(*out);
}

static json_t *parse_number(const char *s, size_t length, struct error *err)
{
	char plain[NUMBER_MAX];
	size_t n = 0;
	int64_t integer;
	double real;

	for (size_t i = 0; i < length && n + 1 < sizeof plain; i++)
		if (s[i] != '_')
			plain[n++] = (char) tolower((unsigned char) s[i]);
	plain[n] = '\0';
	if (length < sizeof plain) {
		if (parse_integer(plain, &integer))
			return json_integer(integer);
		if (strpbrk(plain, ".e") && parse_float(plain, &real))
			return json_real(real);
	}
	(void) error_set(err, ERROR_INVALID, "bad number syntax: \"%.*s\"",
	                 (int) MIN(length, NUMBER_MAX), s);
	return NULL;
}

/* The value of count digits after "\x" and the like, or UTF8_BAD. */
static uint32_t read_digits(const char **s, const char *end, size_t count, unsigned base)
{
	uint32_t number = 0;

	for (; count; count--, (*s)++) {
		unsigned digit = *s < end ? digit_of((char) tolower((unsigned char) **s)) : 99;

		if (digit >= base)
			return UTF8_BAD;
		number = number * base + digit;
	}
	return number;
}

/* s is behind the backslash; "\x" and octal escapes are bytes, the others characters */
static bool read_escape(const char **s, const char *end, struct text *into, uint32_t *character)
{
	static const char letters[] = "abtnvfr\\'\"";
	static const char values[] = "\a\b\t\n\v\f\r\\'\"";
	const char *letter = *s < end ? strchr(letters, **s) : NULL;
	char bytes[4];
	char kind;

	if (letter && *letter) {
		(*s)++;
		*character = (unsigned char) values[letter - letters];
		return text_add_char(into, (char) *character) >= 0;
	}
	if (*s >= end)
		return false;
	kind = **s;
	if (kind == 'x' || (kind >= '0' && kind <= '7')) {
		*s += kind == 'x';
		*character = read_digits(s, end, kind == 'x' ? 2 : 3, kind == 'x' ? 16 : 8);
		return *character <= 255 && text_add_char(into, (char) *character) >= 0;
	}
	if (kind != 'u' && kind != 'U')
		return false;
	(*s)++;
	*character = read_digits(s, end, kind == 'u' ? 4 : 8, 16);
	if (*character > 0x10ffff || (*character >= 0xd800 && *character < 0xe000))
		return false;
	return text_add_bytes(into, bytes, utf8_put(*character, bytes)) >= 0;
}

static json_t *parse_quoted(const char *s, size_t length, struct error *err)
{
	AUTO_TEXT struct text text = TEXT_INIT(length);
	const char *end = s + length;
	uint32_t unused;

	while (s < end) {
		if (*s != '\\') {
			(void) text_add_char(&text, *s++);
			continue;
		}
		s++;
		if (!read_escape(&s, end, &text, &unused)) {
			(void) error_set(err, ERROR_INVALID, "invalid escape in a string");
			return NULL;
		}
	}
	return json_stringn_nocheck(text_string(&text), text.length);
}

static json_t *parse_character(const char *s, size_t length, struct error *err)
{
	AUTO_TEXT struct text text = TEXT_INIT(16);
	const char *end = s + length;
	uint32_t character = 0;
	size_t used;

	if (length && *s == '\\') {
		s++;
		if (read_escape(&s, end, &text, &character) && s == end)
			return json_integer(character);
	} else if (length) {
		character = utf8_next(s, length, &used);
		if (used == length && character != UTF8_BAD)
			return json_integer(character);
	}
	(void) error_set(err, ERROR_INVALID, "malformed character constant");
	return NULL;
}

json_t *constant_parse(const char *text, const struct token *token, struct error *err)
{
	const char *s = text + token->begin;

	if (token->type == TOKEN_NUMBER)
		return parse_number(s, token->length, err);
	if (token->type == TOKEN_CHARACTER)
		return parse_character(s + 1, token->length - 2, err);
	if (token->type == TOKEN_STRING)
		return parse_quoted(s + 1, token->length - 2, err);
	return json_stringn_nocheck(s + 1, token->length - 2);
}
