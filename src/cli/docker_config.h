/* SPDX-License-Identifier: GPL-2.0-or-later */
/* docker_config.h - the few settings of ~/.docker/config.json that concern the command line */
#ifndef CORACLE_CLI_DOCKER_CONFIG_H
#define CORACLE_CLI_DOCKER_CONFIG_H

#include "coracle/base/base.h"

/* docker_config_text - owned value of a key such as "detachKeys" or "psFormat"; NULL when absent or unreadable */
char *docker_config_text(const char *key) NONNULL(1) MUST_USE;

#endif
