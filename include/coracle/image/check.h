/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check.h - are images what they were when they came, and mending those that are not */
#ifndef CORACLE_IMAGE_CHECK_H
#define CORACLE_IMAGE_CHECK_H

#include "coracle/image/image.h"
#include "coracle/store/check.h"

struct image_damage { /* all owned; one is set of name, id */
	char *text;            /* one line: what is damaged, and how */
	char *name;            /* of a name that stands for nothing, or of a manifest list */
	bool is_list;          /* a manifest list made here, which nobody else has */
	char *id;              /* of the image */
	struct texts layers;   /* chain ids that are damaged */
	struct texts blobs;    /* digests, likewise */
	bool record;           /* the image's record can't be read */
};
struct image_check {
	struct texts names;   /* images; none: all, and all names */
	enum check_depth depth;
};
struct image_checked {
	uint64_t images, layers; /* that were looked at */
	struct list damages;     /* struct image_damage: one for each line */
};
void image_checked_done(struct image_checked *checked) NONNULL(1);
/*
 * image_check - [userns] names, records, configurations, manifests and layers (layer_check); a layer once, whatever the
 * number of images that have it
 *
 * Returns 0 whatever is found; a negative errno when the check itself could not be made.
 */
int image_check(struct engine *engine, const struct image_check *request, struct image_checked *out, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;

/*
 * image_repair - [userns] fetch again what is damaged of one image, or the image of a name, from where it came
 *
 * live  pairs of chain id and container: layers that somebody runs on now are not touched (-EBUSY, naming the container)
 * What is damaged is moved out of the way first, by a rename each, and back when nothing better came.
 */
int image_repair(struct engine *engine, const struct image_damage *damage, const struct pairs *live,
                 const struct image_progress *progress, struct error *err) NONNULL(1, 2, 3, 5) MUST_USE;

#endif
