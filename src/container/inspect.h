/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inspect.h - the parts of what inspect shows of a container; all return new references */
#ifndef CORACLE_CONTAINER_INSPECT_H
#define CORACLE_CONTAINER_INSPECT_H

#include "coracle/base/json.h"
#include "coracle/conf/paths.h"
#include "coracle/state/state.h"

/* container->record is there. */
json_t *inspect_config(const struct container *container) NONNULL(1);
json_t *inspect_host_config(const struct paths *paths, const struct container *container) NONNULL(1, 2);
json_t *inspect_mounts(const struct paths *paths, const struct record *record) NONNULL(1, 2);
json_t *inspect_network(const struct container *container) NONNULL(1);
/* inspect_log_path - owned; "" for a driver that keeps no file */
char *inspect_log_path(const struct paths *paths, const struct record *record) NONNULL(1, 2) MUST_USE;

#endif
