/* SPDX-License-Identifier: GPL-2.0-or-later */
/* catalog.h - what registries answer to questions for lists; bytes of theirs, so without side effects */
#ifndef CORACLE_REGISTRY_CATALOG_H
#define CORACLE_REGISTRY_CATALOG_H

#include "coracle/registry/registry.h"

struct catalog_page { /* distribution-spec, Listing Tags; the catalog of docker's registry */
	struct texts tags, repositories;
};
/* catalog_page_parse - *out zeroed; 0 or -EINVAL */
int catalog_page_parse(const char *bytes, size_t length, struct catalog_page *out, struct error *err)
	NONNULL(1, 3, 4) MUST_USE;
void catalog_page_done(struct catalog_page *page) NONNULL(1);
/* catalog_found_parse - results of a search: list of struct registry_found */
int catalog_found_parse(const char *bytes, size_t length, struct list *out, struct error *err)
	NONNULL(1, 3, 4) MUST_USE;
/* catalog_link_next - owned target of <target>; rel="next" (RFC 8288); NULL when this was the last page */
char *catalog_link_next(const char *value) MUST_USE;

#endif
