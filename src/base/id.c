/* SPDX-License-Identifier: GPL-2.0-or-later */
/* id.c - random identifiers; see id.h */
#include "coracle/base/id.h"

#include <string.h>
#include <sys/random.h>

#define SHORT_LENGTH 12 /* digits of the id that users see */

static void fill_random(void *into, size_t length)
{
	char *at = into;

	while (length) {
		ssize_t n = getrandom(at, length, 0);

		/* getrandom(2): with flags 0 only EINTR is left; a weak id would be worse */
		if (n < 0 && errno != EINTR)
			abort();
		if (n > 0) {
			at += n;
			length -= (size_t) n;
		}
	}
}

void id_random(char into[static ID_LENGTH + 1])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[ID_LENGTH / 2];

	/* A short id of decimal digits alone would read as a number where it becomes a host name. */
	do {
		fill_random(bytes, sizeof bytes);
		for (size_t i = 0; i < sizeof bytes; i++) {
			into[2 * i] = digits[bytes[i] >> 4];
			into[2 * i + 1] = digits[bytes[i] & 15];
		}
		into[ID_LENGTH] = '\0';
	} while (strspn(into, "0123456789") >= SHORT_LENGTH);
}

bool id_is_hex(const char *text)
{
	size_t length = strspn(text, "0123456789abcdef");

	return length >= 1 && length <= ID_LENGTH && text[length] == '\0';
}

unsigned id_random_number(unsigned bound)
{
	unsigned value;
	unsigned limit;

	if (bound < 2)
		return 0;
	/* numbers from limit on would favour the small remainders */
	limit = UINT32_MAX - UINT32_MAX % bound;
	do
		fill_random(&value, sizeof value);
	while (value >= limit);
	return value % bound;
}
