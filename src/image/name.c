/* SPDX-License-Identifier: GPL-2.0-or-later */
/* name.c - full names from what users and archives say */
#include "name.h"

#include "coracle/base/alloc.h"

#include <string.h>

int name_full(const char *text, enum name_home home, char **out, struct error *err)
{
	AUTO_REFERENCE struct reference reference = {0};
	AUTO_TEXTS struct texts candidates = {0};
	int r = reference_parse(text, &reference, err);

	if (r < 0)
		return r;
	if (reference.digest)
		return error_set(err, ERROR_INVALID,
		                 "image name \"%.300s\": a digest can't be given to an image", text);
	reference_candidates(&reference, &candidates);
	*out = xstrdup(candidates.items[home == NAME_HUB ? candidates.count - 1 : 0]);
	return 0;
}

char *name_repository(const char *full, char **tag)
{
	size_t length = strcspn(full, "@");
	AUTO_FREE char *plain = xstrndup(full, length);
	char *slash = strrchr(plain, '/');
	char *colon = strchr(slash ? slash : plain, ':');

	if (colon)
		*colon = '\0';
	if (tag)
		*tag = colon ? xstrdup(colon + 1) : NULL;
	return TAKE_PTR(plain);
}
