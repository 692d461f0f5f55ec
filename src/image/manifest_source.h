/* SPDX-License-Identifier: GPL-2.0-or-later */
/* manifest_source.h - from what a user names to the instances that go into a manifest list */
#ifndef CORACLE_IMAGE_MANIFEST_SOURCE_H
#define CORACLE_IMAGE_MANIFEST_SOURCE_H

#include "coracle/image/manifest.h"

struct manifest_instance {
	json_t *descriptor; /* owned */
	char *source;       /* owned; INDEX_SOURCE_... of store/index.h */
};
void manifest_instances_done(struct list *instances) NONNULL(1);
#define AUTO_INSTANCES AUTO(manifest_instances_done)

struct manifest_search {
	struct engine *engine;
	const struct image_remote *remote;
	bool all;         /* of an index every instance */
	bool whole_index; /* of an index itself: the descriptor of it */
};
/*
 * manifest_instances - the store is asked first, then registries; "docker://" or "containers-storage:" chooses
 *
 * out  zeroed list of struct manifest_instance
 */
int manifest_instances(const struct manifest_search *search, const char *text, struct list *out, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;

struct index_record;
/* manifest_list_find - by name, id or the beginning of one; -ENOENT with words when there is none, -EBUSY when ambiguous */
int manifest_list_find(struct store *store, const char *text, struct index_record *out, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;
/* manifest_list_named - by name only; -ENOENT without words */
int manifest_list_named(struct store *store, const char *text, struct index_record *out, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;
/* manifest_list_document - a new reference */
int manifest_list_document(struct store *store, const struct index_record *record, json_t **out, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;
/* manifest_options - options with --insecure and --tls-verify together; borrows */
struct image_remote manifest_options(const struct image_remote *remote, bool insecure) NONNULL(1);
/* manifest_is_index - by its media type */
bool manifest_is_index(const char *media_type);
/* manifest_config - a configuration as JSON, checked; NULL with err when it is none */
json_t *manifest_config(const char *bytes, size_t length, struct error *err) NONNULL(1, 3) MUST_USE;

#endif
