/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * push.c - an image of the store into a registry: names, layers, configuration, and the manifest last
 *
 * Source: OCI distribution-spec "Push"; registries.conf and credentials by remote.c.
 */
#include "coracle/base/alloc.h"

#include <string.h>

#include "digests.h"
#include "name.h"
#include "push_private.h"

struct push {
	struct store *store;
	const struct image_push *request;
	const struct image_progress *progress;
	struct push_compression compression;
	size_t parallel;
	struct list *out;
};

/* one image and where it goes */
struct outgoing {
	struct push *push;
	struct image_record record;
	char *config, *manifest; /* owned, as they are in the store */
	size_t config_length, manifest_length;
	struct image_config parsed_config;
	struct image_manifest parsed;
	struct push_layer *layers; /* owned, record.layers.count of them */
	/* at the registry that is visited */
	const struct remote_place *place;
	struct registry *registry;
	char *mount_from; /* owned: where the configuration may be too */
};

static void outgoing_done(struct outgoing *outgoing)
{
	if (outgoing->layers)
		for (size_t i = 0; i < outgoing->record.layers.count; i++)
			layer_blob_done(&outgoing->layers[i].blob);
	free(outgoing->layers);
	image_record_done(&outgoing->record);
	fields_done(image_config_fields, &outgoing->parsed_config);
	fields_done(image_manifest_fields, &outgoing->parsed);
	free(outgoing->config);
	free(outgoing->manifest);
	free(outgoing->mount_from);
}

void image_pushed_done(struct list *pushed)
{
	LIST_EACH(struct image_pushed, one, pushed) {
		free(one->name);
		free(one->digest);
		free(one->media_type);
	}
	free(pushed->items);
	*pushed = (struct list){0};
}

/* --- out of the store --- */

static int read_documents(struct outgoing *outgoing, struct error *err)
{
	struct store *store = outgoing->push->store;
	const struct image_record *record = &outgoing->record;
	const char *manifest = record->manifest_digest ? record->manifest_digest : "";
	size_t layers = record->layers.count;
	int r = blob_read_checked(store, record->id, OCI_DOCUMENT_MAX_BYTES, &outgoing->config, &outgoing->config_length,
	                          err);

	if (r >= 0)
		r = blob_read_checked(store, manifest, OCI_DOCUMENT_MAX_BYTES, &outgoing->manifest,
		                      &outgoing->manifest_length, err);
	if (r >= 0)
		r = image_config_parse(outgoing->config, outgoing->config_length, &outgoing->parsed_config, err);
	if (r >= 0)
		r = image_manifest_parse(outgoing->manifest, outgoing->manifest_length, &outgoing->parsed, err);
	if (r >= 0 && (outgoing->parsed.layers.count != layers || outgoing->parsed_config.rootfs.diff_ids.count != layers))
		r = error_set(err, ERROR_INVALID, "its record, manifest and configuration name different numbers of layers; "
		              "remove the damaged image and get it again");
	return r < 0 ? error_wrap(err, r, "image %.12s", digest_hex(record->id)) : 0;
}

static void prepare_layers(struct outgoing *outgoing)
{
	size_t count = outgoing->record.layers.count;

	outgoing->layers = xcalloc(count + 1, sizeof *outgoing->layers);
	for (size_t i = 0; i < count; i++) {
		outgoing->layers[i].chain_id = outgoing->record.layers.items[i];
		outgoing->layers[i].diff_id = outgoing->parsed_config.rootfs.diff_ids.items[i];
		outgoing->layers[i].original = LIST_AT(struct descriptor, &outgoing->parsed.layers, i);
	}
}

/* --- at the registry --- */

static int send_layers(struct outgoing *outgoing, enum push_format format, struct error *err)
{
	const struct push *push = outgoing->push;
	struct push_compression compression = push->compression;
	struct push_layers layers = {
		.place = {push->store, outgoing->place->host, outgoing->place->path},
		.registry = outgoing->registry,
		.compression = &compression,
		.layers = outgoing->layers,
		.count = outgoing->record.layers.count,
		.parallel = push->parallel,
		.progress = push->progress,
	};
	int r;

	compression.no_zstd = format == PUSH_DOCKER;
	/* of an attempt before */
	for (size_t i = 0; i < layers.count; i++)
		layer_blob_done(&outgoing->layers[i].blob);
	r = push_layers(&layers, err);
	free(outgoing->mount_from);
	outgoing->mount_from = layers.mounted_from;
	return r;
}

static int send_config(const struct outgoing *outgoing, const struct push_documents *documents, struct error *err)
{
	struct blob_put put = {
		.repository = outgoing->place->path,
		.size = documents->config_length,
		.bytes = documents->config,
		.check = true,
		.mount_from = documents->config_changed ? NULL : outgoing->mount_from,
	};
	int r = 0;

	progress_event(outgoing->push->progress, IMAGE_PULL_CONFIG, documents->config_digest);
	memcpy(put.digest, documents->config_digest, sizeof put.digest);
	blob_put_start(outgoing->registry, &put);
	while (r >= 0 && !put.finished)
		r = http_poll(registry_http(outgoing->registry), NULL, 0, -1, err);
	if (r >= 0 && put.result < 0) {
		*err = put.err;
		r = put.result;
	}
	blob_put_done(&put);
	return r < 0 ? r : 0;
}

static int send_manifest(const struct outgoing *outgoing, const struct push_documents *documents,
                         const struct reference *name, struct error *err)
{
	const struct push *push = outgoing->push;
	AUTO_FREE char *full = reference_text(name);
	AUTO_FREE char *type = xstrdup(documents->manifest_type);
	struct registry_manifest manifest = {
		.bytes = documents->manifest,
		.length = documents->manifest_length,
		.media_type = type,
	};
	struct image_pushed *pushed;
	int r = digest_bytes(manifest.bytes, manifest.length, manifest.digest, err);

	if (r >= 0)
		r = digests_check(manifest.digest, push->request->digest, err);
	progress_event(push->progress, IMAGE_PULL_WRITING, full);
	if (r >= 0)
		r = registry_manifest_put(outgoing->registry, outgoing->place->path,
		                          push->request->by_digest ? manifest.digest : remote_reference(name), &manifest,
		                          err);
	if (r < 0)
		return r;
	pushed = list_add(push->out, sizeof *pushed);
	pushed->name = TAKE_PTR(full);
	pushed->digest = xstrdup(manifest.digest);
	pushed->media_type = TAKE_PTR(type);
	pushed->size = (int64_t) manifest.length;
	return 0;
}

/* tell_anew - as much as a line can */
static void tell_anew(const struct outgoing *outgoing, const struct push_documents *documents)
{
	AUTO_FREE char *line = xprintf("image %.12s came here without a recording of its archives, so that its layers have "
	                               "other digests in the registry: there its id is %.12s",
	                               digest_hex(outgoing->record.id), digest_hex(documents->config_digest));

	progress_event(outgoing->push->progress, IMAGE_PULL_NOTICE, line);
}

static int choose_format(const struct outgoing *outgoing, enum push_format *out, struct error *err)
{
	const struct image_push *request = outgoing->push->request;
	const char *word = request->format;

	*out = push_format_of(&outgoing->parsed);
	if (word && strcmp(word, "oci") == 0)
		*out = PUSH_OCI;
	else if (word && (strcmp(word, "v2s2") == 0 || strcmp(word, "docker") == 0))
		*out = PUSH_DOCKER;
	else if (!word && outgoing->push->compression.kind == COMPRESS_ZSTD)
		*out = PUSH_OCI;
	if (*out == PUSH_DOCKER && outgoing->push->compression.kind == COMPRESS_ZSTD)
		return error_set(err, ERROR_INVALID, "docker's manifests have no zstd layers: give --format oci, or "
		                 "--compression-format gzip");
	return 0;
}

static int push_place(void *data, const struct remote_place *place, struct registry *registry,
                      const struct reference *name, struct error *err)
{
	struct outgoing *outgoing = data;
	AUTO(push_documents_done) struct push_documents documents = {0};
	AUTO_FREE char *full = reference_text(name);
	AUTO_CLOSE int hold = store_hold(outgoing->push->store, err);
	int r = hold < 0 ? hold : choose_format(outgoing, &documents.format, err);

	if (r < 0)
		return r;
	outgoing->place = place;
	outgoing->registry = registry;
	progress_event(outgoing->push->progress, IMAGE_PUSH_TO, full);
	r = send_layers(outgoing, documents.format, err);
	if (r >= 0)
		r = push_documents(outgoing->layers, outgoing->record.layers.count, &outgoing->parsed, outgoing->config,
		                   outgoing->config_length, outgoing->manifest, outgoing->manifest_length, &documents, err);
	if (r >= 0)
		r = send_config(outgoing, &documents, err);
	if (r >= 0)
		r = send_manifest(outgoing, &documents, name, err);
	if (r >= 0 && documents.config_changed)
		tell_anew(outgoing, &documents);
	return r;
}

/* --- the request --- */

static int check_request(const struct image_push *request, struct error *err)
{
	if (request->format && strcmp(request->format, "v2s1") == 0)
		return error_set(err, ERROR_INVALID, "format v2s1 (docker schema 1) is refused by registries of today: take "
		                 "v2s2 or oci");
	if (request->format && strcmp(request->format, "oci") != 0 && strcmp(request->format, "v2s2") != 0
	    && strcmp(request->format, "docker") != 0)
		return error_set(err, ERROR_INVALID, "format \"%.100s\" is not oci or v2s2", request->format);
	return 0;
}

/* conf_compression - what containers.conf wants of layers that have to be compressed, else gzip; 1: its wish gave way */
static int conf_compression(const struct image_push *request, const struct containers_conf *conf,
                            enum compression *out, struct error *err)
{
	const char *format = conf->compression_format;
	enum compression kind = COMPRESS_GZIP;
	int r = 0;

	*out = COMPRESS_GZIP;
	if (!format || !*format)
		return 0;
	/* every reader of zstd:chunked reads zstd */
	r = compress_parse(strcmp(format, "zstd:chunked") == 0 ? "zstd" : format, &kind, err);
	if (r < 0)
		return error_wrap(err, r, "containers.conf: compression_format");
	/* a wish, not an order: docker's manifests have no zstd */
	if (kind == COMPRESS_ZSTD && request->format && strcmp(request->format, "oci") != 0)
		return 1;
	*out = kind;
	return 0;
}

static int choose_compression(struct push *push, const struct containers_conf *conf, struct error *err)
{
	const struct image_push *request = push->request;
	const struct opt_int *level = &request->compression_level;
	struct push_compression *compression = &push->compression;
	enum compression usual = COMPRESS_GZIP;
	int gave_way = conf_compression(request, conf, &usual, err), r = 0;

	if (gave_way < 0)
		return gave_way;
	compression->kind = usual;
	compression->level = COMPRESS_LEVEL_DEFAULT;
	compression->force = request->force_compression.set ? request->force_compression.value
	                                                    : request->compression_format != NULL;
	compression->level_wanted = *level;
	if (request->compression_format)
		r = compress_parse(request->compression_format, &compression->kind, err);
	/* the file's level belongs to the file's format */
	if (!level->set && !gave_way && compression->kind == usual && usual != COMPRESS_NONE)
		level = &conf->compression_level;
	if (r < 0 || !level->set)
		return r < 0 ? r : 0;
	compression->level = level->value < -1000 || level->value > 1000 ? 1000 : (int) level->value;
	r = compress_level_check(compression->kind, compression->level, err);
	return r < 0 && level != &request->compression_level ? error_wrap(err, r, "containers.conf") : r;
}

/* check_destination - other transports of podman's have commands of their own here */
static int check_destination(const char *text, struct error *err)
{
	size_t length = name_transport(text);

	return length ? error_set(err, ERROR_UNSUPPORTED, "images are pushed to registries only, not to %.*s: write an "
	                          "archive with coracle save", (int) length, text) : 0;
}

/*
 * remember_digest - so that RepoDigests are what the registry has, as after docker push
 *
 * The registry has the image all the same: what goes wrong here is not the push's failure.
 */
static void remember_digest(struct store *store, const struct image_record *pushed, const struct image_pushed *sent)
{
	AUTO_IMAGE_RECORD struct image_record record = {0};
	AUTO_FREE char *repository = name_repository(sent->name, NULL);
	AUTO_FREE char *full = xprintf("%s@%s", repository, sent->digest);
	struct error ignored = {0};
	AUTO_CLOSE int hold = store_hold(store, &ignored);
	bool changed = false;

	/* somebody else's store is never written to; others may have changed or removed the record meanwhile */
	if (hold < 0 || image_record_read(store, pushed->id, &record, &ignored) < 0 || record.store)
		return;
	for (size_t i = record.pushed.count; i-- > 0;) {
		if (strcmp(record.pushed.items[i], full) == 0)
			return;
		if (strncmp(record.pushed.items[i], full, strlen(repository) + 1) != 0)
			continue;
		texts_remove(&record.pushed, i);
		changed = true;
	}
	if (!record.manifest_digest || strcmp(record.manifest_digest, sent->digest) != 0) {
		texts_add(&record.pushed, full);
		changed = true;
	}
	if (changed)
		(void) !image_record_write(store, &record, &ignored);
}

static int push_record(struct push *push, struct remote *remote, struct image_record *record, const char *full,
                       struct error *err)
{
	AUTO(outgoing_done) struct outgoing outgoing = {.push = push, .record = TAKE(*record, (struct image_record){0})};
	AUTO_TEXTS struct texts names = {0};
	int r = read_documents(&outgoing, err);

	if (r < 0)
		return r;
	prepare_layers(&outgoing);
	texts_add(&names, full);
	r = remote_each(remote, &names, REMOTE_PUSH, push_place, &outgoing, err);
	if (r < 0)
		return r;
	if (push->out->count)
		remember_digest(push->store, &outgoing.record,
		                LIST_AT(struct image_pushed, push->out, push->out->count - 1));
	return 0;
}

/* own_name - where an image goes that is pushed without a destination */
static int own_name(struct store *store, const char *image, struct image_record *record, char **found, struct error *err)
{
	int r = *found ? 0 : image_record_names(store, record, err);

	if (r < 0)
		return r;
	if (!*found && record->names.count != 1)
		return error_set(err, ERROR_INVALID, "image %.100s has %zu names: say where it goes: coracle push %.100s "
		                 "REGISTRY/NAME:TAG", image, record->names.count, image);
	if (!*found)
		*found = xstrdup(record->names.items[0]);
	if (strchr(*found, '@'))
		return error_set(err, ERROR_INVALID, "the name %.300s has no tag: say where it goes: coracle push %.100s "
		                 "REGISTRY/NAME:TAG", *found, image);
	return 0;
}

static int push_image(struct push *push, struct engine *engine, struct remote *remote, const char *image,
                      const char *destination, struct error *err)
{
	AUTO_IMAGE_RECORD struct image_record record = {0};
	AUTO_FREE char *found = NULL;
	AUTO_FREE char *full = NULL;
	int r = image_find(engine, image, &record, &found, err);

	if (r < 0)
		return r;
	if (destination) {
		r = name_full(remote_text(destination), NAME_HUB, &full, err);
	} else {
		r = own_name(push->store, image, &record, &found, err);
		full = TAKE_PTR(found);
	}
	if (r < 0)
		return r;
	r = push_record(push, remote, &record, full ? full : "", err);
	if (r < 0 && r != -EINTR && !destination && full && strncmp(full, "localhost/", strlen("localhost/")) == 0) {
		const struct error cause = *err;

		return error_set(err, cause.kind, "%.1400s; %.200s is a name of this machine's: say where it goes: coracle push "
		                 "%.100s REGISTRY/NAME:TAG", cause.text, full, image);
	}
	return r;
}

static int push_tags(struct push *push, struct remote *remote, const char *typed, struct error *err)
{
	AUTO_REFERENCE struct reference reference = {0};
	AUTO_TEXTS struct texts candidates = {0};
	AUTO_PAIRS struct pairs refs = {0};
	size_t count = 0;
	int r = reference_parse(typed, &reference, err);

	if (r >= 0 && (reference.tag || reference.digest))
		r = error_set(err, ERROR_INVALID, "all tags are asked for: give the name without tag and digest");
	if (r >= 0)
		r = ref_list(push->store, &refs, err);
	if (r < 0)
		return r;
	reference_candidates(&reference, &candidates);
	for (size_t i = 0; i < candidates.count && count == 0; i++) {
		AUTO_FREE char *wanted = name_repository(candidates.items[i], NULL);

		for (size_t k = 0; r >= 0 && k < refs.count; k++) {
			AUTO_FREE char *repository = name_repository(refs.items[k].key, NULL);
			AUTO_IMAGE_RECORD struct image_record record = {0};

			if (strcmp(repository, wanted) != 0 || strchr(refs.items[k].key, '@'))
				continue;
			count++;
			r = image_record_read(push->store, refs.items[k].value, &record, err);
			if (r >= 0)
				r = push_record(push, remote, &record, refs.items[k].key, err);
		}
	}
	if (r >= 0 && count == 0)
		return error_set(err, ERROR_NOT_FOUND, "no image is named %.300s; see coracle images", typed);
	return r;
}

int image_push(struct engine *engine, const char *image, const char *destination, const struct image_push *request,
               const struct image_progress *progress, struct list *out, struct error *err)
{
	struct push push = {
		.store = engine_store(engine, err),
		.request = request,
		.progress = progress,
		.out = out,
	};
	AUTO_REMOTE struct remote *remote = NULL;
	int r = push.store ? check_request(request, err) : -EIO;

	if (r >= 0 && destination && request->all_tags)
		r = error_set(err, ERROR_INVALID, "all tags are asked for: they go to the repository of their own name, without a destination");
	if (r >= 0 && destination)
		r = check_destination(destination, err);
	if (r >= 0)
		r = remote_open(&request->remote, progress, &remote, err);
	if (r >= 0)
		r = choose_compression(&push, remote_conf(remote), err);
	if (r < 0)
		return r;
	push.parallel = remote_parallel(remote);
	r = request->all_tags ? push_tags(&push, remote, image, err)
	                      : push_image(&push, engine, remote, image, destination, err);
	if (r == -EINTR) {
		(void) error_set(err, ERROR_SYSTEM, "interrupted; layers that are in the registry are not sent again by the "
		                 "next push");
		err->errnum = EINTR;
		return -EINTR;
	}
	return r < 0 ? r : 0;
}
