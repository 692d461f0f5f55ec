/* SPDX-License-Identifier: GPL-2.0-or-later */
/* copy_sink.c - where an image goes: registry, layout, archive, directory; see copy_private.h */
#include "coracle/base/alloc.h"
#include "coracle/store/expand.h"

#include <string.h>
#include <unistd.h>

#include "copy_private.h"
#include "name.h"
#include "save_private.h"

int copy_sink_open(struct copying *copying, struct error *err)
{
	struct copy_sink *sink = &copying->sink;
	const char *path = copying->to.path;
	int r;

	switch (sink->kind) {
	case COPY_OCI:
		r = package_create(path, PACKAGE_DIRECTORY, &sink->package, err);
		return r < 0 ? r : layout_begin(&sink->package, err);
	case COPY_OCI_ARCHIVE:
		r = package_create(path, PACKAGE_ARCHIVE, &sink->package, err);
		return r < 0 ? r : layout_begin(&sink->package, err);
	case COPY_DIRECTORY:
		r = package_create(path, PACKAGE_DIRECTORY, &sink->package, err);
		return r < 0 ? r : directory_begin(&sink->package, err);
	case COPY_DOCKER_ARCHIVE:
		return package_create(path, PACKAGE_ARCHIVE, &sink->package, err);
	case COPY_REGISTRY:
	case COPY_STORE:
		break;
	}
	return 0;
}

char *copy_sink_name(const struct copy_sink *sink, const char *digest)
{
	return sink->kind == COPY_DIRECTORY ? xstrdup(digest_hex(digest)) : layout_blob_name(digest);
}

int copy_sink_manifest(struct copying *copying, const struct registry_manifest *manifest, struct error *err)
{
	struct copy_sink *sink = &copying->sink;
	AUTO_FREE char *name = NULL;

	if (sink->kind == COPY_REGISTRY)
		return registry_manifest_put(sink->registry, sink->repository, manifest->digest, manifest, err);
	name = sink->kind == COPY_DIRECTORY ? xprintf("%s.manifest.json", digest_hex(manifest->digest))
	                                    : layout_blob_name(manifest->digest);
	if (package_has(&sink->package, name, manifest->length))
		return 0;
	return package_put(&sink->package, name, manifest->bytes, manifest->length, err);
}

static int finish_layout(struct copying *copying, const struct copy_document *document, struct error *err)
{
	const struct layout_entry entry = {
		.media_type = document->manifest.media_type,
		.digest = document->manifest.digest,
		.size = document->manifest.length,
		.reference = copying->to.reference,
		.platform = document->platform,
	};
	int r = copy_sink_manifest(copying, &document->manifest, err);

	return r < 0 ? r : layout_end(&copying->sink.package, &entry, 1, err);
}

int copy_sink_finish(struct copying *copying, const struct copy_document *document, struct error *err)
{
	const struct registry_manifest *manifest = &document->manifest;
	struct copy_sink *sink = &copying->sink;
	int r;

	progress_event(copying->progress, IMAGE_PULL_WRITING, copying->to.path);
	(void) memcpy(copying->digest, manifest->digest, sizeof manifest->digest);
	if (sink->kind == COPY_REGISTRY)
		return registry_manifest_put(sink->registry, sink->repository, sink->reference, manifest, err);
	r = sink->kind == COPY_DIRECTORY ? directory_end(&sink->package, manifest->bytes, manifest->length, err)
	                                 : finish_layout(copying, document, err);
	return r < 0 ? r : package_finish(&sink->package, err);
}

/* --- docker-archive --- */

struct expanding {
	struct package_file file;
	struct digest *digest;
};

static void expanding_done(struct expanding *expanding)
{
	package_file_done(&expanding->file);
	digest_free(expanding->digest);
}

static int put(void *context, const void *bytes, size_t length, struct error *err)
{
	struct expanding *expanding = context;

	digest_add(expanding->digest, bytes, length);
	return package_file_write(&expanding->file, bytes, length, err);
}

/* open_layer - descriptor that stands at the blob */
static int open_layer(struct copying *copying, const struct descriptor *layer, struct error *err)
{
	const struct copy_source *source = &copying->source;
	AUTO_FREE char *name = NULL;
	AUTO_CLOSE int fd = -1;
	uint64_t length;
	int r;

	if (source->kind != COPY_REGISTRY) {
		name = copy_source_name(source, layer->digest);
		r = bundle_seek(source->bundle, name, &length, err);
		if (r >= 0 && length != (uint64_t) layer->size) {
			(void) close(r);
			r = error_set(err, ERROR_INVALID, "blob %.19s has %llu bytes, the manifest says %lld", layer->digest,
			              (unsigned long long) length, (long long) layer->size);
		}
		return r < 0 ? error_wrap(err, r, "%.300s", source->path) : r;
	}
	fd = package_temporary(&copying->sink.package, err);
	if (fd < 0)
		return fd;
	r = copy_blob_aside(copying, layer, fd, err);
	if (r >= 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = error_errno(err, errno, "a temporary file");
	return r < 0 ? r : TAKE_FD(fd);
}

static int put_layer(struct copying *copying, const struct descriptor *layer, const char *diff_id, struct error *err)
{
	AUTO(expanding_done) struct expanding expanding = {.file = PACKAGE_FILE_INIT};
	AUTO_FREE char *name = save_docker_layer(diff_id);
	AUTO_CLOSE int fd = -1;
	char actual[DIGEST_TEXT_SIZE];
	int r;

	progress_event(copying->progress, IMAGE_PULL_LAYER, layer->digest);
	fd = open_layer(copying, layer, err);
	if (fd < 0)
		return fd;
	expanding.digest = digest_new(err);
	if (!expanding.digest)
		return -EOPNOTSUPP;
	r = package_file_begin(&copying->sink.package, NULL, PACKAGE_SIZE_UNKNOWN, &expanding.file, err);
	if (r >= 0)
		r = blob_expand(fd, (uint64_t) layer->size, put, &expanding, err);
	if (r < 0)
		return error_wrap(err, r, "layer %.19s", layer->digest);
	digest_finish(TAKE_PTR(expanding.digest), actual);
	if (strcmp(actual, diff_id) != 0)
		return error_set(err, ERROR_INVALID, "layer %.19s: what it holds has the digest %s, the configuration says %s",
		                 layer->digest, actual, diff_id);
	return package_file_end(&expanding.file, name, err);
}

/* archive_name - as given; else the source's, where that is one */
static int archive_name(const struct copying *copying, struct texts *out, struct error *err)
{
	AUTO_FREE char *full = NULL;
	const char *text = copying->to.reference;
	int r;

	if (!text && copying->source.kind == COPY_REGISTRY && !strchr(copying->from.path, '@'))
		text = copying->from.path;
	if (!text)
		return 0;
	r = name_full(text, NAME_HUB, &full, err);
	if (r >= 0)
		texts_add(out, full);
	return r;
}

static int put_layers(struct copying *copying, const struct image_manifest *manifest, struct save_entry *entry,
                      const struct texts *diff_ids, struct error *err)
{
	int r = 0;

	if (diff_ids->count != manifest->layers.count)
		return error_set(err, ERROR_INVALID, "the image has %zu layers, its configuration names %zu",
		                 manifest->layers.count, diff_ids->count);
	for (size_t i = 0; r >= 0 && i < diff_ids->count; i++) {
		if (!texts_has(&entry->diff_ids, diff_ids->items[i]))
			r = put_layer(copying, LIST_AT(struct descriptor, &manifest->layers, i), diff_ids->items[i], err);
		texts_add(&entry->diff_ids, diff_ids->items[i]);
	}
	return r;
}

int copy_into_archive(struct copying *copying, const struct image_manifest *manifest, struct error *err)
{
	AUTO_TEXTS struct texts names = {0};
	AUTO_FREE char *bytes = NULL;
	struct image_config config = {0};
	struct save_entry entry = {.config_digest = manifest->config.digest, .names = &names};
	const struct list entries = {.items = &entry, .count = 1};
	int r = archive_name(copying, &names, err);

	if (r >= 0)
		r = copy_source_read(&copying->source, &manifest->config, &bytes, &entry.config_length, err);
	if (r >= 0)
		r = image_config_parse(bytes ? bytes : "", entry.config_length, &config, err);
	if (r < 0)
		return r;
	entry.config = bytes;
	r = put_layers(copying, manifest, &entry, &config.rootfs.diff_ids, err);
	if (r >= 0)
		r = save_docker_end(&copying->sink.package, &entries, err);
	texts_done(&entry.diff_ids);
	fields_done(image_config_fields, &config);
	return r < 0 ? r : package_finish(&copying->sink.package, err);
}
