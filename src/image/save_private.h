/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * save_private.h - the parts of saving
 *
 * save.c          which images, which layers, in which format
 * save_layers.c   layers out of the store into the package, side by side
 * save_docker.c   docker-archive: manifest.json, repositories
 * save_oci.c      OCI layouts and docker-dir: manifests and index
 */
#ifndef CORACLE_IMAGE_SAVE_PRIVATE_H
#define CORACLE_IMAGE_SAVE_PRIVATE_H

#include "coracle/image/save.h"

#include "package.h"

enum save_format { SAVE_DOCKER_ARCHIVE, SAVE_OCI_ARCHIVE, SAVE_OCI_DIRECTORY, SAVE_DOCKER_DIRECTORY };

struct save_layer {
	char *chain_id, *diff_id; /* owned; as the store knows it */
	uint64_t tar_size;
	/* how it was written */
	char digest[DIGEST_TEXT_SIZE];     /* of the bytes in the package */
	char new_diff_id[DIGEST_TEXT_SIZE]; /* of the tar */
	uint64_t size;
};

struct save_image {
	struct image_record record;
	struct texts names; /* full names to write */
	char *config;       /* owned */
	size_t config_length;
	char config_digest[DIGEST_TEXT_SIZE];
	char *manifest;     /* owned: the store's, byte for byte */
	size_t manifest_length;
	size_t *layers;     /* owned: indexes of saving.layers, lowest first */
};

struct saving {
	const struct image_save *request;
	struct store *store;
	const struct image_progress *progress;
	enum save_format format;
	bool compress;      /* layers by gzip */
	struct list images; /* struct save_image */
	struct list layers; /* struct save_layer, each once */
	struct package package;
	char digest[DIGEST_TEXT_SIZE]; /* of the last manifest */
};

/* save_layer_name - owned: of the layer's file in the package */
char *save_layer_name(const struct saving *saving, const char *digest) NONNULL(1, 2) MUST_USE;
/* save_layers - all of saving.layers; those that a directory has already are not written again */
int save_layers(struct saving *saving, struct error *err) NONNULL(1, 2) MUST_USE;

/* one image of a docker-archive */
struct save_entry {
	const char *config; /* borrowed */
	size_t config_length;
	const char *config_digest;
	const struct texts *names; /* borrowed; full ones */
	struct texts diff_ids;
};
/* save_docker_layer - owned: file of a layer in a docker-archive */
char *save_docker_layer(const char *diff_id) NONNULL(1) MUST_USE;
/* save_docker_end - configurations, manifest.json and repositories of entries (struct save_entry), after the layers */
int save_docker_end(struct package *package, const struct list *entries, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* save_docker - the same of what is being saved */
int save_docker(struct saving *saving, struct error *err) NONNULL(1, 2) MUST_USE;
/* save_oci - configurations, manifests, and what names them */
int save_oci(struct saving *saving, struct error *err) NONNULL(1, 2) MUST_USE;

#endif
