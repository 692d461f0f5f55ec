/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seccomp_hash.h - FNV-1a of 64 bits: names cache files and finds damaged ones; no defence against
 * forgery */
#ifndef RUNTIME_SECCOMP_HASH_H
#define RUNTIME_SECCOMP_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_START UINT64_C(0xcbf29ce484222325)

static inline uint64_t hash_add(uint64_t hash, const void *bytes, size_t length)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
	return hash;
}

#endif
