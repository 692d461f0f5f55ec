/* SPDX-License-Identifier: GPL-2.0-or-later */
/* opts_push.h - rows of push and manifest push: they fill a struct image_push */
#ifndef CORACLE_CLI_OPTS_PUSH_H
#define CORACLE_CLI_OPTS_PUSH_H

#include "coracle/image/push.h"
#include "opts_remote.h"

#define OPTS_PUSH_UNSIGNED "this version can't sign images"

/* OPTS_PUSH - owner is the request struct, member its struct image_push */
#define OPTS_PUSH(owner, member)                                                                                 \
	OPT_FLAG('q', "quiet", owner, member.quiet, "do not tell how it goes on"),                               \
	OPT_TEXT('f', "format", owner, member.format, "FORMAT",                                                  \
	         "of manifests: oci or v2s2 (default: as they are)", .complete = "oci|v2s2"),                    \
	OPT_TEXT(0, "compression-format", owner, member.compression_format, "FORMAT",                            \
	         "of layers: gzip (default), zstd or none", .complete = "gzip|zstd|none"),                       \
	OPT_OPT_INT(0, "compression-level", owner, member.compression_level, "LEVEL",                            \
	            "gzip: 0 to 9, zstd: 1 to 22"),                                                              \
	OPT_OPT_FLAG(0, "force-compression", owner, member.force_compression,                                    \
	             "compress anew what the registry has in another compression (default: with --compression-format)"), \
	OPTS_REMOTE(owner, member.remote),                                                                       \
	OPT_REFUSED(0, "sign-by", "FINGERPRINT", OPTS_PUSH_UNSIGNED),                                            \
	OPT_REFUSED(0, "sign-by-sigstore", "FILE", OPTS_PUSH_UNSIGNED),                                          \
	OPT_REFUSED(0, "sign-by-sigstore-private-key", "FILE", OPTS_PUSH_UNSIGNED),                              \
	OPT_REFUSED(0, "sign-by-sq-fingerprint", "FINGERPRINT", OPTS_PUSH_UNSIGNED),                             \
	OPT_REFUSED(0, "sign-passphrase-file", "FILE", OPTS_PUSH_UNSIGNED),                                      \
	OPT_IGNORED(0, "remove-signatures", NULL, "no signatures are kept here or sent")

#endif
