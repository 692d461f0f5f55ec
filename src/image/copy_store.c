/* SPDX-License-Identifier: GPL-2.0-or-later */
/* copy_store.c - copies from the store and into it: pull, push, save and image_make do the work; see copy_private.h */
#include "coracle/base/alloc.h"
#include "coracle/image/push.h"
#include "coracle/image/save.h"

#include <string.h>

#include "copy_private.h"
#include "make.h"
#include "media.h"
#include "name.h"
#include "save_private.h"

static int refuse_all(const struct copying *copying, struct error *err)
{
	if (!copying->request->all)
		return 0;
	return error_set(err, ERROR_UNSUPPORTED, "--all: the store keeps an image for one platform; copy to oci:DIR or "
	                 "oci-archive:FILE");
}

/* --- from the store --- */

/* push - digest: that the manifest must have; NULL: any */
static int push(struct copying *copying, char *digest, struct error *err)
{
	struct image_push request = {
		.remote = copying->to_remote, /* borrows */
		.format = copying->request->format,
		.digest = digest,
	};
	struct list pushed = {0};
	int r = image_push(copying->engine, copying->from.path, copying->to.path, &request, copying->progress, &pushed, err);

	if (r >= 0 && pushed.count)
		(void) snprintf(copying->digest, DIGEST_TEXT_SIZE, "%s", LIST_AT(struct image_pushed, &pushed, 0)->digest);
	image_pushed_done(&pushed);
	return r < 0 ? r : 0;
}

static const char *save_format(enum copy_kind kind)
{
	switch (kind) {
	case COPY_OCI:
		return "oci-dir";
	case COPY_OCI_ARCHIVE:
		return "oci-archive";
	case COPY_DIRECTORY:
		return "docker-dir";
	case COPY_DOCKER_ARCHIVE:
	case COPY_REGISTRY:
	case COPY_STORE:
		break;
	}
	return "docker-archive";
}

static int save(struct copying *copying, char *digest, struct error *err)
{
	AUTO_TEXTS struct texts images = {0};
	AUTO_FREE char *format = xstrdup(save_format(copying->to.kind));
	AUTO_FREE char *full = NULL;
	struct image_save request = {.output = copying->to.path, .format = format, .digest = digest};
	enum copy_format wanted;
	int r = copy_format(copying, &wanted, err);

	if (r >= 0 && copying->to.kind == COPY_DIRECTORY && wanted == COPY_OCI_FORMAT)
		r = error_set(err, ERROR_UNSUPPORTED, "from the store into a directory there is the format v2s2 only; for the "
		              "other one copy to oci:DIR");
	if (r >= 0 && copying->to.kind == COPY_DOCKER_ARCHIVE && copying->to.reference)
		r = name_full(copying->to.reference, NAME_HUB, &full, err);
	if (r < 0)
		return r;
	request.tag = full;
	request.reference = copying->to.reference ? copying->to.reference : (char *) (uintptr_t) "";
	texts_add(&images, copying->from.path);
	return image_save(copying->engine, &images, &request, copying->progress, copying->digest, err);
}

/* check_platform - the image in the store is for the platform that was asked for */
static int check_platform(const struct copying *copying, const struct image_record *record, struct error *err)
{
	const struct platform is = {.os = record->os, .architecture = record->architecture};
	struct platform wanted = copying->platform;

	wanted.variant = NULL;
	if (!wanted.architecture || !is.os || !is.architecture || platform_matches(&is, &wanted))
		return 0;
	return error_set(err, ERROR_NOT_FOUND, "image %.300s is here for %s/%s", copying->from.path, is.os,
	                 is.architecture);
}

/* tell_digest - that of the store's manifest is the copy's, too */
static void tell_digest(const struct copying *copying, const struct image_record *record)
{
	(void) snprintf(copying->digest, DIGEST_TEXT_SIZE, "%s", record->manifest_digest ? record->manifest_digest : "");
}

int copy_from_store(struct copying *copying, struct error *err)
{
	AUTO_IMAGE_RECORD struct image_record record = {0};
	char *kept;
	int r = refuse_all(copying, err);

	if (r >= 0)
		r = image_find(copying->engine, copying->from.path, &record, NULL, err);
	if (r >= 0)
		r = check_platform(copying, &record, err);
	if (r >= 0 && copying->to.kind == COPY_STORE) {
		r = image_tag(copying->engine, copying->from.path, copying->to.path, err);
		tell_digest(copying, &record);
		return r;
	}
	kept = copying->request->preserve_digests ? record.manifest_digest : NULL;
	if (r >= 0)
		r = copying->to.kind == COPY_REGISTRY ? push(copying, kept, err) : save(copying, kept, err);
	return r;
}

/* --- into the store --- */

/* rename_pulled - it came under the name that it has in the registry; that one goes again if it is new here */
static int rename_pulled(struct copying *copying, const struct image_pulled *pulled, bool was_there, struct error *err)
{
	struct store *store = engine_store(copying->engine, err);
	AUTO_FREE char *full = NULL;
	int r = store ? name_full(copying->to.path, NAME_LOCAL, &full, err) : -EIO;

	if (r >= 0)
		r = ref_write(store, full, pulled->id, err);
	if (r >= 0 && !was_there && strcmp(full, pulled->name) != 0)
		r = ref_remove(store, pulled->name, err);
	return r;
}

static int pull(struct copying *copying, struct error *err)
{
	struct image_pull request = {.platform = copying->request->platform, .remote = copying->from_remote};
	struct list pulled = {0};
	struct error ignored = {0};
	AUTO_IMAGE_RECORD struct image_record before = {0};
	bool was_there = image_find(copying->engine, copying->from.path, &before, NULL, &ignored) >= 0;
	int r = image_pull(copying->engine, copying->from.path, &request, copying->progress, &pulled, err);

	if (r >= 0 && pulled.count) {
		const struct image_pulled *one = LIST_AT(struct image_pulled, &pulled, 0);

		(void) snprintf(copying->digest, DIGEST_TEXT_SIZE, "%s", one->digest);
		r = rename_pulled(copying, one, was_there, err);
	}
	image_pulled_done(&pulled);
	return r;
}

static int make(struct copying *copying, struct image_parts *parts, struct error *err)
{
	struct store *store = engine_store(copying->engine, err);
	AUTO_IMAGE_RECORD struct image_record record = {0};
	AUTO_FREE char *full = NULL;
	AUTO_FREE char *id = NULL;
	int r = store ? name_full(copying->to.path, NAME_LOCAL, &full, err) : -EIO;

	if (r < 0)
		return r;
	texts_add(&parts->names, full);
	progress_event(copying->progress, IMAGE_PULL_WRITING, full);
	r = image_make(store, parts, &id, err);
	if (r >= 0)
		r = image_record_read(store, id ? id : "", &record, err);
	if (r >= 0)
		tell_digest(copying, &record);
	return r < 0 ? error_wrap(err, r, "%.300s", copying->source.path) : r;
}

static int load_archive(struct copying *copying, struct error *err)
{
	AUTO(copy_archive_done) struct copy_archive archive = {0};
	AUTO_IMAGE_PARTS struct image_parts parts = {.bundle = copying->source.bundle};
	int r = copy_archive_read(&copying->source, &archive, err);

	if (r < 0)
		return r;
	parts.config = archive.config;
	parts.config_length = archive.config_length;
	texts_add_all(&parts.layers, &archive.layers);
	return make(copying, &parts, err);
}

static int load_parsed(struct copying *copying, const struct copy_document *document,
                       const struct image_manifest *manifest, struct error *err)
{
	AUTO_IMAGE_PARTS struct image_parts parts = {
		.bundle = copying->source.bundle,
		.manifest = document->manifest.bytes,
		.manifest_length = document->manifest.length,
		.blobs = &manifest->layers,
	};
	AUTO_FREE char *config = NULL;
	int r = media_check(manifest, err);

	if (r >= 0)
		r = copy_source_read(&copying->source, &manifest->config, &config, &parts.config_length, err);
	if (r < 0)
		return r;
	parts.config = config;
	LIST_EACH(struct descriptor, layer, &manifest->layers) {
		AUTO_FREE char *name = copy_source_name(&copying->source, layer->digest);

		texts_add(&parts.layers, name);
	}
	return make(copying, &parts, err);
}

int copy_into_store(struct copying *copying, struct error *err)
{
	AUTO_COPY_DOCUMENT struct copy_document document = {0};
	struct image_manifest manifest = {0};
	int r = refuse_all(copying, err);

	if (r < 0)
		return r;
	if (copying->request->format)
		return error_set(err, ERROR_UNSUPPORTED, "--format: the store keeps a manifest as it is");
	if (copying->from.kind == COPY_REGISTRY)
		return pull(copying, err);
	r = copy_source_open(copying, err);
	if (r >= 0 && copying->from.kind == COPY_DOCKER_ARCHIVE)
		return load_archive(copying, err);
	if (r >= 0)
		r = copy_source_image(copying, &document, err);
	if (r >= 0)
		r = image_manifest_parse(document.manifest.bytes ? document.manifest.bytes : "", document.manifest.length,
		                         &manifest, err);
	if (r < 0)
		return r;
	r = load_parsed(copying, &document, &manifest, err);
	fields_done(image_manifest_fields, &manifest);
	return r;
}
