/* SPDX-License-Identifier: GPL-2.0-or-later */
/* explore.h - what images are made of: how they were built, which layers they share, what changed in them */
#ifndef CORACLE_IMAGE_EXPLORE_H
#define CORACLE_IMAGE_EXPLORE_H

#include "coracle/engine/engine.h"
#include "coracle/store/changes.h"

/* image_exists - 1, 0, or a negative errno with err (an id that is ambiguous, a store that can't be read) */
int image_exists(struct engine *engine, const char *text, struct error *err) NONNULL(1, 2, 3) MUST_USE;

/* one step of a build */
struct image_step {
	char *created;    /* RFC 3339, as the configuration has it; NULL: not known */
	char *created_by; /* the command; NULL: not known */
	char *comment;    /* or NULL */
	uint64_t size;    /* bytes of its layer's files; 0 for a step that made none */
	bool top;         /* the uppermost: it alone has the image's id and its names */
};

struct image_steps {
	char *id;            /* "sha256:..." */
	struct texts names;  /* full names */
	struct list steps;   /* struct image_step, newest first */
};

/*
 * image_history - the steps that an image was built in
 *
 * platform  "linux/arm64": refused when the image is for another; NULL: any
 * out       zeroed by the caller; release with image_steps_done in any case
 *
 * Layers belong to the steps that are not marked empty, in order (image-spec config.md, "history"). Layers for which
 * no step is left, as in configurations without history, are steps of their own of which nothing but the size is known.
 */
int image_history(struct engine *engine, const char *text, const char *platform, struct image_steps *out,
                  struct error *err) NONNULL(1, 2, 4, 5) MUST_USE;
void image_steps_done(struct image_steps *steps) NONNULL(1);

/* image_check_platform - 0, or -ENOENT with err: record is for another platform than the text says; variants of the image count */
int image_check_platform(struct engine *engine, const char *text, const char *platform, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;

/* image_content_size - bytes of configuration and layers as they were fetched or loaded; 0 when that is not known */
uint64_t image_content_size(struct engine *engine, const char *manifest_digest) NONNULL(1, 2);

/* one layer of the store, or of an image */
struct image_layer {
	char *chain_id;     /* "sha256:..." */
	uint64_t size;      /* bytes of its files */
	struct texts names; /* of the images whose uppermost layer this is: full names, "sha256:..." of those without */
	size_t depth;       /* 0: the image's own lowest, or what was asked about; else the layers between */
};

struct image_layers {
	char *id;           /* of the image, "sha256:..." */
	struct texts names; /* its full names */
	uint64_t size;      /* bytes of all its layers */
	struct list layers; /* struct image_layer */
};

enum image_layers_of {
	IMAGE_LAYERS_BELOW, /* the image's own, lowest first; depth 0 */
	IMAGE_LAYERS_ABOVE, /* its uppermost, and all that stand on it, in other images: each before what stands on it */
};
/* image_layers - out: zeroed by the caller; release with image_layers_done in any case */
int image_layers(struct engine *engine, const char *text, enum image_layers_of of, struct image_layers *out,
                 struct error *err) NONNULL(1, 2, 4, 5) MUST_USE;
void image_layers_done(struct image_layers *layers) NONNULL(1);

/*
 * image_changes - [userns] what has to be done to the file system of another image to get that of text
 *
 * other  NULL: the same image without its uppermost layer
 */
int image_changes(struct engine *engine, const char *text, const char *other, layer_change_visit *visit,
                  void *context, struct error *err) NONNULL(1, 2, 4, 6) MUST_USE;

#endif
