/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * copy_convert.c - manifests of docker's format as those of the OCI, and back
 *
 * The blobs are the same in both; what differs are the media types (image-spec media-types.md, "Compatibility
 * Matrix"). All else that the document says stays, but for what docker's has no place for, such as annotations.
 */
#include "coracle/base/alloc.h"

#include <string.h>

#include "copy_private.h"
#include "manifest_document.h"
#include "media.h"

static const struct { const char *oci, *docker; } types[] = {
	{OCI_INDEX_TYPE, DOCKER_LIST_TYPE},
	{OCI_MANIFEST_TYPE, DOCKER_MANIFEST_TYPE},
	{OCI_CONFIG_TYPE, DOCKER_CONFIG_TYPE},
	{OCI_LAYER_TYPE, DOCKER_LAYER_TYPE},
	{OCI_LAYER_TYPE "+gzip", DOCKER_LAYER_TYPE ".gzip"},
	{"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
	 "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"},
};

bool copy_is_index(const struct registry_manifest *manifest)
{
	const struct descriptor descriptor = {.media_type = manifest->media_type};

	return media_is_index(&descriptor);
}

void copy_document_done(struct copy_document *document)
{
	registry_manifest_done(&document->manifest);
	json_decref(document->platform);
	document->platform = NULL;
}

int copy_format(const struct copying *copying, enum copy_format *out, struct error *err)
{
	const char *format = copying->request->format;
	bool is_layout = copying->sink.kind == COPY_OCI || copying->sink.kind == COPY_OCI_ARCHIVE;

	if (format && strcmp(format, "oci") != 0 && strcmp(format, "v2s2") != 0)
		return error_set(err, ERROR_INVALID, "format \"%.100s\" is not oci or v2s2", format);
	if (format && is_layout && strcmp(format, "v2s2") == 0)
		return error_set(err, ERROR_INVALID, "an OCI layout holds manifests of the format oci only");
	if (format)
		*out = strcmp(format, "oci") == 0 ? COPY_OCI_FORMAT : COPY_DOCKER_FORMAT;
	else
		*out = is_layout ? COPY_OCI_FORMAT : COPY_AS_IT_IS;
	return 0;
}

/* counterpart - NULL: there is none */
static const char *counterpart(const char *type, enum copy_format format)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strcmp(type, types[i].oci) == 0 || strcmp(type, types[i].docker) == 0)
			return format == COPY_OCI_FORMAT ? types[i].oci : types[i].docker;
	/* what is not docker's may stand in the OCI's documents: artifacts, zstd */
	return format == COPY_OCI_FORMAT && !strstr(type, ".docker.") ? type : NULL;
}

/* change_type - 1: changed */
static int change_type(json_t *object, const char *fallback, enum copy_format format, struct error *err)
{
	const char *type = json_string_value(json_object_get(object, "mediaType"));
	const char *wanted;

	if (!json_is_object(object))
		return error_set(err, ERROR_INVALID, "the manifest is damaged");
	wanted = counterpart(type ? type : fallback, format);
	if (!wanted)
		return error_set(err, ERROR_UNSUPPORTED, "%.200s has no counterpart in the format %s; copy it as it "
		                 "is, to docker://NAME or dir:DIR", type ? type : fallback, format == COPY_OCI_FORMAT ? "oci" : "v2s2");
	if (type && strcmp(type, wanted) == 0)
		return 0;
	(void) json_object_set_new(object, "mediaType", json_string(wanted));
	return 1;
}

static int change_manifest(json_t *json, enum copy_format format, struct error *err)
{
	json_t *layers = json_object_get(json, "layers");
	int r = change_type(json_object_get(json, "config"), OCI_CONFIG_TYPE, format, err);

	for (size_t i = 0; r >= 0 && i < json_array_size(layers); i++)
		r = change_type(json_array_get(layers, i), OCI_LAYER_TYPE "+gzip", format, err);
	return r;
}

int copy_document_text(struct registry_manifest *manifest, const json_t *json, const char *media_type,
                       struct error *err)
{
	char *text = json_text(json, JSON_COMPACT);
	char *type = xstrdup(media_type);

	registry_manifest_done(manifest);
	*manifest = (struct registry_manifest) {.bytes = text, .length = strlen(text), .media_type = type};
	return digest_bytes(text, manifest->length, manifest->digest, err);
}

int copy_convert(struct registry_manifest *manifest, enum copy_format format, struct error *err)
{
	AUTO_JSON json_t *json = NULL;
	bool is_index = copy_is_index(manifest);
	const char *type = is_index ? OCI_INDEX_TYPE : OCI_MANIFEST_TYPE, *wanted;
	int r = 0;

	if (format == COPY_AS_IT_IS || !manifest->media_type)
		return 0;
	wanted = counterpart(type, format);
	if (!wanted || strcmp(manifest->media_type, wanted) == 0)
		return 0;
	json = json_parse(manifest->bytes, manifest->length, err);
	if (!json)
		return error_wrap(err, -EINVAL, "manifest %.19s", manifest->digest);
	if (!is_index)
		r = change_manifest(json, format, err);
	if (r < 0)
		return error_wrap(err, r, "manifest %.19s", manifest->digest);
	(void) json_object_set_new(json, "mediaType", json_string(wanted));
	if (format == COPY_DOCKER_FORMAT)
		document_strip(json);
	r = copy_document_text(manifest, json, wanted, err);
	return r < 0 ? r : 1;
}
