/* SPDX-License-Identifier: GPL-2.0-or-later */
/* visible.c - foreign text that a terminal can be shown; see visible.h */
#include "visible.h"

#include "coracle/base/alloc.h"
#include "coracle/base/text.h"

#include <string.h>

/*
 * The bytes of the well-formed character that text begins with (RFC 3629 §4); 0: none, or one that steers a
 * terminal (also the C1 set, U+0080 to U+009F, which is two bytes)
 */
static size_t character(const char *text)
{
	const unsigned char *c = (const unsigned char *) text;
	size_t length = c[0] < 0x80 ? 1 : c[0] >= 0xc2 && c[0] < 0xe0 ? 2 : c[0] >= 0xe0 && c[0] < 0xf0 ? 3
		: c[0] >= 0xf0 && c[0] < 0xf5 ? 4 : 0;

	if (c[0] < 0x20 || c[0] == 0x7f)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	/* C1; overlong forms; surrogates; beyond U+10FFFF */
	if ((c[0] == 0xc2 && c[1] < 0xa0) || (c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f)
	    || (c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] > 0x8f))
		return 0;
	return length;
}

char *visible_line(const char *text)
{
	struct text out = TEXT_INIT(SIZE_MAX);

	while (*text) {
		size_t blanks = strspn(text, " \t\r\n"), length;

		if (blanks) {
			(void) text_add_char(&out, ' ');
			text += blanks;
			continue;
		}
		length = character(text);
		(void) text_add_bytes(&out, length ? text : "?", length ? length : 1);
		text += length ? length : 1;
	}
	return text_take(&out);
}

char *visible_name(const char *name)
{
	struct text out = TEXT_INIT(SIZE_MAX);

	while (*name) {
		size_t length = character(name);

		if (length)
			(void) text_add_bytes(&out, name, length);
		else
			(void) text_printf(&out, "\\x%02x", (unsigned char) *name);
		name += length ? length : 1;
	}
	return text_take(&out);
}

void visible_cut(char *text, size_t length)
{
	if (strlen(text) <= length)
		return;
	while (length > 0 && ((unsigned char) text[length] & 0xc0) == 0x80)
		length--;
	text[length] = '\0';
}
