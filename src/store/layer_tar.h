/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer_tar.h - a deterministic tar of a layer's files: sorted, pax headers where ustar has no room, whiteouts as ".wh." */
#ifndef CORACLE_STORE_LAYER_TAR_H
#define CORACLE_STORE_LAYER_TAR_H

#include "coracle/store/stream.h"

#include "layer_entries.h"

#define EXPORT_BLOCK (256 * 1024)

/*
 * layer_tar_write - all that is in diff_fd; the same files always give the same bytes
 *
 * kind  of a shared layer owners and modes are those of the attributes; what can't have one, such as a symlink,
 *       is root's: who it belonged to is known no more
 */
int layer_tar_write(int diff_fd, enum layer_kind kind, layer_write *write, void *context, struct error *err)
	NONNULL(3, 5) MUST_USE;

#endif
