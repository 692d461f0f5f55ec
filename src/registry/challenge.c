/* SPDX-License-Identifier: GPL-2.0-or-later */
/* challenge.c - the grammar of WWW-Authenticate (RFC 9110 §11.6.1) read in one pass; see challenge.h */
#include "coracle/registry/challenge.h"

#include "coracle/base/alloc.h"
#include "coracle/base/text.h"

#include <string.h>

struct cursor {
	const char *at, *end;
};

static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* RFC 9110 §5.6.2, tchar */
static bool is_token(char c)
{
	return is_letter_or_digit(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token68(char c)
{
	return is_letter_or_digit(c) || (c != '\0' && strchr("-._~+/", c));
}

/* Values without quotes are tokens by the grammar; some registries leave the quotes off URLs, too. */
static bool is_bare(char c)
{
	return (unsigned char) c > ' ' && c != 0x7f && c != ',' && c != '"';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void skip_blanks(struct cursor *cursor)
{
	while (cursor->at < cursor->end && is_blank(*cursor->at))
		cursor->at++;
}

/* Empty elements of a list count as nothing (RFC 9110 §5.6.1.2). */
static void skip_commas(struct cursor *cursor)
{
	while (cursor->at < cursor->end && (is_blank(*cursor->at) || *cursor->at == ','))
		cursor->at++;
}

static bool at(const struct cursor *cursor, char c)
{
	return cursor->at < cursor->end && *cursor->at == c;
}

/* word - owned, at least one character of a class; NULL when there is none */
static char *word(struct cursor *cursor, bool (*is)(char))
{
	const char *start = cursor->at;

	while (cursor->at < cursor->end && is(*cursor->at))
		cursor->at++;
	return cursor->at == start ? NULL : xstrndup(start, (size_t) (cursor->at - start));
}

static char *lower(char *text)
{
	for (char *c = text; c && *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char) (*c - 'A' + 'a');
	return text;
}

/* quoted - owned value behind the opening quote; NULL when it does not end */
static char *quoted(struct cursor *cursor)
{
	AUTO_TEXT struct text value = TEXT_INIT(CHALLENGE_MAX_BYTES);

	for (cursor->at++; cursor->at < cursor->end; cursor->at++) {
		char c = *cursor->at;

		if (c == '"') {
			cursor->at++;
			return text_take(&value);
		}
		if (c == '\\' && ++cursor->at < cursor->end)
			c = *cursor->at;
		if (cursor->at == cursor->end || c == '\0' || text_add_char(&value, c) < 0)
			return NULL;
	}
	return NULL;
}

/* try_token68 - take it when it reaches to the next comma or the end; else nothing is consumed */
static char *try_token68(struct cursor *cursor)
{
	struct cursor ahead = *cursor;
	const char *start = ahead.at;

	while (ahead.at < ahead.end && is_token68(*ahead.at))
		ahead.at++;
	if (ahead.at == start)
		return NULL;
	while (at(&ahead, '='))
		ahead.at++;
	const char *end = ahead.at;

	skip_blanks(&ahead);
	if (ahead.at < ahead.end && *ahead.at != ',')
		return NULL;
	*cursor = ahead;
	return xstrndup(start, (size_t) (end - start));
}

/* parameter - 1: added; 0: what follows is no parameter, nothing consumed; negative errno */
static int parameter(struct cursor *cursor, struct challenge *challenge)
{
	struct cursor ahead = *cursor;
	AUTO_FREE char *key = lower(word(&ahead, is_token));
	AUTO_FREE char *value = NULL;

	if (!key)
		return -EINVAL;
	skip_blanks(&ahead);
	if (!at(&ahead, '='))
		return 0;
	ahead.at++;
	skip_blanks(&ahead);
	value = at(&ahead, '"') ? quoted(&ahead) : word(&ahead, is_bare);
	if (!value)
		return -EINVAL;
	skip_blanks(&ahead);
	if (ahead.at < ahead.end && *ahead.at != ',')
		return -EINVAL;
	if (challenge->parameters.count == CHALLENGE_PARAMETERS_MAX)
		return -E2BIG;
	if (!pairs_get(&challenge->parameters, key))
		pairs_set(&challenge->parameters, key, value);
	*cursor = ahead;
	return 1;
}

static int read_challenge(struct cursor *cursor, struct challenge *challenge)
{
	int r;

	challenge->scheme = lower(word(cursor, is_token));
	if (!challenge->scheme)
		return -EINVAL;
	if (cursor->at < cursor->end && !is_blank(*cursor->at) && *cursor->at != ',')
		return -EINVAL;
	skip_blanks(cursor);
	if (cursor->at == cursor->end || *cursor->at == ',')
		return 0;
	challenge->token = try_token68(cursor);
	if (challenge->token)
		return 0;
	do {
		r = parameter(cursor, challenge);
		if (r == 0 && challenge->parameters.count == 0)
			return -EINVAL;
		if (r <= 0)
			return r;
		skip_commas(cursor);
	} while (cursor->at < cursor->end);
	return 0;
}

void challenges_done(struct list *challenges)
{
	LIST_EACH(struct challenge, challenge, challenges) {
		free(challenge->scheme);
		free(challenge->token);
		pairs_done(&challenge->parameters);
	}
	free(challenges->items);
	*challenges = (struct list){0};
}

int challenge_parse(const char *value, size_t length, struct list *out)
{
	struct cursor cursor = {.at = value, .end = value + length};
	int r = length > CHALLENGE_MAX_BYTES ? -E2BIG : 0;

	if (r == 0 && length > 0 && memchr(value, '\0', length))
		r = -EINVAL;
	while (r == 0) {
		skip_commas(&cursor);
		if (cursor.at == cursor.end)
			break;
		if (out->count == CHALLENGES_MAX)
			r = -E2BIG;
		else
			r = read_challenge(&cursor, list_add(out, sizeof(struct challenge)));
	}
	if (r == 0 && out->count == 0)
		r = -EINVAL;
	if (r < 0)
		challenges_done(out);
	return r;
}

const struct challenge *challenge_find(const struct list *challenges, const char *scheme)
{
	LIST_EACH(struct challenge, challenge, challenges)
		if (strcmp(challenge->scheme, scheme) == 0)
			return challenge;
	return NULL;
}
