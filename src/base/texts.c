/* SPDX-License-Identifier: GPL-2.0-or-later */
/* texts.c - lists of strings and of key/value pairs; see texts.h */
#include "coracle/base/texts.h"

#include "coracle/base/alloc.h"
#include "coracle/base/text.h"

#include <stdarg.h>
#include <string.h>

void texts_done(struct texts *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		free(texts->items[i]);
	free(texts->items);
	texts->items = NULL;
	texts->count = 0;
}

void texts_take(struct texts *texts, char *s)
{
	/* Grows at powers of two; one slot more for the NULL. */
	if ((texts->count & (texts->count + 1)) == 0)
		texts->items = xrealloc(texts->items, 2 * (texts->count + 1), sizeof *texts->items);
	texts->items[texts->count++] = s;
	texts->items[texts->count] = NULL;
}

void texts_add(struct texts *texts, const char *s)
{
	texts_take(texts, xstrdup(s));
}

void texts_printf(struct texts *texts, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	texts_take(texts, xvprintf(format, args));
	va_end(args);
}

void texts_add_all(struct texts *texts, const struct texts *more)
{
	for (size_t i = 0; i < more->count; i++)
		texts_add(texts, more->items[i]);
}

void texts_remove(struct texts *texts, size_t index)
{
	struct texts kept = {0};

	for (size_t i = 0; i < texts->count; i++) {
		if (i == index)
			free(texts->items[i]);
		else
			texts_take(&kept, texts->items[i]);
	}
	free(texts->items);
	*texts = kept;
}

bool texts_has(const struct texts *texts, const char *s)
{
	for (size_t i = 0; i < texts->count; i++)
		if (strcmp(texts->items[i], s) == 0)
			return true;
	return false;
}

void texts_split(struct texts *texts, const char *s, char separator)
{
	for (;;) {
		const char *end = strchrnul(s, separator);

		texts_take(texts, xstrndup(s, (size_t) (end - s)));
		if (!*end)
			return;
		s = end + 1;
	}
}

char *texts_join(const struct texts *texts, const char *separator)
{
	struct text joined = TEXT_INIT(SIZE_MAX / 2);

	for (size_t i = 0; i < texts->count; i++) {
		if (i)
			(void) text_add(&joined, separator);
		(void) text_add(&joined, texts->items[i]);
	}
	return text_take(&joined);
}

static bool same_key(const char *item, const char *key, size_t length)
{
	return strncmp(item, key, length) == 0 && (item[length] == '=' || item[length] == '\0');
}

void texts_env_set(struct texts *texts, const char *assignment)
{
	size_t length = (size_t) (strchrnul(assignment, '=') - assignment);

	for (size_t i = 0; i < texts->count; i++) {
		if (same_key(texts->items[i], assignment, length)) {
			text_replace(&texts->items[i], assignment);
			return;
		}
	}
	texts_add(texts, assignment);
}

const char *texts_env_get(const struct texts *texts, const char *key)
{
	size_t length = strlen(key);

	for (size_t i = 0; i < texts->count; i++)
		if (strncmp(texts->items[i], key, length) == 0 && texts->items[i][length] == '=')
			return texts->items[i] + length + 1;
	return NULL;
}

void pairs_done(struct pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		free(pairs->items[i].key);
		free(pairs->items[i].value);
	}
	free(pairs->items);
	pairs->items = NULL;
	pairs->count = 0;
}

void pairs_set(struct pairs *pairs, const char *key, const char *value)
{
	for (size_t i = 0; i < pairs->count; i++) {
		if (strcmp(pairs->items[i].key, key) == 0) {
			text_replace(&pairs->items[i].value, value);
			return;
		}
	}
	pairs->items = xrealloc(pairs->items, pairs->count + 1, sizeof *pairs->items);
	pairs->items[pairs->count++] = (struct pair){.key = xstrdup(key), .value = xstrdup(value)};
}

const char *pairs_get(const struct pairs *pairs, const char *key)
{
	for (size_t i = 0; i < pairs->count; i++)
		if (strcmp(pairs->items[i].key, key) == 0)
			return pairs->items[i].value;
	return NULL;
}

void pairs_set_all(struct pairs *pairs, const struct pairs *more)
{
	for (size_t i = 0; i < more->count; i++)
		pairs_set(pairs, more->items[i].key, more->items[i].value);
}

void pairs_set_text(struct pairs *pairs, const char *assignment)
{
	const char *equals = strchrnul(assignment, '=');
	AUTO_FREE char *key = xstrndup(assignment, (size_t) (equals - assignment));

	pairs_set(pairs, key, *equals ? equals + 1 : "");
}
