/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_visible.c - whatever an image calls a file, a terminal sees no control character */
#include "coracle/base/alloc.h"

#include <string.h>

#include "../../src/cli/visible.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(char *shown)
{
	AUTO_FREE char *again = NULL;

	for (const unsigned char *c = (const unsigned char *) shown; *c; c++)
		if (*c < 0x20 || *c == 0x7f || (*c == 0xc2 && c[1] < 0xa0))
			abort();
	/* what was made harmless stays as it is */
	again = visible_name(shown);
	if (strcmp(again, shown) != 0)
		abort();
	visible_cut(shown, strlen(shown) / 2);
	free(TAKE_PTR(again));
	again = visible_name(shown);
	if (strcmp(again, shown) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *) data, size);
	AUTO_FREE char *name = visible_name(text);
	AUTO_FREE char *line = visible_line(text);

	check(name);
	check(line);
	return 0;
}
