/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * isal.h - ISA-L's inflate, deflate and CRC (https://github.com/intel/isa-l), found at run time
 *
 * Optional in two ways: without its headers (libisal-dev) at build time, and without the library
 * (libisal2) at run time, libarchive's gzip, zlib and a CRC of our own do the same, more slowly.
 */
#ifndef CORACLE_STORE_ISAL_H
#define CORACLE_STORE_ISAL_H

#include "coracle/base/base.h"

#if __has_include(<isa-l/igzip_lib.h>)
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#define ISAL_FUNCTIONS(X)                                                                \
	X(isal_inflate_init) X(isal_inflate_reset) X(isal_inflate) X(crc32_gzip_refl)    \
	X(isal_deflate_init) X(isal_deflate_set_dict) X(isal_deflate)
#define HAVE_ISAL 1
#else
#define ISAL_FUNCTIONS(X)
#define HAVE_ISAL 0
#endif

struct isal_api {
	bool there;
#define ISAL_MEMBER(function) __typeof__(&function) function;
	ISAL_FUNCTIONS(ISAL_MEMBER)
#undef ISAL_MEMBER
};

/* isal_load - false: not here */
bool isal_load(struct isal_api *out) NONNULL(1);

#endif
