/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * copy_archive.c - a docker-archive as source: its image gets a manifest; see copy_private.h
 *
 * Layers that are uncompressed are compressed for registries and OCI layouts, one after the other, in a temporary
 * file. A directory gets them as they are.
 */
#include "coracle/base/alloc.h"
#include "coracle/base/number.h"
#include "coracle/store/compress.h"
#include "coracle/store/expand.h"

#include <fcntl.h>
#include <string.h>

#include "copy_private.h"
#include "name.h"
#include "pieces.h"

struct row {
	char *config;
	struct texts tags, layers;
};

static const struct field row_fields[] = {
	FIELD_TEXT("Config", struct row, config, .required = true),
	FIELD_TEXTS("RepoTags", struct row, tags),
	FIELD_TEXTS("Layers", struct row, layers),
	FIELD_END,
};

void copy_archive_done(struct copy_archive *archive)
{
	free(archive->config);
	fields_done(image_config_fields, &archive->parsed);
	texts_done(&archive->layers);
	texts_done(&archive->names);
}

/* --- which image --- */

static bool has_name(const json_t *row, const char *wanted)
{
	const json_t *tags = json_object_get(row, "RepoTags");

	for (size_t i = 0; i < json_array_size(tags); i++) {
		const char *tag = json_string_value(json_array_get(tags, i));
		AUTO_FREE char *full = NULL;
		struct error ignored = {0};

		if (tag && name_full(tag, NAME_HUB, &full, &ignored) >= 0 && strcmp(full, wanted) == 0)
			return true;
	}
	return false;
}

static int choose_row(const json_t *rows, const char *reference, const json_t **out, struct error *err)
{
	AUTO_FREE char *full = NULL;
	size_t count = json_array_size(rows), i = 0;
	uint64_t number;
	int r;

	if (count == 0)
		return error_set(err, ERROR_INVALID, "manifest.json: is not a list of images");
	if (!reference && count > 1)
		return error_set(err, ERROR_INVALID, "holds %zu images; choose one: NAME or @0 to @%zu behind the path and "
		                 "a colon", count, count - 1);
	if (reference && *reference == '@') {
		if (number_parse_uint(reference + 1, 0, count - 1, &number) < 0)
			return error_set(err, ERROR_NOT_FOUND, "there is no image %.50s; the last one is @%zu", reference,
			                 count - 1);
		i = (size_t) number;
	} else if (reference) {
		r = name_full(reference, NAME_HUB, &full, err);
		if (r < 0)
			return r;
		while (i < count && !has_name(json_array_get(rows, i), full))
			i++;
		if (i == count)
			return error_set(err, ERROR_NOT_FOUND, "holds no image named %.300s", full);
	}
	*out = json_array_get(rows, i);
	return 0;
}

static int read_row(const struct copy_source *source, struct row *out, struct error *err)
{
	AUTO_FREE char *bytes = NULL;
	AUTO_JSON json_t *rows = NULL;
	const json_t *row;
	size_t length;
	int r = bundle_read(source->bundle, "manifest.json", OCI_DOCUMENT_MAX_BYTES, &bytes, &length, err);

	if (r < 0)
		return r;
	rows = json_parse(bytes ? bytes : "", length, err);
	if (!rows)
		return error_wrap(err, -EINVAL, "manifest.json");
	r = choose_row(rows, source->reference, &row, err);
	return r < 0 ? r : json_read(row, row_fields, out, err);
}

static int read_image(const struct copy_source *source, struct row *row, struct copy_archive *out, struct error *err)
{
	int r = bundle_read(source->bundle, row->config, OCI_DOCUMENT_MAX_BYTES, &out->config, &out->config_length, err);

	if (r >= 0)
		r = image_config_parse(out->config, out->config_length, &out->parsed, err);
	if (r >= 0)
		r = digest_bytes(out->config, out->config_length, out->config_digest, err);
	if (r < 0)
		return r;
	texts_add_all(&out->layers, &row->layers);
	texts_add_all(&out->names, &row->tags);
	if (out->layers.count != out->parsed.rootfs.diff_ids.count)
		return error_set(err, ERROR_INVALID, "the image has %zu layers, its configuration names %zu",
		                 out->layers.count, out->parsed.rootfs.diff_ids.count);
	return 0;
}

int copy_archive_read(const struct copy_source *source, struct copy_archive *out, struct error *err)
{
	struct row row = {0};
	int r = read_row(source, &row, err);

	if (r >= 0)
		r = read_image(source, &row, out, err);
	fields_done(row_fields, &row);
	return r < 0 ? error_wrap(err, r, "%.300s", source->path) : 0;
}

/* --- layers --- */

/* a layer on its way into the temporary file */
struct packing {
	int fd;
	struct digest *digest; /* of what is written there */
	struct digest *plain;  /* of the tar */
	uint64_t size;
	struct compressor *compressor; /* NULL: it goes as it is */
};

static void packing_done(struct packing *packing)
{
	auto_close(&packing->fd);
	digest_free(packing->digest);
	digest_free(packing->plain);
	compressor_free(packing->compressor);
}

static int put(void *context, const void *bytes, size_t length, struct error *err)
{
	struct packing *packing = context;
	ssize_t n;

	digest_add(packing->digest, bytes, length);
	while (length) {
		n = pwrite(packing->fd, bytes, length, (off_t) packing->size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_errno(err, n < 0 ? errno : EIO, "write a temporary file");
		bytes = (const char *) bytes + n;
		length -= (size_t) n;
		packing->size += (uint64_t) n;
	}
	return 0;
}

static int put_plain(void *context, const void *bytes, size_t length, struct error *err)
{
	struct packing *packing = context;

	digest_add(packing->plain, bytes, length);
	return packing->compressor ? compressor_write(packing->compressor, bytes, length, err)
	                           : put(packing, bytes, length, err);
}

static bool is_compressing(const struct copying *copying)
{
	return copying->sink.kind != COPY_DIRECTORY;
}

static int pack(struct copying *copying, const char *name, struct packing *packing, const char *diff_id,
                struct error *err)
{
	char actual[DIGEST_TEXT_SIZE];
	uint64_t length;
	AUTO_CLOSE int fd = bundle_seek(copying->source.bundle, name, &length, err);
	int r = fd;

	packing->digest = r >= 0 ? digest_new(err) : NULL;
	packing->plain = r >= 0 ? digest_new(err) : NULL;
	if (r < 0 || !packing->digest || !packing->plain)
		return r < 0 ? r : -EOPNOTSUPP;
	if (is_compressing(copying))
		r = compressor_new(COMPRESS_GZIP, COMPRESS_LEVEL_DEFAULT, put, packing, &packing->compressor, err);
	if (r >= 0)
		r = blob_expand(fd, length, put_plain, packing, err);
	if (r >= 0 && packing->compressor)
		r = compressor_finish(packing->compressor, err);
	if (r < 0)
		return r;
	digest_finish(TAKE_PTR(packing->plain), actual);
	if (strcmp(actual, diff_id) != 0)
		return error_set(err, ERROR_INVALID, "%.300s has the digest %s, the configuration says %s; make the archive "
		                 "again", name, actual, diff_id);
	return 0;
}

static int put_layer(struct copying *copying, const char *name, const char *diff_id, json_t *layers, struct error *err)
{
	AUTO(packing_done) struct packing packing = {.fd = -1};
	struct copy_blob blob = {.fd = -1};
	const struct list one = {.items = &blob, .count = 1};
	int r;

	packing.fd = package_temporary(&copying->sink.package, err);
	if (packing.fd < 0)
		return packing.fd;
	r = pack(copying, name, &packing, diff_id, err);
	if (r < 0)
		return error_wrap(err, r, "%.300s", copying->source.path);
	digest_finish(TAKE_PTR(packing.digest), blob.digest);
	blob.size = packing.size;
	blob.fd = packing.fd;
	(void) json_array_append_new(layers, descriptor_json(packing.compressor ? OCI_LAYER_TYPE "+gzip" : OCI_LAYER_TYPE,
	                                                     blob.digest, blob.size));
	return copy_blobs(copying, &one, err);
}

static int put_config(struct copying *copying, const struct copy_archive *archive, struct error *err)
{
	struct copy_blob blob = {.size = archive->config_length, .fd = -1};
	const struct list one = {.items = &blob, .count = 1};
	AUTO_CLOSE int fd = package_temporary(&copying->sink.package, err);

	if (fd < 0)
		return fd;
	if (pwrite(fd, archive->config, archive->config_length, 0) != (ssize_t) archive->config_length)
		return error_errno(err, errno ? errno : EIO, "write a temporary file");
	(void) memcpy(blob.digest, archive->config_digest, sizeof blob.digest);
	blob.fd = fd;
	return copy_blobs(copying, &one, err);
}

/* put_image - docker's manifest, because that is what the archive is of, unless the sink wants the OCI's */
static int put_image(struct copying *copying, const struct copy_archive *archive, struct error *err)
{
	AUTO_COPY_DOCUMENT struct copy_document document = {0};
	AUTO_JSON json_t *manifest = json_object();
	json_t *layers = json_array();
	enum copy_format format = COPY_AS_IT_IS;
	int r = copy_format(copying, &format, err);

	piece_set(manifest, "schemaVersion", json_integer(2));
	piece_set(manifest, "mediaType", json_string(OCI_MANIFEST_TYPE));
	piece_set(manifest, "config", descriptor_json(OCI_CONFIG_TYPE, archive->config_digest, archive->config_length));
	piece_set(manifest, "layers", layers);
	for (size_t i = 0; r >= 0 && i < archive->layers.count; i++)
		r = put_layer(copying, archive->layers.items[i], archive->parsed.rootfs.diff_ids.items[i], layers, err);
	if (r >= 0)
		r = put_config(copying, archive, err);
	if (r >= 0)
		r = copy_document_text(&document.manifest, manifest, OCI_MANIFEST_TYPE, err);
	if (r >= 0)
		r = copy_convert(&document.manifest, format == COPY_AS_IT_IS ? COPY_DOCKER_FORMAT : format, err);
	return r < 0 ? r : copy_sink_finish(copying, &document, err);
}

int copy_archive(struct copying *copying, struct error *err)
{
	AUTO(copy_archive_done) struct copy_archive archive = {0};
	int r = copy_archive_read(&copying->source, &archive, err);

	if (r >= 0 && copying->sink.kind == COPY_DOCKER_ARCHIVE)
		r = error_set(err, ERROR_UNSUPPORTED, "from one docker-archive into another: put it into the store first, with "
		              "coracle load, and then save it");
	return r < 0 ? r : put_image(copying, &archive, err);
}
