/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * copy_source.c - manifests and blobs of a registry, layout, archive or directory; see copy_private.h
 *
 * Names of files are made from digests that were checked to be digests; in a directory they are opened beneath it
 * (bundle.h), so that a link in it leads nowhere else.
 */
#include "coracle/base/alloc.h"
#include "coracle/oci/image.h"

#include <fcntl.h>
#include <string.h>

#include "copy_private.h"
#include "media.h"

/* --- files --- */

int copy_source_open(struct copying *copying, struct error *err)
{
	struct copy_source *source = &copying->source;
	struct store *store;
	int r;

	if (copying->from.kind == COPY_REGISTRY)
		return 0;
	store = engine_store(copying->engine, err);
	if (!store)
		return -EIO;
	source->path = copying->from.path;
	source->reference = copying->from.reference;
	source->fd = open(source->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (source->fd < 0)
		return error_errno(err, errno, "%.300s", source->path);
	r = bundle_open(store, source->fd, &source->bundle, err);
	return r < 0 ? error_wrap(err, r, "%.300s", source->path) : 0;
}

void copy_source_close(struct copy_source *source)
{
	bundle_close(source->bundle);
	source->bundle = NULL;
	auto_close(&source->fd);
	source->fd = -1;
}

char *copy_source_name(const struct copy_source *source, const char *digest)
{
	if (source->kind == COPY_DIRECTORY)
		return xstrdup(digest_hex(digest));
	return layout_blob_name(digest);
}

static int check_bytes(const char *bytes, size_t length, const char *digest, struct error *err)
{
	char actual[DIGEST_TEXT_SIZE];
	int r = digest_bytes(bytes, length, actual, err);

	if (r >= 0 && strcmp(actual, digest) != 0)
		r = error_set(err, ERROR_INVALID, "%.19s: its content has another digest; what it comes from is damaged",
		              digest);
	return r;
}

/* --- documents --- */

/* find_type - of a document that comes without one: what it says itself, else what its members are */
static char *find_type(const char *bytes, size_t length)
{
	struct error ignored = {0};
	AUTO_JSON json_t *json = json_parse(bytes, length, &ignored);
	const char *type = json_string_value(json_object_get(json, "mediaType"));

	if (type)
		return xstrdup(type);
	return xstrdup(json_object_get(json, "manifests") ? OCI_INDEX_TYPE : OCI_MANIFEST_TYPE);
}

static int read_document(const struct copy_source *source, const char *name, const char *digest,
                         struct registry_manifest *out, struct error *err)
{
	int r = bundle_read(source->bundle, name, OCI_DOCUMENT_MAX_BYTES, &out->bytes, &out->length, err);

	if (r >= 0 && digest)
		r = check_bytes(out->bytes, out->length, digest, err);
	if (r >= 0)
		r = digest_bytes(out->bytes, out->length, out->digest, err);
	if (r < 0) {
		registry_manifest_done(out);
		return error_wrap(err, r, "%.300s", source->path);
	}
	out->media_type = find_type(out->bytes ? out->bytes : "", out->length);
	return 0;
}

int copy_source_manifest(const struct copy_source *source, const char *digest, struct registry_manifest *out,
                         struct error *err)
{
	AUTO_FREE char *name = NULL;

	if (source->kind == COPY_REGISTRY)
		return registry_manifest_get(source->registry, source->repository, digest, REGISTRY_PULL, out, err);
	if (!digest_is_valid(digest))
		return error_set(err, ERROR_INVALID, "\"%.100s\" is not a sha256 digest", digest);
	name = source->kind == COPY_DIRECTORY ? xprintf("%s.manifest.json", digest_hex(digest))
	                                      : layout_blob_name(digest);
	return read_document(source, name, digest, out, err);
}

static bool has_reference(const struct descriptor *descriptor, const char *wanted)
{
	const char *reference = pairs_get(&descriptor->annotations, LAYOUT_REFERENCE);
	const char *name = pairs_get(&descriptor->annotations, LAYOUT_NAME);

	return (reference && strcmp(reference, wanted) == 0) || (name && strcmp(name, wanted) == 0);
}

/* choose_entry - of index.json; NULL with err filled: none, or more than one */
static const struct descriptor *choose_entry(const struct copy_source *source, const struct image_index *index,
                                             struct error *err)
{
	AUTO_TEXTS struct texts names = {0};
	AUTO_FREE char *joined = NULL;
	const struct descriptor *found = NULL;
	size_t count = 0;

	LIST_EACH(struct descriptor, descriptor, &index->manifests) {
		const char *name = pairs_get(&descriptor->annotations, LAYOUT_REFERENCE);

		texts_add(&names, name ? name : descriptor->digest);
		if (source->reference && !has_reference(descriptor, source->reference)
		    && strcmp(source->reference, descriptor->digest) != 0)
			continue;
		found = descriptor;
		count++;
	}
	if (count == 1)
		return found;
	joined = texts_join(&names, ", ");
	if (source->reference)
		(void) error_set(err, ERROR_NOT_FOUND, "%.300s: %s images in it are named \"%.200s\"; there are: %.1000s",
		                 source->path, count ? "several" : "no", source->reference, names.count ? joined : "none");
	else
		(void) error_set(err, ERROR_INVALID, "%.300s: %s; there are: %.1000s", source->path,
		                 names.count ? "name one of its images behind the path and a colon" : "holds no image",
		                 names.count ? joined : "none");
	return NULL;
}

static int layout_top(const struct copy_source *source, struct copy_document *out, struct error *err)
{
	AUTO_FREE char *bytes = NULL;
	struct image_index index = {0};
	const struct descriptor *entry;
	size_t length;
	int r = bundle_read(source->bundle, "index.json", OCI_DOCUMENT_MAX_BYTES, &bytes, &length, err);

	if (r >= 0)
		r = image_index_parse(bytes ? bytes : "", length, &index, err);
	if (r < 0)
		return error_wrap(err, r, "%.300s: index.json", source->path);
	entry = choose_entry(source, &index, err);
	r = entry ? copy_source_manifest(source, entry->digest, &out->manifest, err) : -ENOENT;
	if (r >= 0 && out->manifest.length != (uint64_t) entry->size)
		r = error_set(err, ERROR_INVALID, "%.300s: manifest %.19s has %zu bytes, index.json says %lld", source->path,
		              entry->digest, out->manifest.length, (long long) entry->size);
	if (r >= 0 && entry->media_type)
		text_replace(&out->manifest.media_type, entry->media_type);
	if (r >= 0 && entry->platform)
		out->platform = json_write(platform_fields, entry->platform);
	fields_done(image_index_fields, &index);
	return r;
}

int copy_source_top(const struct copying *copying, struct copy_document *out, struct error *err)
{
	const struct copy_source *source = &copying->source;

	switch (source->kind) {
	case COPY_REGISTRY:
		return registry_manifest_get(source->registry, source->repository, source->reference, REGISTRY_PULL,
		                             &out->manifest, err);
	case COPY_DIRECTORY:
		return read_document(source, "manifest.json", NULL, &out->manifest, err);
	case COPY_OCI:
	case COPY_OCI_ARCHIVE:
		return layout_top(source, out, err);
	case COPY_DOCKER_ARCHIVE:
	case COPY_STORE:
		break;
	}
	return error_set(err, ERROR_UNSUPPORTED, "has no manifest of its own");
}

/* --- one image of an index --- */

int copy_source_image(const struct copying *copying, struct copy_document *out, struct error *err)
{
	const struct platform *wanted = copying->platform.architecture ? &copying->platform : platform_host();
	struct registry_manifest manifest = {0};
	struct image_index index = {0};
	const struct descriptor *chosen;
	int r = copy_source_top(copying, out, err);

	if (r < 0 || !copy_is_index(&out->manifest))
		return r;
	r = image_index_parse(out->manifest.bytes, out->manifest.length, &index, err);
	if (r < 0)
		return error_wrap(err, r, "image index %.19s", out->manifest.digest);
	chosen = media_choose(&index, wanted, err);
	r = chosen ? copy_source_manifest(&copying->source, chosen->digest, &manifest, err) : -ENOENT;
	if (r >= 0 && copy_is_index(&manifest))
		r = error_set(err, ERROR_UNSUPPORTED, "an index inside an index is copied with --all only");
	if (r >= 0 && chosen) {
		copy_document_done(out);
		out->manifest = manifest;
		out->platform = chosen->platform ? json_write(platform_fields, chosen->platform) : NULL;
	} else {
		registry_manifest_done(&manifest);
	}
	fields_done(image_index_fields, &index);
	return r;
}

int copy_source_read(const struct copy_source *source, const struct descriptor *descriptor, char **out,
                     size_t *length, struct error *err)
{
	AUTO_FREE char *name = NULL;
	int r;

	if (source->kind == COPY_REGISTRY)
		return registry_blob_read(source->registry, source->repository, descriptor->digest, REGISTRY_PULL,
		                          OCI_DOCUMENT_MAX_BYTES, out, length, err);
	name = copy_source_name(source, descriptor->digest);
	r = bundle_read(source->bundle, name, OCI_DOCUMENT_MAX_BYTES, out, length, err);
	if (r >= 0)
		r = check_bytes(*out, *length, descriptor->digest, err);
	return r < 0 ? error_wrap(err, r, "%.300s", source->path) : 0;
}
