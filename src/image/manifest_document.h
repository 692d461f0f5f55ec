/* SPDX-License-Identifier: GPL-2.0-or-later */
/* manifest_document.h - the JSON of a manifest list, read and changed; nothing of what others wrote in it is lost */
#ifndef CORACLE_IMAGE_MANIFEST_DOCUMENT_H
#define CORACLE_IMAGE_MANIFEST_DOCUMENT_H

#include "coracle/image/manifest.h"

#define MANIFEST_DOCKER_LIST  "application/vnd.docker.distribution.manifest.list.v2+json"
#define MANIFEST_DOCKER_IMAGE "application/vnd.docker.distribution.manifest.v2+json"
#define MANIFEST_OCI_INDEX    "application/vnd.oci.image.index.v1+json"
#define MANIFEST_OCI_IMAGE    "application/vnd.oci.image.manifest.v1+json"
#define MANIFEST_INSTANCES_MAX 1000

/* document_new - a list without instances */
json_t *document_new(void) MUST_USE;
/* document_read - checked as image_index_parse does; a new reference */
int document_read(const char *bytes, size_t length, json_t **out, struct error *err) NONNULL(1, 3, 4) MUST_USE;
/* document_find - the instance of a digest; borrowed, NULL when it is not there */
json_t *document_find(const json_t *document, const char *digest) NONNULL(1, 2) MUST_USE;
/* document_put - append a descriptor, whose reference is taken over; one of the same digest goes; -E2BIG */
int document_put(json_t *document, json_t *descriptor, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* document_take - remove an instance; false when it is not there */
bool document_take(json_t *document, const char *digest) NONNULL(1, 2);
/* document_about - say it of an instance; -EINVAL for an annotation without "=" */
int document_about(json_t *descriptor, const struct manifest_about *about, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* document_annotate - annotations "key=value" of an object, a list or an instance */
int document_annotate(json_t *object, const struct texts *annotations, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* document_settle - give the media type that can hold what is in it: docker's, unless something is the OCI's alone */
void document_settle(json_t *document) NONNULL(1);
/* document_strip - of a list or manifest, and of what it names: what docker's formats have no place for */
void document_strip(json_t *document) NONNULL(1);
/* document_convert - become MANIFEST_OCI_INDEX or MANIFEST_DOCKER_LIST, which has no annotations and no subject */
void document_convert(json_t *document, const char *media_type) NONNULL(1, 2);
/* document_choose - digest of the first instance for a platform, borrowed; NULL: none */
const char *document_choose(const json_t *document, const struct platform *wanted) NONNULL(1, 2);
/* document_digest, document_type - of a descriptor; borrowed; "" when absent */
const char *document_digest(const json_t *descriptor);
const char *document_type(const json_t *descriptor);
/* document_descriptor - of an image manifest; platform (may be NULL) is the image's configuration as JSON */
json_t *document_descriptor(const char *media_type, const char *digest, size_t size, const json_t *config)
	NONNULL(1, 2) MUST_USE;

#endif
