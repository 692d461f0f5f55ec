/* SPDX-License-Identifier: GPL-2.0-or-later */
/* features.h - what this runtime can do, for its callers (runtime-spec features.md, features-linux.md) */
#ifndef CORACLE_LIFECYCLE_FEATURES_H
#define CORACLE_LIFECYCLE_FEATURES_H

#include "coracle/base/json.h"

/* features_document - a new reference; only linux.seccomp.supportedFlags asks the running kernel */
json_t *features_document(void) MUST_USE;

#endif
