/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run_opts.h - option groups that run and create share, and how both read them */
#ifndef CORACLE_CLI_RUN_OPTS_H
#define CORACLE_CLI_RUN_OPTS_H

#include "coracle/cli/opts.h"

/* all fill struct container_create */
extern const struct opt opts_process[], opts_identity[], opts_files[], opts_image[], opts_logging[];
extern const struct opt opts_network[], opts_security[], opts_resources[];
/* all of them: what run and create have in common */
extern const struct opt opts_container[];

/*
 * run_request - the request with its operands: IMAGE [COMMAND [ARG...]]
 *
 * typed     as the rows filled it; stays the owner of all but the operands
 * operands  borrowed by the result
 * Checks what only the command line knows: words of --attach, --systemd, --volume-driver.
 */
int run_request(const struct container_create *typed, const struct texts *operands,
                struct container_create *out, struct error *err) NONNULL(1, 2, 3, 4) MUST_USE;

#endif
