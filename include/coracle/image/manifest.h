/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * manifest.h - manifest lists: one name for the images of several platforms
 *
 * A list is an OCI image index or a docker manifest list in the store (store/index.h). It is found by its name or by
 * its id or the beginning of that. Its instances are manifests by digest: of images in the store, or of images in
 * registries, which are not fetched.
 */
#ifndef CORACLE_IMAGE_MANIFEST_H
#define CORACLE_IMAGE_MANIFEST_H

#include "coracle/image/push.h"

/* what shall be said of an instance; NULL and empty members leave what is there */
struct manifest_about {
	char *os, *architecture, *variant, *os_version;
	struct texts os_features, features;
	struct texts annotations; /* "key=value" */
};

struct manifest_create {
	bool amend;               /* a list of that name is added to; else it is -EBUSY */
	bool all;                 /* as of manifest_add */
	bool insecure;            /* remote.tls_verify is to be false */
	bool hub;                 /* a name without registry is docker.io's, not this machine's */
	struct texts annotations; /* of the list; "key=value" */
	struct image_remote remote;
};
/* manifest_create - images may be empty; id and name out: owned */
int manifest_create(struct engine *engine, const char *name, const struct texts *images,
                    const struct manifest_create *request, char **id, char **full, struct error *err)
	NONNULL(1, 2, 3, 4, 5, 6, 7) MUST_USE;

struct manifest_add {
	bool all;      /* of an image that is an index itself all instances, not the one for this machine */
	bool insecure; /* remote.tls_verify is to be false */
	struct manifest_about about;
	struct image_remote remote;
};
/*
 * manifest_add - images are looked for in the store, then in registries; "docker://" and "containers-storage:" in
 * front choose; an instance of the same digest is replaced
 *
 * id  out: owned, of the list
 */
int manifest_add(struct engine *engine, const char *list, const struct texts *images,
                 const struct manifest_add *request, char **id, struct error *err)
	NONNULL(1, 2, 3, 4, 5, 6) MUST_USE;

struct manifest_annotate {
	bool index;    /* annotations are the list's own */
	char *subject; /* image whose manifest the list refers to */
	struct manifest_about about;
};
/* manifest_annotate - instance: digest, or image as manifest_add takes it; NULL with request->index */
int manifest_annotate(struct engine *engine, const char *list, const char *instance,
                      const struct manifest_annotate *request, char **id, struct error *err)
	NONNULL(1, 2, 4, 5, 6) MUST_USE;
/* manifest_remove - take an instance out, given by its digest */
int manifest_remove(struct engine *engine, const char *list, const char *digest, char **id, struct error *err)
	NONNULL(1, 2, 3, 4, 5) MUST_USE;
/* manifest_delete - the list itself; removed: lines as of image_remove; -ENOENT when there is none */
int manifest_delete(struct engine *engine, const char *list, struct texts *removed, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;
/* manifest_exists - 1, 0 or a negative errno */
int manifest_exists(struct engine *engine, const char *list, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/*
 * manifest_image - which image of a list that was made here is for a platform
 *
 * wanted  without architecture: this machine's
 * image   out: owned; its id in the store, or the "registry/path@digest" that it can be fetched by
 * Returns 1; 0 when there is no list of that name; -ENOENT when it has no such image.
 */
int manifest_image(struct engine *engine, const char *list, const struct platform *wanted, char **image,
                   struct error *err) NONNULL(1, 2, 3, 4, 5) MUST_USE;
/* manifest_records - append the lists as image records (is_list) for `images` */
int manifest_records(struct store *store, struct list *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;

struct manifest_inspect {
	bool insecure; /* remote.tls_verify is to be false */
	bool verbose;
	struct image_remote remote;
};
/*
 * manifest_inspect - a list made here, else what a registry has under the name
 *
 * single  out: it is the manifest of one image and not a list
 * Returns a new reference: the document itself; with verbose docker's description of each instance with its manifest.
 */
int manifest_inspect(struct engine *engine, const char *name, const struct manifest_inspect *request, bool *single,
                     json_t **out, struct error *err) NONNULL(1, 2, 3, 4, 5, 6) MUST_USE;

struct manifest_push {
	bool all;      /* also the instances, else they must be there already */
	bool insecure; /* push.remote.tls_verify is to be false */
	bool remove;   /* the list is taken away when it was pushed */
	struct image_push push; /* as images of the store are sent; its format is also the list's; all_tags is not looked at */
};
/*
 * manifest_push - [userns] the instances by their digests, and then the list under its tag
 *
 * destination  NULL: the list's own name; "docker://" in front allowed
 * digest       out: owned, of the list as it is in the registry
 * Images of the store are sent as image_push does; those of registries go from there, or are mounted. An instance
 * that had to be compressed anew has another digest, and the pushed list names that.
 */
int manifest_push(struct engine *engine, const char *list, const char *destination,
                  const struct manifest_push *request, const struct image_progress *progress, char **digest,
                  struct error *err) NONNULL(1, 2, 4, 6, 7) MUST_USE;

#endif
