/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_reference.c - names of images: what parses once parses again from its own text */
#include "coracle/base/alloc.h"
#include "coracle/image/reference.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *) data, size);
	AUTO_REFERENCE struct reference reference = {0}, again = {0};
	AUTO_TEXTS struct texts candidates = {0};
	AUTO_FREE char *whole = NULL;
	struct error err = {0};

	if (reference_parse(text, &reference, &err) < 0)
		return 0;
	whole = reference_text(&reference);
	if (reference_parse(whole, &again, &err) < 0 || strcmp(reference.path, again.path) != 0)
		abort();
	reference_candidates(&reference, &candidates);
	for (size_t i = 0; i < candidates.count; i++)
		free(reference_familiar(candidates.items[i]));
	return 0;
}
