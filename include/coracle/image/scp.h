/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scp.h - images from one machine to another, through ssh(1) */
#ifndef CORACLE_IMAGE_SCP_H
#define CORACLE_IMAGE_SCP_H

#include "coracle/image/image.h"

/*
 * image_scp - a save at one side goes through a pipe into a load at the other
 *
 * source       IMAGE of this machine, or [USER@]HOST[:PORT]::IMAGE
 * destination  [USER@]HOST[:PORT]::[NAME]; NULL, or a plain NAME: this machine
 * quiet        the programs of other machines tell only what went wrong
 * progress     for warnings (IMAGE_PULL_NOTICE); may be NULL
 * loaded       out: the full names, or ids, that came to this machine; what came to another one its program has
 *              printed on our standard output
 *
 * Called outside of the user namespace, which is entered when ssh runs: ssh wants to be the user. There the first of
 * coracle, podman and docker is run. Takes away the process's standard input where this machine is the destination.
 * Returns 0 or a negative errno with err: -ENOENT without ssh or image, -EINVAL for words that are no side, -EIO when
 * a side ended with a status other than 0 (its own words went to standard error).
 */
int image_scp(struct engine *engine, const char *source, const char *destination, bool quiet,
              const struct image_progress *progress, struct texts *loaded, struct error *err)
	NONNULL(1, 2, 6, 7) MUST_USE;

#endif
