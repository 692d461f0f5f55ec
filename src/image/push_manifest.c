/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * push_manifest.c - manifest and configuration of what came of the layers; see push_private.h
 *
 * They are changed as JSON, so that what this program does not know stays. Sources: image-spec manifest.md, config.md;
 * docker's "Image Manifest V 2, Schema 2".
 */
#include "coracle/base/alloc.h"

#include <string.h>

#include "manifest_document.h"
#include "push_private.h"

static const char *const config_types[] = {
	[PUSH_OCI] = "application/vnd.oci.image.config.v1+json",
	[PUSH_DOCKER] = "application/vnd.docker.container.image.v1+json",
};
static const char *const manifest_types[] = {
	[PUSH_OCI] = "application/vnd.oci.image.manifest.v1+json",
	[PUSH_DOCKER] = "application/vnd.docker.distribution.manifest.v2+json",
};

enum push_format push_format_of(const struct image_manifest *manifest)
{
	const char *type = manifest->media_type ? manifest->media_type : manifest->config.media_type;

	return type && strstr(type, ".docker.") ? PUSH_DOCKER : PUSH_OCI;
}

/* describes_bytes - annotations that are about one compressed form of a layer: tables of contents for lazy pulling */
static bool describes_bytes(const char *key)
{
	return strncmp(key, "io.github.containers.zstd-chunked.", strlen("io.github.containers.zstd-chunked.")) == 0
	       || strncmp(key, "containerd.io/snapshot/stargz/", strlen("containerd.io/snapshot/stargz/")) == 0
	       || strcmp(key, "io.containers.estargz.uncompressed-size") == 0;
}

/* layer_annotations - new reference or NULL */
static json_t *layer_annotations(const struct push_layer *layer)
{
	json_t *out = json_object();

	for (size_t i = 0; i < layer->original->annotations.count; i++) {
		const struct pair *pair = &layer->original->annotations.items[i];

		if (layer->is_original || !describes_bytes(pair->key))
			(void) json_object_set_new(out, pair->key, json_string(pair->value));
	}
	if (json_object_size(out) > 0)
		return out;
	json_decref(out);
	return NULL;
}

static enum compression compression_of(const struct push_layer *layer)
{
	return push_compression_of(layer->blob.compression);
}

static json_t *layer_descriptor(const struct push_layer *layer, enum push_format format)
{
	const char *type = compress_media_type(compression_of(layer), format == PUSH_DOCKER);
	json_t *out = json_pack("{s:s, s:s, s:I}", "mediaType", type, "digest", layer->blob.digest, "size",
	                        (json_int_t) layer->blob.size);
	json_t *annotations = layer_annotations(layer);

	if (annotations)
		(void) json_object_set_new(out, "annotations", annotations);
	return out;
}

/* is_unchanged - the manifest can go as it is */
static bool is_unchanged(const struct push_layer *layers, size_t count, const struct image_manifest *parsed,
                         const struct push_documents *documents)
{
	for (size_t i = 0; i < count; i++)
		if (!layers[i].is_original)
			return false;
	return push_format_of(parsed) == documents->format && !documents->config_changed;
}

/* make_config - with other diff ids, where archives could not be made as they were */
static int make_config(const struct push_layer *layers, size_t count, const char *config, size_t length,
                       struct push_documents *documents, struct error *err)
{
	AUTO_JSON json_t *json = NULL;
	json_t *diff_ids;

	for (size_t i = 0; i < count; i++)
		if (strcmp(layers[i].blob.diff_id, layers[i].diff_id) != 0)
			documents->config_changed = true;
	documents->config_type = config_types[documents->format];
	if (!documents->config_changed) {
		documents->config = xstrndup(config, length);
		documents->config_length = length;
		return digest_bytes(config, length, documents->config_digest, err);
	}
	json = json_parse(config, length, err);
	if (!json)
		return -EINVAL;
	diff_ids = json_object_get(json_object_get(json, "rootfs"), "diff_ids");
	for (size_t i = 0; i < count; i++)
		if (json_array_set_new(diff_ids, i, json_string(layers[i].blob.diff_id)) < 0)
			return error_set(err, ERROR_INVALID, "the image's configuration names too few layers");
	documents->config = json_text(json, JSON_COMPACT);
	documents->config_length = strlen(documents->config);
	return digest_bytes(documents->config, documents->config_length, documents->config_digest, err);
}

static int make_manifest(const struct push_layer *layers, size_t count, const char *manifest, size_t length,
                         struct push_documents *documents, struct error *err)
{
	AUTO_JSON json_t *json = json_parse(manifest, length, err);
	json_t *descriptors = json_array(), *config;

	if (!json) {
		json_decref(descriptors);
		return -EINVAL;
	}
	for (size_t i = 0; i < count; i++)
		(void) json_array_append_new(descriptors, layer_descriptor(&layers[i], documents->format));
	config = json_pack("{s:s, s:s, s:I}", "mediaType", documents->config_type, "digest", documents->config_digest,
	                   "size", (json_int_t) documents->config_length);
	(void) json_object_set_new(json, "schemaVersion", json_integer(2));
	(void) json_object_set_new(json, "mediaType", json_string(documents->manifest_type));
	(void) json_object_set_new(json, "config", config);
	(void) json_object_set_new(json, "layers", descriptors);
	if (documents->format == PUSH_DOCKER)
		document_strip(json);
	documents->manifest = json_text(json, JSON_COMPACT);
	documents->manifest_length = strlen(documents->manifest);
	return 0;
}

int push_documents(const struct push_layer *layers, size_t count, const struct image_manifest *parsed,
                   const char *config, size_t config_length, const char *manifest, size_t manifest_length,
                   struct push_documents *documents, struct error *err)
{
	int r = make_config(layers, count, config, config_length, documents, err);

	if (r < 0)
		return r;
	documents->manifest_type = manifest_types[documents->format];
	if (!is_unchanged(layers, count, parsed, documents))
		return make_manifest(layers, count, manifest, manifest_length, documents, err);
	documents->manifest = xstrndup(manifest, manifest_length);
	documents->manifest_length = manifest_length;
	return 0;
}

void push_documents_done(struct push_documents *documents)
{
	free(documents->config);
	free(documents->manifest);
	*documents = (struct push_documents){0};
}
