/* SPDX-License-Identifier: GPL-2.0-or-later */
/* toml_scalar.c - booleans, integers, floats, dates and times of TOML 1.0 */
#include "toml_private.h"

#include "coracle/base/alloc.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define WORD_SIZE 256 /* of a number or date, with its NUL */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int digit_value(char c, unsigned base)
{
	int value = is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;

	return value < (int) base ? value : -1;
}

/* take_number - exactly width digits between min and max, then *s stands behind them */
static bool take_number(const char **s, unsigned width, unsigned min, unsigned max, unsigned *out)
{
	unsigned value = 0;

	for (unsigned i = 0; i < width; i++, (*s)++) {
		if (!is_digit(**s))
			return false;
		value = value * 10 + (unsigned) (**s - '0');
	}
	*out = value;
	return value >= min && value <= max;
}

static bool take_char(const char **s, const char *any)
{
	if (!**s || !strchr(any, **s))
		return false;
	(*s)++;
	return true;
}

static bool take_date(const char **s)
{
	static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	unsigned year, month, day;

	if (!take_number(s, 4, 0, 9999, &year) || !take_char(s, "-") || !take_number(s, 2, 1, 12, &month)
	    || !take_char(s, "-") || !take_number(s, 2, 1, 31, &day))
		return false;
	return day <= days[month - 1] || (month == 2 && day == 29 && year % 4 == 0 && (year % 100 || year % 400 == 0));
}

static bool take_clock(const char **s)
{
	unsigned value;

	/* RFC 3339 knows a 60th second */
	if (!take_number(s, 2, 0, 23, &value) || !take_char(s, ":") || !take_number(s, 2, 0, 59, &value)
	    || !take_char(s, ":") || !take_number(s, 2, 0, 60, &value))
		return false;
	if (!take_char(s, "."))
		return true;
	if (!is_digit(**s))
		return false;
	while (is_digit(**s))
		(*s)++;
	return true;
}

static bool take_zone(const char **s)
{
	unsigned value;

	if (!**s || take_char(s, "Zz"))
		return true;
	return take_char(s, "+-") && take_number(s, 2, 0, 23, &value) && take_char(s, ":")
	       && take_number(s, 2, 0, 59, &value);
}

static bool is_time(const char *word)
{
	const char *s = word;

	if (word[2] == ':')
		return take_clock(&s) && !*s;
	if (!take_date(&s))
		return false;
	return !*s || (take_char(&s, "Tt ") && take_clock(&s) && take_zone(&s) && !*s);
}

/* looks_like_time - the date's or the clock's first separator stands where no number has one */
static bool looks_like_time(const char *word)
{
	size_t digits = strspn(word, "0123456789");

	return (digits == 4 && word[4] == '-') || (digits == 2 && word[2] == ':');
}

/* remove_underscores - each must stand between two digits */
static bool remove_underscores(char *word, unsigned base)
{
	char *to = word;

	for (const char *from = word; *from; from++) {
		if (*from == '_' && (from == word || digit_value(from[-1], base) < 0 || digit_value(from[1], base) < 0))
			return false;
		if (*from != '_')
			*to++ = *from;
	}
	*to = '\0';
	return true;
}

/* read_integer - digits only, without sign and prefix; -EINVAL or -ERANGE */
static int read_integer(const char *digits, unsigned base, bool negative, int64_t *out)
{
	uint64_t limit = negative ? (uint64_t) INT64_MAX + 1 : INT64_MAX, value = 0;

	if (!*digits)
		return -EINVAL;
	for (; *digits; digits++) {
		int digit = digit_value(*digits, base);

		if (digit < 0)
			return -EINVAL;
		if (value > (limit - (unsigned) digit) / base)
			return -ERANGE;
		value = value * base + (unsigned) digit;
	}
	*out = negative ? -(int64_t) (value - (value > 0)) - (value > 0) : (int64_t) value;
	return 0;
}

/* is_float - [digits] then a fraction, an exponent or both; no leading zeros (TOML 1.0, Float) */
static bool is_float(const char *s)
{
	size_t digits = strspn(s, "0123456789"), more;
	bool fraction = false;

	if (digits == 0 || (digits > 1 && *s == '0'))
		return false;
	s += digits;
	if (*s == '.') {
		more = strspn(s + 1, "0123456789");
		if (more == 0)
			return false;
		s += 1 + more;
		fraction = true;
	}
	if (*s != 'e' && *s != 'E')
		return fraction && !*s;
	s += 1 + (s[1] == '+' || s[1] == '-');
	digits = strspn(s, "0123456789");
	return digits > 0 && !s[digits];
}

static int read_number(struct toml *toml, char *word, json_t **out)
{
	bool sign = *word == '-' || *word == '+', negative = *word == '-';
	char *digits = word + sign;
	unsigned base = !strncmp(digits, "0x", 2) ? 16 : !strncmp(digits, "0o", 2) ? 8 : !strncmp(digits, "0b", 2) ? 2 : 10;
	int64_t value = 0;
	double real;
	int r;

	if (!strcmp(digits, "inf") || !strcmp(digits, "nan")) {
		*out = json_string(negative && *digits == 'i' ? "-inf" : digits);
		return 0;
	}
	if (base != 10) {
		/* a sign is for decimal numbers only */
		r = sign || !remove_underscores(digits + 2, base) ? -EINVAL : read_integer(digits + 2, base, false, &value);
	} else {
		if (!remove_underscores(digits, 10))
			return toml_fail(toml, is_digit(*digits) ? "\"%s\" is not a number: an underscore stands between two digits"
			                                         : "\"%s\" is not a value: strings stand in quotes", word);
		if (is_float(digits)) {
			real = strtod(word, NULL);
			*out = isfinite(real) ? json_real(real) : NULL;
			return *out ? 0 : toml_fail(toml, "the number %s is out of range", word);
		}
		r = *digits == '0' && digits[1] ? -EINVAL : read_integer(digits, 10, negative, &value);
	}
	if (r == -ERANGE)
		return toml_fail(toml, "the number %s is out of range", word);
	if (r < 0)
		return toml_fail(toml, "\"%s\" is not a value: strings stand in quotes", word);
	*out = json_integer(value);
	return 0;
}

int toml_scalar(struct toml *toml, json_t **out)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-_.:";
	char word[WORD_SIZE];
	size_t length = 0;

	while (toml->at + length < toml->end && strchr(allowed, toml->at[length]))
		length++;
	/* a date and a time may be parted by one blank */
	if (length == 10 && toml->at[4] == '-' && toml_peek(toml, 10) == ' ' && is_digit(toml_peek(toml, 11)))
		for (length++; toml->at + length < toml->end && strchr(allowed, toml->at[length]);)
			length++;
	if (length == 0)
		return toml_fail(toml, "a value is missing");
	if (length >= sizeof word)
		return toml_fail(toml, "a number is longer than %d characters", WORD_SIZE - 1);
	memcpy(word, toml->at, length);
	word[length] = '\0';
	toml->at += length;
	if (!strcmp(word, "true") || !strcmp(word, "false")) {
		*out = json_boolean(*word == 't');
		return 0;
	}
	if (!looks_like_time(word))
		return read_number(toml, word, out);
	if (!is_time(word))
		return toml_fail(toml, "\"%s\" is not a date or time", word);
	*out = json_string(word);
	return 0;
}
