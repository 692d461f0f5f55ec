/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * copy.c - images between registries, layouts, archives and the store; see copy.h
 *
 * A registry is visited (remote.h): the source's first, the destination's inside of that visit. Then blobs, manifests and
 * at last the index or manifest that was asked for. Once the source has shown its manifest no other registry of that
 * name is asked: what fails then, would fail in the same way.
 */
#include "coracle/base/alloc.h"

#include <signal.h>
#include <string.h>

#include "copy_private.h"

#define INDEX_MAX_DEPTH 4

/* --- one image, or all --- */

static bool is_elsewhere(const struct descriptor *descriptor)
{
	const char *type = descriptor->media_type ? descriptor->media_type : "";

	/* layers that nobody may hand on: they are where their URLs say */
	return descriptor->urls.count && (strstr(type, ".foreign.") || strstr(type, ".nondistributable."));
}

static void add_blob(struct list *blobs, const struct descriptor *descriptor)
{
	struct copy_blob *blob = list_add(blobs, sizeof *blob);

	(void) snprintf(blob->digest, sizeof blob->digest, "%s", descriptor->digest);
	blob->size = (uint64_t) descriptor->size;
	blob->fd = -1;
}

static int convert(const struct copying *copying, struct registry_manifest *manifest, struct error *err)
{
	enum copy_format format = COPY_AS_IT_IS;
	int r = copy_format(copying, &format, err);

	if (r >= 0)
		r = copy_convert(manifest, format, err);
	if (r > 0 && copying->request->preserve_digests)
		r = error_set(err, ERROR_CONFLICT, "the destination wants another format, and so the manifest another digest; "
		              "copy to docker://NAME or dir:DIR, or without --preserve-digests");
	return r;
}

/* copy_manifest - the blobs of a manifest; it becomes what it is at the destination */
static int copy_manifest(struct copying *copying, struct registry_manifest *manifest, struct error *err)
{
	struct image_manifest parsed = {0};
	struct list blobs = {0};
	int r = image_manifest_parse(manifest->bytes ? manifest->bytes : "", manifest->length, &parsed, err);

	if (r < 0)
		return error_wrap(err, r, "image manifest %.19s", manifest->digest);
	if (copying->sink.kind == COPY_DOCKER_ARCHIVE) {
		r = copy_into_archive(copying, &parsed, err);
	} else {
		r = convert(copying, manifest, err);
		LIST_EACH(struct descriptor, layer, &parsed.layers)
			if (!is_elsewhere(layer))
				add_blob(&blobs, layer);
		add_blob(&blobs, &parsed.config);
		if (r >= 0)
			r = copy_blobs(copying, &blobs, err);
	}
	free(blobs.items);
	fields_done(image_manifest_fields, &parsed);
	return r < 0 ? r : 0;
}

static int copy_tree(struct copying *copying, struct registry_manifest *manifest, unsigned depth, struct error *err);

/* copy_entry - what an index names; 1: it has become another, and json says so */
static int copy_entry(struct copying *copying, json_t *json, const char *digest, unsigned depth, struct error *err)
{
	struct registry_manifest child = {0};
	bool changed = false;
	int r = copy_source_manifest(&copying->source, digest, &child, err);

	if (r >= 0)
		r = copy_tree(copying, &child, depth + 1, err);
	if (r >= 0)
		r = copy_sink_manifest(copying, &child, err);
	if (r >= 0 && strcmp(child.digest, digest) != 0) {
		changed = true;
		(void) json_object_set_new(json, "mediaType", json_string(child.media_type));
		(void) json_object_set_new(json, "digest", json_string(child.digest));
		(void) json_object_set_new(json, "size", json_integer((json_int_t) child.length));
	}
	registry_manifest_done(&child);
	return r < 0 ? error_wrap(err, r, "%.19s of the index", digest) : changed;
}

static int copy_index(struct copying *copying, struct registry_manifest *manifest, unsigned depth, struct error *err)
{
	struct image_index index = {0};
	AUTO_JSON json_t *json = json_parse(manifest->bytes, manifest->length, err);
	json_t *entries = json_object_get(json, "manifests");
	AUTO_FREE char *type = xstrdup(manifest->media_type);
	bool changed = false;
	int r = json ? image_index_parse(manifest->bytes, manifest->length, &index, err) : -EINVAL;

	for (size_t i = 0; r >= 0 && i < index.manifests.count; i++) {
		r = copy_entry(copying, json_array_get(entries, i), LIST_AT(struct descriptor, &index.manifests, i)->digest,
		               depth, err);
		changed = changed || r > 0;
	}
	fields_done(image_index_fields, &index);
	if (r >= 0 && changed)
		r = copy_document_text(manifest, json, type, err);
	return r < 0 ? r : convert(copying, manifest, err);
}

/* copy_tree - an index with all that it names, or an image */
static int copy_tree(struct copying *copying, struct registry_manifest *manifest, unsigned depth, struct error *err)
{
	int r;

	if (!copy_is_index(manifest))
		return copy_manifest(copying, manifest, err);
	if (depth >= INDEX_MAX_DEPTH)
		return error_set(err, ERROR_INVALID, "indexes nested too deeply");
	r = copy_index(copying, manifest, depth, err);
	return r < 0 ? r : 0;
}

static int copy_all(struct copying *copying, struct error *err)
{
	AUTO_COPY_DOCUMENT struct copy_document document = {0};
	int r = copying->request->all ? copy_source_top(copying, &document, err)
	                              : copy_source_image(copying, &document, err);

	if (r < 0)
		return r;
	copying->found = true;
	if (copying->sink.kind == COPY_DOCKER_ARCHIVE && copy_is_index(&document.manifest))
		return error_set(err, ERROR_UNSUPPORTED, "a docker-archive holds an image for one platform; copy without --all, "
		                 "or to oci-archive:FILE");
	r = copy_tree(copying, &document.manifest, 0, err);
	/* a docker-archive is complete by now */
	return r < 0 || copying->sink.kind == COPY_DOCKER_ARCHIVE ? r : copy_sink_finish(copying, &document, err);
}

/* copy_once - with both registries at hand */
static int copy_once(struct copying *copying, struct error *err)
{
	int r = copy_sink_open(copying, err);

	texts_done(&copying->there);
	if (r >= 0)
		r = copying->source.kind == COPY_DOCKER_ARCHIVE ? copy_archive(copying, err) : copy_all(copying, err);
	package_done(&copying->sink.package);
	return r;
}

/* --- the two ends --- */

static int visit_destination(void *data, const struct remote_place *place, struct registry *registry,
                             const struct reference *name, struct error *err)
{
	struct copying *copying = data;

	copying->sink.registry = registry;
	copying->sink.repository = place->path;
	copying->sink.reference = remote_reference(name);
	return copy_once(copying, err);
}

static int open_remote(struct copying *copying, const struct image_remote *options, struct remote **out,
                       struct error *err)
{
	int r = copying->remote ? remote_open_beside(copying->remote, options, out, err)
	                        : remote_open(options, copying->progress, out, err);

	if (r >= 0 && !copying->remote)
		copying->remote = *out;
	return r;
}

static int go_to_destination(struct copying *copying, struct error *err)
{
	AUTO_REMOTE struct remote *remote = NULL;
	bool is_first = !copying->remote;
	int r;

	if (copying->to.kind != COPY_REGISTRY)
		return copy_once(copying, err);
	r = open_remote(copying, &copying->to_remote, &remote, err);
	if (r >= 0)
		r = remote_one(remote, copying->to.path, REMOTE_PUSH, visit_destination, copying, err);
	if (is_first)
		copying->remote = NULL;
	return r;
}

static int visit_source(void *data, const struct remote_place *place, struct registry *registry,
                        const struct reference *name, struct error *err)
{
	struct copying *copying = data;
	int r;

	copying->source.registry = registry;
	copying->source.repository = place->path;
	copying->source.reference = remote_reference(name);
	copying->found = false;
	r = go_to_destination(copying, err);
	if (r >= 0 || r == -EINTR || !copying->found || (remote_retries(copying->remote) && err->kind == ERROR_SYSTEM))
		return r;
	copying->result = r;
	copying->failure = *err;
	return 0;
}

static int go_to_source(struct copying *copying, struct error *err)
{
	AUTO_REMOTE struct remote *remote = NULL;
	int r;

	if (copying->from.kind != COPY_REGISTRY) {
		r = copy_source_open(copying, err);
		return r < 0 ? r : go_to_destination(copying, err);
	}
	r = open_remote(copying, &copying->from_remote, &remote, err);
	if (r >= 0)
		r = remote_one(remote, copying->from.path, REMOTE_PULL, visit_source, copying, err);
	if (r >= 0 && copying->result < 0) {
		*err = copying->failure;
		r = copying->result;
	}
	copying->remote = NULL;
	return r;
}

/* complete_name - as skopeo: what names no registry is docker.io's */
static int complete_name(struct copy_place *place, struct error *err)
{
	AUTO_REFERENCE struct reference reference = {0};
	int r;

	if (place->kind != COPY_REGISTRY)
		return 0;
	r = reference_parse(place->path, &reference, err);
	if (r < 0 || reference.registry)
		return r;
	reference.registry = xstrdup("docker.io");
	if (!strchr(reference.path, '/')) {
		AUTO_FREE char *path = TAKE_PTR(reference.path);

		reference.path = xprintf("library/%s", path);
	}
	free(place->path);
	place->path = reference_text(&reference);
	return 0;
}

/* options_of - one side's, completed by those for both; borrows */
static struct image_remote options_of(const struct image_copy *request, const struct image_remote *side)
{
	struct image_remote options = *side;

	if (!options.authfile)
		options.authfile = request->authfile;
	if (!options.tls_verify.set)
		options.tls_verify = request->tls_verify;
	options.retry = request->retry;
	options.retry_delay = request->retry_delay;
	options.retry_whole = true;
	return options;
}

static int copy(struct copying *copying, const char *source, const char *destination, struct error *err)
{
	const char *platform = copying->request->platform;
	enum copy_format ignored;
	int r = copy_place_parse(source, &copying->from, err);

	if (r >= 0)
		r = copy_place_parse(destination, &copying->to, err);
	if (r >= 0)
		r = complete_name(&copying->from, err);
	if (r >= 0)
		r = complete_name(&copying->to, err);
	if (r >= 0 && platform)
		r = platform_parse(platform, &copying->platform, err);
	if (r >= 0 && copying->request->preserve_digests
	    && (copying->from.kind == COPY_DOCKER_ARCHIVE || copying->to.kind == COPY_DOCKER_ARCHIVE))
		r = error_set(err, ERROR_CONFLICT, "a docker-archive has no manifest, and so no digest to preserve; take "
		              "oci-archive:FILE, or leave --preserve-digests out");
	if (r < 0)
		return r;
	copying->source.kind = copying->from.kind;
	copying->sink.kind = copying->to.kind;
	if (copying->from.kind != COPY_STORE && copying->to.kind != COPY_STORE) {
		r = copy_format(copying, &ignored, err);
		return r < 0 ? r : go_to_source(copying, err);
	}
	r = engine_enter(copying->engine, err);
	if (r < 0)
		return r;
	return copying->from.kind == COPY_STORE ? copy_from_store(copying, err) : copy_into_store(copying, err);
}

static void copying_done(struct copying *copying)
{
	copy_source_close(&copying->source);
	copy_place_done(&copying->from);
	copy_place_done(&copying->to);
	platform_done(&copying->platform);
	texts_done(&copying->there);
}

/* pass_event - without "trying", which is about pulling */
static void pass_event(void *data, enum image_pull_event event, const char *text)
{
	if (event != IMAGE_PULL_TRYING)
		progress_event(data, event, text);
}

static void pass_layers(void *data, const struct image_pull_layer *layers, size_t count)
{
	const struct image_progress *progress = data;

	progress->layers(progress->data, layers, count);
}

int image_copy(struct engine *engine, const char *source, const char *destination, const struct image_copy *request,
               const struct image_progress *progress, char digest[static DIGEST_TEXT_SIZE], struct error *err)
{
	const struct image_progress passing = {
		.data = (void *) (uintptr_t) progress,
		.event = pass_event,
		.layers = progress && progress->layers ? pass_layers : NULL,
	};
	AUTO(copying_done) struct copying copying = {
		.engine = engine,
		.request = request,
		.progress = &passing,
		.source = {.fd = -1},
		.sink = {.package = PACKAGE_INIT},
		.from_remote = options_of(request, &request->source),
		.to_remote = options_of(request, &request->destination),
		.digest = digest,
	};
	struct sigaction ignore = {.sa_handler = SIG_IGN}, old;
	int r;

	digest[0] = '\0';
	/* a reader that goes away is an error of write(2), to be told in words */
	(void) sigaction(SIGPIPE, &ignore, &old);
	r = copy(&copying, source, destination, err);
	(void) sigaction(SIGPIPE, &old, NULL);
	if (r == -EINTR) {
		(void) error_set(err, ERROR_SYSTEM, "interrupted");
		err->errnum = EINTR;
	}
	return r < 0 ? r : 0;
}
