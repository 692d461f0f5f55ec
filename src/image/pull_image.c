/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pull_image.c - one image from one place: manifest, configuration, layers, and then image_make
 *
 * Source: OCI distribution-spec "Pull", image-spec image-index.md.
 */
#include "coracle/base/alloc.h"

#include <inttypes.h>
#include <string.h>

#include "digests.h"
#include "make.h"
#include "media.h"
#include "pull_private.h"

/* what one place says about one tag */
struct found {
	struct pull *pull;
	const struct remote_place *place;
	struct registry *registry;
	const struct reference *name; /* full, with tag or digest */
	struct registry_manifest manifest;
	char digest[DIGEST_TEXT_SIZE]; /* of what the name stands for there: an index or a manifest */
	struct image_manifest parsed;
	struct image_config config;
	char *config_bytes;
	size_t config_length;
};

static void found_done(struct found *found)
{
	registry_manifest_done(&found->manifest);
	fields_done(image_manifest_fields, &found->parsed);
	fields_done(image_config_fields, &found->config);
	free(found->config_bytes);
}

/* --- manifest and configuration --- */

static bool is_index(const struct registry_manifest *manifest)
{
	struct descriptor descriptor = {.media_type = manifest->media_type};

	return media_is_index(&descriptor);
}

static const struct platform *wanted_platform(const struct pull *pull)
{
	return pull->platform.architecture ? &pull->platform : platform_host();
}

static int follow_index(struct found *found, struct error *err)
{
	AUTO_FREE char *name = reference_text(found->name);
	struct registry_manifest manifest = {0};
	struct image_index index = {0};
	const struct descriptor *chosen;
	int r = image_index_parse(found->manifest.bytes, found->manifest.length, &index, err);

	if (r < 0)
		return error_wrap(err, r, "image index %.19s", found->digest);
	chosen = media_choose(&index, wanted_platform(found->pull), err);
	if (!chosen)
		r = error_wrap(err, -ENOENT, "%.300s", name);
	else if (media_is_index(chosen))
		r = error_set(err, ERROR_UNSUPPORTED, "an index inside an index is not followed");
	else
		r = registry_manifest_get(found->registry, found->place->path, chosen->digest, REGISTRY_PULL,
		                          &manifest, err);
	if (r >= 0 && is_index(&manifest))
		r = error_set(err, ERROR_UNSUPPORTED, "an index inside an index is not followed");
	fields_done(image_index_fields, &index);
	if (r < 0) {
		registry_manifest_done(&manifest);
		return r;
	}
	registry_manifest_done(&found->manifest);
	found->manifest = manifest;
	return 0;
}

/* tell_tags - a mistyped tag is the usual cause */
static void tell_tags(const struct reference *name, struct error *err)
{
	const struct error cause = *err;

	(void) error_set(err, cause.kind, "%.1400s; the tags that there are: coracle image tags %.200s/%.300s", cause.text,
	                 name->registry, name->path);
	err->errnum = cause.errnum;
}

static int read_manifest(struct found *found, struct error *err)
{
	int r = registry_manifest_get(found->registry, found->place->path, remote_reference(found->name), REGISTRY_PULL,
	                              &found->manifest, err);

	if (r < 0 && err->kind == ERROR_NOT_FOUND && !found->name->digest)
		tell_tags(found->name, err);
	if (r < 0)
		return r;
	memcpy(found->digest, found->manifest.digest, sizeof found->digest);
	r = is_index(&found->manifest) ? follow_index(found, err) : 0;
	if (r < 0)
		return r;
	r = image_manifest_parse(found->manifest.bytes, found->manifest.length, &found->parsed, err);
	if (r < 0)
		return error_wrap(err, r, "image manifest %.19s", found->manifest.digest);
	return media_check(&found->parsed, err);
}

/* check_platform - an image that was asked for by platform must be for it; create looks again at the others */
static int check_platform(const struct found *found, struct error *err)
{
	const struct platform *wanted = &found->pull->platform;
	const struct platform is = {
		.os = found->config.os,
		.architecture = found->config.architecture,
		.variant = found->config.variant,
	};

	AUTO_FREE char *name = NULL;

	if (!wanted->architecture || !is.architecture || !is.os || platform_matches(&is, wanted))
		return 0;
	name = reference_text(found->name);
	return error_set(err, ERROR_NOT_FOUND, "%.300s: the image is for %s/%s, not for %s/%s", name, is.os, is.architecture,
	                 wanted->os, wanted->architecture);
}

static int read_config(struct found *found, struct error *err)
{
	const struct descriptor *descriptor = &found->parsed.config;
	struct error ignored = {0};
	int r;

	if (found->config_bytes)
		return 0;
	r = blob_read_checked(found->pull->store, descriptor->digest, OCI_DOCUMENT_MAX_BYTES, &found->config_bytes,
	                      &found->config_length, &ignored);

	if (r < 0) {
		progress_event(found->pull->progress, IMAGE_PULL_CONFIG, descriptor->digest);
		r = registry_blob_read(found->registry, found->place->path, descriptor->digest, REGISTRY_PULL,
		                       OCI_DOCUMENT_MAX_BYTES, &found->config_bytes, &found->config_length, err);
	}
	if (r < 0)
		return r;
	if ((uint64_t) descriptor->size != found->config_length)
		return error_set(err, ERROR_INVALID, "configuration %.19s has %zu bytes, not %" PRId64
		                 " as the manifest says", descriptor->digest, found->config_length,
		                 descriptor->size);
	r = image_config_parse(found->config_bytes, found->config_length, &found->config, err);
	if (r < 0)
		return error_wrap(err, r, "image configuration %.19s", descriptor->digest);
	if (found->config.rootfs.diff_ids.count != found->parsed.layers.count)
		return error_set(err, ERROR_INVALID, "the image has %zu layers, its configuration names %zu",
		                 found->parsed.layers.count, found->config.rootfs.diff_ids.count);
	return check_platform(found, err);
}

/* --- into the store --- */

static char *name_in_store(const struct reference *name)
{
	if (name->digest)
		return xprintf("%s/%s@%s", name->registry, name->path, name->digest);
	return reference_text(name);
}

/* is_whole - the image with this very manifest is in the store with all its layers */
static bool is_whole(const struct found *found)
{
	AUTO_IMAGE_RECORD struct image_record record = {0};
	struct error ignored = {0};
	struct store *store = found->pull->store;

	if (image_record_read(store, found->parsed.config.digest, &record, &ignored) < 0 || !record.manifest_digest
	    || strcmp(record.manifest_digest, found->manifest.digest) != 0)
		return false;
	for (size_t i = 0; i < record.layers.count; i++)
		if (!layer_exists(store, record.layers.items[i]))
			return false;
	return true;
}

/* index_name - owned "registry/path@sha256:..." of the index that the image was chosen from; NULL: there is none */
static char *index_name(const struct found *found)
{
	if (strcmp(found->digest, found->manifest.digest) == 0)
		return NULL;
	return xprintf("%s/%s@%s", found->name->registry, found->name->path, found->digest);
}

/* note_digest - by which index an image that is here was asked for now; one in an additional store stays as it is */
static int note_digest(const struct found *found, struct error *err)
{
	AUTO_IMAGE_RECORD struct image_record record = {0};
	AUTO_FREE char *digest = index_name(found);
	struct error ignored = {0};

	if (!digest || image_record_read(found->pull->store, found->parsed.config.digest, &record, &ignored) < 0
	    || record.store || (record.digests.count
	                        && strcmp(record.digests.items[record.digests.count - 1], digest) == 0))
		return 0;
	digests_add(&record, digest);
	return image_record_write(found->pull->store, &record, err);
}

static int bring(struct found *found, char *name, struct error *err)
{
	AUTO_IMAGE_PARTS struct image_parts parts = {0};
	AUTO_FREE char *digest = index_name(found);
	AUTO_FREE char *id = NULL;
	const struct pull_layers layers = {
		.store = found->pull->store,
		.registry = found->registry,
		.repository = found->place->path,
		.descriptors = &found->parsed.layers,
		.diff_ids = &found->config.rootfs.diff_ids,
		.parallel = found->pull->parallel,
		.progress = found->pull->progress,
	};
	int r = pull_layers(&layers, err);

	if (r < 0)
		return r;
	progress_event(found->pull->progress, IMAGE_PULL_WRITING, name);
	parts.config = found->config_bytes;
	parts.config_length = found->config_length;
	parts.manifest = found->manifest.bytes;
	parts.manifest_length = found->manifest.length;
	parts.digest = digest;
	texts_add(&parts.names, name);
	return image_make(found->pull->store, &parts, &id, err);
}

static void add_pulled(const struct found *found, const char *id, const char *name, bool changed)
{
	struct image_pulled *pulled = list_add(found->pull->out, sizeof *pulled);

	pulled->id = xstrdup(id);
	pulled->name = xstrdup(name);
	pulled->digest = xstrdup(found->digest);
	pulled->changed = changed;
	progress_event(found->pull->progress, IMAGE_PULL_DIGEST, found->digest);
	progress_event(found->pull->progress, changed ? IMAGE_PULL_NEWER : IMAGE_PULL_SAME, name);
}

static bool stands_for(struct store *store, const char *name, const char *id)
{
	AUTO_FREE char *now = NULL;

	return ref_read(store, name, &now) >= 0 && strcmp(now ? now : "", id) == 0;
}

int pull_enter(struct pull *pull, struct error *err)
{
	int r = pull->entered ? 0 : engine_enter(pull->engine, err);

	if (r < 0 || pull->entered)
		return r;
	pull->entered = true;
	store_sweep(pull->store);
	return 0;
}

int pull_image(struct pull *pull, const struct remote_place *place, struct registry *registry,
               const struct reference *reference, struct error *err)
{
	AUTO(found_done) struct found found = {.pull = pull, .place = place, .registry = registry, .name = reference};
	AUTO_FREE char *name = name_in_store(reference);
	AUTO_CLOSE int hold = -1;
	const char *id;
	bool changed;
	int r = read_manifest(&found, err);

	if (r < 0)
		return r;
	progress_event(pull->progress, IMAGE_PULL_FOUND, name);
	hold = store_hold(pull->store, err);
	if (hold < 0)
		return hold;
	id = found.parsed.config.digest;
	changed = !stands_for(pull->store, name, id);
	if (is_whole(&found)) {
		r = pull->platform.architecture ? read_config(&found, err) : 0;
		if (r >= 0)
			r = note_digest(&found, err);
	}
	if (r >= 0 && !stands_for(pull->store, name, id) && is_whole(&found))
		r = ref_write(pull->store, name, id, err);
	/* asked again: whoever removes the image meanwhile takes the name along, or leaves it to us to bring the rest */
	if (r >= 0 && !is_whole(&found)) {
		r = pull_enter(pull, err);
		if (r >= 0)
			r = read_config(&found, err);
		if (r >= 0)
			r = bring(&found, name, err);
	}
	if (r >= 0)
		add_pulled(&found, id, name, changed);
	return r;
}
