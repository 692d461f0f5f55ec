/* SPDX-License-Identifier: GPL-2.0-or-later */
/* manifest_source.c - instances of the store, of other lists and of registries; see manifest_source.h */
#include "manifest_source.h"

#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"
#include "coracle/base/id.h"
#include "coracle/store/index.h"

#include <string.h>

#include "manifest_document.h"
#include "media.h"
#include "remote.h"

/* transports of containers/image whose images would have to be kept somewhere */
static const char *const files[] = {"oci:", "oci-archive:", "docker-archive:", "dir:", "docker-daemon:", "sif:"};

void manifest_instances_done(struct list *instances)
{
	LIST_EACH(struct manifest_instance, instance, instances) {
		json_decref(instance->descriptor);
		free(instance->source);
	}
	free(instances->items);
	*instances = (struct list){0};
}

bool manifest_is_index(const char *media_type)
{
	struct descriptor descriptor = {.media_type = (char *) (uintptr_t) media_type};

	return media_is_index(&descriptor);
}

struct image_remote manifest_options(const struct image_remote *remote, bool insecure)
{
	struct image_remote options = *remote;

	if (insecure)
		options.tls_verify = (struct opt_bool){.set = true, .value = false};
	return options;
}

/* add_instance - takes descriptor and source over */
static void add_instance(struct list *out, json_t *descriptor, char *source)
{
	struct manifest_instance *instance = list_add(out, sizeof *instance);

	instance->descriptor = descriptor;
	instance->source = source;
}

json_t *manifest_config(const char *bytes, size_t length, struct error *err)
{
	struct image_config config = {0};

	if (image_config_parse(bytes, length, &config, err) < 0)
		return NULL;
	fields_done(image_config_fields, &config);
	return json_parse(bytes, length, err);
}

/* --- lists of our own --- */

int manifest_list_named(struct store *store, const char *text, struct index_record *out, struct error *err)
{
	AUTO_REFERENCE struct reference reference = {0};
	AUTO_TEXTS struct texts candidates = {0};
	struct error ignored = {0};

	if (reference_parse(text, &reference, &ignored) < 0)
		return -ENOENT;
	reference_candidates(&reference, &candidates);
	for (size_t i = 0; i < candidates.count; i++) {
		int r = index_read(store, candidates.items[i], out, err);

		if (r != -ENOENT)
			return r;
	}
	return -ENOENT;
}

static int find_by_id(struct store *store, const char *text, struct index_record *out, struct error *err)
{
	const char *hex = strncmp(text, DIGEST_PREFIX, strlen(DIGEST_PREFIX)) == 0 ? text + strlen(DIGEST_PREFIX) : text;
	AUTO(index_list_done) struct list records = {0};
	struct index_record *found = NULL;
	int r = id_is_hex(hex) ? index_list(store, &records, err) : -ENOENT;

	if (r < 0)
		return r;
	LIST_EACH(struct index_record, record, &records) {
		if (strncmp(record->id, hex, strlen(hex)) != 0)
			continue;
		if (found)
			return error_set(err, ERROR_CONFLICT, "\"%.64s\" is ambiguous: %s and %s begin with it", hex,
			                 found->name, record->name);
		found = record;
	}
	if (!found)
		return -ENOENT;
	*out = TAKE(*found, (struct index_record){0});
	return 0;
}

int manifest_list_find(struct store *store, const char *text, struct index_record *out, struct error *err)
{
	int r = manifest_list_named(store, text, out, err);

	if (r == -ENOENT)
		r = find_by_id(store, text, out, err);
	if (r == -ENOENT)
		return error_set(err, ERROR_NOT_FOUND,
		                 "manifest list not known: \"%.300s\"; make it with: coracle manifest create %.300s", text,
		                 text);
	return r;
}

int manifest_list_document(struct store *store, const struct index_record *record, json_t **out, struct error *err)
{
	AUTO_FREE char *bytes = NULL;
	size_t length = 0;
	int r = blob_read(store, record->digest, OCI_DOCUMENT_MAX_BYTES, &bytes, &length, err);

	if (r >= 0)
		r = document_read(bytes ? bytes : "", length, out, err);
	return r < 0 ? error_wrap(err, r, "manifest list %s", record->name) : 0;
}

static const char *source_of(const struct index_record *record, const json_t *descriptor)
{
	const char *source = pairs_get(&record->sources, document_digest(descriptor));

	return source ? source : "";
}

static int take_list(const struct manifest_search *search, struct store *store, const struct index_record *record,
                     struct list *out, struct error *err)
{
	AUTO_JSON json_t *document = NULL;
	json_t *descriptor;
	size_t i;
	int r = manifest_list_document(store, record, &document, err);
	const char *chosen;

	if (r < 0 || !document)
		return r;
	chosen = document_choose(document, platform_host());
	if (!search->all && !chosen)
		return error_set(err, ERROR_NOT_FOUND, "manifest list %s has no image for this machine; with --all "
		                 "all of them are taken", record->name);
	json_array_foreach(json_object_get(document, "manifests"), i, descriptor)
		if (search->all || (chosen && strcmp(document_digest(descriptor), chosen) == 0))
			add_instance(out, json_deep_copy(descriptor), xstrdup(source_of(record, descriptor)));
	return 0;
}

/* --- images of the store --- */

static int take_image(struct store *store, const struct image_record *record, struct list *out, struct error *err)
{
	struct image_manifest manifest = {0};
	AUTO_FREE char *bytes = NULL, *config_bytes = NULL, *type = NULL;
	AUTO_JSON json_t *config = NULL;
	size_t length = 0, config_length = 0;
	int r;

	if (!record->manifest_digest)
		return error_set(err, ERROR_INVALID, "image %.12s has no manifest: load it again", digest_hex(record->id));
	r = blob_read_checked(store, record->manifest_digest, OCI_DOCUMENT_MAX_BYTES, &bytes, &length, err);
	if (r >= 0)
		r = image_manifest_parse(bytes ? bytes : "", length, &manifest, err);
	if (r < 0)
		return r;
	type = xstrdup(manifest.media_type ? manifest.media_type : MANIFEST_OCI_IMAGE);
	fields_done(image_manifest_fields, &manifest);
	r = blob_read_checked(store, record->id, OCI_DOCUMENT_MAX_BYTES, &config_bytes, &config_length, err);
	if (r < 0)
		return r;
	config = manifest_config(config_bytes ? config_bytes : "", config_length, err);
	if (!config)
		return -EINVAL;
	add_instance(out, document_descriptor(type, record->manifest_digest, length, config),
	             xprintf(INDEX_SOURCE_STORE "%s", record->id));
	return 0;
}

/* take_stored - -ENOENT when neither an image nor a list of the store is called so */
static int take_stored(const struct manifest_search *search, const char *text, struct list *out, struct error *err)
{
	AUTO_INDEX_RECORD struct index_record list = {0};
	AUTO_IMAGE_RECORD struct image_record record = {0};
	struct store *store = engine_store(search->engine, err);
	struct error ignored = {0};
	int r;

	if (!store)
		return -EIO;
	if (manifest_list_named(store, text, &list, &ignored) == 0)
		return take_list(search, store, &list, out, err);
	r = image_find(search->engine, text, &record, NULL, err);
	return r < 0 ? r : take_image(store, &record, out, err);
}

/* --- images of registries --- */

struct remote_search {
	const struct manifest_search *search;
	struct list *out;
};

static char *remote_source(const struct reference *name, const char *digest)
{
	return xprintf(INDEX_SOURCE_REMOTE "%s/%s@%s", name->registry, name->path, digest);
}

/* take_manifest - one image: its platform stands in its configuration */
static int take_manifest(const struct remote_search *search, const struct remote_place *place,
                         struct registry *registry, const struct reference *name,
                         const struct registry_manifest *manifest, struct error *err)
{
	struct image_manifest parsed = {0};
	AUTO_FREE char *bytes = NULL;
	AUTO_JSON json_t *config = NULL;
	struct error artifact = {0};
	size_t length = 0;
	int r = image_manifest_parse(manifest->bytes, manifest->length, &parsed, err);

	if (r < 0)
		return error_wrap(err, r, "image manifest %.19s", manifest->digest);
	/* an artifact has no platform */
	if (media_check(&parsed, &artifact) >= 0) {
		r = registry_blob_read(registry, place->path, parsed.config.digest, REGISTRY_PULL,
		                       OCI_DOCUMENT_MAX_BYTES, &bytes, &length, err);
		if (r >= 0) {
			config = manifest_config(bytes ? bytes : "", length, err);
			r = config ? 0 : error_wrap(err, -EINVAL, "image configuration %.19s", parsed.config.digest);
		}
	}
	fields_done(image_manifest_fields, &parsed);
	if (r < 0)
		return r;
	add_instance(search->out, document_descriptor(manifest->media_type, manifest->digest, manifest->length, config),
	             remote_source(name, manifest->digest));
	return 0;
}

static int take_index(const struct remote_search *search, const struct reference *name,
                      const struct registry_manifest *manifest, struct error *err)
{
	AUTO_JSON json_t *document = NULL;
	json_t *descriptor;
	size_t i;
	const char *chosen;
	int r = document_read(manifest->bytes, manifest->length, &document, err);

	if (r < 0)
		return error_wrap(err, r, "image index %.19s", manifest->digest);
	chosen = document_choose(document, platform_host());
	if (!search->search->all && !chosen)
		return error_set(err, ERROR_NOT_FOUND, "there is no image for this machine in it; with --all all of its "
		                 "images are taken, and NAME@DIGEST names one");
	json_array_foreach(json_object_get(document, "manifests"), i, descriptor) {
		if (!search->search->all && strcmp(document_digest(descriptor), chosen ? chosen : "") != 0)
			continue;
		if (manifest_is_index(document_type(descriptor)))
			return error_set(err, ERROR_UNSUPPORTED, "an index inside an index (%.19s) can't be listed",
			                 document_digest(descriptor));
		add_instance(search->out, json_deep_copy(descriptor),
		             remote_source(name, document_digest(descriptor)));
	}
	return 0;
}

static int take_place(void *data, const struct remote_place *place, struct registry *registry,
                      const struct reference *name, struct error *err)
{
	const struct remote_search *search = data;
	struct registry_manifest manifest = {0};
	int r = registry_manifest_get(registry, place->path, remote_reference(name), REGISTRY_PULL, &manifest, err);

	if (r < 0)
		return r;
	/* what an earlier place gave before it failed */
	manifest_instances_done(search->out);
	if (!manifest_is_index(manifest.media_type))
		r = take_manifest(search, place, registry, name, &manifest, err);
	else if (search->search->whole_index)
		add_instance(search->out,
		             document_descriptor(manifest.media_type, manifest.digest, manifest.length, NULL),
		             remote_source(name, manifest.digest));
	else
		r = take_index(search, name, &manifest, err);
	registry_manifest_done(&manifest);
	return r;
}

static int take_remote(const struct manifest_search *search, const char *text, struct list *out, struct error *err)
{
	struct remote_search visit = {.search = search, .out = out};
	AUTO_REMOTE struct remote *remote = NULL;
	int r = remote_open(search->remote, NULL, &remote, err);

	return r < 0 ? r : remote_one(remote, text, REMOTE_PULL, take_place, &visit, err);
}

int manifest_instances(const struct manifest_search *search, const char *text, struct list *out, struct error *err)
{
	size_t stored = strlen(INDEX_SOURCE_STORE);
	int r;

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (strncmp(text, files[i], strlen(files[i])) == 0)
			return error_set(err, ERROR_UNSUPPORTED,
			                 "\"%.300s\": a list keeps images of the store and of registries; load it "
			                 "first: coracle load -i %.300s", text, text + strlen(files[i]));
	if (strncmp(text, INDEX_SOURCE_STORE, stored) == 0)
		return take_stored(search, text + stored, out, err);
	if (remote_text(text) == text) {
		r = take_stored(search, text, out, err);
		if (r != -ENOENT)
			return r;
	}
	return take_remote(search, text, out, err);
}
