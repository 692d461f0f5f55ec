/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inspect.c - all that is known of an image, with the keys of docker and of podman */
#include "coracle/image/image.h"

#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"

#include <string.h>

#include "name.h"

static json_t *string_of(const char *text)
{
	json_t *json = json_string(text ? text : "");

	return json ? json : json_string("?");
}

static json_t *list_of(const struct texts *texts)
{
	json_t *array = json_array();

	for (size_t i = 0; i < texts->count; i++)
		(void) json_array_append_new(array, string_of(texts->items[i]));
	return array;
}

static json_t *object_of(const struct pairs *pairs)
{
	json_t *object = json_object();

	for (size_t i = 0; i < pairs->count; i++)
		(void) json_object_set_new(object, pairs->items[i].key, string_of(pairs->items[i].value));
	return object;
}

static void set(json_t *object, const char *key, json_t *value)
{
	(void) json_object_set_new(object, key, value);
}

static void set_names(json_t *object, const struct image_record *record)
{
	AUTO_TEXTS struct texts digests = {0};

	for (size_t i = 0; record->manifest_digest && i < record->names.count; i++) {
		AUTO_FREE char *repository = name_repository(record->names.items[i], NULL);
		AUTO_FREE char *digest = xprintf("%s@%s", repository, record->manifest_digest);

		if (!texts_has(&digests, digest))
			texts_add(&digests, digest);
	}
	set(object, "Id", string_of(record->id));
	set(object, "Digest", string_of(record->manifest_digest));
	set(object, "RepoTags", list_of(&record->names));
	set(object, "RepoDigests", list_of(&digests));
	set(object, "NamesHistory", list_of(&record->names));
}

/* set_config - the configuration's own words, so that keys which only others know are shown too */
static void set_config(json_t *object, const json_t *document, const struct image_config *config)
{
	json_t *run = json_object_get(document, "config");
	json_t *health = json_object_get(run, "Healthcheck");

	set(object, "Config", json_is_object(run) ? json_deep_copy(run) : json_object());
	set(object, "Labels", object_of(&config->config.labels));
	set(object, "User", string_of(config->config.user));
	if (json_is_object(health))
		set(object, "HealthCheck", json_deep_copy(health));
}

static json_t *history_of(const struct image_config *config)
{
	json_t *array = json_array();

	LIST_EACH(struct image_history, history, &config->history) {
		json_t *item = json_object();

		set(item, "created", string_of(history->created));
		if (history->created_by)
			set(item, "created_by", string_of(history->created_by));
		if (history->author)
			set(item, "author", string_of(history->author));
		if (history->comment)
			set(item, "comment", string_of(history->comment));
		if (history->empty_layer)
			set(item, "empty_layer", json_true());
		(void) json_array_append_new(array, item);
	}
	return array;
}

static json_t *rootfs_of(const struct image_config *config)
{
	json_t *rootfs = json_object();

	set(rootfs, "Type", json_string("layers"));
	set(rootfs, "Layers", list_of(&config->rootfs.diff_ids));
	return rootfs;
}

static json_t *graph_driver_of(struct engine *engine, const struct image_record *record)
{
	json_t *driver = json_object(), *data = json_object();
	AUTO_TEXTS struct texts lower = {0};
	AUTO_FREE char *joined = NULL, *upper = NULL;

	/* uppermost first, as overlayfs wants it */
	for (size_t i = record->layers.count; i-- > 0;)
		texts_printf(&lower, "%s/store/layers/%s/diff", engine->paths.data,
		             digest_hex(record->layers.items[i]));
	if (lower.count) {
		upper = xstrdup(lower.items[0]);
		set(data, "UpperDir", string_of(upper));
		texts_remove(&lower, 0);
	}
	joined = texts_join(&lower, ":");
	if (lower.count)
		set(data, "LowerDir", string_of(joined));
	set(driver, "Name", json_string("overlay"));
	set(driver, "Data", data);
	return driver;
}

static json_t *metadata_of(const struct image_record *record)
{
	json_t *metadata = json_object();

	set(metadata, "LastTagTime", string_of(record->loaded));
	return metadata;
}

/* set_manifest - the manifest's annotations and media type; an image without one has neither */
static void set_manifest(json_t *object, struct store *store, const struct image_record *record)
{
	struct image_manifest manifest = {0};
	struct error ignored = {0};
	AUTO_FREE char *bytes = NULL;
	AUTO_JSON json_t *descriptor = json_object();
	size_t length = 0;

	if (!record->manifest_digest
	    || blob_read(store, record->manifest_digest, OCI_DOCUMENT_MAX_BYTES, &bytes, &length, &ignored) < 0
	    || image_manifest_parse(bytes, length, &manifest, &ignored) < 0) {
		set(object, "Annotations", json_object());
		set(object, "ManifestType", json_string(""));
		return;
	}
	set(object, "Annotations", object_of(&manifest.annotations));
	set(object, "ManifestType", string_of(manifest.media_type
	                                              ? manifest.media_type
	                                              : "application/vnd.oci.image.manifest.v1+json"));
	set(descriptor, "mediaType", json_incref(json_object_get(object, "ManifestType")));
	set(descriptor, "digest", string_of(record->manifest_digest));
	set(descriptor, "size", json_integer((json_int_t) length));
	set(object, "Descriptor", TAKE_PTR(descriptor));
	fields_done(image_manifest_fields, &manifest);
}

static void set_all(json_t *object, struct engine *engine, struct store *store,
                    const struct image_record *record, const struct image_config *config,
                    const json_t *document)
{
	const struct image_history *last =
		config->history.count
			? LIST_AT(struct image_history, &config->history, config->history.count - 1)
			: NULL;

	set_names(object, record);
	set(object, "Parent", json_string(""));
	set(object, "Comment", string_of(last ? last->comment : NULL));
	set(object, "Created", string_of(config->created));
	set_config(object, document, config);
	set(object, "Version", string_of(json_string_value(json_object_get(document, "docker_version"))));
	set(object, "Author", string_of(config->author));
	set(object, "Architecture", string_of(config->architecture));
	if (config->variant)
		set(object, "Variant", string_of(config->variant));
	set(object, "Os", string_of(config->os));
	set(object, "Size", json_integer((json_int_t) record->size));
	set(object, "VirtualSize", json_integer((json_int_t) record->size));
	set(object, "GraphDriver", graph_driver_of(engine, record));
	set(object, "RootFS", rootfs_of(config));
	set(object, "Metadata", metadata_of(record));
	set_manifest(object, store, record);
	set(object, "History", history_of(config));
}

int image_inspect(struct engine *engine, const char *text, json_t **out, struct error *err)
{
	AUTO_IMAGE_RECORD struct image_record record = {0};
	struct image_config config = {0};
	AUTO_FREE char *bytes = NULL;
	AUTO_JSON json_t *document = NULL;
	struct store *store = engine_store(engine, err);
	size_t length;
	int r;

	if (!store)
		return -EIO;
	r = image_find(engine, text, &record, NULL, err);
	if (r >= 0)
		r = image_record_names(store, &record, err);
	if (r >= 0)
		r = image_read_config(engine, &record, &config, err);
	if (r < 0)
		return r;
	r = blob_read(store, record.id, OCI_DOCUMENT_MAX_BYTES, &bytes, &length, err);
	if (r >= 0) {
		document = json_parse(bytes, length, err);
		r = document ? 0 : -EINVAL;
	}
	if (r >= 0) {
		*out = json_object();
		set_all(*out, engine, store, &record, &config, document);
	}
	fields_done(image_config_fields, &config);
	return r;
}
