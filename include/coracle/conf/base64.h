/* SPDX-License-Identifier: GPL-2.0-or-later */
/* base64.h - RFC 4648 §4, for credential files and documents in JSON */
#ifndef CORACLE_CONF_BASE64_H
#define CORACLE_CONF_BASE64_H

#include "coracle/base/base.h"

/* base64_encode - owned text */
char *base64_encode(const void *bytes, size_t length) NONNULL(1) MUST_USE;
/* base64_decode - owned bytes with a NUL behind; padding may be absent, line ends are skipped; 0 or -EINVAL */
int base64_decode(const char *text, char **out, size_t *length) NONNULL(1, 2, 3) MUST_USE;

#endif
