/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * copy_private.h - the parts of copying
 *
 * copy.c          the two ends, and which way to go between them
 * copy_place.c    "oci:DIR:REF" and the like
 * copy_source.c   manifests and blobs of a registry, layout, archive or directory
 * copy_archive.c  a docker-archive as source: a manifest made for it
 * copy_sink.c     where they go
 * copy_blobs.c    blobs side by side, one poll loop
 * copy_convert.c  manifests of docker's format as those of the OCI, and back
 * copy_store.c    the store at one end
 */
#ifndef CORACLE_IMAGE_COPY_PRIVATE_H
#define CORACLE_IMAGE_COPY_PRIVATE_H

#include "coracle/image/copy.h"
#include "coracle/registry/registry.h"
#include "coracle/store/bundle.h"

#include "layout.h"
#include "package.h"
#include "progress.h"
#include "remote.h"

/* --- copy_place.c --- */
enum copy_kind { COPY_REGISTRY, COPY_STORE, COPY_OCI, COPY_OCI_ARCHIVE, COPY_DOCKER_ARCHIVE, COPY_DIRECTORY };
struct copy_place {
	enum copy_kind kind;
	char *path;      /* owned: of file or directory, or the name of the image */
	char *reference; /* owned: what follows the path; NULL: nothing */
};
/* copy_place_parse - *out zeroed by the caller */
int copy_place_parse(const char *text, struct copy_place *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;
void copy_place_done(struct copy_place *place) NONNULL(1);

/* --- a manifest or index on its way --- */
struct copy_document {
	struct registry_manifest manifest;
	json_t *platform; /* owned reference; what an index says; NULL: nothing */
};
void copy_document_done(struct copy_document *document) NONNULL(1);
#define AUTO_COPY_DOCUMENT AUTO(copy_document_done)
bool copy_is_index(const struct registry_manifest *manifest) NONNULL(1);

/* a blob that the manifest names */
struct copy_blob {
	char digest[DIGEST_TEXT_SIZE];
	uint64_t size;
	int fd;       /* where it is, when it is in no source; the file's first byte is the blob's; borrowed; -1: it is in one */
};

struct copy_source {
	enum copy_kind kind;
	struct registry *registry;  /* borrowed; REGISTRY */
	const char *repository;     /* borrowed */
	const char *reference;      /* tag or digest there; what follows the path elsewhere; NULL: nothing */
	int fd;
	struct bundle *bundle;      /* the others */
	const char *path;           /* borrowed, for messages */
};

struct copy_sink {
	enum copy_kind kind;
	struct registry *registry;
	const char *repository, *reference;
	struct package package;
};

struct copying {
	struct engine *engine;
	const struct image_copy *request;
	const struct image_progress *progress;
	struct platform platform; /* wanted; without architecture: this machine's */
	struct copy_place from, to;
	struct image_remote from_remote, to_remote; /* borrow from request */
	struct remote *remote;    /* the first one; NULL: no registry at an end */
	struct copy_source source;
	struct copy_sink sink;
	struct texts there; /* digests of the blobs that are at the destination by now */
	bool found; /* the source has the image: what fails now is no reason to ask another registry */
	int result;
	struct error failure;
	char *digest; /* out */
};

/* --- copy_source.c --- */
/* copy_source_open - bundle and fd of what is no registry */
int copy_source_open(struct copying *copying, struct error *err) NONNULL(1, 2) MUST_USE;
void copy_source_close(struct copy_source *source) NONNULL(1);
/* copy_source_top - what is asked for: an index too; not of a docker-archive */
int copy_source_top(const struct copying *copying, struct copy_document *out, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* copy_source_manifest - by digest; *out zeroed */
int copy_source_manifest(const struct copy_source *source, const char *digest, struct registry_manifest *out,
                         struct error *err) NONNULL(1, 2, 3, 4) MUST_USE;
/* copy_source_image - top, or when that is an index the image in it that is wanted */
int copy_source_image(const struct copying *copying, struct copy_document *out, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* copy_source_name - owned: of the blob in the bundle */
char *copy_source_name(const struct copy_source *source, const char *digest) NONNULL(1, 2) MUST_USE;
/* copy_source_read - a small blob, checked; not of a docker-archive */
int copy_source_read(const struct copy_source *source, const struct descriptor *descriptor, char **out,
                     size_t *length, struct error *err) NONNULL(1, 2, 3, 4, 5) MUST_USE;

/* --- copy_archive.c --- */
struct copy_archive { /* one image of a docker-archive */
	char *config;
	size_t config_length;
	char config_digest[DIGEST_TEXT_SIZE];
	struct image_config parsed;
	struct texts layers, names; /* files in the bundle; full names */
};
void copy_archive_done(struct copy_archive *archive) NONNULL(1);
int copy_archive_read(const struct copy_source *source, struct copy_archive *out, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* copy_archive - its image to the sink */
int copy_archive(struct copying *copying, struct error *err) NONNULL(1, 2) MUST_USE;

/* --- copy_sink.c --- */
int copy_sink_open(struct copying *copying, struct error *err) NONNULL(1, 2) MUST_USE;
/* copy_sink_manifest - one that an index names, after its blobs */
int copy_sink_manifest(struct copying *copying, const struct registry_manifest *manifest, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* copy_sink_finish - the last manifest or index; the image appears */
int copy_sink_finish(struct copying *copying, const struct copy_document *document, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* copy_sink_name - owned: of the blob in the package */
char *copy_sink_name(const struct copy_sink *sink, const char *digest) NONNULL(1, 2) MUST_USE;
/* copy_into_archive - an image with its layers into a docker-archive, all of it */
int copy_into_archive(struct copying *copying, const struct image_manifest *manifest, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;

/* --- copy_blobs.c --- */
/* copy_blobs - those that the sink does not have; blobs: struct copy_blob */
int copy_blobs(struct copying *copying, const struct list *blobs, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* copy_blob_aside - into fd, checked */
int copy_blob_aside(struct copying *copying, const struct descriptor *descriptor, int fd, struct error *err)
	NONNULL(1, 2, 4) MUST_USE;

/* --- copy_convert.c --- */
enum copy_format { COPY_AS_IT_IS, COPY_OCI_FORMAT, COPY_DOCKER_FORMAT };
/* copy_format - that the document must have at the sink */
int copy_format(const struct copying *copying, enum copy_format *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/*
 * copy_convert - *manifest becomes one of that format, when it is none; 1: changed, 0: as it was
 * document  of the bytes, changed too; for an index with other digests changed by the caller: force
 */
int copy_convert(struct registry_manifest *manifest, enum copy_format format, struct error *err)
	NONNULL(1, 3) MUST_USE;
/* copy_document_text - *manifest gets the text of json */
int copy_document_text(struct registry_manifest *manifest, const json_t *json, const char *media_type,
                       struct error *err) NONNULL(1, 2, 3, 4) MUST_USE;

/* --- copy_store.c --- */
int copy_from_store(struct copying *copying, struct error *err) NONNULL(1, 2) MUST_USE;
int copy_into_store(struct copying *copying, struct error *err) NONNULL(1, 2) MUST_USE;

#endif
