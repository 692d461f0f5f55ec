/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prune.h - what the commands that remove everything unused have in common: the question, what went, how much it was */
#ifndef CORACLE_CLI_PRUNE_H
#define CORACLE_CLI_PRUNE_H

#include "coracle/engine/engine.h"
#include "coracle/image/prune.h"

/* prune_ask - the question and " [y/N] " on standard output; true when a line that begins with y or Y comes back */
bool prune_ask(const char *question) NONNULL(1) MUST_USE;
/* prune_print - heading and lines, each with prefix before it; nothing without lines. As podman: heading without colon */
void prune_print(const char *heading, const char *prefix, const struct texts *lines) NONNULL(1, 2, 3);
/* prune_print_total - "Total reclaimed space: 1.2GB" */
void prune_print_total(uint64_t bytes);
/* prune_is_podman - called as podman: image and container prune print ids alone */
bool prune_is_podman(void);

/* prune_images - [userns] image_prune, with what containers use; tells why layers had to stay */
int prune_images(struct engine *engine, const struct image_prune *request, struct image_pruned *out,
                 struct error *err) NONNULL(1, 2, 3, 4) MUST_USE;
/* prune_print_images - names and ids as docker's */
void prune_print_images(const struct image_pruned *pruned) NONNULL(1);

struct volume_prune {
	const struct texts *filters; /* borrowed; those of volume ls */
	bool all;                    /* also volumes with a name of their own */
	bool dry_run;                /* only tell which */
};

/* prune_volumes - [userns] those that no container mounts; names into removed, *bytes grows; goes on after a failure */
int prune_volumes(struct engine *engine, const struct volume_prune *request, struct texts *removed, uint64_t *bytes,
                  struct error *err) NONNULL(1, 2, 3, 4, 5) MUST_USE;

#endif
