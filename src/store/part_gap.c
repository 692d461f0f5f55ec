/* SPDX-License-Identifier: GPL-2.0-or-later */
/* part_gap.c - disk space of a part that goes back while it is read, and what is missing then; see part.h */
#include "coracle/store/part.h"

#include <fcntl.h>

#include "store_private.h"

#define HOLES_MAX 100000 /* of which a part may be made by whoever wants to keep us busy */

void part_give_back(int fd, uint64_t *given, uint64_t end)
{
	uint64_t until = end - end % PART_UNIT;

	if (*given == UINT64_MAX || until <= *given)
		return;
	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t) *given, (off_t) (until - *given)) < 0)
		until = UINT64_MAX; /* it stays on disk until the layer is whole */
	*given = until;
}

void part_find_gap(int fd, uint64_t length, uint64_t *gap, uint64_t *gap_end)
{
	off_t hole = lseek(fd, 0, SEEK_HOLE), data;

	*gap = *gap_end = 0;
	/* there is one at the end of each file */
	if (hole < 0 || (uint64_t) hole >= length)
		return;
	*gap = (uint64_t) hole;
	if (*gap)
		*gap = (*gap - 1) - (*gap - 1) % PART_UNIT;
	for (int i = 0; i < HOLES_MAX && (uint64_t) hole < length; i++) {
		data = lseek(fd, hole, SEEK_DATA);
		if (data < 0 || (uint64_t) data >= length) {
			*gap_end = length;
			return;
		}
		*gap_end = (uint64_t) data;
		hole = lseek(fd, data, SEEK_HOLE);
		if (hole < 0)
			return;
	}
}
