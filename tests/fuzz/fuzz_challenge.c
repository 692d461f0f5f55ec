/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_challenge.c - any bytes as WWW-Authenticate: what is read keeps to the bounds, and reads the same again */
#include "coracle/base/alloc.h"
#include "coracle/base/text.h"
#include "coracle/registry/challenge.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void add_quoted(struct text *text, const char *value)
{
	(void) text_add_char(text, '"');
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			(void) text_add_char(text, '\\');
		(void) text_add_char(text, *value);
	}
	(void) text_add_char(text, '"');
}

/* write the challenges in the canonical way */
static char *canonical(const struct list *challenges)
{
	struct text text = TEXT_INIT(1 << 20);

	LIST_EACH(struct challenge, challenge, challenges) {
		(void) text_printf(&text, "%s%s", text.length ? ", " : "", challenge->scheme);
		if (challenge->token)
			(void) text_printf(&text, " %s", challenge->token);
		for (size_t i = 0; i < challenge->parameters.count; i++) {
			(void) text_printf(&text, "%s%s=", i ? ", " : " ", challenge->parameters.items[i].key);
			add_quoted(&text, challenge->parameters.items[i].value);
		}
	}
	return text_take(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_CHALLENGES struct list first = {0}, second = {0};

	if (challenge_parse((const char *) data, size, &first) < 0) {
		require(first.count == 0 && !first.items);
		return 0;
	}
	require(first.count > 0 && first.count <= CHALLENGES_MAX);
	AUTO_FREE char *one = canonical(&first);

	if (strlen(one) > CHALLENGE_MAX_BYTES)
		return 0;
	require(challenge_parse(one, strlen(one), &second) == 0);
	AUTO_FREE char *two = canonical(&second);

	require(strcmp(one, two) == 0);
	return 0;
}
