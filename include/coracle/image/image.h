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
 * reference_candidates, then those of registries.conf), an id or a unique prefix of one (at least 1 hex digit), "sha256:..." or name@digest
 *
 * out   zeroed by the caller; free with image_record_done
 *       names holds only the one that matched (image_record_names fills in all of them)
 * name  out, may be NULL: owned full name that matched, or NULL when found by id
 * Returns 0; -ENOENT with 'image not known: "x"; get it with: coracle pull x'; -EBUSY when ambiguous.
 */
int image_find(struct engine *engine, const char *text, struct image_record *out, char **name,
               struct error *err) NONNULL(1, 2, 3, 5) MUST_USE;
/* image_find_all_names - image_find, and names holds all of its names */
int image_find_all_names(struct engine *engine, const char *text, struct image_record *out, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;
void image_record_done(struct image_record *record) NONNULL(1);
#define AUTO_IMAGE_RECORD AUTO(image_record_done)
/* image_read_config - the parsed configuration; free with fields_done(image_config_fields) */
int image_read_config(struct engine *engine, const struct image_record *record,
                      struct image_config *out, struct error *err) NONNULL(1, 2, 3, 4) MUST_USE;

struct image_list {
	bool all;              /* accepted: there are no intermediate images that could be hidden */
	struct texts filters;  /* "key=value", formats.md: dangling label before since after reference until id ... */
	char *name;            /* NAME[:TAG] operand, or NULL */
	const struct pairs *used; /* image id -> container, borrowed, for the filter containers=; NULL: none is used */
};
/*
 * image_list - new references to two arrays, newest image first
 *
 * rows   one object a name ("<none>" without): ID ("sha256:...") Repository Tag Digest CreatedAt Labels Names
 *        Containers SharedSize UniqueSize ParentId Architecture Os Dangling Damaged, and as numbers Created
 *        (seconds since 1970) and Size VirtualSize (bytes); the command words CreatedSince and sizes, cuts ids
 * typed  one object an image, in the shape of podman's --format json; NULL: not wanted
 */
int image_list(struct engine *engine, const struct image_list *request, json_t **rows, json_t **typed,
               struct error *err) NONNULL(1, 2, 3, 5) MUST_USE;
/* image_inspect - one object as formats.md "inspect (image)" wants it: docker's and podman's keys together; a new reference */
int image_inspect(struct engine *engine, const char *text, json_t **out, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;
/* image_tag - make each of names (as typed) stand for the image */
int image_tag(struct engine *engine, const char *image, const char *name, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;

struct image_remove {
	bool force;    /* also when it has several names */
	bool no_prune;
	bool ignore;   /* absent is no error */
	bool all;
};
/*
 * image_remove - [userns] docker's rules: by name takes the name away, and the image when it was the last;
 * by id needs force when several names stand for it; in use by a container, or mounted
 * (image/mount.h), is -EBUSY naming it
 *
 * used    pairs of image id and container id, from the caller (container/container.h knows them)
 * removed out: lines "Untagged: NAME", "Deleted: sha256:..."
 * Its blobs and layers are unused then: the caller ends with store_collect (store/gc.h).
 */
int image_remove(struct engine *engine, const char *text, const struct image_remove *request,
                 const struct pairs *used, struct texts *removed, struct error *err)
	NONNULL(1, 2, 3, 4, 5, 6) MUST_USE;

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
 * loaded  out: the full names, or the image ids where there is no name; also those before the one that failed
 */
int image_load(struct engine *engine, const struct image_load *request, struct texts *loaded, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;

/* --- pull --- */

enum image_pull_event {
	IMAGE_PULL_TRYING,   /* text: full name that is asked for */
	IMAGE_PULL_FOUND,    /* text: full name; its manifest is here */
	IMAGE_PULL_EXISTS,   /* text: digest of a layer that is in the store */
	IMAGE_PULL_LAYER,    /* text: digest of a layer that is being downloaded from now on */
	IMAGE_PULL_CONFIG,   /* text: digest of the configuration */
	IMAGE_PULL_WRITING,  /* text: full name; all layers are here */
	IMAGE_PULL_DIGEST,   /* text: what the registry calls it: of the index, where there is one; it is in the store */
	IMAGE_PULL_NEWER,    /* text: full name, which stood for another image or for none; follows DIGEST */
	IMAGE_PULL_SAME,     /* text: full name, which stood for this image before; follows DIGEST */
	IMAGE_PULL_NOTICE,   /* text: a line for the user, such as a wait before another attempt */
	/* of a push; besides CONFIG, WRITING and NOTICE; layers are named by their diff ids */
	IMAGE_PUSH_TO,       /* text: full name it goes to */
	IMAGE_PUSH_LAYER,    /* text: a layer that is being sent from now on */
	IMAGE_PUSH_EXISTS,   /* text: a layer that the repository has */
	IMAGE_PUSH_MOUNTED,  /* text: a layer, a blank, the repository of the same registry that it was mounted from */
	IMAGE_PUSH_INSTANCE, /* text: digest of an image of a manifest list, and which one it is: "(1/3)" */
	IMAGE_PUSH_SENT,     /* text: a layer that is there now */
};

struct image_pull_layer {
	const char *digest; /* borrowed */
	enum image_pull_state {
		IMAGE_PULL_WAITING,
		IMAGE_PULL_ELSEWHERE, /* another process downloads it */
		IMAGE_PULL_DOWNLOADING,
		IMAGE_PULL_DOWNLOADED, /* the layers below come first */
		IMAGE_PULL_UNPACKING,  /* and perhaps still downloading */
		IMAGE_PULL_DONE,
		IMAGE_PULL_EXISTED,
		IMAGE_PUSH_SENDING, /* being read, compressed and sent */
		IMAGE_PUSH_DONE,
		IMAGE_PUSH_EXISTED,
	} state;
	uint64_t received, unpacked, size; /* bytes of the blob; of a push: received and size are of the tar */
};

/* how a pull goes on; either function may be NULL */
struct image_progress {
	void *data;
	void (*event)(void *data, enum image_pull_event event, const char *text);
	/* at each change, at most about ten times a second, and once at the end */
	void (*layers)(void *data, const struct image_pull_layer *layers, size_t count);
};

/* how registries are reached; all may be unset */
struct image_remote {
	struct opt_bool tls_verify; /* not set: what registries.conf says */
	char *authfile, *creds, *cert_dir, *signature_policy;
	/* further attempts of each request in a row, without progress, when network or registry fail; not set: as http.h says */
	struct opt_uint retry;
	char *retry_delay; /* "5s" or seconds, each time the same; NULL: as http.h says, doubled each time */
	bool retry_whole;  /* retry (not set: 0) and retry_delay (NULL: 2 s, doubled) are for beginning everything again */
};

struct image_pull {
	char *platform, *os, *arch, *variant; /* NULL: this machine's */
	char *policy;      /* "always" (default), "missing", "never", "newer" */
	bool all_tags, quiet;
	struct image_remote remote;
};

struct image_pulled { /* all owned */
	char *id;     /* "sha256:..." */
	char *name;   /* full name that it has now */
	char *digest; /* what the registry calls it: of the index, where there is one */
	bool changed; /* the name stood for another image or for none */
};

/*
 * image_pull - fetch an image, or all tags of a repository, from its registry into the store
 *
 * name      as typed, "docker://" in front allowed; a short one is looked up as registries.conf says, all candidates
 *           in turn; a location's mirrors come first
 * progress  NULL: nobody wants to know
 * out       list of struct image_pulled, zeroed by the caller; release with image_pulled_done
 *
 * Six layers at a time are downloaded, the lowest missing one is unpacked while it arrives. What was downloaded
 * when a pull ended is kept, and a later one goes on from there. Two that want the same layer do the work once.
 * SIGINT, SIGTERM and SIGHUP end it with err->errnum EINTR. The record and the name are written last.
 * The user namespace is entered: at once when it was begun, else when there is something to unpack.
 */
int image_pull(struct engine *engine, const char *name, const struct image_pull *request,
               const struct image_progress *progress, struct list *out, struct error *err)
	NONNULL(1, 2, 3, 5, 6) MUST_USE;
/*
 * image_pull_apart - one image, from outside of the user namespace: a process of its own enters it
 * full  out: owned full name that it has now
 */
int image_pull_apart(const char *name, const struct image_pull *request, const struct image_progress *progress,
                     char **full, struct error *err) NONNULL(1, 2, 4, 5) MUST_USE;
void image_pulled_done(struct list *pulled) NONNULL(1);

#endif
