/* SPDX-License-Identifier: GPL-2.0-or-later */
/* subid.c - /etc/subuid and /etc/subgid (subuid(5)); see subid.h */
#include "coracle/userns/subid.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/number.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SUBID_MAX_BYTES (4 << 20)
#define ID_MAX          UINT64_C(4294967294)

static bool names_user(const char *field, size_t length, const char *name, uint64_t id)
{
	char number[24];

	if (name && strlen(name) == length && strncmp(field, name, length) == 0)
		return true;
	(void) snprintf(number, sizeof number, "%" PRIu64, id);
	return strlen(number) == length && strncmp(field, number, length) == 0;
}

static bool parse_number(const char *text, size_t length, uint64_t *out)
{
	char copy[24];

	if (length == 0 || length >= sizeof copy)
		return false;
	(void) memcpy(copy, text, length);
	copy[length] = '\0';
	return number_parse_uint(copy, 0, ID_MAX, out) == 0;
}

static bool parse_line(const char *line, size_t length, const char *name, uint64_t id,
                       struct id_range *out)
{
	const char *end = line + length;
	const char *first = memchr(line, ':', length);
	const char *second = first ? memchr(first + 1, ':', (size_t) (end - first - 1)) : NULL;
	uint64_t start, count;

	if (!second || !names_user(line, (size_t) (first - line), name, id))
		return false;
	if (!parse_number(first + 1, (size_t) (second - first - 1), &start)
	    || !parse_number(second + 1, (size_t) (end - second - 1), &count))
		return false;
	if (count == 0 || start > ID_MAX - count + 1)
		return false;
	*out = (struct id_range){.outside = start, .count = count};
	return true;
}

size_t subid_parse(const char *text, const char *name, uint64_t id, struct id_range *out, size_t max)
{
	size_t count = 0;

	while (*text && count < max) {
		const char *end = strchrnul(text, '\n');

		if (parse_line(text, (size_t) (end - text), name, id, &out[count]))
			count++;
		text = *end ? end + 1 : end;
	}
	return count;
}

int subid_read(const char *path, const char *name, uint64_t id, struct id_range *out, size_t max)
{
	AUTO_FREE char *text = NULL;
	int r = file_read(AT_FDCWD, path, SUBID_MAX_BYTES, &text, NULL);

	return r < 0 ? r : (int) subid_parse(text, name, id, out, max);
}
