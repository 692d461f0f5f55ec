/* SPDX-License-Identifier: GPL-2.0-or-later */
/* path.c - pure operations on paths; see path.h */
#include "coracle/base/path.h"

#include "coracle/base/alloc.h"

#include <string.h>

char *path_clean(const char *path)
{
	bool rooted = *path == '/';
	char *clean = xcalloc(strlen(path) + 2, 1);
	size_t start = rooted;    /* bytes that ".." can't take back */
	size_t used = rooted;

	if (rooted)
		clean[0] = '/';
	while (*path) {
		size_t length = strcspn(path, "/");
		bool up = length == 2 && path[0] == '.' && path[1] == '.';

		if (up && used > start) {
			while (used > start && clean[used - 1] != '/')
				used--;
			/* the slash before the component that went, not the root's */
			if (used > start)
				used--;
		} else if (length && !(length == 1 && *path == '.') && !(up && rooted)) {
			if (used > rooted)
				clean[used++] = '/';
			(void) memcpy(clean + used, path, length);
			used += length;
			if (up)
				start = used;
		}
		path += length;
		path += *path == '/';
	}
	if (used == 0)
		clean[used++] = '.';
	clean[used] = '\0';
	return clean;
}

char *path_join(const char *base, const char *more)
{
	AUTO_FREE char *joined = NULL;

	if (*more == '/')
		return path_clean(more);
	joined = *base ? xprintf("%s/%s", base, more) : xstrdup(more);
	return path_clean(joined);
}

bool path_is_below(const char *path, const char *top)
{
	size_t length = strlen(top);

	if (strcmp(top, "/") == 0)
		return *path == '/';
	return strncmp(path, top, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

const char *path_base(const char *path)
{
	const char *base = path;

	for (const char *at = path; *at; at++)
		if (at[0] == '/' && at[1] != '/' && at[1])
			base = at + 1;
	return base;
}
