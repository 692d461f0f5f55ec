/* SPDX-License-Identifier: GPL-2.0-or-later */
/* number.c - strict parsing of numbers and sizes; see number.h */
#include "coracle/base/number.h"

#include <string.h>

#define BILLION UINT64_C(1000000000)

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits from *at on: 0, -EINVAL (none) or -ERANGE; *at is behind them in any case. */
static int take_digits(const char **at, unsigned base, uint64_t *out)
{
	uint64_t value = 0;
	bool overflow = false;
	const char *start = *at;

	for (; **at >= '0' && **at < (char) ('0' + base); ++*at)
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, (uint64_t) (**at - '0'), &value))
			overflow = true;
	if (*at == start)
		return -EINVAL;
	*out = value;
	return overflow ? -ERANGE : 0;
}

static int parse_whole(const char *text, unsigned base, uint64_t *out)
{
	int r = take_digits(&text, base, out);

	return *text ? -EINVAL : r;
}

int number_parse_uint(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t value;
	int r = parse_whole(text, 10, &value);

	if (r < 0)
		return r;
	if (value < min || value > max)
		return -ERANGE;
	*out = value;
	return 0;
}

int number_parse_int(const char *text, int64_t min, int64_t max, int64_t *out)
{
	bool negative = *text == '-';
	uint64_t size;
	int64_t value;
	int r = parse_whole(text + negative, 10, &size);

	if (r < 0)
		return r;
	if (size > (uint64_t) INT64_MAX + negative)
		return -ERANGE;
	value = negative ? (int64_t) (0 - size) : (int64_t) size;
	if (value < min || value > max)
		return -ERANGE;
	*out = value;
	return 0;
}

int number_parse_octal(const char *text, unsigned max, unsigned *out)
{
	uint64_t value;
	int r = parse_whole(text, 8, &value);

	if (r < 0)
		return r;
	if (value > max)
		return -ERANGE;
	*out = (unsigned) value;
	return 0;
}

/* "12", "12.5" or ".5" from *at on, as a whole number and billionths. */
static int take_decimal(const char **at, uint64_t *whole, uint64_t *billionths)
{
	uint64_t unit = BILLION / 10;
	int r = 0;

	*whole = *billionths = 0;
	if (**at != '.')
		r = take_digits(at, 10, whole);
	if (r < 0 || **at != '.')
		return r;
	if (!is_digit(*++*at))
		return -EINVAL;
	for (; is_digit(**at); unit /= 10) {
		/* a tenth digit would be lost: say so instead, unless it says nothing */
		if (unit == 0 && **at != '0')
			return -EINVAL;
		*billionths += (uint64_t) (*(*at)++ - '0') * unit;
	}
	return 0;
}

static int unit_shift(char c)
{
	static const char letters[] = "kmgtp";
	const char *found = c ? strchr(letters, c | 0x20) : NULL;

	return found ? 10 * (int) (found - letters + 1) : 0;
}

int number_parse_size(const char *text, uint64_t *out)
{
	uint64_t whole, billionths, rest;
	int shift, fine;
	int r = take_decimal(&text, &whole, &billionths);

	if (r < 0)
		return r;
	shift = unit_shift(*text);
	if (shift) {
		text++;
		text += *text == 'i' || *text == 'I';
	}
	text += *text == 'b' || *text == 'B';
	if (*text)
		return -EINVAL;
	if (whole > UINT64_MAX >> shift >> 1)
		return -ERANGE;
	/* billionths < 2^30: in two steps, so that nothing passes 64 bits */
	fine = MIN(shift, 30);
	rest = (billionths << fine) % BILLION;
	*out = (whole << shift) + ((billionths << fine) / BILLION << (shift - fine)) +
	       (rest << (shift - fine)) / BILLION;
	return 0;
}

int number_parse_decimal(const char *text, uint64_t *out_billionths)
{
	uint64_t whole, billionths;
	int r = take_decimal(&text, &whole, &billionths);

	if (r == -EINVAL || *text)
		return -EINVAL;
	if (r < 0 || whole > UINT64_MAX / BILLION - 1)
		return -ERANGE;
	*out_billionths = whole * BILLION + billionths;
	return 0;
}

int number_parse_bool(const char *text, bool *out)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {
		{"1", true},     {"t", true},     {"T", true},     {"true", true},
		{"TRUE", true},  {"True", true},  {"0", false},    {"f", false},
		{"F", false},    {"false", false}, {"FALSE", false}, {"False", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(text, words[i].word) == 0) {
			*out = words[i].value;
			return 0;
		}
	}
	return -EINVAL;
}
