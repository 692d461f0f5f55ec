/* SPDX-License-Identifier: GPL-2.0-or-later */
/* alloc.c - allocation that ends the process on exhaustion; see alloc.h */
#include "coracle/base/alloc.h"

#include <stdio.h>
#include <string.h>

static _Noreturn void out_of_memory(void)
{
	static const char line[] = "coracle: out of memory\n";

	(void) !write(STDERR_FILENO, line, sizeof line - 1);
	_exit(125);
}

void *xcalloc(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size ? size : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *xrealloc(void *old, size_t count, size_t size)
{
	void *p = reallocarray(old, count ? count : 1, size ? size : 1);

	if (!p)
		out_of_memory();
	return p;
}

char *xstrdup(const char *s)
{
	char *p = strdup(s);

	if (!p)
		out_of_memory();
	return p;
}

char *xstrndup(const char *s, size_t n)
{
	char *p = strndup(s, n);

	if (!p)
		out_of_memory();
	return p;
}

void *xmemdup(const void *from, size_t size)
{
	void *p = xcalloc(1, size);

	if (size)
		(void) memcpy(p, from, size);
	return p;
}

char *xvprintf(const char *format, va_list args)
{
	char *p;

	if (vasprintf(&p, format, args) < 0)
		out_of_memory();
	return p;
}

char *xprintf(const char *format, ...)
{
	va_list args;
	char *p;

	va_start(args, format);
	p = xvprintf(format, args);
	va_end(args);
	return p;
}

void text_replace(char **slot, const char *value)
{
	char *copy = value ? xstrdup(value) : NULL;

	free(*slot);
	*slot = copy;
}
