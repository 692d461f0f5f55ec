/* SPDX-License-Identifier: GPL-2.0-or-later */
/* print.c - values under the verbs of Go's fmt (https://pkg.go.dev/fmt); see print.h */
#include "coracle/base/alloc.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "print.h"
#include "utf8.h"

struct printer {
	struct text *out;
	const struct template_kinds *kinds;
	const struct verb *verb;
};

int print_repeated(struct text *out, char c, size_t count)
{
	char piece[64];
	int r = 0;

	(void) memset(piece, c, sizeof piece);
	for (; r >= 0 && count; count -= MIN(count, sizeof piece))
		r = text_add_bytes(out, piece, MIN(count, sizeof piece));
	return r;
}

static size_t count_characters(const char *s, size_t length)
{
	size_t count = 0, used;

	for (size_t i = 0; i < length; i += used) {
		(void) utf8_next(s + i, length - i, &used);
		count++;
	}
	return count;
}

/* Zeros go between the sign and the digits, and never before text. */
static int add_padded(struct text *out, const struct verb *verb, const char *s, size_t length,
                      bool number)
{
	size_t width = verb->width > 0 ? (size_t) verb->width : 0;
	size_t count = width ? count_characters(s, length) : 0;
	size_t missing = width > count ? width - count : 0;
	size_t sign = number && length && (*s == '-' || *s == '+' || *s == ' ') ? 1 : 0;
	bool zero = verb->zero && !verb->minus && number;
	int r = 0;

	if (zero) {
		r = text_add_bytes(out, s, sign);
		s += sign;
		length -= sign;
	}
	if (r >= 0 && !verb->minus)
		r = print_repeated(out, zero ? '0' : ' ', missing);
	if (r >= 0)
		r = text_add_bytes(out, s, length);
	if (r >= 0 && verb->minus)
		r = print_repeated(out, ' ', missing);
	return r;
}

static int quote_character(struct text *out, uint32_t c, char quote)
{
	static const char letters[] = "abtnvfr"; /* 7 to 13 */
	char bytes[4];

	if (c == (unsigned char) quote || c == '\\')
		return text_printf(out, "\\%c", (int) c);
	if (c >= 7 && c <= 13)
		return text_printf(out, "\\%c", letters[c - 7]);
	if (c < 0x20 || c == 0x7f)
		return text_printf(out, "\\x%02" PRIx32, c);
	if ((c >= 0x80 && c <= 0xa0) || c == 0xad || c == 0x2028 || c == 0x2029 || c == 0xfeff)
		return text_printf(out, "\\u%04" PRIx32, c);
	return text_add_bytes(out, bytes, utf8_put(c, bytes));
}

int print_quoted(struct text *out, const char *s, size_t length)
{
	int r = text_add_char(out, '"');
	size_t used;

	for (size_t i = 0; r >= 0 && i < length; i += used) {
		uint32_t c = utf8_next(s + i, length - i, &used);

		r = c == UTF8_BAD ? text_printf(out, "\\x%02x", (unsigned) (unsigned char) s[i])
		                  : quote_character(out, c, '"');
	}
	return r < 0 ? r : text_add_char(out, '"');
}

static int print_bad_verb(struct printer *p, const struct value *value)
{
	struct verb plain = {.letter = 'v', .width = -1, .precision = -1};
	struct value scalar = *value;
	int r = text_printf(p->out, "%%!%c(", p->verb->letter);

	if (r < 0)
		return r;
	if (value_is_null(value))
		return text_add(p->out, "<nil>)");
	r = text_printf(p->out, "%s=", value_type_name(value));
	if (r >= 0)
		r = print_verb(p->out, p->kinds, &plain, &scalar);
	return r < 0 ? r : text_add_char(p->out, ')');
}

static int add_hex(struct text *out, const char *s, size_t length, bool upper)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < length; i++)
		r = text_printf(out, upper ? "%02X" : "%02x", (unsigned) (unsigned char) s[i]);
	return r;
}

static size_t cut_characters(const char *s, size_t length, int max)
{
	size_t end = 0, used;

	for (int i = 0; i < max && end < length; i++) {
		(void) utf8_next(s + end, length - end, &used);
		end += used;
	}
	return end;
}

static int print_string(struct printer *p, const struct value *value, const char *s, size_t length)
{
	AUTO_TEXT struct text made = TEXT_INIT(p->out->max);
	int r;

	if (p->verb->precision >= 0)
		length = cut_characters(s, length, p->verb->precision);
	switch (p->verb->letter) {
	case 'v':
	case 's':
		return add_padded(p->out, p->verb, s, length, false);
	case 'q':
		r = print_quoted(&made, s, length);
		break;
	case 'x':
	case 'X':
		r = add_hex(&made, s, length, p->verb->letter == 'X');
		break;
	default:
		return print_bad_verb(p, value);
	}
	return r < 0 ? r
	             : add_padded(p->out, p->verb, text_string(&made), made.length, false);
}

/* Digits of an unsigned number in base 2, 8, 10 or 16; into is 65 bytes. */
static const char *digits_of(uint64_t number, unsigned base, bool upper, char *into)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char *at = into + 64;

	*at = '\0';
	do {
		*--at = digits[number % base];
		number /= base;
	} while (number);
	return at;
}

static int print_based(struct printer *p, int64_t number, unsigned base, const char *prefix)
{
	uint64_t absolute = number < 0 ? -(uint64_t) number : (uint64_t) number;
	char buffer[65];
	const char *digits = digits_of(absolute, base, p->verb->letter == 'X', buffer);
	const char *sign = number < 0 ? "-" : p->verb->plus ? "+" : p->verb->space ? " " : "";
	size_t count = strlen(digits);
	size_t least = p->verb->precision > 0 ? (size_t) p->verb->precision : 0;
	AUTO_TEXT struct text made = TEXT_INIT(p->out->max);
	struct verb verb = *p->verb;
	int r = text_printf(&made, "%s%s", sign, prefix);

	if (verb.precision >= 0)
		verb.zero = false;
	if (r >= 0 && least > count)
		r = print_repeated(&made, '0', least - count);
	if (r >= 0)
		r = text_add(&made, digits);
	return r < 0 ? r : add_padded(p->out, &verb, text_string(&made), made.length, true);
}

static int print_character(struct printer *p, int64_t number)
{
	AUTO_TEXT struct text made = TEXT_INIT(64);
	uint32_t c = number < 0 || number > 0x10ffff ? 0xfffd : (uint32_t) number;
	char bytes[4];
	int r;

	if (p->verb->letter == 'c') {
		size_t length = utf8_put(c, bytes);

		return add_padded(p->out, p->verb, bytes, length, false);
	}
	if (p->verb->letter == 'U') {
		r = text_printf(&made, "U+%04" PRIX64, (uint64_t) number);
	} else {
		r = text_add_char(&made, '\'');
		if (r >= 0)
			r = quote_character(&made, c, '\'');
		if (r >= 0)
			r = text_add_char(&made, '\'');
	}
	return r < 0 ? r : add_padded(p->out, p->verb, text_string(&made), made.length, false);
}

static int print_integer(struct printer *p, const struct value *value, int64_t number)
{
	switch (p->verb->letter) {
	case 'v':
	case 'd':
		return print_based(p, number, 10, "");
	case 'x':
	case 'X':
		return print_based(p, number, 16,
		                   !p->verb->sharp          ? ""
		                   : p->verb->letter == 'x' ? "0x"
		                                            : "0X");
	case 'o':
		return print_based(p, number, 8, p->verb->sharp ? "0" : "");
	case 'O':
		return print_based(p, number, 8, "0o");
	case 'b':
		return print_based(p, number, 2, p->verb->sharp ? "0b" : "");
	case 'c':
	case 'q':
	case 'U':
		return print_character(p, number);
	default:
		return print_bad_verb(p, value);
	}
}

static int print_real(struct printer *p, const struct value *value, double number)
{
	AUTO_TEXT struct text made = TEXT_INIT(2000);
	char letter = (char) tolower((unsigned char) p->verb->letter);
	int precision = p->verb->precision;
	int r = 0;

	if (!strchr("vgef", letter))
		return print_bad_verb(p, value);
	if (!(number < 0) && (p->verb->plus || p->verb->space))
		r = text_add_char(&made, p->verb->plus ? '+' : ' ');
	if (letter == 'v')
		letter = 'g';
	if (precision < 0 && letter != 'g')
		precision = 6;
	if (r >= 0)
		r = print_float(&made, number, letter, precision);
	if (r < 0)
		return r;
	for (char *c = made.data; p->verb->letter != letter && p->verb->letter != 'v' && *c; c++)
		*c = (char) toupper((unsigned char) *c);
	return add_padded(p->out, p->verb, text_string(&made), made.length, true);
}

static int print_bool(struct printer *p, const struct value *value, bool flag)
{
	const char *word = flag ? "true" : "false";

	if (p->verb->letter != 'v' && p->verb->letter != 't')
		return print_bad_verb(p, value);
	return add_padded(p->out, p->verb, word, strlen(word), false);
}

static int print_null(struct printer *p, const struct value *value)
{
	switch (value->type) {
	case TEMPLATE_LIST:
		return text_add(p->out, "[]");
	case TEMPLATE_MAP:
		return text_add(p->out, "map[]");
	case TEMPLATE_TEXT:
		return print_string(p, value, "", 0);
	case TEMPLATE_NUMBER:
		return print_integer(p, value, 0);
	case TEMPLATE_BOOL:
		return print_bool(p, value, false);
	case TEMPLATE_ANY:
	case TEMPLATE_POINTER:
		break;
	}
	if (p->verb->letter != 'v')
		return print_bad_verb(p, value);
	return add_padded(p->out, p->verb, "<nil>", 5, false);
}

static int print_nested(struct printer *p, const struct value *value, unsigned depth);

static int print_array(struct printer *p, const struct value *value, unsigned depth)
{
	size_t count = json_array_size(value->json);
	int r = text_add_char(p->out, '[');

	for (size_t i = 0; r >= 0 && i < count; i++) {
		struct value item = value_item(value, json_array_get(value->json, i));

		if (i)
			r = text_add_char(p->out, ' ');
		if (r >= 0)
			r = print_nested(p, &item, depth);
	}
	return r < 0 ? r : text_add_char(p->out, ']');
}

static int print_map(struct printer *p, const struct value *value, unsigned depth)
{
	AUTO_FREE const char **keys = value_sorted_keys(value);
	size_t count = json_object_size(value->json);
	int r = text_add(p->out, "map[");

	for (size_t i = 0; r >= 0 && i < count; i++) {
		struct value child = value_key(p->kinds, value, keys[i],
		                               json_object_get(value->json, keys[i]));

		r = i ? text_add_char(p->out, ' ') : 0;
		if (r >= 0)
			r = text_add(p->out, keys[i]);
		if (r >= 0)
			r = text_add_char(p->out, ':');
		if (r >= 0)
			r = print_nested(p, &child, depth);
	}
	return r < 0 ? r : text_add_char(p->out, ']');
}

static int print_struct(struct printer *p, const struct value *value, unsigned depth)
{
	const char *key;
	json_t *json;
	bool first = true;
	int r = text_add_char(p->out, '{');

	json_object_foreach(value->json, key, json) {
		struct value child = value_key(p->kinds, value, key, json);

		if (r >= 0 && !first)
			r = text_add_char(p->out, ' ');
		if (r >= 0 && p->verb->names)
			r = text_printf(p->out, "%s:", key);
		if (r >= 0)
			r = print_nested(p, &child, depth);
		first = false;
	}
	return r < 0 ? r : text_add_char(p->out, '}');
}

static int print_nested(struct printer *p, const struct value *value, unsigned depth)
{
	if (depth >= TEMPLATE_DEPTH_MAX)
		return -E2BIG;
	if (!value->json)
		return print_null(p, value);
	switch (json_typeof(value->json)) {
	case JSON_STRING:
		return print_string(p, value, json_string_value(value->json),
		                    json_string_length(value->json));
	case JSON_INTEGER:
		return print_integer(p, value, (int64_t) json_integer_value(value->json));
	case JSON_REAL:
		return print_real(p, value, json_real_value(value->json));
	case JSON_TRUE:
	case JSON_FALSE:
		return print_bool(p, value, json_is_true(value->json));
	case JSON_ARRAY:
		return print_array(p, value, depth + 1);
	case JSON_OBJECT:
		return value_is_map(value) ? print_map(p, value, depth + 1)
		                           : print_struct(p, value, depth + 1);
	case JSON_NULL:
		break;
	}
	return print_null(p, value);
}

int print_verb(struct text *out, const struct template_kinds *kinds, const struct verb *verb,
               const struct value *value)
{
	struct printer printer = {.out = out, .kinds = kinds, .verb = verb};

	if (verb->letter == 'T')
		return text_add(out, value_type_name(value));
	return print_nested(&printer, value, 0);
}

int print_value(struct text *out, const struct template_kinds *kinds, const struct value *value)
{
	static const struct verb plain = {.letter = 'v', .width = -1, .precision = -1};

	if (json_is_string(value->json))
		return text_add_bytes(out, json_string_value(value->json),
		                      json_string_length(value->json));
	if (!value->json || (json_is_null(value->json) && value->type == TEMPLATE_ANY))
		return text_add(out, "<no value>");
	return print_verb(out, kinds, &plain, value);
}
