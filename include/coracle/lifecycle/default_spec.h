/* SPDX-License-Identifier: GPL-2.0-or-later */
/* default_spec.h - the config.json that `spec` writes to begin with */
#ifndef CORACLE_LIFECYCLE_DEFAULT_SPEC_H
#define CORACLE_LIFECYCLE_DEFAULT_SPEC_H

#include "coracle/base/json.h"

/*
 * default_spec - a shell on a terminal in "rootfs", as a new reference
 *
 * rootless  for a caller with one id only: a user namespace with the effective ids mapped to 0, the
 *           host's network, /sys bound read-only, no resources
 */
json_t *default_spec(bool rootless) MUST_USE;

#endif
