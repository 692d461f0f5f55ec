/* SPDX-License-Identifier: GPL-2.0-or-later */
/* digest.h - content digests, "sha256:" and 64 hex digits (OCI image-spec descriptor.md#digests) */
#ifndef CORACLE_BASE_DIGEST_H
#define CORACLE_BASE_DIGEST_H

#include "coracle/base/error.h"

#define DIGEST_TEXT_SIZE 72 /* "sha256:" + 64 + NUL */
#define DIGEST_PREFIX    "sha256:"

struct digest; /* a running SHA-256; libcrypto is loaded on first use */

/* digest_is_valid - exactly sha256: and 64 lower-case hex digits; check before any use in a path */
bool digest_is_valid(const char *text) NONNULL(1);
/* digest_hex - the 64 digits behind the prefix; borrowed; text must be valid */
const char *digest_hex(const char *text) NONNULL(1);
struct digest *digest_new(struct error *err) NONNULL(1) MUST_USE; /* NULL: libcrypto can't be loaded */
void digest_add(struct digest *digest, const void *bytes, size_t length) NONNULL(1);
/* digest_finish - write "sha256:..." and free; digest_free - give up; NULL allowed */
void digest_finish(struct digest *digest, char into[static DIGEST_TEXT_SIZE]) NONNULL(1);
void digest_free(struct digest *digest);
int digest_bytes(const void *bytes, size_t length, char into[static DIGEST_TEXT_SIZE], struct error *err) MUST_USE;

#endif
