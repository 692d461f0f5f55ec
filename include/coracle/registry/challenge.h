/* SPDX-License-Identifier: GPL-2.0-or-later */
/* challenge.h - the WWW-Authenticate header (RFC 9110 §11.6.1): which schemes a server offers, and how */
#ifndef CORACLE_REGISTRY_CHALLENGE_H
#define CORACLE_REGISTRY_CHALLENGE_H

#include "coracle/base/json.h"

#define CHALLENGE_MAX_BYTES 16384 /* of all WWW-Authenticate headers of a response together */
#define CHALLENGES_MAX      16
#define CHALLENGE_PARAMETERS_MAX 32

struct challenge {
	char *scheme;            /* in lower case: "bearer", "basic", "negotiate" */
	char *token;             /* token68 in place of parameters; NULL: none */
	struct pairs parameters; /* keys in lower case; of a key given twice the first counts */
};

/*
 * challenge_parse - from the value of the header; values of several headers are joined by ", "
 *
 * value, length  untrusted, needs no NUL
 * out            zeroed by the caller: list of struct challenge; release with challenges_done
 * Returns 0, -EINVAL (not of the grammar) or -E2BIG (past a maximum from above); *out stays empty then.
 * Source: RFC 9110 §5.6.2 (token), §5.6.4 (quoted-string), §11.2 (auth-param, token68).
 */
int challenge_parse(const char *value, size_t length, struct list *out) NONNULL(1, 3) MUST_USE;
void challenges_done(struct list *challenges) NONNULL(1);
#define AUTO_CHALLENGES AUTO(challenges_done)
/* challenge_find - the first one of a scheme in lower case; borrowed, NULL when there is none */
const struct challenge *challenge_find(const struct list *challenges, const char *scheme) NONNULL(1, 2);

#endif
