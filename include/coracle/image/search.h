/* SPDX-License-Identifier: GPL-2.0-or-later */
/* search.h - what registries have: names that fit a term, the tags of a name */
#ifndef CORACLE_IMAGE_SEARCH_H
#define CORACLE_IMAGE_SEARCH_H

#include "coracle/image/image.h"

#define SEARCH_LIMIT_DEFAULT 25
#define SEARCH_LIMIT_MAX     100

struct image_search {
	int64_t limit;        /* of each registry; 0: SEARCH_LIMIT_DEFAULT */
	struct texts filters; /* "stars=N", "is-official[=BOOL]", "is-automated[=BOOL]" */
	bool hub;             /* a term without registry is asked of docker.io alone */
	struct image_remote remote;
};
/*
 * image_search - rows with Index, Name (full), Description, StarCount, Stars, IsOfficial, Official ("[OK]" or ""),
 * IsAutomated, Automated, Tag
 *
 * term      "HOST/term" asks that registry, another one all that registries.conf would search
 * failures  registries that could not be asked, a line each; when none could it is an error
 * Descriptions are as the registry sends them, on one line.
 */
int image_search(const char *term, const struct image_search *request, json_t **rows, struct texts *failures,
                 struct error *err) NONNULL(1, 2, 3, 4, 5) MUST_USE;
/*
 * image_tags - all tags of a name without tag or digest, in the registry's order
 *
 * full  out: owned "registry/path"; may be NULL
 */
int image_tags(const char *name, const struct image_remote *remote, char **full, struct texts *out, struct error *err)
	NONNULL(1, 2, 4, 5) MUST_USE;

#endif
