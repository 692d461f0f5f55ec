/* SPDX-License-Identifier: GPL-2.0-or-later */
/* manifest_document.c - the JSON of a manifest list (image-index.md; docker's manifest list, v2 schema 2) */
#include "manifest_document.h"

#include "coracle/base/alloc.h"

#include <string.h>

#include "pieces.h"

json_t *document_new(void)
{
	json_t *document = json_object();

	piece_set(document, "schemaVersion", json_integer(2));
	piece_set(document, "mediaType", json_string(MANIFEST_DOCKER_LIST));
	piece_set(document, "manifests", json_array());
	return document;
}

int document_read(const char *bytes, size_t length, json_t **out, struct error *err)
{
	struct image_index index = {0};
	int r = image_index_parse(bytes, length, &index, err);
	size_t count = index.manifests.count;

	fields_done(image_index_fields, &index);
	if (r < 0)
		return r;
	if (count > MANIFEST_INSTANCES_MAX)
		return error_set(err, ERROR_INVALID, "the list has %zu instances; %d at the most", count,
		                 MANIFEST_INSTANCES_MAX);
	*out = json_parse(bytes, length, err);
	return *out ? 0 : -EINVAL;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

const char *document_digest(const json_t *descriptor)
{
	return text_of(descriptor, "digest");
}

const char *document_type(const json_t *descriptor)
{
	return text_of(descriptor, "mediaType");
}

static size_t find_place(const json_t *document, const char *digest)
{
	const json_t *manifests = json_object_get(document, "manifests");
	size_t i = 0;

	while (i < json_array_size(manifests) && strcmp(document_digest(json_array_get(manifests, i)), digest) != 0)
		i++;
	return i;
}

json_t *document_find(const json_t *document, const char *digest)
{
	return json_array_get(json_object_get(document, "manifests"), find_place(document, digest));
}

bool document_take(json_t *document, const char *digest)
{
	json_t *manifests = json_object_get(document, "manifests");
	bool found = false;

	/* a list that somebody else made may have it twice */
	while (json_array_remove(manifests, find_place(document, digest)) == 0)
		found = true;
	return found;
}

int document_put(json_t *document, json_t *descriptor, struct error *err)
{
	json_t *manifests = json_object_get(document, "manifests");

	(void) document_take(document, document_digest(descriptor));
	if (json_array_size(manifests) >= MANIFEST_INSTANCES_MAX) {
		json_decref(descriptor);
		(void) error_set(err, ERROR_INVALID, "a manifest list has %d instances at the most",
		                 MANIFEST_INSTANCES_MAX);
		return -E2BIG;
	}
	(void) json_array_append_new(manifests, descriptor);
	return 0;
}

/* part_of - the object under key, made when it is not there; borrowed */
static json_t *part_of(json_t *object, const char *key)
{
	if (!json_is_object(json_object_get(object, key)))
		piece_set(object, key, json_object());
	return json_object_get(object, key);
}

int document_annotate(json_t *object, const struct texts *annotations, struct error *err)
{
	for (size_t i = 0; i < annotations->count; i++) {
		const char *equals = strchr(annotations->items[i], '=');

		if (!equals || equals == annotations->items[i])
			return error_set(err, ERROR_INVALID, "annotation \"%.300s\": expected KEY=VALUE",
			                 annotations->items[i]);
	}
	for (size_t i = 0; i < annotations->count; i++) {
		const char *equals = strchr(annotations->items[i], '=');
		AUTO_FREE char *key = xstrndup(annotations->items[i], (size_t) (equals - annotations->items[i]));

		piece_set(part_of(object, "annotations"), key, piece_text(equals + 1));
	}
	return 0;
}

int document_about(json_t *descriptor, const struct manifest_about *about, struct error *err)
{
	const struct {
		const char *key, *value;
	} words[] = {
		{"architecture", about->architecture}, {"os", about->os},
		{"os.version", about->os_version},     {"variant", about->variant},
	};
	int r = document_annotate(descriptor, &about->annotations, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (words[i].value && *words[i].value)
			piece_set(part_of(descriptor, "platform"), words[i].key, piece_text(words[i].value));
	if (about->os_features.count)
		piece_set(part_of(descriptor, "platform"), "os.features", piece_list(&about->os_features));
	if (about->features.count)
		piece_set(part_of(descriptor, "platform"), "features", piece_list(&about->features));
	return 0;
}

/* only_oci - docker's list has no place for something in it, or images are the OCI's */
static bool only_oci(const json_t *document)
{
	const json_t *descriptor;
	size_t i;

	if (json_object_size(json_object_get(document, "annotations")) || json_object_get(document, "subject")
	    || json_object_get(document, "artifactType"))
		return true;
	json_array_foreach(json_object_get(document, "manifests"), i, descriptor)
		if (json_object_size(json_object_get(descriptor, "annotations"))
		    || json_object_get(descriptor, "artifactType")
		    || strcmp(document_type(descriptor), MANIFEST_OCI_IMAGE) == 0)
			return true;
	return false;
}

void document_settle(json_t *document)
{
	piece_set(document, "mediaType", json_string(only_oci(document) ? MANIFEST_OCI_INDEX : MANIFEST_DOCKER_LIST));
}

static void strip(json_t *object)
{
	static const char *const keys[] = {"annotations", "artifactType", "subject"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		(void) json_object_del(object, keys[i]);
}

void document_strip(json_t *document)
{
	static const char *const lists[] = {"manifests", "layers"};
	json_t *descriptor;
	size_t i;

	strip(document);
	strip(json_object_get(document, "config"));
	for (size_t k = 0; k < ARRAY_LEN(lists); k++)
		json_array_foreach(json_object_get(document, lists[k]), i, descriptor)
			strip(descriptor);
}

void document_convert(json_t *document, const char *media_type)
{
	piece_set(document, "mediaType", json_string(media_type));
	if (strcmp(media_type, MANIFEST_DOCKER_LIST) == 0)
		document_strip(document);
}

const char *document_choose(const json_t *document, const struct platform *wanted)
{
	const json_t *descriptor, *best = NULL;
	unsigned rank = 0;
	size_t i;

	json_array_foreach(json_object_get(document, "manifests"), i, descriptor) {
		const json_t *json = json_object_get(descriptor, "platform");
		struct platform platform = {0};
		struct error ignored = {0};

		if (!json || json_read(json, platform_fields, &platform, &ignored) < 0)
			continue;
		if (platform.os && platform_fits_better(&platform, wanted, &rank))
			best = descriptor;
		platform_done(&platform);
	}
	return best ? document_digest(best) : NULL;
}

json_t *document_descriptor(const char *media_type, const char *digest, size_t size, const json_t *config)
{
	static const char *const keys[] = {"architecture", "os", "os.version", "variant"};
	json_t *features = json_object_get(config, "os.features");
	json_t *descriptor = json_object();
	json_t *platform = json_object();

	piece_set(descriptor, "mediaType", json_string(media_type));
	piece_set(descriptor, "digest", json_string(digest));
	piece_set(descriptor, "size", json_integer((json_int_t) size));
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		json_t *value = json_object_get(config, keys[i]);

		if (json_is_string(value))
			(void) json_object_set(platform, keys[i], value);
	}
	if (json_is_array(features))
		(void) json_object_set(platform, "os.features", features);
	if (json_object_size(platform))
		piece_set(descriptor, "platform", platform);
	else
		json_decref(platform);
	return descriptor;
}
