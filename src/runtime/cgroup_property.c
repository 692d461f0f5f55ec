/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cgroup_property.c - properties of units in annotations: values in the text form of GVariant
 * (GLib reference "GVariant Text Format"; common types only: basic ones and arrays of them)
 */
#include "cgroup_bus.h"

#include "coracle/base/alloc.h"
#include "coracle/base/number.h"
#include "coracle/base/text.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define VALUE_MAX  65536
#define VALUES_MAX 1024

static const struct {
	const char *word;
	char type;
} type_words[] = {
	{"boolean", 'b'}, {"byte", 'y'},   {"int16", 'n'},  {"uint16", 'q'},     {"int32", 'i'},     {"uint32", 'u'},
	{"int64", 'x'},   {"uint64", 't'}, {"double", 'd'}, {"objectpath", 'o'}, {"signature", 'g'}, {"string", 's'},
};

void property_done(struct property *property)
{
	texts_done(&property->values);
	*property = (struct property){0};
}

static void skip_blanks(const char **at)
{
	while (isspace((unsigned char) **at))
		(*at)++;
}

/* "uint64 " or "@t " in front of a value; 0: none */
static char read_type(const char **at)
{
	if (**at == '@' && strchr("bynqiuxtdsog", (*at)[1]) && (*at)[1] && isspace((unsigned char) (*at)[2])) {
		char type = (*at)[1];

		*at += 2;
		skip_blanks(at);
		return type;
	}
	for (size_t i = 0; i < ARRAY_LEN(type_words); i++) {
		size_t length = strlen(type_words[i].word);

		if (strncmp(*at, type_words[i].word, length) == 0 && isspace((unsigned char) (*at)[length])) {
			*at += length;
			skip_blanks(at);
			return type_words[i].type;
		}
	}
	return 0;
}

static int read_string(const char **at, struct text *out)
{
	char quote = *(*at)++;

	for (; **at && **at != quote; (*at)++) {
		char c = **at;

		if (c == '\\') {
			c = *++*at;
			if (c == '\0' || strchr("abfvuU", c))
				return -EINVAL;
			c = (char) (c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c);
		}
		if (text_add_char(out, c) < 0)
			return -EINVAL;
	}
	/* the end of the text is not passed */
	if (**at != quote)
		return -EINVAL;
	(*at)++;
	return 0;
}

static const struct {
	char type;
	int64_t min;
	uint64_t max;
} ranges[] = {
	{'y', 0, UINT8_MAX},           {'n', INT16_MIN, INT16_MAX}, {'q', 0, UINT16_MAX}, {'i', INT32_MIN, INT32_MAX},
	{'u', 0, UINT32_MAX},          {'x', INT64_MIN, INT64_MAX}, {'t', 0, UINT64_MAX},
};

/* Hexadecimal and octal as in C; nothing behind it */
static int read_digits(const char *word, unsigned long long *out)
{
	static const char digits[] = "0123456789abcdef";
	bool hex = word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
	unsigned base = hex ? 16 : word[0] == '0' ? 8 : 10;
	unsigned long long value = 0;

	word += hex ? 2 : 0;
	if (!*word)
		return -EINVAL;
	for (; *word; word++) {
		const char *digit = memchr(digits, tolower((unsigned char) *word), base);

		if (!digit || value > (ULLONG_MAX - (unsigned long long) (digit - digits)) / base)
			return -EINVAL;
		value = value * base + (unsigned long long) (digit - digits);
	}
	*out = value;
	return 0;
}

/* Into decimal */
static int read_number(const char *word, char type, struct text *out)
{
	bool negative = *word == '-';
	char *end;
	unsigned long long value = 0;

	if (type == 'd') {
		(void) strtod(word, &end);
		return *end || end == word || text_add(out, word) < 0 ? -EINVAL : 0;
	}
	if (read_digits(word + negative, &value) < 0)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
		uint64_t lowest = ranges[i].min < 0 ? (uint64_t) - (ranges[i].min + 1) + 1 : 0;

		if (ranges[i].type == type && value <= (negative ? lowest : ranges[i].max))
			return text_printf(out, "%s%llu", negative ? "-" : "", value) < 0 ? -EINVAL : 0;
	}
	return -EINVAL;
}

/* One basic value; *type is what it must be, or 0 and then what it is */
static int read_value(const char **at, char *type, struct texts *out)
{
	AUTO_TEXT struct text value = TEXT_INIT(VALUE_MAX);
	AUTO_FREE char *word = NULL;
	char own = read_type(at);
	size_t length;
	bool is_bool;

	if (own && *type && own != *type)
		return -EINVAL;
	*type = own ? own : *type;
	if (**at == '\'' || **at == '"') {
		if (read_string(at, &value) < 0 || (*type && !strchr("sog", *type)))
			return -EINVAL;
		*type = *type ? *type : 's';
		texts_add(out, text_string(&value));
		return 0;
	}
	length = strcspn(*at, ",] \t\n");
	word = xstrndup(*at, length);
	*at += length;
	is_bool = strcmp(word, "true") == 0 || strcmp(word, "false") == 0;
	if (!*type)
		*type = (char) (is_bool ? 'b' : strpbrk(word, ".eE") && strncmp(word, "0x", 2) != 0 ? 'd' : 'i');
	if (*type == 'b' ? !is_bool || text_add(&value, word) < 0 : read_number(word, *type, &value) < 0)
		return -EINVAL;
	texts_add(out, text_string(&value));
	return 0;
}

static int read_array(const char **at, struct property *out)
{
	out->array = true;
	(*at)++;
	skip_blanks(at);
	while (**at != ']') {
		if (out->values.count >= VALUES_MAX || read_value(at, &out->type, &out->values) < 0)
			return -EINVAL;
		skip_blanks(at);
		if (**at == ',') {
			(*at)++;
			skip_blanks(at);
		} else if (**at != ']') {
			return -EINVAL;
		}
	}
	(*at)++;
	/* of what an empty one is has to be said */
	return out->type ? 0 : -EINVAL;
}

int property_parse(const char *text, struct property *out)
{
	struct property read = {0};
	const char *at = text;
	int r;

	skip_blanks(&at);
	if (at[0] == '@' && at[1] == 'a' && at[2] && strchr("bynqiuxtdsog", at[2])) {
		read.type = at[2];
		at += 3;
		skip_blanks(&at);
		r = *at == '[' ? read_array(&at, &read) : -EINVAL;
	} else {
		r = *at == '[' ? read_array(&at, &read) : read_value(&at, &read.type, &read.values);
	}
	skip_blanks(&at);
	if (r < 0 || *at) {
		property_done(&read);
		return -EINVAL;
	}
	*out = read;
	return 0;
}

static int append_value(struct bus *bus, void *message, char type, const char *value)
{
	union {
		int truth;
		uint8_t y;
		uint16_t q;
		uint32_t u;
		uint64_t t;
		double d;
	} of = {0};
	uint64_t bits = 0;
	int64_t negative;

	/* two's complement: the bits of a negative number serve as those of the signed type; others are no numbers */
	if (number_parse_int(value, INT64_MIN, -1, &negative) >= 0)
		bits = (uint64_t) negative;
	else if (number_parse_uint(value, 0, UINT64_MAX, &bits) < 0)
		bits = 0;
	switch (type) {
	case 'b':
		of.truth = strcmp(value, "true") == 0;
		break;
	case 'y':
		of.y = (uint8_t) bits;
		break;
	case 'n':
	case 'q':
		of.q = (uint16_t) bits;
		break;
	case 'i':
	case 'u':
		of.u = (uint32_t) bits;
		break;
	case 'x':
	case 't':
		of.t = bits;
		break;
	case 'd':
		of.d = strtod(value, NULL);
		break;
	default:
		return bus->calls.sd_bus_message_append_basic(message, type, value);
	}
	return bus->calls.sd_bus_message_append_basic(message, type, &of);
}

int property_append(struct bus *bus, void *message, const char *name, const struct property *property)
{
	const struct bus_calls *calls = &bus->calls;
	char item[] = {property->type, '\0'}, array[] = {'a', property->type, '\0'};
	int r = calls->sd_bus_message_open_container(message, 'r', "sv");

	if (r >= 0)
		r = calls->sd_bus_message_append_basic(message, 's', name);
	if (r >= 0)
		r = calls->sd_bus_message_open_container(message, 'v', property->array ? array : item);
	if (r >= 0 && property->array)
		r = calls->sd_bus_message_open_container(message, 'a', item);
	for (size_t i = 0; r >= 0 && i < property->values.count; i++)
		r = append_value(bus, message, property->type, property->values.items[i]);
	if (r >= 0 && property->array)
		r = calls->sd_bus_message_close_container(message);
	if (r >= 0)
		r = calls->sd_bus_message_close_container(message);
	return r < 0 ? r : calls->sd_bus_message_close_container(message);
}
