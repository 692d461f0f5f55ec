/* SPDX-License-Identifier: GPL-2.0-or-later */
/* registries_private.h - the grammar of places, for files and for what comes out of rewriting */
#ifndef CORACLE_SRC_CONF_REGISTRIES_PRIVATE_H
#define CORACLE_SRC_CONF_REGISTRIES_PRIVATE_H

#include "coracle/base/base.h"

/* registries_is_host - HOST[:PORT], with HOST also [IPv6]; what a URL and an error line can bear */
bool registries_is_host(const char *s, size_t length) NONNULL(1);
/* registries_is_path - components of an image's name; a prefix may go on with a tag or digest */
bool registries_is_path(const char *path) NONNULL(1);

#endif
