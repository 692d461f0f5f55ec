/* SPDX-License-Identifier: GPL-2.0-or-later */
/* manifest_push.c - a manifest list into a registry: its images by digest, the list last (distribution-spec, "Push") */
#include "coracle/image/manifest.h"

#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"
#include "coracle/image/copy.h"
#include "coracle/image/push.h"
#include "coracle/store/index.h"

#include <string.h>

#include "manifest_document.h"
#include "manifest_source.h"
#include "name.h"
#include "pieces.h"
#include "progress.h"
#include "remote.h"

struct pushing {
	struct engine *engine;
	const struct manifest_push *request;
	const struct image_progress *progress;
	struct image_remote remote; /* of the destination; borrows */
	char *destination;          /* owned; full name with tag */
	json_t *document;           /* as it will be in the registry */
};

static void pushing_done(struct pushing *pushing)
{
	free(pushing->destination);
	json_decref(pushing->document);
}

/* --- instances --- */

/* push_stored - its manifest may become another one: the descriptor follows */
static int push_stored(struct pushing *pushing, const char *id, json_t *descriptor, struct error *err)
{
	struct image_push push = pushing->request->push;
	AUTO_IMAGE_RECORD struct image_record record = {0};
	AUTO(image_pushed_done) struct list pushed = {0};
	const struct image_pushed *image;
	int r = image_find(pushing->engine, id, &record, NULL, err);

	push.remote = pushing->remote;
	push.by_digest = true;
	if (r == -ENOENT)
		return error_set(err, ERROR_NOT_FOUND, "its image %.12s is not in the store any more: pull or load it again, or "
		                 "take it out of the list: coracle manifest remove LIST %s", digest_hex(id),
		                 document_digest(descriptor));
	if (r >= 0)
		r = image_push(pushing->engine, id, pushing->destination, &push, pushing->progress, &pushed, err);
	if (r < 0)
		return r;
	if (pushed.count != 1)
		return error_set(err, ERROR_SYSTEM, "%zu images were sent in place of one", pushed.count);
	image = LIST_AT(struct image_pushed, &pushed, 0);
	piece_set(descriptor, "mediaType", piece_text(image->media_type));
	piece_set(descriptor, "digest", piece_text(image->digest));
	piece_set(descriptor, "size", json_integer(image->size));
	return 0;
}

/*
 * source_options - how the registry of an instance is reached: with the destination's credentials and certificates
 * only when it is the same one
 */
static struct image_remote source_options(const struct pushing *pushing, const char *source)
{
	struct image_remote options = pushing->remote;
	size_t host = strcspn(source, "/");

	if (strncmp(source, pushing->destination, host + 1) != 0)
		options.creds = options.cert_dir = NULL;
	return options;
}

/* push_remote - from registry to registry, byte for byte */
static int push_remote(struct pushing *pushing, const char *source, const char *digest, struct error *err)
{
	AUTO_FREE char *repository = name_repository(pushing->destination, NULL);
	AUTO_FREE char *from = xprintf("docker://%s", source);
	AUTO_FREE char *to = xprintf("docker://%s@%s", repository, digest);
	const struct image_copy copy = {
		.preserve_digests = true,
		.quiet = pushing->request->push.quiet,
		.source = source_options(pushing, source),
		.destination = pushing->remote,
	};
	char copied[DIGEST_TEXT_SIZE];

	return image_copy(pushing->engine, from, to, &copy, pushing->progress, copied, err);
}

static int push_instance(struct pushing *pushing, const struct index_record *record, json_t *descriptor,
                         struct error *err)
{
	AUTO_FREE char *digest = xstrdup(document_digest(descriptor));
	const char *source = pairs_get(&record->sources, digest);
	size_t stored = strlen(INDEX_SOURCE_STORE), remote = strlen(INDEX_SOURCE_REMOTE);
	int r;

	if (source && strncmp(source, INDEX_SOURCE_STORE, stored) == 0)
		r = push_stored(pushing, source + stored, descriptor, err);
	else if (source && strncmp(source, INDEX_SOURCE_REMOTE, remote) == 0)
		r = push_remote(pushing, source + remote, digest, err);
	else
		r = error_set(err, ERROR_INVALID, "nothing says where its image is; add it again");
	return r < 0 ? error_wrap(err, r, "%.19s of the list", digest) : 0;
}

static int push_instances(struct pushing *pushing, const struct index_record *record, struct error *err)
{
	const json_t *manifests = json_object_get(pushing->document, "manifests");
	json_t *descriptor;
	size_t i;

	json_array_foreach(manifests, i, descriptor) {
		AUTO_FREE char *which = xprintf("%s (%zu/%zu)", document_digest(descriptor), i + 1,
		                                json_array_size(manifests));
		int r;

		progress_event(pushing->progress, IMAGE_PUSH_INSTANCE, which);
		r = push_instance(pushing, record, descriptor, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* --- the list --- */

struct putting {
	const struct registry_manifest *manifest;
};

static int put_list(void *data, const struct remote_place *place, struct registry *registry,
                    const struct reference *name, struct error *err)
{
	const struct putting *putting = data;

	return registry_manifest_put(registry, place->path, remote_reference(name), putting->manifest, err);
}

/* push_document - digest out: owned */
static int push_document(const struct pushing *pushing, char **digest, struct error *err)
{
	AUTO_FREE char *text = json_text(pushing->document, JSON_COMPACT);
	AUTO_FREE char *type = xstrdup(document_type(pushing->document));
	struct registry_manifest manifest = {.bytes = text, .length = strlen(text), .media_type = type};
	struct putting putting = {.manifest = &manifest};
	AUTO_REMOTE struct remote *remote = NULL;
	int r = digest_bytes(text, manifest.length, manifest.digest, err);

	if (r >= 0)
		r = remote_open(&pushing->remote, pushing->progress, &remote, err);
	if (r >= 0)
		r = remote_one(remote, pushing->destination, REMOTE_PUSH, put_list, &putting, err);
	if (r >= 0)
		*digest = xstrdup(manifest.digest);
	return r;
}

/* --- the request --- */

static int list_type(const char *format, const char **out, struct error *err)
{
	*out = NULL;
	if (!format || !*format)
		return 0;
	if (strcmp(format, "oci") == 0)
		*out = MANIFEST_OCI_INDEX;
	else if (strcmp(format, "v2s2") == 0 || strcmp(format, "docker") == 0)
		*out = MANIFEST_DOCKER_LIST;
	else
		return error_set(err, ERROR_INVALID, "option --format: \"%.100s\" is not oci or v2s2", format);
	return 0;
}

static int find_destination(const char *given, const struct index_record *record, char **out, struct error *err)
{
	static const char here[] = "localhost/";
	const char *own = record->name ? record->name : "";

	if (given)
		return name_full(remote_text(given), NAME_HUB, out, err);
	if (strncmp(own, here, strlen(here)) == 0)
		return error_set(err, ERROR_INVALID, "%s names no registry; say where to: coracle manifest push %s "
		                 "REGISTRY/%s", own, own, own + strlen(here));
	*out = xstrdup(own);
	return 0;
}

static int push(struct pushing *pushing, const struct index_record *record, const char *type, char **digest,
                struct error *err)
{
	int r = pushing->request->all ? push_instances(pushing, record, err) : 0;

	if (r < 0)
		return r;
	/* what was sent may be of another format than what was added */
	document_settle(pushing->document);
	if (type)
		document_convert(pushing->document, type);
	return push_document(pushing, digest, err);
}

int manifest_push(struct engine *engine, const char *list, const char *destination,
                  const struct manifest_push *request, const struct image_progress *progress, char **digest,
                  struct error *err)
{
	AUTO(pushing_done) struct pushing pushing = {
		.engine = engine,
		.request = request,
		.progress = progress,
		.remote = manifest_options(&request->push.remote, request->insecure),
	};
	AUTO_INDEX_RECORD struct index_record record = {0};
	AUTO_FREE char *sent = NULL;
	AUTO_TEXTS struct texts removed = {0};
	struct store *store = engine_store(engine, err);
	const char *type = NULL;
	int r = store ? list_type(request->push.format, &type, err) : -EIO;

	if (r >= 0)
		r = manifest_list_find(store, list, &record, err);
	if (r >= 0)
		r = manifest_list_document(store, &record, &pushing.document, err);
	if (r >= 0)
		r = find_destination(destination, &record, &pushing.destination, err);
	if (r >= 0)
		r = push(&pushing, &record, type, &sent, err);
	if (r >= 0 && request->remove)
		r = manifest_delete(engine, record.name ? record.name : "", &removed, err);
	if (r >= 0)
		*digest = TAKE_PTR(sent);
	return r;
}
