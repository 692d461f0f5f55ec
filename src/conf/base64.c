/* SPDX-License-Identifier: GPL-2.0-or-later */
/* base64.c - RFC 4648 §4 */
#include "coracle/conf/base64.h"

#include "coracle/base/alloc.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const void *bytes, size_t length)
{
	const unsigned char *from = bytes;
	char *out = xcalloc((length + 2) / 3 * 4 + 1, 1), *to = out;

	for (size_t i = 0; i < length; i += 3) {
		size_t left = length - i;
		uint32_t word = (uint32_t) from[i] << 16 | (left > 1 ? (uint32_t) from[i + 1] << 8 : 0)
		                | (left > 2 ? from[i + 2] : 0);

		*to++ = alphabet[word >> 18];
		*to++ = alphabet[word >> 12 & 63];
		*to++ = '=';
		*to++ = '=';
		if (left > 1)
			to[-2] = alphabet[word >> 6 & 63];
		if (left > 2)
			to[-1] = alphabet[word & 63];
	}
	return out;
}

int base64_decode(const char *text, char **out, size_t *length)
{
	size_t size = strlen(text), count = 0, digits = 0, padding = 0;
	AUTO_FREE char *bytes = xcalloc(size / 4 * 3 + 4, 1);
	uint32_t word = 0;

	for (const char *s = text; *s; s++) {
		const char *digit = strchr(alphabet, *s);

		if (*s == '\r' || *s == '\n')
			continue;
		if (*s == '=' && padding < 2) {
			padding++;
			continue;
		}
		if (!digit || padding)
			return -EINVAL;
		word = word << 6 | (uint32_t) (digit - alphabet);
		if (++digits % 4 == 0)
			for (int shift = 16; shift >= 0; shift -= 8)
				bytes[count++] = (char) (word >> shift);
	}
	if (digits % 4 == 1 || (padding && (digits + padding) % 4))
		return -EINVAL;
	if (digits % 4 >= 2)
		bytes[count++] = (char) (digits % 4 == 2 ? word >> 4 : word >> 10);
	if (digits % 4 == 3)
		bytes[count++] = (char) (word >> 2);
	*length = count;
	*out = TAKE_PTR(bytes);
	return 0;
}
