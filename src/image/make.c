/* SPDX-License-Identifier: GPL-2.0-or-later */
/* make.c - from documents and layers to an image in the store; see make.h */
#include "make.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/digest.h"
#include "coracle/image/image.h"
#include "coracle/oci/image.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "digests.h"

#define IMAGE_MAX_LAYERS 500 /* overlayfs takes no more */
#define BUFFER_BYTES     65536

struct making {
	struct store *store;
	const struct image_parts *parts;
	struct image_config config;
	struct image_record record;
	struct texts brought;   /* chain ids that were not there before */
	struct list tar_layers; /* struct descriptor, for a manifest of our own */
};

void image_parts_done(struct image_parts *parts)
{
	texts_done(&parts->layers);
	texts_done(&parts->names);
}

static void making_done(struct making *making)
{
	fields_done(image_config_fields, &making->config);
	image_record_done(&making->record);
	texts_done(&making->brought);
	LIST_EACH(struct descriptor, descriptor, &making->tar_layers)
		fields_done(descriptor_fields, descriptor);
	free(making->tar_layers.items);
}

static int read_config(struct making *making, struct error *err)
{
	const struct image_parts *parts = making->parts;
	size_t count;
	int r = image_config_parse(parts->config, parts->config_length, &making->config, err);

	if (r < 0)
		return error_wrap(err, r, "image configuration");
	count = making->config.rootfs.diff_ids.count;
	if (count > IMAGE_MAX_LAYERS)
		return error_set(err, ERROR_INVALID, "the image has %zu layers; at most %d can be stacked",
		                 count, IMAGE_MAX_LAYERS);
	if (parts->bundle && count != parts->layers.count)
		return error_set(err, ERROR_INVALID,
		                 "the image has %zu layers, its configuration names %zu",
		                 parts->layers.count, count);
	return 0;
}

/* check_digest - of the length bytes that follow in fd, which stays where it is */
static int check_digest(int fd, uint64_t length, const char *wanted, struct error *err)
{
	AUTO_FREE char *buffer = xcalloc(1, BUFFER_BYTES);
	off_t offset = lseek(fd, 0, SEEK_CUR);
	struct digest *digest = digest_new(err);
	char actual[DIGEST_TEXT_SIZE];

	if (!digest)
		return -EOPNOTSUPP;
	while (length > 0) {
		ssize_t n = pread(fd, buffer, length < BUFFER_BYTES ? (size_t) length : BUFFER_BYTES, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int r = n < 0 ? -errno : -EIO;

			digest_free(digest);
			return error_errno(err, -r, "read %.19s", wanted);
		}
		digest_add(digest, buffer, (size_t) n);
		offset += n;
		length -= (uint64_t) n;
	}
	digest_finish(digest, actual);
	if (strcmp(actual, wanted) != 0)
		return error_set(err, ERROR_INVALID,
		                 "content is damaged: its digest is %s, the manifest says %s; make the archive "
		                 "again", actual, wanted);
	return 0;
}

/* check_blob - against the manifest; a layer's diff id is checked when it is unpacked */
static int check_blob(int fd, uint64_t length, const struct descriptor *descriptor, const char *diff_id,
                      struct error *err)
{
	if ((uint64_t) descriptor->size != length)
		return error_set(err, ERROR_INVALID,
		                 "content is damaged: its size is %" PRIu64 ", the manifest says %" PRId64
		                 "; make the archive again", length, descriptor->size);
	if (strcmp(descriptor->digest, diff_id) == 0)
		return 0;
	return check_digest(fd, length, descriptor->digest, err);
}

static int unpack_layer(struct making *making, size_t i, const char *parent, const char *chain_id,
                        struct error *err)
{
	const char *diff_id = making->config.rootfs.diff_ids.items[i];
	const struct list *blobs = making->parts->blobs;
	struct layer_info info = {0};
	AUTO_CLOSE int fd = -1;
	uint64_t length;
	int r;

	if (!making->parts->bundle)
		return error_set(err, ERROR_NOT_FOUND, "%s is not in the store", chain_id);
	fd = bundle_seek(making->parts->bundle, making->parts->layers.items[i], &length, err);
	if (fd < 0)
		return fd;
	r = blobs ? check_blob(fd, length, LIST_AT(struct descriptor, blobs, i), diff_id, err) : 0;
	if (r < 0)
		return r;
	r = layer_unpack_part(making->store, fd, length, parent, diff_id, &info, err);
	fields_done(layer_info_fields, &info);
	if (r >= 0)
		texts_add(&making->brought, chain_id);
	return r;
}

static int add_layer(struct making *making, size_t i, struct error *err)
{
	const char *diff_id = making->config.rootfs.diff_ids.items[i];
	const char *parent = i ? making->record.layers.items[i - 1] : NULL;
	char chain_id[DIGEST_TEXT_SIZE];
	struct layer_info info = {0};
	struct descriptor *descriptor;
	int r = layer_chain_id(parent, diff_id, chain_id, err);

	if (r >= 0 && !layer_exists(making->store, chain_id))
		r = unpack_layer(making, i, parent, chain_id, err);
	if (r >= 0)
		r = layer_read(making->store, chain_id, &info, err);
	if (r < 0)
		return error_wrap(err, r, "layer %zu of %zu", i + 1,
		                  making->config.rootfs.diff_ids.count);
	texts_add(&making->record.layers, chain_id);
	making->record.size += info.size;
	descriptor = list_add(&making->tar_layers, sizeof *descriptor);
	descriptor->media_type = xstrdup("application/vnd.oci.image.layer.v1.tar");
	descriptor->digest = xstrdup(diff_id);
	descriptor->size = (int64_t) info.tar_size;
	fields_done(layer_info_fields, &info);
	return 0;
}

/* own_manifest - for images that came without one; its layers are the uncompressed archives */
static char *own_manifest(const struct making *making, const char *config_digest)
{
	struct image_manifest manifest = {
		.schema_version = 2,
		.media_type = xstrdup("application/vnd.oci.image.manifest.v1+json"),
		.layers = making->tar_layers,
	};
	AUTO_JSON json_t *json = NULL;
	char *text;

	manifest.config.media_type = xstrdup("application/vnd.oci.image.config.v1+json");
	manifest.config.digest = xstrdup(config_digest);
	manifest.config.size = (int64_t) making->parts->config_length;
	json = json_write(image_manifest_fields, &manifest);
	text = json_text(json, JSON_COMPACT);
	manifest.layers = (struct list){0}; /* making's */
	fields_done(image_manifest_fields, &manifest);
	return text;
}

static int write_blobs(struct making *making, struct error *err)
{
	const struct image_parts *parts = making->parts;
	char config_digest[DIGEST_TEXT_SIZE], manifest_digest[DIGEST_TEXT_SIZE];
	AUTO_FREE char *own = NULL;
	int r = blob_write(making->store, parts->config, parts->config_length, NULL, config_digest, err);

	if (r < 0)
		return r;
	if (!parts->manifest)
		own = own_manifest(making, config_digest);
	r = blob_write(making->store, own ? own : parts->manifest,
	               own ? strlen(own) : parts->manifest_length, NULL, manifest_digest, err);
	if (r < 0)
		return r;
	making->record.id = xstrdup(config_digest);
	making->record.manifest_digest = xstrdup(manifest_digest);
	return 0;
}

/* keep_digests - those that a record of the same image has already, and the new one last */
static void keep_digests(struct making *making)
{
	AUTO_IMAGE_RECORD struct image_record before = {0};
	struct image_record *record = &making->record;
	struct error ignored = {0};

	if (image_record_read(making->store, record->id, &before, &ignored) >= 0) {
		texts_add_all(&record->digests, &before.digests);
		texts_add_all(&record->pushed, &before.pushed);
	}
	digests_add(record, making->parts->digest);
}

static int write_record(struct making *making, struct error *err)
{
	const struct image_config *config = &making->config;
	struct image_record *record = &making->record;
	char now[CLOCK_TEXT_SIZE];
	int r;

	text_replace(&record->created, config->created);
	text_replace(&record->loaded, clock_rfc3339(clock_now(), now));
	text_replace(&record->architecture, config->architecture);
	text_replace(&record->os, config->os);
	pairs_set_all(&record->labels, &config->config.labels);
	keep_digests(making);
	r = image_record_write(making->store, record, err);
	for (size_t i = 0; r >= 0 && i < making->parts->names.count; i++)
		r = ref_write(making->store, making->parts->names.items[i], record->id, err);
	/* somebody has removed the same image meanwhile; its layers and blobs are held */
	if (r >= 0 && !image_record_exists(making->store, record->id))
		r = image_record_write(making->store, record, err);
	return r;
}

static int make(struct making *making, struct error *err)
{
	AUTO_CLOSE int hold = store_hold(making->store, err);
	int r = hold < 0 ? hold : read_config(making, err);

	for (size_t i = 0; r >= 0 && i < making->config.rootfs.diff_ids.count; i++)
		r = add_layer(making, i, err);
	if (r >= 0)
		r = write_blobs(making, err);
	return r < 0 ? r : write_record(making, err);
}

int image_make(struct store *store, const struct image_parts *parts, char **id, struct error *err)
{
	AUTO(making_done) struct making making = {.store = store, .parts = parts};
	int r = make(&making, err);

	if (r >= 0) {
		*id = TAKE_PTR(making.record.id);
	} else if (making.brought.count) {
		struct texts none = {0};
		struct error ignored = {0};

		/* no container can stand on layers that no image had until now; r is the error that counts */
		(void) !layer_remove_unused(store, &making.brought, &none, &ignored);
	}
	return r;
}
