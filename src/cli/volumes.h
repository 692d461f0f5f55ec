/* SPDX-License-Identifier: GPL-2.0-or-later */
/* volumes.h - which volumes a command is about */
#ifndef CORACLE_CLI_VOLUMES_H
#define CORACLE_CLI_VOLUMES_H

#include "coracle/engine/engine.h"
#include "coracle/volume/volume.h"

/*
 * volumes_find - list of struct volume that match the filters (volume ls); free with volume_list_done
 *
 * used  out: names of the volumes that containers mount
 */
int volumes_find(struct engine *engine, const struct texts *filters, struct list *out, struct texts *used,
                 struct error *err) NONNULL(1, 2, 3, 4, 5) MUST_USE;

#endif
