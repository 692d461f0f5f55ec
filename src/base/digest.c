/* SPDX-License-Identifier: GPL-2.0-or-later */
/* digest.c - SHA-256 content digests by libcrypto (EVP_DigestInit(3ssl)); see digest.h */
#include "coracle/base/digest.h"

#include "coracle/base/alloc.h"
#include "coracle/base/dl.h"

#include <stdio.h>
#include <string.h>

#define DIGEST_BYTES 32
#define DIGEST_HEX   (2 * DIGEST_BYTES)

_Static_assert(sizeof DIGEST_PREFIX + DIGEST_HEX <= DIGEST_TEXT_SIZE, "prefix, digits, NUL");

/* The declarations are ours: the headers of libcrypto are not needed to build. */
struct crypto {
	void *(*EVP_MD_CTX_new)(void);
	void (*EVP_MD_CTX_free)(void *context);
	const void *(*EVP_sha256)(void);
	int (*EVP_DigestInit_ex)(void *context, const void *type, void *engine);
	int (*EVP_DigestUpdate)(void *context, const void *bytes, size_t length);
	int (*EVP_DigestFinal_ex)(void *context, unsigned char *bytes, unsigned *length);
};

struct digest {
	struct crypto crypto; /* a copy each: no state outside, and loading again is cheap */
	void *context;
	bool broken; /* an update failed: finish must not give out a digest of less */
};

bool digest_is_valid(const char *text)
{
	size_t prefix = sizeof DIGEST_PREFIX - 1;

	return strncmp(text, DIGEST_PREFIX, prefix) == 0 &&
	       strspn(text + prefix, "0123456789abcdef") == DIGEST_HEX &&
	       text[prefix + DIGEST_HEX] == '\0';
}

const char *digest_hex(const char *text)
{
	return text + sizeof DIGEST_PREFIX - 1;
}

static int load_crypto(struct crypto *crypto, struct error *err)
{
	const struct dl_symbol symbols[] = {
		DL_SYMBOL(*crypto, EVP_MD_CTX_new),
		DL_SYMBOL(*crypto, EVP_MD_CTX_free),
		DL_SYMBOL(*crypto, EVP_sha256),
		DL_SYMBOL(*crypto, EVP_DigestInit_ex),
		DL_SYMBOL(*crypto, EVP_DigestUpdate),
		DL_SYMBOL(*crypto, EVP_DigestFinal_ex),
		{.name = NULL},
	};
	struct error older = {0};
	int r = dl_load("libcrypto.so.3", "libssl3", symbols, err);

	/* OpenSSL 1.1 has the same six; its absence is not worth a word of its own */
	if (r < 0 && dl_load("libcrypto.so.1.1", "libssl1.1", symbols, &older) == 0)
		return 0;
	return r;
}

struct digest *digest_new(struct error *err)
{
	struct digest *digest = xcalloc(1, sizeof *digest);

	if (load_crypto(&digest->crypto, err) < 0) {
		free(digest);
		return NULL;
	}
	digest->context = digest->crypto.EVP_MD_CTX_new();
	if (!digest->context || digest->crypto.EVP_DigestInit_ex(
					digest->context, digest->crypto.EVP_sha256(), NULL) != 1) {
		digest_free(digest);
		(void) error_set(err, ERROR_UNSUPPORTED,
		                 "libcrypto refuses SHA-256: check openssl list -digest-algorithms");
		return NULL;
	}
	return digest;
}

void digest_add(struct digest *digest, const void *bytes, size_t length)
{
	if (digest->crypto.EVP_DigestUpdate(digest->context, bytes, length) != 1)
		digest->broken = true;
}

void digest_finish(struct digest *digest, char into[static DIGEST_TEXT_SIZE])
{
	unsigned char bytes[DIGEST_BYTES];
	unsigned length = sizeof bytes;
	size_t used = sizeof DIGEST_PREFIX - 1;

	if (digest->crypto.EVP_DigestFinal_ex(digest->context, bytes, &length) != 1)
		digest->broken = true;
	(void) memcpy(into, DIGEST_PREFIX, used + 1);
	/* a broken one ends as "sha256:", which is valid nowhere */
	for (size_t i = 0; !digest->broken && i < sizeof bytes; i++, used += 2)
		(void) snprintf(into + used, DIGEST_TEXT_SIZE - used, "%02x", bytes[i]);
	digest_free(digest);
}

void digest_free(struct digest *digest)
{
	if (!digest)
		return;
	digest->crypto.EVP_MD_CTX_free(digest->context);
	free(digest);
}

int digest_bytes(const void *bytes, size_t length, char into[static DIGEST_TEXT_SIZE],
                 struct error *err)
{
	struct digest *digest = digest_new(err);

	if (!digest)
		return -EOPNOTSUPP;
	digest_add(digest, bytes, length);
	digest_finish(digest, into);
	return 0;
}
