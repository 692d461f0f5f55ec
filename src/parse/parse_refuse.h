/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parse_refuse.h - how every option parser words its refusal, and what several of them read */
#ifndef CORACLE_PARSE_PARSE_REFUSE_H
#define CORACLE_PARSE_PARSE_REFUSE_H

#include "coracle/base/error.h"

/* Longer than any path pair with options; what passes it is not an option somebody typed. */
#define PARSE_TEXT_MAX 16384

/*
 * parse_refuse - put the reason in err between the text and an example of the right form
 *
 *     volume "a:b": the path in the container "b" is not absolute, as in "./data:/data:ro"
 *
 * what     kind of value, such as "volume"
 * text     as typed; cut in the message when long
 * example  a value that is right
 * Returns r unchanged.
 */
int parse_refuse(struct error *err, int r, const char *what, const char *text, const char *example)
	NONNULL(1, 3, 4, 5);
/* parse_text - refuse a text that is empty, longer than max bytes or not UTF-8 */
int parse_text(const char *text, size_t max, struct error *err) NONNULL(1, 3) MUST_USE;
/*
 * parse_id - a user or group number
 *
 * Returns 1 and the number, 0 when text is not made of digits only, or a negative errno: ids are
 * 0..4294967294, for (uid_t) -1 means "unchanged" to chown(2) and setresuid(2).
 */
int parse_id(const char *text, uint32_t *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;

#endif
