/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_catalog.c - lists of tags and repositories, results of searches, Link headers, error bodies */
#include "../../src/registry/catalog.h"
#include "../../src/registry/registry_private.h"

#include "coracle/base/alloc.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *) data, size);
	AUTO_FREE char *next = catalog_link_next(text);
	struct catalog_page page = {0};
	struct list found = {0};
	struct error err = {0};

	free(failure_text(text, strlen(text)));
	if (next && strchr(next, '>'))
		abort();
	if (catalog_page_parse((const char *) data, size, &page, &err) < 0 && (page.tags.count || page.repositories.count))
		abort();
	catalog_page_done(&page);
	(void) !catalog_found_parse((const char *) data, size, &found, &err);
	registry_search_done(&found);
	return 0;
}
