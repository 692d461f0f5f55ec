/* SPDX-License-Identifier: GPL-2.0-or-later */
/* create_private.h - the parts of making a container's record, one file each */
#ifndef CORACLE_CONTAINER_CREATE_PRIVATE_H
#define CORACLE_CONTAINER_CREATE_PRIVATE_H

#include "coracle/container/create.h"
#include "coracle/oci/image.h"
#include "coracle/parse/parse.h"

struct making {
	struct engine *engine;
	const struct container_create *request;
	struct record *record;
	struct image_config image; /* empty for host: and --rootfs */
	bool have_image;
	struct texts made_volumes; /* to be removed again when the rest fails */
};

int create_image(struct making *making, struct error *err);
int create_process(struct making *making, struct error *err);
int create_mounts(struct making *making, struct error *err);
int create_network(struct making *making, struct error *err);
int create_isolation(struct making *making, struct error *err);
int create_resources(struct making *making, struct error *err);

/* create_record - all of them; *record zeroed by the caller; on failure it is freed and nothing made stays */
int create_record(struct engine *engine, const struct container_create *request, struct record *record,
                  struct error *err);
/* create_finish - claim the name, write the record, the cidfile */
int create_finish(struct engine *engine, const struct container_create *request, const struct record *record,
                  struct error *err);
/* create_undo - the anonymous volumes of a record that came to nothing */
void create_undo(struct engine *engine, const struct record *record);
/* text_or - a when it is not empty, else b */
const char *text_or(const char *a, const char *b);

#endif
