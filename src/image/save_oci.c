/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * save_oci.c - OCI layouts as archive or directory, and docker-dir; see save_private.h
 *
 * docker-dir is what skopeo calls "dir": manifest.json, and the blobs beside it, by their digests without prefix.
 */
#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"

#include <string.h>

#include "digests.h"
#include "layout.h"
#include "pieces.h"
#include "save_private.h"

static bool is_docker(const struct saving *saving)
{
	return saving->format == SAVE_DOCKER_DIRECTORY;
}

static const char *manifest_type(const struct saving *saving)
{
	return is_docker(saving) ? DOCKER_MANIFEST_TYPE : OCI_MANIFEST_TYPE;
}

static const char *layer_type(const struct saving *saving)
{
	if (is_docker(saving))
		return saving->compress ? DOCKER_LAYER_TYPE ".gzip" : DOCKER_LAYER_TYPE;
	return saving->compress ? OCI_LAYER_TYPE "+gzip" : OCI_LAYER_TYPE;
}

static const struct save_layer *layer_at(const struct saving *saving, const struct save_image *image, size_t i)
{
	return LIST_AT(struct save_layer, &saving->layers, image->layers[i]);
}

static bool text_is(const json_t *object, const char *key, const char *wanted)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && strcmp(text, wanted) == 0;
}

/* keeps - the manifest that the store has is also that of what was written */
static bool keeps(const struct saving *saving, const struct save_image *image, const json_t *manifest)
{
	const json_t *layers = json_object_get(manifest, "layers");
	const json_t *config = json_object_get(manifest, "config");

	if (!text_is(config, "mediaType", is_docker(saving) ? DOCKER_CONFIG_TYPE : OCI_CONFIG_TYPE)
	    || !text_is(config, "digest", image->config_digest)
	    || json_array_size(layers) != image->record.layers.count)
		return false;
	if ((is_docker(saving) || json_object_get(manifest, "mediaType"))
	    && !text_is(manifest, "mediaType", manifest_type(saving)))
		return false;
	for (size_t i = 0; i < image->record.layers.count; i++)
		if (!text_is(json_array_get(layers, i), "digest", layer_at(saving, image, i)->digest))
			return false;
	return true;
}

/* new_manifest - owned text */
static char *new_manifest(const struct saving *saving, const struct save_image *image, const json_t *old)
{
	AUTO_JSON json_t *manifest = json_object();
	json_t *layers = json_array(), *annotations = json_object_get(old, "annotations");

	piece_set(manifest, "schemaVersion", json_integer(2));
	piece_set(manifest, "mediaType", json_string(manifest_type(saving)));
	piece_set(manifest, "config", descriptor_json(is_docker(saving) ? DOCKER_CONFIG_TYPE : OCI_CONFIG_TYPE,
	                                              image->config_digest, image->config_length));
	for (size_t i = 0; i < image->record.layers.count; i++) {
		const struct save_layer *layer = layer_at(saving, image, i);

		(void) json_array_append_new(layers, descriptor_json(layer_type(saving), layer->digest, layer->size));
	}
	piece_set(manifest, "layers", layers);
	if (annotations && !is_docker(saving))
		(void) json_object_set(manifest, "annotations", annotations);
	return json_text(manifest, JSON_COMPACT);
}

/* make_manifest - image's manifest becomes the one of what was written */
static int make_manifest(const struct saving *saving, struct save_image *image, struct error *err)
{
	AUTO_JSON json_t *old = json_parse(image->manifest ? image->manifest : "", image->manifest_length, err);

	if (!old)
		return error_wrap(err, -EINVAL, "image manifest %.19s", image->record.manifest_digest);
	if (keeps(saving, image, old))
		return 0;
	free(image->manifest);
	image->manifest = new_manifest(saving, image, old);
	image->manifest_length = strlen(image->manifest);
	return 0;
}

static char *blob_name(const struct saving *saving, const char *digest)
{
	return is_docker(saving) ? xstrdup(digest_hex(digest)) : layout_blob_name(digest);
}

static int put_image(struct saving *saving, struct save_image *image, struct error *err)
{
	AUTO_FREE char *config = blob_name(saving, image->config_digest);
	AUTO_FREE char *name = NULL;
	int r = package_put(&saving->package, config, image->config, image->config_length, err);

	if (r >= 0)
		r = make_manifest(saving, image, err);
	if (r >= 0)
		r = digest_bytes(image->manifest, image->manifest_length, saving->digest, err);
	if (r >= 0)
		r = digests_check(saving->digest, saving->request->digest, err);
	if (r < 0 || is_docker(saving))
		return r;
	name = layout_blob_name(saving->digest);
	return package_put(&saving->package, name, image->manifest, image->manifest_length, err);
}

/* add_entries - one for each name, or one without; digest is borrowed */
static void add_entries(const struct saving *saving, const struct save_image *image, const char *digest,
                        struct list *entries)
{
	const char *given = saving->request->reference;
	size_t count = given || image->names.count == 0 ? 1 : image->names.count;

	for (size_t i = 0; i < count; i++) {
		struct layout_entry *entry = list_add(entries, sizeof *entry);

		entry->media_type = OCI_MANIFEST_TYPE;
		entry->digest = digest;
		entry->size = image->manifest_length;
		if (given) {
			entry->reference = *given ? given : NULL;
		} else if (image->names.count) {
			entry->reference = image->names.items[i];
			entry->name = image->names.items[i];
		}
	}
}

static int save_directory(struct saving *saving, struct error *err)
{
	struct save_image *image = LIST_AT(struct save_image, &saving->images, 0);
	int r = put_image(saving, image, err);

	return r < 0 ? r : directory_end(&saving->package, image->manifest, image->manifest_length, err);
}

int save_oci(struct saving *saving, struct error *err)
{
	AUTO_TEXTS struct texts digests = {0};
	struct list entries = {0};
	int r = 0;

	if (is_docker(saving))
		return save_directory(saving, err);
	LIST_EACH(struct save_image, image, &saving->images) {
		r = put_image(saving, image, err);
		if (r < 0)
			return r;
		texts_add(&digests, saving->digest);
	}
	for (size_t i = 0; i < saving->images.count; i++)
		add_entries(saving, LIST_AT(struct save_image, &saving->images, i), digests.items[i], &entries);
	r = layout_end(&saving->package, entries.items, entries.count, err);
	free(entries.items);
	return r;
}
