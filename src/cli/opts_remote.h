/* SPDX-License-Identifier: GPL-2.0-or-later */
/* opts_remote.h - rows of all commands that talk to registries: they fill a struct image_remote */
#ifndef CORACLE_CLI_OPTS_REMOTE_H
#define CORACLE_CLI_OPTS_REMOTE_H

#include "coracle/image/image.h"

/* OPTS_REMOTE - owner is the request struct, member its struct image_remote */
#define OPTS_REMOTE(owner, member)                                                                               \
	OPT_TEXT(0, "creds", owner, member.creds, "USER:PASSWORD",                                               \
	         "credentials for the registry; others see them in ps: better coracle login"),                   \
	OPT_TEXT(0, "authfile", owner, member.authfile, "FILE", "credentials come from this file first",         \
	         .complete = "file"),                                                                            \
	OPT_OPT_FLAG(0, "tls-verify", owner, member.tls_verify,                                                  \
	             "want https with a certificate that verifies (default: as registries.conf says, else true)"), \
	OPT_TEXT(0, "cert-dir", owner, member.cert_dir, "DIR",                                                   \
	         "certificates for the registry: *.crt authorities, *.cert and *.key ours", .complete = "file")
/* OPTS_RETRY - for those that transfer much */
#define OPTS_RETRY(owner, member)                                                                                \
	OPT_OPT_UINT(0, "retry", owner, member.retry, "N",                                                       \
	             "ask again so often, in a row, when network or registry fail (default 3)"),                     \
	OPT_TEXT(0, "retry-delay", owner, member.retry_delay, "TIME",                                            \
	         "wait before that, such as 5s (default: 1s, doubled each time)")

#endif
