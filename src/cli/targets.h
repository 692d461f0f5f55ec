/* SPDX-License-Identifier: GPL-2.0-or-later */
/* targets.h - which containers a command is about: names, --all, --latest, --filter, --cidfile */
#ifndef CORACLE_CLI_TARGETS_H
#define CORACLE_CLI_TARGETS_H

#include "coracle/container/container.h"

struct targets {
	const struct texts *operands;
	const struct texts *filters, *cid_files; /* NULL: the command has no such option */
	bool all, latest;
	bool with_stopped; /* whether --all and --filter mean also containers that do not run */
};

/* targets_find - names as typed, or ids; at least one way to choose must have been used, and no two that exclude each other */
int targets_find(struct engine *engine, const struct targets *targets, struct texts *out, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;

/*
 * targets_each - do something to every name, go on after a failure, print the name after each success
 *
 * act returns 0, TARGET_SILENT when nothing is to be printed, or a negative errno with err. All
 * failures but the first are printed here; the first is returned in err (the first that is not
 * "absent", where there are both, since that decides the exit status).
 */
#define TARGET_SILENT 1
typedef int targets_act(struct engine *engine, const char *name, const void *request, struct error *err);
int targets_each(struct engine *engine, const struct texts *names, const char *command, targets_act *act,
                 const void *request, struct error *err) NONNULL(1, 2, 3, 4, 6) MUST_USE;

#endif
