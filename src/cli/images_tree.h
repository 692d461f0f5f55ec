/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images_tree.h - images with their platforms below them */
#ifndef CORACLE_CLI_IMAGES_TREE_H
#define CORACLE_CLI_IMAGES_TREE_H

#include "coracle/engine/engine.h"

#include <jansson.h>

/* images_tree - print what images --tree shows; typed: as of image_list, sorted */
int images_tree(struct engine *engine, const json_t *typed, bool no_heading, struct error *err)
	NONNULL(1, 2, 4) MUST_USE;

#endif
