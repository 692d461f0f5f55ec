/* SPDX-License-Identifier: GPL-2.0-or-later */
/* row.h - one container as ps shows it: docker's strings, and podman's object */
#ifndef CORACLE_CONTAINER_ROW_H
#define CORACLE_CONTAINER_ROW_H

#include "coracle/base/json.h"
#include "coracle/state/state.h"

#include "size.h"

struct row {
	const struct container *container;
	uint64_t now;
	bool no_trunc;
	bool brief; /* the columns of the default table only */
	const struct size *size; /* NULL: not asked for */
};

/* Both return new references. row_typed needs a container that was read in full. */
json_t *row_words(const struct row *row) NONNULL(1);
json_t *row_typed(const struct row *row) NONNULL(1);

#endif
