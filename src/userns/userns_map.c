/* SPDX-License-Identifier: GPL-2.0-or-later */
/* userns_map.c - reading id maps of user namespaces (user_namespaces(7)) */
#include "coracle/userns/userns.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int userns_read_map(const char *path, struct id_range *out, size_t max)
{
	AUTO_FREE char *text = NULL;
	const char *at;
	size_t count = 0;
	int r = file_read(AT_FDCWD, path, 65536, &text, NULL);

	if (r < 0)
		return r;
	for (at = text; *at && count < max; count++) {
		struct id_range *range = &out[count];
		int used = 0;

		/* the kernel wrote this: three numbers a line */
		if (sscanf(at, "%" SCNu64 " %" SCNu64 " %" SCNu64 "%n", &range->inside,
		           &range->outside, &range->count, &used) != 3)
			return -EINVAL;
		at += used;
		while (*at == '\n' || *at == ' ')
			at++;
	}
	return (int) count;
}
