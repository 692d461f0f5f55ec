/* SPDX-License-Identifier: GPL-2.0-or-later */
/* environment.h - environment files of create, run and exec */
#ifndef CORACLE_CONTAINER_ENVIRONMENT_H
#define CORACLE_CONTAINER_ENVIRONMENT_H

#include "coracle/base/error.h"
#include "coracle/base/texts.h"

/* environment_read_files - set the assignments of all files in env, in their order; KEY alone takes the caller's value */
int environment_read_files(const struct texts *files, struct texts *env, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;

#endif
