/* SPDX-License-Identifier: GPL-2.0-or-later */
/* defaults.h - what containers.conf(5) sets for new containers, laid under a request */
#ifndef CORACLE_CLI_DEFAULTS_H
#define CORACLE_CLI_DEFAULTS_H

#include "coracle/conf/containers.h"
#include "coracle/container/create.h"

/*
 * defaults_lay - read containers.conf into conf and give the request what the command line left open
 *
 * typed  as the rows filled it; what is added is freed with it (opts_done), but default_env is conf's
 * conf   zeroed by the caller; to be released after the request
 * Keys that can't be honoured are warned of. default_capabilities and default_sysctls, which
 * distributions set to what a container has anyway, are not looked at.
 */
int defaults_lay(struct container_create *typed, struct containers_conf *conf, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;

#endif
