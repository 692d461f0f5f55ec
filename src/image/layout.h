/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layout.h - OCI image layouts that we write (image-layout.md), and skopeo's directories of one image */
#ifndef CORACLE_IMAGE_LAYOUT_H
#define CORACLE_IMAGE_LAYOUT_H

#include "coracle/base/json.h"

#include "package.h"

#define LAYOUT_REFERENCE "org.opencontainers.image.ref.name"
#define LAYOUT_NAME      "io.containerd.image.name"
#define OCI_INDEX_TYPE    "application/vnd.oci.image.index.v1+json"
#define OCI_MANIFEST_TYPE "application/vnd.oci.image.manifest.v1+json"
#define OCI_CONFIG_TYPE   "application/vnd.oci.image.config.v1+json"
#define OCI_LAYER_TYPE    "application/vnd.oci.image.layer.v1.tar"
#define DOCKER_LIST_TYPE     "application/vnd.docker.distribution.manifest.list.v2+json"
#define DOCKER_MANIFEST_TYPE "application/vnd.docker.distribution.manifest.v2+json"
#define DOCKER_CONFIG_TYPE   "application/vnd.docker.container.image.v1+json"
#define DOCKER_LAYER_TYPE    "application/vnd.docker.image.rootfs.diff.tar"

/* layout_begin - the directories of the blobs, before the first of them */
int layout_begin(struct package *package, struct error *err) NONNULL(1, 2) MUST_USE;

struct layout_entry {
	const char *media_type, *digest;
	uint64_t size;
	const char *reference;  /* ref.name; NULL: none */
	const char *name;       /* full name for containerd; NULL: none */
	const struct json_t *platform; /* borrowed; NULL: not said */
};
/*
 * layout_end - oci-layout, and index.json last, with the entries added to those that a directory has
 *
 * An entry of the same reference gives way, as does one without reference and of the same digest. The directory is
 * locked meanwhile.
 */
int layout_end(struct package *package, const struct layout_entry *entries, size_t count, struct error *err)
	NONNULL(1, 4) MUST_USE;
/* directory_begin - skopeo's "dir:": a directory that is new, empty, or holds an image already */
int directory_begin(const struct package *package, struct error *err) NONNULL(1, 2) MUST_USE;
/* directory_end - its version, and the manifest last */
int directory_end(struct package *package, const void *manifest, size_t length, struct error *err)
	NONNULL(1, 2, 4) MUST_USE;
/* layout_blob_name - owned "blobs/sha256/HEX" */
char *layout_blob_name(const char *digest) NONNULL(1) MUST_USE;
/* descriptor_json - {"mediaType", "digest", "size"}; a new reference */
json_t *descriptor_json(const char *media_type, const char *digest, uint64_t size) NONNULL(1, 2) MUST_USE;

#endif
