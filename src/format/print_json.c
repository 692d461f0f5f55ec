/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * print_json.c - JSON as Go's encoding/json writes it: shortest floats, sorted maps, no HTML escapes
 *
 * jansson's own writer would give 0.10000000000000001 and the maps in the order of insertion.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "print.h"
#include "utf8.h"

struct writer {
	struct text *out;
	const struct template_kinds *kinds;
	unsigned indent;
};

static int write_escape(struct text *out, uint32_t c)
{
	switch (c) {
	case '"':
		return text_add(out, "\\\"");
	case '\\':
		return text_add(out, "\\\\");
	case '\n':
		return text_add(out, "\\n");
	case '\r':
		return text_add(out, "\\r");
	case '\t':
		return text_add(out, "\\t");
	default:
		return text_printf(out, "\\u%04" PRIx32, c == UTF8_BAD ? 0xfffd : c);
	}
}

static int write_string(struct text *out, const char *s, size_t length)
{
	size_t done = 0, used;
	int r = text_add_char(out, '"');

	for (size_t i = 0; r >= 0 && i < length; i += used) {
		uint32_t c = utf8_next(s + i, length - i, &used);

		if (c >= 0x20 && c != '"' && c != '\\' && c != 0x2028 && c != 0x2029
		    && c != UTF8_BAD)
			continue;
		r = text_add_bytes(out, s + done, i - done);
		if (r >= 0)
			r = write_escape(out, c);
		done = i + used;
	}
	if (r >= 0)
		r = text_add_bytes(out, s + done, length - done);
	return r < 0 ? r : text_add_char(out, '"');
}

static int write_line(struct writer *w, unsigned depth)
{
	int r = w->indent ? text_add_char(w->out, '\n') : 0;

	for (unsigned i = 0; r >= 0 && i < depth * w->indent; i++)
		r = text_add_char(w->out, ' ');
	return r;
}

static int write_value(struct writer *w, const struct value *value, unsigned depth);

static int write_array(struct writer *w, const struct value *value, unsigned depth)
{
	size_t count = json_array_size(value->json);
	int r = text_add_char(w->out, '[');

	for (size_t i = 0; r >= 0 && i < count; i++) {
		struct value item = value_item(value, json_array_get(value->json, i));

		if (i)
			r = text_add_char(w->out, ',');
		if (r >= 0)
			r = write_line(w, depth + 1);
		if (r >= 0)
			r = write_value(w, &item, depth + 1);
	}
	if (r >= 0 && count)
		r = write_line(w, depth);
	return r < 0 ? r : text_add_char(w->out, ']');
}

static int write_member(struct writer *w, const struct value *parent, const char *key,
                        json_t *json, bool first, unsigned depth)
{
	struct value child = value_key(w->kinds, parent, key, json);
	int r = first ? 0 : text_add_char(w->out, ',');

	if (r >= 0)
		r = write_line(w, depth + 1);
	if (r >= 0)
		r = write_string(w->out, key, strlen(key));
	if (r >= 0)
		r = text_add(w->out, w->indent ? ": " : ":");
	return r < 0 ? r : write_value(w, &child, depth + 1);
}

static int write_object(struct writer *w, const struct value *value, unsigned depth)
{
	size_t count = json_object_size(value->json);
	int r = text_add_char(w->out, '{');

	if (value_is_map(value)) {
		AUTO_FREE const char **keys = value_sorted_keys(value);

		for (size_t i = 0; r >= 0 && i < count; i++)
			r = write_member(w, value, keys[i], json_object_get(value->json, keys[i]),
			                 i == 0, depth);
	} else {
		bool first = true;
		const char *key;
		json_t *json;

		json_object_foreach(value->json, key, json) {
			if (r >= 0)
				r = write_member(w, value, key, json, first, depth);
			first = false;
		}
	}
	if (r >= 0 && count)
		r = write_line(w, depth);
	return r < 0 ? r : text_add_char(w->out, '}');
}

static int write_real(struct text *out, double number)
{
	double absolute = fabs(number);
	size_t begin, length;
	int r;

	if (!isfinite(number))
		return text_add(out, "null");
	/* encoding/json, floatEncoder: 'e' outside of these bounds, and e-09 becomes e-9 */
	if (!(absolute > 0) || (absolute >= 1e-6 && absolute < 1e21))
		return print_float(out, number, 'f', -1);
	begin = out->length;
	r = print_float(out, number, 'e', -1);
	length = out->length - begin;
	if (r >= 0 && length > 4 && strncmp(out->data + out->length - 4, "e-0", 3) == 0) {
		out->data[out->length - 2] = out->data[out->length - 1];
		out->data[--out->length] = '\0';
	}
	return r;
}

static int write_value(struct writer *w, const struct value *value, unsigned depth)
{
	char number[24];

	if (depth >= TEMPLATE_DEPTH_MAX)
		return -E2BIG;
	if (!value->json)
		return text_add(w->out, "null");
	switch (json_typeof(value->json)) {
	case JSON_STRING:
		return write_string(w->out, json_string_value(value->json),
		                    json_string_length(value->json));
	case JSON_INTEGER:
		(void) snprintf(number, sizeof number, "%" PRId64,
		                (int64_t) json_integer_value(value->json));
		return text_add(w->out, number);
	case JSON_REAL:
		return write_real(w->out, json_real_value(value->json));
	case JSON_TRUE:
		return text_add(w->out, "true");
	case JSON_FALSE:
		return text_add(w->out, "false");
	case JSON_ARRAY:
		return write_array(w, value, depth);
	case JSON_OBJECT:
		return write_object(w, value, depth);
	case JSON_NULL:
		break;
	}
	return text_add(w->out, "null");
}

int print_json(struct text *out, const struct template_kinds *kinds, const struct value *value,
               unsigned indent)
{
	struct writer writer = {.out = out, .kinds = kinds, .indent = indent};

	return write_value(&writer, value, 0);
}

int template_json(const json_t *data, const struct template_kinds *kinds, unsigned indent,
                  struct text *out)
{
	struct value root = value_root(data);

	return print_json(out, kinds ? kinds : &template_default_kinds, &root, indent);
}
