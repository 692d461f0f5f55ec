/* SPDX-License-Identifier: GPL-2.0-or-later */
/* credentials.h - what login and logout have in common */
#ifndef CORACLE_CLI_CREDENTIALS_H
#define CORACLE_CLI_CREDENTIALS_H

#include "coracle/base/error.h"
#include "coracle/base/texts.h"
#include "coracle/conf/places.h"

#define CREDENTIALS_HUB "docker.io"

/* credentials_key - owned host[:port][/path] of a registry as typed ("https://host/"), docker.io for docker's old addresses */
char *credentials_key(const char *typed) MUST_USE;
/* credentials_helpers - owned list of credential helpers of registries.conf: to be freed by texts_done */
int credentials_helpers(const struct places *places, struct texts *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* credentials_insecure - registries.conf says so of this host */
bool credentials_insecure(const struct places *places, const char *host) NONNULL(1, 2);

#endif
