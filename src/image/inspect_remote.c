/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inspect_remote.c - manifest, configuration and tags of an image in its registry */
#include "coracle/image/inspect_remote.h"

#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"

#include <string.h>

#include "media.h"
#include "pieces.h"
#include "remote.h"

/* what one place says */
struct looking {
	const struct image_inspect_remote *request;
	struct image_inspected *out;
	struct platform platform; /* wanted; without architecture: this machine's */
};

/* the parts of an answer; registry and place are borrowed */
struct answer {
	struct registry *registry;
	const struct remote_place *place;
	const struct reference *name;
	struct registry_manifest manifest;
	struct image_manifest parsed;
	char *config_bytes;
	size_t config_length;
	struct image_config config;
	json_t *document; /* of the configuration */
};

static void answer_done(struct answer *answer)
{
	registry_manifest_done(&answer->manifest);
	fields_done(image_manifest_fields, &answer->parsed);
	fields_done(image_config_fields, &answer->config);
	free(answer->config_bytes);
	json_decref(answer->document);
}

void image_inspected_done(struct image_inspected *inspected)
{
	free(inspected->name);
	free(inspected->bytes);
	free(inspected->media_type);
	free(inspected->digest);
	json_decref(inspected->object);
	*inspected = (struct image_inspected){0};
}

/* --- the manifest --- */

static bool is_index(const char *media_type)
{
	struct descriptor descriptor = {.media_type = (char *) (uintptr_t) media_type};

	return media_is_index(&descriptor);
}

/* follow - from the index to the manifest of the platform */
static int follow(const struct looking *looking, struct answer *answer, struct error *err)
{
	const struct platform *wanted = looking->platform.architecture ? &looking->platform : platform_host();
	struct image_index index = {0};
	const struct descriptor *found;
	struct registry_manifest manifest = {0};
	int r = image_index_parse(answer->manifest.bytes, answer->manifest.length, &index, err);

	if (r < 0)
		return error_wrap(err, r, "image index %.19s", answer->manifest.digest);
	found = media_choose(&index, wanted, err);
	r = found ? registry_manifest_get(answer->registry, answer->place->path, found->digest, REGISTRY_PULL, &manifest,
	                                  err)
	          : -ENOENT;
	fields_done(image_index_fields, &index);
	if (r < 0)
		return r;
	registry_manifest_done(&answer->manifest);
	answer->manifest = manifest;
	if (is_index(manifest.media_type))
		return error_set(err, ERROR_INVALID, "an index inside an index (%.19s)", manifest.digest);
	return 0;
}

static int read_config(struct answer *answer, struct error *err)
{
	int r = image_manifest_parse(answer->manifest.bytes, answer->manifest.length, &answer->parsed, err);

	if (r < 0)
		return error_wrap(err, r, "image manifest %.19s", answer->manifest.digest);
	r = media_check(&answer->parsed, err);
	if (r >= 0)
		r = registry_blob_read(answer->registry, answer->place->path, answer->parsed.config.digest,
		                       REGISTRY_PULL, OCI_DOCUMENT_MAX_BYTES, &answer->config_bytes,
		                       &answer->config_length, err);
	if (r < 0)
		return r;
	r = image_config_parse(answer->config_bytes, answer->config_length, &answer->config, err);
	if (r < 0)
		return error_wrap(err, r, "image configuration %.19s", answer->parsed.config.digest);
	answer->document = json_parse(answer->config_bytes, answer->config_length, err);
	return answer->document ? 0 : -EINVAL;
}

/* --- the object --- */

static uint64_t set_layers(json_t *object, const struct image_manifest *manifest)
{
	json_t *layers = json_array(), *data = json_array();
	uint64_t size = 0;

	LIST_EACH(struct descriptor, layer, &manifest->layers) {
		json_t *item = json_object();

		(void) json_array_append_new(layers, piece_text(layer->digest));
		piece_set(item, "MIMEType", piece_text(layer->media_type));
		piece_set(item, "Digest", piece_text(layer->digest));
		piece_set(item, "Size", json_integer(layer->size));
		piece_set(item, "Annotations",
		          layer->annotations.count ? piece_object(&layer->annotations) : json_null());
		(void) json_array_append_new(data, item);
		size += (uint64_t) layer->size;
	}
	piece_set(object, "Layers", layers);
	piece_set(object, "LayersData", data);
	return size;
}

/* set_document - what the configuration says, in its own words */
static void set_document(json_t *object, const struct answer *answer)
{
	json_t *run = json_object_get(answer->document, "config");
	json_t *history = json_object_get(answer->document, "history");
	json_t *rootfs = json_object();

	piece_set(object, "Env", piece_list(&answer->config.config.env));
	piece_set(object, "Config", json_is_object(run) ? json_incref(run) : json_object());
	piece_set(rootfs, "Type", json_string("layers"));
	piece_set(rootfs, "Layers", piece_list(&answer->config.rootfs.diff_ids));
	piece_set(object, "RootFS", rootfs);
	piece_set(object, "History", json_is_array(history) ? json_incref(history) : json_array());
}

static json_t *describe(const struct looking *looking, const struct answer *answer, const struct texts *tags)
{
	const char *version = json_string_value(json_object_get(answer->document, "docker_version"));
	AUTO_FREE char *repository = xprintf("%s/%s", answer->name->registry, answer->name->path);
	AUTO_FREE char *by_digest = xprintf("%s@%s", repository, looking->out->digest);
	json_t *object = json_object();
	uint64_t size;

	piece_set(object, "Name", piece_text(repository));
	piece_set(object, "Digest", piece_text(looking->out->digest));
	piece_set(object, "Id", piece_text(answer->parsed.config.digest));
	piece_set(object, "RepoTags", piece_list(tags));
	piece_set(object, "RepoDigests", json_pack("[s]", by_digest));
	piece_set(object, "Created", piece_text(answer->config.created));
	piece_set(object, "DockerVersion", piece_text(version));
	piece_set(object, "Author", piece_text(answer->config.author));
	piece_set(object, "Labels",
	          answer->config.config.labels.count ? piece_object(&answer->config.config.labels) : json_null());
	piece_set(object, "Architecture", piece_text(answer->config.architecture));
	if (answer->config.variant)
		piece_set(object, "Variant", piece_text(answer->config.variant));
	piece_set(object, "Os", piece_text(answer->config.os));
	size = set_layers(object, &answer->parsed);
	piece_set(object, "Size", json_integer((json_int_t) size));
	piece_set(object, "ManifestType", piece_text(answer->manifest.media_type));
	piece_set(object, "Annotations", piece_object(&answer->parsed.annotations));
	set_document(object, answer);
	return object;
}

/* --- one place --- */

/* keep_bytes - and the NUL behind them; always 0 */
static int keep_bytes(struct image_inspected *out, const char *bytes, size_t length)
{
	free(out->bytes);
	out->bytes = xmemdup(bytes, length + 1);
	out->length = length;
	return 0;
}

static int look_at_image(const struct looking *looking, struct answer *answer, struct error *err)
{
	AUTO_TEXTS struct texts tags = {0};
	int r;

	if (!looking->request->no_tags) {
		r = registry_tags(answer->registry, answer->place->path, &tags, err);
		if (r < 0)
			return error_wrap(err, r, "its tags (--no-tags leaves them out)");
	}
	looking->out->object = describe(looking, answer, &tags);
	return 0;
}

static int look(const struct looking *looking, struct answer *answer, struct error *err)
{
	struct image_inspected *out = looking->out;
	enum inspect_what what = looking->request->what;
	int r = registry_manifest_get(answer->registry, answer->place->path, remote_reference(answer->name),
	                              REGISTRY_PULL, &answer->manifest, err);

	if (r < 0)
		return r;
	image_inspected_done(out);
	out->name = reference_text(answer->name);
	out->media_type = xstrdup(answer->manifest.media_type);
	out->digest = xstrdup(answer->manifest.digest);
	if (what == INSPECT_RAW && !looking->platform.architecture)
		return keep_bytes(out, answer->manifest.bytes, answer->manifest.length);
	if (is_index(answer->manifest.media_type))
		r = follow(looking, answer, err);
	if (r >= 0 && what == INSPECT_RAW)
		return keep_bytes(out, answer->manifest.bytes, answer->manifest.length);
	if (r >= 0)
		r = read_config(answer, err);
	if (r < 0)
		return r;
	if (what == INSPECT_RAW_CONFIG)
		return keep_bytes(out, answer->config_bytes, answer->config_length);
	if (what == INSPECT_CONFIG) {
		out->object = json_incref(answer->document);
		return 0;
	}
	return look_at_image(looking, answer, err);
}

static int look_at_place(void *data, const struct remote_place *place, struct registry *registry,
                         const struct reference *name, struct error *err)
{
	AUTO(answer_done) struct answer answer = {.registry = registry, .place = place, .name = name};

	return look(data, &answer, err);
}

int image_inspect_remote(const char *name, const struct image_inspect_remote *request, struct image_inspected *out,
                         struct error *err)
{
	struct looking looking = {.request = request, .out = out};
	AUTO_REMOTE struct remote *remote = NULL;
	int r = request->platform && *request->platform ? platform_parse(request->platform, &looking.platform, err) : 0;

	if (r >= 0)
		r = remote_open(&request->remote, NULL, &remote, err);
	if (r >= 0)
		r = remote_one(remote, name, REMOTE_PULL, look_at_place, &looking, err);
	platform_done(&looking.platform);
	if (r < 0)
		image_inspected_done(out);
	return r;
}
