/* SPDX-License-Identifier: GPL-2.0-or-later */
/* digest_file.h - --digestfile of the commands that send or copy images */
#ifndef CORACLE_CLI_DIGEST_FILE_H
#define CORACLE_CLI_DIGEST_FILE_H

#include "coracle/base/error.h"

#define OPT_DIGEST_FILE(owner, member)                                                                           \
	OPT_TEXT(0, "digestfile", owner, member, "FILE",                                                         \
	         "write the digest that the manifest has at the destination into this file", .complete = "file")

/*
 * digest_file_write - path may be NULL: nothing is to be written
 *
 * digest  "" is an error: what was made has none
 * what    is there already, for the error: "quay.io/team/app:1"
 */
int digest_file_write(const char *path, const char *digest, const char *what, struct error *err)
	NONNULL(2, 3, 4) MUST_USE;

#endif
