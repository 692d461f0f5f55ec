/* SPDX-License-Identifier: GPL-2.0-or-later */
/* defaults.h - what containers.conf(5) sets for new containers, laid under a request */
#ifndef CORACLE_CLI_DEFAULTS_H
#define CORACLE_CLI_DEFAULTS_H

#include "coracle/conf/containers.h"
#include "coracle/container/create.h"

/*
 * defaults_lay - read containers.conf into conf and give the request what the command line left open
 *
 * typed  as the rows filled it; what is added is freed with it (opts_done), but default_env and default_capabilities
 *        are conf's
 * conf   zeroed by the caller; to be released after the request
 * Keys that can't be honoured are warned of. default_sysctls count where the namespace is the container's own;
 * podman's usual one, which distributions write there, says less than what a container has anyway.
 */
int defaults_lay(struct container_create *typed, struct containers_conf *conf, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;

#endif
