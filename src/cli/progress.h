/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * progress.h - what is seen of a pull or push: a line a layer on a terminal, else one line for each thing that happens
 *
 * As docker everything goes to standard output, in docker's words; else to standard error, in podman's.
 */
#ifndef CORACLE_CLI_PROGRESS_H
#define CORACLE_CLI_PROGRESS_H

#include "coracle/image/image.h"
#include "coracle/image/reference.h"

#include <stdio.h>

struct progress {
	struct image_progress callbacks; /* what image_pull and image_push get */
	FILE *file;
	bool is_docker, is_terminal;
	bool is_missing; /* it is fetched because it was not here */
	size_t drawn; /* lines of layers above the cursor */
};

/* progress_init - *progress must stay where it is; quiet: nothing is shown */
void progress_init(struct progress *progress, bool quiet) NONNULL(1);
/* progress_init_run - for run and create, whose standard output is the container's: always standard error; policy as of --pull */
void progress_init_run(struct progress *progress, bool quiet, const char *policy) NONNULL(1);

#endif
