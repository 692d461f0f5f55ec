/* SPDX-License-Identifier: GPL-2.0-or-later */
/* image.h - images by name: find, list, tag, remove, load, import, inspect */
#ifndef CORACLE_IMAGE_IMAGE_H
#define CORACLE_IMAGE_IMAGE_H

#include "coracle/engine/engine.h"
#include "coracle/oci/image.h"
#include "coracle/store/store.h"

#define IMAGE_HOST "host:"

/*
 * image_find - the one image that text names: a name (with the registries tried in the order of
 * reference_candidates), an id or a unique prefix of one (at least 1 hex digit), "sha256:..." or name@digest
 *
 * out   zeroed by the caller; free with image_record_done
 *       names holds only the one that matched (image_record_names fills in all of them)
 * name  out, may be NULL: owned full name that matched, or NULL when found by id
 * Returns 0; -ENOENT with 'image not known: "x"; load it with: coracle load -i FILE'; -EBUSY when ambiguous.
 */
int image_find(struct engine *engine, const char *text, struct image_record *out, char **name,
               struct error *err) NONNULL(1, 2, 3, 5) MUST_USE;
void image_record_done(struct image_record *record) NONNULL(1);
#define AUTO_IMAGE_RECORD AUTO(image_record_done)
/* image_read_config - the parsed configuration; free with fields_done(image_config_fields) */
int image_read_config(struct engine *engine, const struct image_record *record,
                      struct image_config *out, struct error *err) NONNULL(1, 2, 3, 4) MUST_USE;

struct image_list {
	bool all;              /* accepted: there are no intermediate images that could be hidden */
	struct texts filters;  /* "key=value", formats.md: dangling label before since after reference until id ... */
	char *name;            /* NAME[:TAG] operand, or NULL */
};
/*
 * image_list - new references to two arrays, newest image first
 *
 * rows   one object a name ("<none>" without): ID ("sha256:...") Repository Tag Digest CreatedAt Labels Names
 *        Containers SharedSize UniqueSize ParentId Architecture Os Dangling Damaged, and as numbers Created
 *        (seconds since 1970) and Size VirtualSize (bytes); the command words CreatedSince and sizes, cuts ids
 * typed  one object an image, in the shape of podman's --format json
 */
int image_list(struct engine *engine, const struct image_list *request, json_t **rows, json_t **typed,
               struct error *err) NONNULL(1, 2, 3, 4, 5) MUST_USE;
/* image_inspect - one object as formats.md "inspect (image)" wants it: docker's and podman's keys together; a new reference */
int image_inspect(struct engine *engine, const char *text, json_t **out, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;
/* image_tag - make each of names (as typed) stand for the image */
int image_tag(struct engine *engine, const char *image, const char *name, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;

struct image_remove {
	bool force;    /* also when several names or containers use it (containers are removed by the caller first) */
	bool no_prune;
	bool ignore;   /* absent is no error */
	bool all;
};
/*
 * image_remove - [userns] docker's rules: by name takes the name away, and the image when it was the last;
 * by id needs force when several names stand for it; in use by a container is -EBUSY naming it
 *
 * used    pairs of image id and container id, from the caller (container/container.h knows them)
 * removed out: lines "Untagged: NAME", "Deleted: sha256:..."
 */
int image_remove(struct engine *engine, const char *text, const struct image_remove *request,
                 const struct pairs *used, const struct texts *layers_in_use, struct texts *removed,
                 struct error *err) NONNULL(1, 2, 3, 4, 5, 6, 7) MUST_USE;

struct image_import {
	char *source;          /* file, "-" for standard input */
	char *name;            /* NAME[:TAG] or NULL */
	struct texts changes;  /* Dockerfile words: CMD ENTRYPOINT ENV EXPOSE LABEL STOPSIGNAL USER VOLUME WORKDIR ONBUILD */
	char *message, *architecture, *os, *variant;
	bool quiet;
};
/* image_import - [userns] a root file-system tar becomes an image of one layer; out_id gets "sha256:..." (owned) */
int image_import(struct engine *engine, const struct image_import *request, char **out_id, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;

struct image_load {
	char *input; /* file or OCI layout directory; NULL or "-": standard input */
	bool quiet;
	struct texts platforms; /* only these of an index; default: this machine's, else the only one there */
};
/*
 * image_load - [userns] docker-archive (docker save, podman save), OCI archive, OCI layout directory
 *
 * An archive on a pipe is read once: blobs go to store/tmp, layers are unpacked from there.
 * loaded  out: the full names, or the image ids where there is no name
 */
int image_load(struct engine *engine, const struct image_load *request, struct texts *loaded, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;

#endif
