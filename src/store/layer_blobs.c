/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer_blobs.c - as what a layer stands in registries; see blobs.h */
#include "coracle/store/blobs.h"

#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"
#include "coracle/base/file.h"
#include "coracle/base/log.h"

#include <stdio.h>
#include <string.h>

#include "store_private.h"

#define BLOBS_MAX_BYTES 262144

struct known {
	struct list blobs; /* struct layer_blob */
};

static const struct field layer_blob_fields[] = {
	FIELD_TEXT("digest", struct layer_blob, digest, .required = true),
	FIELD_TEXT("diffId", struct layer_blob, diff_id, .required = true),
	FIELD_INT("size", struct layer_blob, size, .required = true),
	FIELD_TEXT("compression", struct layer_blob, compression, .required = true),
	FIELD_OPT_INT("level", struct layer_blob, level),
	FIELD_TEXTS("repositories", struct layer_blob, repositories),
	FIELD_END,
};
static const struct field known_fields[] = {
	FIELD_LIST("blobs", struct known, blobs, struct layer_blob, layer_blob_fields),
	FIELD_END,
};

void layer_blob_done(struct layer_blob *blob)
{
	fields_done(layer_blob_fields, blob);
}

void layer_blobs_done(struct list *blobs)
{
	struct known known = {.blobs = *blobs};

	fields_done(known_fields, &known);
	*blobs = (struct list){0};
}

static bool blobs_path(const char *chain_id, char into[static STORE_NAME_SIZE])
{
	if (!digest_is_valid(chain_id))
		return false;
	(void) snprintf(into, STORE_NAME_SIZE, "layers/%s/blobs.json", digest_hex(chain_id));
	return true;
}

static bool is_sound(const struct layer_blob *blob)
{
	return digest_is_valid(blob->digest) && digest_is_valid(blob->diff_id) && blob->size >= 0;
}

void layer_blobs_read(struct store *store, const char *chain_id, struct list *out)
{
	char path[STORE_NAME_SIZE];
	struct known known = {0};
	struct error ignored = {0};

	if (!blobs_path(chain_id, path)
	    || file_read_json(store->fd, path, BLOBS_MAX_BYTES, known_fields, &known, &ignored) < 0)
		return;
	LIST_EACH(struct layer_blob, blob, &known.blobs) {
		struct layer_blob *kept;

		if (!is_sound(blob) || out->count == LAYER_BLOBS_MAX)
			continue;
		kept = list_add(out, sizeof *kept);
		*kept = TAKE(*blob, (struct layer_blob){0});
	}
	fields_done(known_fields, &known);
}

static void add_repositories(struct texts *out, const struct texts *more)
{
	for (size_t i = 0; i < more->count && out->count < LAYER_REPOSITORIES_MAX; i++)
		if (!texts_has(out, more->items[i]))
			texts_add(out, more->items[i]);
}

static bool same_first(const struct list *blobs, const struct layer_blob *blob)
{
	const struct layer_blob *first = blobs->count ? LIST_AT(struct layer_blob, blobs, 0) : NULL;

	return first && strcmp(first->digest, blob->digest) == 0 && first->repositories.count
	       && blob->repositories.count
	       && strcmp(first->repositories.items[0], blob->repositories.items[0]) == 0;
}

void layer_blobs_add(struct store *store, const char *chain_id, const struct layer_blob *blob)
{
	AUTO_LAYER_BLOBS struct list before = {0};
	struct known known = {0};
	struct layer_blob *first;
	char path[STORE_NAME_SIZE];
	struct error ignored = {0};

	layer_blobs_read(store, chain_id, &before);
	if (!blobs_path(chain_id, path) || same_first(&before, blob))
		return;
	first = list_add(&known.blobs, sizeof *first);
	fields_copy(layer_blob_fields, blob, first);
	LIST_EACH(struct layer_blob, old, &before) {
		struct layer_blob *kept;

		if (strcmp(old->digest, blob->digest) == 0) {
			add_repositories(&LIST_AT(struct layer_blob, &known.blobs, 0)->repositories, &old->repositories);
			continue;
		}
		if (known.blobs.count == LAYER_BLOBS_MAX)
			break;
		kept = list_add(&known.blobs, sizeof *kept);
		*kept = TAKE(*old, (struct layer_blob){0});
	}
	if (file_write_json(store->fd, path, known_fields, &known, 0644, FILE_FAST, &ignored) < 0)
		log_debug("store: %s", ignored.text);
	fields_done(known_fields, &known);
}
