/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runtime_list.c - lists of CPUs and memory nodes such as 0-3,7 (cpuset(7), "List format"); see runtime.h */
#include "coracle/oci/runtime.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

#define LONG_BITS (sizeof(unsigned long) * CHAR_BIT)

static void skip_blanks(const char **at)
{
	while (**at == ' ')
		++*at;
}

static int take_number(const char **at, size_t bits, size_t *out)
{
	size_t value = 0;

	skip_blanks(at);
	if (!isdigit((unsigned char) **at))
		return -EINVAL;
	for (; isdigit((unsigned char) **at); ++*at) {
		value = 10 * value + (size_t) (**at - '0');
		if (value >= bits)
			return -ERANGE;
	}
	skip_blanks(at);
	*out = value;
	return 0;
}

int oci_list_parse(const char *list, size_t bits, unsigned long *mask)
{
	(void) memset(mask, 0, bits / CHAR_BIT);
	skip_blanks(&list);
	if (!*list)
		return 0;
	for (;;) {
		size_t first, last;
		int r = take_number(&list, bits, &first);

		if (r < 0)
			return r;
		last = first;
		if (*list == '-') {
			list++;
			r = take_number(&list, bits, &last);
			if (r < 0)
				return r;
		}
		if (last < first)
			return -EINVAL;
		for (size_t i = first; i <= last; i++)
			mask[i / LONG_BITS] |= 1UL << i % LONG_BITS;
		if (!*list)
			return 0;
		if (*list++ != ',')
			return -EINVAL;
	}
}
