/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * push_blobs.c - as what a layer may be in the registry already; see push_private.h
 *
 * Known from the image's manifest, from earlier pushes (store/blobs.h), and from the names of images that
 * have the layer: what was pulled from a repository of the same host is still there, most likely.
 */
#include "coracle/base/alloc.h"
#include "coracle/image/reference.h"

#include <string.h>

#include "push_private.h"

enum compression push_compression_of(const char *media_type)
{
	if (media_type && strstr(media_type, "zstd"))
		return COMPRESS_ZSTD;
	return media_type && strstr(media_type, "gzip") ? COMPRESS_GZIP : COMPRESS_NONE;
}

const char *push_compression_word(enum compression kind)
{
	return kind == COMPRESS_GZIP ? "gzip" : kind == COMPRESS_ZSTD ? "zstd" : "none";
}

static bool will_do(const struct push_compression *compression, const struct layer_blob *blob)
{
	const struct opt_int *wanted = &compression->level_wanted;

	if (compression->no_zstd && push_compression_of(blob->compression) == COMPRESS_ZSTD)
		return false;
	if (!compression->force)
		return true;
	return strcmp(blob->compression, push_compression_word(compression->kind)) == 0
	       && (!wanted->set || (blob->level.set && blob->level.value == wanted->value));
}

/* path_at - the part behind "HOST/"; NULL: of another host */
static const char *path_at(const char *repository, const char *host)
{
	size_t length = strlen(host);

	return strncmp(repository, host, length) == 0 && repository[length] == '/' ? repository + length + 1 : NULL;
}

/* look_at_repositories - is it in the one we push to, and if not, from where can it be mounted? */
static bool look_at_repositories(const struct push_place *place, struct push_candidate *candidate)
{
	const struct texts *repositories = &candidate->blob.repositories;

	for (size_t i = 0; i < repositories->count; i++) {
		const char *path = path_at(repositories->items[i], place->host);

		if (path && strcmp(path, place->path) == 0)
			return true;
		if (path && !candidate->mount_from)
			candidate->mount_from = xstrdup(path);
	}
	return false;
}

static void add_candidate(const struct push_place *place, const struct push_compression *compression,
                          struct layer_blob *blob, bool is_original, struct list *out)
{
	struct push_candidate *candidate;
	bool is_there;

	if (!will_do(compression, blob))
		return;
	candidate = list_add(out, sizeof *candidate);
	candidate->blob = TAKE(*blob, (struct layer_blob){0});
	candidate->is_original = is_original;
	is_there = look_at_repositories(place, candidate);
	/* the original keeps the manifest as it is; among others the compression that would be made anew comes first */
	candidate->rank = (is_there ? 0 : 4) + (is_original ? 0 : 2)
	                  + (strcmp(candidate->blob.compression, push_compression_word(compression->kind)) != 0);
}

static int compare_candidates(const void *a, const void *b)
{
	const struct push_candidate *one = a, *other = b;

	return (one->rank > other->rank) - (one->rank < other->rank);
}

void push_candidates(const struct push_place *place, const struct push_compression *compression, const char *chain_id,
                     const char *diff_id, const struct descriptor *original, struct list *out)
{
	AUTO_LAYER_BLOBS struct list known = {0};
	struct layer_blob first = {
		.digest = xstrdup(original->digest),
		.diff_id = xstrdup(diff_id),
		.size = original->size,
		.compression = xstrdup(push_compression_word(push_compression_of(original->media_type))),
	};

	layer_blobs_read(place->store, chain_id, &known);
	LIST_EACH(struct layer_blob, blob, &known) {
		/* what stands in the manifest is what counts of it */
		if (strcmp(blob->digest, first.digest) == 0)
			first.repositories = TAKE(blob->repositories, (struct texts){0});
		else
			add_candidate(place, compression, blob, false, out);
	}
	add_candidate(place, compression, &first, true, out);
	layer_blob_done(&first);
	if (out->count > 1)
		qsort(out->items, out->count, sizeof(struct push_candidate), compare_candidates);
}

char *push_namesake(const struct push_place *place, const char *chain_id)
{
	AUTO_PAIRS struct pairs refs = {0};
	struct error ignored = {0};

	if (ref_list(place->store, &refs, &ignored) < 0)
		return NULL;
	for (size_t i = 0; i < refs.count; i++) {
		AUTO_REFERENCE struct reference name = {0};
		struct image_record record = {0};
		bool has_it;

		if (!path_at(refs.items[i].key, place->host) || reference_parse(refs.items[i].key, &name, &ignored) < 0
		    || strcmp(name.path, place->path) == 0
		    || image_record_read(place->store, refs.items[i].value, &record, &ignored) < 0)
			continue;
		has_it = texts_has(&record.layers, chain_id);
		image_record_done(&record);
		if (has_it)
			return TAKE_PTR(name.path);
	}
	return NULL;
}

void push_candidates_done(struct list *candidates)
{
	LIST_EACH(struct push_candidate, candidate, candidates) {
		layer_blob_done(&candidate->blob);
		free(candidate->mount_from);
	}
	free(candidates->items);
	*candidates = (struct list){0};
}
