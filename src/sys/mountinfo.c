/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mountinfo.c - tables of mounts; see mountinfo.h */
#include "coracle/sys/mountinfo.h"

#include "coracle/base/number.h"

#include <string.h>

#define SEPARATOR "-"

/* The character that "\ooo" stands for; 0: it stands for itself */
static char escaped(const char *text)
{
	unsigned byte = 0;

	for (size_t i = 1; i <= 3; i++) {
		if (*text != '\\' || text[i] < '0' || text[i] > '7')
			return 0;
		byte = byte * 8 + (unsigned) (text[i] - '0');
	}
	return byte <= UINT8_MAX ? (char) byte : 0;
}

/* The kernel writes blanks, tabs, newlines and backslashes as "\ooo"; in place. */
static void unescape(char *text)
{
	char *to = text, c;

	for (; *text; text++) {
		c = escaped(text);
		*to++ = c ? c : *text;
		if (c)
			text += 3;
	}
	*to = '\0';
}

/* The next word of a line; "" at its end. */
static char *next_word(char **rest)
{
	char *word = *rest;

	*rest += strcspn(*rest, " ");
	if (**rest)
		*(*rest)++ = '\0';
	return word;
}

/* ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG...] - TYPE SOURCE OPTIONS */
static bool line_parse(char *line, struct mountinfo *out)
{
	if (number_parse_uint(next_word(&line), 0, UINT64_MAX, &out->id) < 0
	    || number_parse_uint(next_word(&line), 0, UINT64_MAX, &out->parent) < 0)
		return false;
	(void) next_word(&line);
	out->root = next_word(&line);
	out->point = next_word(&line);
	while (*line && strcmp(next_word(&line), SEPARATOR) != 0)
		;
	out->type = next_word(&line);
	(void) next_word(&line);
	out->options = next_word(&line);
	unescape(out->root);
	unescape(out->point);
	return *out->point != '\0';
}

bool mountinfo_next(char **text, struct mountinfo *out)
{
	while (**text) {
		char *line = *text, *end = strchrnul(line, '\n');

		*text = *end ? end + 1 : end;
		*end = '\0';
		if (line_parse(line, out))
			return true;
	}
	return false;
}
