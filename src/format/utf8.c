/* SPDX-License-Identifier: GPL-2.0-or-later */
/* utf8.c - strict UTF-8 (RFC 3629), one character at a time; see utf8.h */
#include "utf8.h"

uint32_t utf8_next(const char *s, size_t length, size_t *used)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *bytes = (const unsigned char *) s;
	uint32_t character;
	size_t need;

	*used = 1;
	if (bytes[0] < 0x80)
		return bytes[0];
	if (bytes[0] >= 0xc2 && bytes[0] < 0xe0) {
		need = 2;
		character = bytes[0] & 0x1fU;
	} else if (bytes[0] >= 0xe0 && bytes[0] < 0xf0) {
		need = 3;
		character = bytes[0] & 0x0fU;
	} else if (bytes[0] >= 0xf0 && bytes[0] < 0xf5) {
		need = 4;
		character = bytes[0] & 0x07U;
	} else {
		return UTF8_BAD;
	}
	if (length < need)
		return UTF8_BAD;
	for (size_t i = 1; i < need; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return UTF8_BAD;
		character = character << 6 | (bytes[i] & 0x3fU);
	}
	if (character < least[need] || character > 0x10ffff
	    || (character >= 0xd800 && character < 0xe000))
		return UTF8_BAD;
	*used = need;
	return character;
}

size_t utf8_put(uint32_t character, char into[static 4])
{
	if ((character >= 0xd800 && character < 0xe000) || character > 0x10ffff)
		character = 0xfffd;
	if (character < 0x80) {
		into[0] = (char) character;
		return 1;
	}
	if (character < 0x800) {
		into[0] = (char) (0xc0 | character >> 6);
		into[1] = (char) (0x80 | (character & 0x3f));
		return 2;
	}
	if (character < 0x10000) {
		into[0] = (char) (0xe0 | character >> 12);
		into[1] = (char) (0x80 | (character >> 6 & 0x3f));
		into[2] = (char) (0x80 | (character & 0x3f));
		return 3;
	}
	into[0] = (char) (0xf0 | character >> 18);
	into[1] = (char) (0x80 | (character >> 12 & 0x3f));
	into[2] = (char) (0x80 | (character >> 6 & 0x3f));
	into[3] = (char) (0x80 | (character & 0x3f));
	return 4;
}
