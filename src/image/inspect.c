/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inspect.c - all that is known of an image, with the keys of docker and of podman */
#include "coracle/image/image.h"

#include "coracle/base/alloc.h"
#include "coracle/store/shared.h"

#include <string.h>

#include "pieces.h"

static void set_names(json_t *object, const struct image_record *record)
{
	piece_set(object, "Id", piece_text(record->id));
	piece_set(object, "Digest", piece_text(record->manifest_digest));
	piece_set(object, "RepoTags", piece_tags(record));
	piece_set(object, "RepoDigests", piece_digests(record));
	piece_set(object, "NamesHistory", piece_list(&record->names));
}

/* set_config - the configuration's own words, so that keys which only others know are shown too */
static void set_config(json_t *object, const json_t *document, const struct image_config *config)
{
	json_t *run = json_object_get(document, "config");
	json_t *health = json_object_get(run, "Healthcheck");

	piece_set(object, "Config", json_is_object(run) ? json_deep_copy(run) : json_object());
	piece_set(object, "Labels", piece_object(&config->config.labels));
	piece_set(object, "User", piece_text(config->config.user));
	if (json_is_object(health))
		piece_set(object, "HealthCheck", json_deep_copy(health));
}

static json_t *history_of(const struct image_config *config)
{
	json_t *array = json_array();

	LIST_EACH(struct image_history, history, &config->history) {
		json_t *item = json_object();

		piece_set(item, "created", piece_text(history->created));
		if (history->created_by)
			piece_set(item, "created_by", piece_text(history->created_by));
		if (history->author)
			piece_set(item, "author", piece_text(history->author));
		if (history->comment)
			piece_set(item, "comment", piece_text(history->comment));
		if (history->empty_layer)
			piece_set(item, "empty_layer", json_true());
		(void) json_array_append_new(array, item);
	}
	return array;
}

static json_t *rootfs_of(const struct image_config *config)
{
	json_t *rootfs = json_object();

	piece_set(rootfs, "Type", json_string("layers"));
	piece_set(rootfs, "Layers", piece_list(&config->rootfs.diff_ids));
	return rootfs;
}

static json_t *graph_driver_of(struct engine *engine, const struct image_record *record)
{
	json_t *driver = json_object(), *data = json_object();
	AUTO_TEXTS struct texts lower = {0};
	AUTO_FREE char *joined = NULL, *upper = NULL;

	/* uppermost first, as overlayfs wants it */
	for (size_t i = record->layers.count; i-- > 0;)
		texts_take(&lower, store_layer_path(engine->store, &engine->paths, record->layers.items[i]));
	if (lower.count) {
		upper = xstrdup(lower.items[0]);
		piece_set(data, "UpperDir", piece_text(upper));
		texts_remove(&lower, 0);
	}
	joined = texts_join(&lower, ":");
	if (lower.count)
		piece_set(data, "LowerDir", piece_text(joined));
	piece_set(driver, "Name", json_string("overlay"));
	piece_set(driver, "Data", data);
	return driver;
}

static json_t *metadata_of(const struct image_record *record)
{
	json_t *metadata = json_object();

	piece_set(metadata, "LastTagTime", piece_text(record->loaded));
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
		piece_set(object, "Annotations", json_object());
		piece_set(object, "ManifestType", json_string(""));
		return;
	}
	piece_set(object, "Annotations", piece_object(&manifest.annotations));
	piece_set(object, "ManifestType", piece_text(manifest.media_type
	                                              ? manifest.media_type
	                                              : "application/vnd.oci.image.manifest.v1+json"));
	piece_set(descriptor, "mediaType", json_incref(json_object_get(object, "ManifestType")));
	piece_set(descriptor, "digest", piece_text(record->manifest_digest));
	piece_set(descriptor, "size", json_integer((json_int_t) length));
	piece_set(object, "Descriptor", TAKE_PTR(descriptor));
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
	piece_set(object, "Parent", json_string(""));
	piece_set(object, "Comment", piece_text(last ? last->comment : NULL));
	piece_set(object, "Created", piece_text(config->created));
	set_config(object, document, config);
	piece_set(object, "Version", piece_text(json_string_value(json_object_get(document, "docker_version"))));
	piece_set(object, "Author", piece_text(config->author));
	piece_set(object, "Architecture", piece_text(config->architecture));
	if (config->variant)
		piece_set(object, "Variant", piece_text(config->variant));
	piece_set(object, "Os", piece_text(config->os));
	piece_set(object, "Size", json_integer((json_int_t) record->size));
	piece_set(object, "VirtualSize", json_integer((json_int_t) record->size));
	piece_set(object, "GraphDriver", graph_driver_of(engine, record));
	piece_set(object, "RootFS", rootfs_of(config));
	piece_set(object, "Metadata", metadata_of(record));
	set_manifest(object, store, record);
	piece_set(object, "History", history_of(config));
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
	r = image_find_all_names(engine, text, &record, err);
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
