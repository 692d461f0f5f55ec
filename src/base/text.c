/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text.c - a growing string with a mandatory maximum; see text.h */
#include "coracle/base/text.h"

#include "coracle/base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void text_done(struct text *text)
{
	free(text->data);
	text->data = NULL;
	text->length = text->size = 0;
}

void text_clear(struct text *text)
{
	text->length = 0;
	text->cut = false;
	if (text->data)
		text->data[0] = '\0';
}

static int reserve(struct text *text, size_t more)
{
	size_t need;

	if (more > text->max - text->length) {
		text->cut = true;
		return -E2BIG;
	}
	need = text->length + more + 1;
	if (need > text->size) {
		size_t size = MAX(need, text->size * 2);

		text->data = xrealloc(text->data, size, 1);
		text->size = size;
	}
	return 0;
}

int text_add_bytes(struct text *text, const void *bytes, size_t length)
{
	int r = reserve(text, length);

	if (r < 0)
		return r;
	if (length)
		(void) memcpy(text->data + text->length, bytes, length);
	text->length += length;
	text->data[text->length] = '\0';
	return 0;
}

int text_add(struct text *text, const char *s)
{
	return text_add_bytes(text, s, strlen(s));
}

int text_add_char(struct text *text, char c)
{
	return text_add_bytes(text, &c, 1);
}

int text_printf(struct text *text, const char *format, ...)
{
	va_list args;
	char *piece;
	int r;

	va_start(args, format);
	piece = xvprintf(format, args);
	va_end(args);
	r = text_add(text, piece);
	free(piece);
	return r;
}

const char *text_string(const struct text *text)
{
	return text->data ? text->data : "";
}

char *text_take(struct text *text)
{
	char *data = text->data ? text->data : xstrdup("");

	text->data = NULL;
	text->length = text->size = 0;
	text->cut = false;
	return data;
}
