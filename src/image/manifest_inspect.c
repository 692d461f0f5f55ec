/* SPDX-License-Identifier: GPL-2.0-or-later */
/* manifest_inspect.c - the document of a list, or what a registry has under a name */
#include "coracle/image/manifest.h"

#include "coracle/base/alloc.h"
#include "coracle/conf/base64.h"
#include "coracle/store/index.h"

#include <string.h>

#include "manifest_document.h"
#include "manifest_source.h"
#include "pieces.h"
#include "remote.h"

struct inspecting {
	bool verbose;
	json_t *out; /* new reference */
	bool single;
};

/* --- docker's description --- */

/* describe - of one image: docker's `manifest inspect --verbose`, types.ImageManifest */
static json_t *describe(const char *ref, const json_t *descriptor, const char *bytes, size_t length, json_t *document)
{
	bool is_docker = strcmp(document_type(descriptor), MANIFEST_DOCKER_IMAGE) == 0;
	AUTO_FREE char *raw = base64_encode(bytes, length);
	json_t *object = json_object();

	piece_set(object, "Ref", piece_text(ref));
	piece_set(object, "Descriptor", json_deep_copy(descriptor));
	piece_set(object, "Raw", piece_text(raw));
	piece_set(object, is_docker ? "SchemaV2Manifest" : "OCIManifest", json_incref(document));
	return object;
}

static int describe_remote(struct registry *registry, const struct remote_place *place, const struct reference *name,
                           const json_t *descriptor, json_t **out, struct error *err)
{
	AUTO_FREE char *ref = xprintf("%s/%s@%s", name->registry, name->path, document_digest(descriptor));
	struct registry_manifest manifest = {0};
	AUTO_JSON json_t *document = NULL;
	int r = registry_manifest_get(registry, place->path, document_digest(descriptor), REGISTRY_PULL, &manifest, err);

	if (r < 0)
		return r;
	document = json_parse(manifest.bytes, manifest.length, err);
	if (document)
		*out = describe(ref, descriptor, manifest.bytes, manifest.length, document);
	registry_manifest_done(&manifest);
	return document ? 0 : -EINVAL;
}

static int describe_index(struct inspecting *inspecting, const struct remote_place *place, struct registry *registry,
                          const struct reference *name, const json_t *document, struct error *err)
{
	AUTO_JSON json_t *all = json_array();
	const json_t *descriptor;
	size_t i;

	json_array_foreach(json_object_get(document, "manifests"), i, descriptor) {
		json_t *object = NULL;
		int r = describe_remote(registry, place, name, descriptor, &object, err);

		if (r < 0)
			return r;
		(void) json_array_append_new(all, object);
	}
	inspecting->out = TAKE_PTR(all);
	return 0;
}

/* describe_single - docker tells the platform of an image that stands alone, too */
static int describe_single(struct inspecting *inspecting, const struct remote_place *place, struct registry *registry,
                           const struct reference *name, const struct registry_manifest *manifest, json_t *document,
                           struct error *err)
{
	AUTO_FREE char *ref = reference_text(name);
	AUTO_FREE char *bytes = NULL;
	AUTO_JSON json_t *config = NULL;
	AUTO_JSON json_t *descriptor = NULL;
	struct error no_image = {0};
	const char *digest = document_digest(json_object_get(document, "config"));
	size_t length = 0;
	int r = registry_blob_read(registry, place->path, digest, REGISTRY_PULL, OCI_DOCUMENT_MAX_BYTES, &bytes, &length,
	                           err);

	if (r < 0)
		return r;
	config = manifest_config(bytes ? bytes : "", length, &no_image);
	descriptor = document_descriptor(manifest->media_type, manifest->digest, manifest->length, config);
	inspecting->out = describe(ref, descriptor, manifest->bytes, manifest->length, document);
	return 0;
}

/* --- registries --- */

static int check_document(const struct registry_manifest *manifest, bool single, struct error *err)
{
	struct image_manifest image = {0};
	struct image_index index = {0};
	int r;

	if (single) {
		r = image_manifest_parse(manifest->bytes, manifest->length, &image, err);
		fields_done(image_manifest_fields, &image);
	} else {
		r = image_index_parse(manifest->bytes, manifest->length, &index, err);
		fields_done(image_index_fields, &index);
	}
	return r < 0 ? error_wrap(err, r, "%s %.19s", single ? "image manifest" : "image index", manifest->digest) : 0;
}

static int inspect_bytes(struct inspecting *inspecting, const struct remote_place *place, struct registry *registry,
                         const struct reference *name, const struct registry_manifest *manifest, struct error *err)
{
	AUTO_JSON json_t *document = NULL;
	bool single = !manifest_is_index(manifest->media_type);
	int r = check_document(manifest, single, err);

	if (r < 0)
		return r;
	document = json_parse(manifest->bytes, manifest->length, err);
	if (!document)
		return -EINVAL;
	inspecting->single = single;
	if (!inspecting->verbose)
		inspecting->out = TAKE_PTR(document);
	else if (single)
		r = describe_single(inspecting, place, registry, name, manifest, document, err);
	else
		r = describe_index(inspecting, place, registry, name, document, err);
	return r;
}

static int inspect_place(void *data, const struct remote_place *place, struct registry *registry,
                         const struct reference *name, struct error *err)
{
	struct registry_manifest manifest = {0};
	int r = registry_manifest_get(registry, place->path, remote_reference(name), REGISTRY_PULL, &manifest, err);

	if (r >= 0)
		r = inspect_bytes(data, place, registry, name, &manifest, err);
	registry_manifest_done(&manifest);
	return r;
}

static int inspect_remote(const char *name, const struct image_remote *options, struct inspecting *inspecting,
                          struct error *err)
{
	AUTO_REMOTE struct remote *remote = NULL;
	int r = remote_open(options, NULL, &remote, err);

	return r < 0 ? r : remote_one(remote, name, REMOTE_PULL, inspect_place, inspecting, err);
}

/* --- lists made here --- */

/* describe_list - the manifests of a list that the store has; what lies in registries is described without */
static int describe_list(struct store *store, const struct index_record *record, const json_t *list,
                         struct inspecting *inspecting, struct error *err)
{
	AUTO_JSON json_t *all = json_array();
	const json_t *descriptor;
	size_t i;

	json_array_foreach(json_object_get(list, "manifests"), i, descriptor) {
		const char *digest = document_digest(descriptor);
		const char *source = pairs_get(&record->sources, digest);
		AUTO_FREE char *own = xprintf("%s@%s", record->name ? record->name : "", digest);
		bool remote = source && strncmp(source, INDEX_SOURCE_REMOTE, strlen(INDEX_SOURCE_REMOTE)) == 0;
		const char *ref = remote ? source + strlen(INDEX_SOURCE_REMOTE) : own;
		AUTO_FREE char *bytes = NULL;
		AUTO_JSON json_t *document = NULL;
		struct error absent = {0};
		size_t length = 0;

		if (blob_read(store, digest, OCI_DOCUMENT_MAX_BYTES, &bytes, &length, &absent) >= 0)
			document = json_parse(bytes ? bytes : "", length, err);
		if (document) {
			(void) json_array_append_new(all, describe(ref, descriptor, bytes ? bytes : "", length, document));
			continue;
		}
		(void) json_array_append_new(all, json_pack("{ss sO}", "Ref", ref, "Descriptor", descriptor));
	}
	inspecting->out = TAKE_PTR(all);
	return 0;
}

/* inspect_stored - -ENOENT when there is no such list */
static int inspect_stored(struct engine *engine, const char *name, struct inspecting *inspecting, struct error *err)
{
	AUTO_INDEX_RECORD struct index_record record = {0};
	AUTO_JSON json_t *document = NULL;
	struct store *store = engine_store(engine, err);
	int r;

	if (!store)
		return -EIO;
	r = manifest_list_find(store, name, &record, err);
	if (r < 0)
		return r;
	r = manifest_list_document(store, &record, &document, err);
	if (r < 0)
		return r;
	if (inspecting->verbose)
		return describe_list(store, &record, document, inspecting, err);
	inspecting->out = TAKE_PTR(document);
	return 0;
}

int manifest_inspect(struct engine *engine, const char *name, const struct manifest_inspect *request, bool *single,
                     json_t **out, struct error *err)
{
	const struct image_remote options = manifest_options(&request->remote, request->insecure);
	struct inspecting inspecting = {.verbose = request->verbose};
	int r = remote_text(name) == name ? inspect_stored(engine, name, &inspecting, err) : -ENOENT;
	bool absent = r == -ENOENT;

	if (absent)
		r = inspect_remote(name, &options, &inspecting, err);
	if (r < 0 && absent && remote_text(name) == name)
		(void) error_wrap(err, r, "no list made here is called so, and the registry");
	if (r < 0) {
		json_decref(inspecting.out);
		return r;
	}
	*single = inspecting.single;
	*out = inspecting.out;
	return 0;
}
