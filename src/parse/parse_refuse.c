/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parse_refuse.c - how every option parser words its refusal; see parse_refuse.h */
#include "parse_refuse.h"

#include "coracle/base/json.h"
#include "coracle/base/number.h"

#include <string.h>

int parse_refuse(struct error *err, int r, const char *what, const char *text, const char *example)
{
	char reason[sizeof err->text];

	(void) memcpy(reason, err->text, sizeof reason);
	(void) error_set(err, err->kind, "%s \"%.200s%s\": %.1000s, as in \"%s\"", what, text,
	                 strlen(text) > 200 ? "..." : "", reason, example);
	return r;
}

int parse_text(const char *text, size_t max, struct error *err)
{
	AUTO_JSON json_t *readable = NULL;

	if (*text == '\0')
		return error_set(err, ERROR_INVALID, "it is empty; give a value");
	if (strnlen(text, max + 1) > max)
		return error_set(err, ERROR_INVALID, "it is longer than %zu bytes; shorten it", max);
	readable = json_string(text);
	if (!readable)
		return error_set(err, ERROR_INVALID,
		                 "it is not UTF-8 text, which a container's record is written in");
	return 0;
}

int parse_id(const char *text, uint32_t *out, struct error *err)
{
	uint64_t number = 0;
	int r = number_parse_uint(text, 0, UINT32_MAX - 1, &number);

	if (r == -EINVAL)
		return 0;
	if (r < 0)
		return error_set(err, ERROR_INVALID, "%.40s is not an id from 0 to 4294967294", text);
	*out = (uint32_t) number;
	return 1;
}
