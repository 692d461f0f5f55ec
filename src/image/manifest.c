/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * manifest.c - manifest lists made, changed, taken away
 *
 * What takes time (asking registries) is done before the lock is taken; under it the list is read anew, so that
 * several that add to one list at once lose nothing.
 */
#include "coracle/image/manifest.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/digest.h"
#include "coracle/base/id.h"
#include "coracle/store/index.h"
#include "coracle/sys/lock.h"

#include <string.h>

#include "manifest_document.h"
#include "manifest_source.h"
#include "name.h"

/* a list while it is being changed */
struct change {
	struct store *store;
	int lock_fd, hold_fd; /* hold: a document that no record names yet stays */
	struct index_record record;
	json_t *document;
};
#define CHANGE_INIT {.lock_fd = -1, .hold_fd = -1}

static void change_done(struct change *change)
{
	lock_release(change->lock_fd);
	auto_close(&change->hold_fd);
	index_record_done(&change->record);
	json_decref(change->document);
}
#define AUTO_CHANGE AUTO(change_done)

static int change_lock(struct engine *engine, struct change *change, struct error *err)
{
	change->store = engine_store(engine, err);
	if (!change->store)
		return -EIO;
	change->lock_fd = index_lock(change->store, err);
	if (change->lock_fd < 0)
		return change->lock_fd;
	change->hold_fd = store_hold(change->store, err);
	return change->hold_fd < 0 ? change->hold_fd : 0;
}

static int change_begin(struct engine *engine, const char *list, struct change *change, struct error *err)
{
	int r = change_lock(engine, change, err);

	if (r >= 0)
		r = manifest_list_find(change->store, list, &change->record, err);
	return r < 0 ? r : manifest_list_document(change->store, &change->record, &change->document, err);
}

/* change_commit - document, record; id out: owned */
static int change_commit(struct change *change, char **id, struct error *err)
{
	AUTO_FREE char *text = NULL;
	char digest[DIGEST_TEXT_SIZE];
	int r;

	document_settle(change->document);
	text = json_text(change->document, JSON_COMPACT);
	if (strlen(text) > OCI_DOCUMENT_MAX_BYTES)
		return error_set(err, ERROR_INVALID, "the list would have more than %d bytes", OCI_DOCUMENT_MAX_BYTES);
	r = blob_write(change->store, text, strlen(text), NULL, digest, err);
	if (r < 0)
		return r;
	text_replace(&change->record.digest, digest);
	r = index_write(change->store, &change->record, err);
	if (r >= 0)
		*id = xstrdup(change->record.id ? change->record.id : "");
	return r;
}

static int put_instances(struct change *change, const struct list *instances, const struct manifest_about *about,
                         struct error *err)
{
	int r = 0;

	LIST_EACH(struct manifest_instance, instance, instances) {
		AUTO_JSON json_t *descriptor = json_deep_copy(instance->descriptor);

		r = about ? document_about(descriptor, about, err) : 0;
		if (r < 0)
			return r;
		pairs_set(&change->record.sources, document_digest(descriptor), instance->source);
		r = document_put(change->document, TAKE_PTR(descriptor), err);
		if (r < 0)
			return r;
	}
	return r;
}

static int find_instances(const struct manifest_search *search, const struct texts *images, struct list *out,
                          struct error *err)
{
	for (size_t i = 0; i < images->count; i++) {
		AUTO_INSTANCES struct list found = {0};
		int r = manifest_instances(search, images->items[i], &found, err);

		if (r < 0)
			return r;
		LIST_EACH(struct manifest_instance, instance, &found) {
			struct manifest_instance *slot = list_add(out, sizeof *slot);

			*slot = TAKE(*instance, (struct manifest_instance){0});
		}
	}
	return 0;
}

/* --- create --- */

static int begin_new(struct change *change, const char *full, bool amend, struct error *err)
{
	AUTO_FREE char *image = NULL;
	char id[ID_LENGTH + 1], now[CLOCK_TEXT_SIZE];
	int r = index_read(change->store, full, &change->record, err);

	if (r >= 0 && amend)
		return manifest_list_document(change->store, &change->record, &change->document, err);
	if (r >= 0)
		return error_set(err, ERROR_CONFLICT, "there is a manifest list %s already; add to it with --amend, or "
		                 "take it away: coracle manifest rm %s", full, full);
	if (r != -ENOENT)
		return r;
	if (ref_read(change->store, full, &image) == 0)
		return error_set(err, ERROR_CONFLICT, "%s is the name of an image; take it away: coracle rmi %s", full,
		                 full);
	id_random(id);
	change->record.id = xstrdup(id);
	change->record.name = xstrdup(full);
	change->record.created = xstrdup(clock_rfc3339(clock_now(), now));
	change->document = document_new();
	return 0;
}

int manifest_create(struct engine *engine, const char *name, const struct texts *images,
                    const struct manifest_create *request, char **id, char **full, struct error *err)
{
	const struct image_remote remote = manifest_options(&request->remote, request->insecure);
	const struct manifest_search search = {.engine = engine, .remote = &remote, .all = request->all};
	AUTO_CHANGE struct change change = CHANGE_INIT;
	AUTO_INSTANCES struct list instances = {0};
	AUTO_FREE char *own = NULL;
	int r = name_full(name, request->hub ? NAME_HUB : NAME_LOCAL, &own, err);

	if (r >= 0)
		r = find_instances(&search, images, &instances, err);
	if (r >= 0)
		r = change_lock(engine, &change, err);
	if (r >= 0)
		r = begin_new(&change, own ? own : "", request->amend, err);
	if (r >= 0)
		r = document_annotate(change.document, &request->annotations, err);
	if (r >= 0)
		r = put_instances(&change, &instances, NULL, err);
	if (r >= 0)
		r = change_commit(&change, id, err);
	if (r >= 0)
		*full = TAKE_PTR(own);
	return r;
}

/* --- add, annotate, remove --- */

/* check_list - known, before registries are asked for what goes into it */
static int check_list(struct engine *engine, const char *list, struct error *err)
{
	AUTO_INDEX_RECORD struct index_record record = {0};
	struct store *store = engine_store(engine, err);

	return store ? manifest_list_find(store, list, &record, err) : -EIO;
}

int manifest_add(struct engine *engine, const char *list, const struct texts *images,
                 const struct manifest_add *request, char **id, struct error *err)
{
	const struct image_remote remote = manifest_options(&request->remote, request->insecure);
	const struct manifest_search search = {.engine = engine, .remote = &remote, .all = request->all};
	AUTO_CHANGE struct change change = CHANGE_INIT;
	AUTO_INSTANCES struct list instances = {0};
	int r = check_list(engine, list, err);

	if (r >= 0)
		r = find_instances(&search, images, &instances, err);
	if (r >= 0)
		r = change_begin(engine, list, &change, err);
	if (r >= 0)
		r = put_instances(&change, &instances, &request->about, err);
	return r < 0 ? r : change_commit(&change, id, err);
}

static int no_instance(const char *digest, const char *list, struct error *err)
{
	return error_set(err, ERROR_NOT_FOUND, "%s is not in manifest list %.300s; what is: coracle manifest inspect %.300s",
	                 digest, list, list);
}

/* find_digest - owned digest of the instance that a user named */
static int find_digest(struct engine *engine, const char *instance, char **out, struct error *err)
{
	static const struct image_remote remote;
	const struct manifest_search search = {.engine = engine, .remote = &remote};
	AUTO_INSTANCES struct list found = {0};
	int r;

	if (digest_is_valid(instance)) {
		*out = xstrdup(instance);
		return 0;
	}
	r = manifest_instances(&search, instance, &found, err);
	if (r < 0)
		return r;
	if (found.count != 1)
		return error_set(err, ERROR_INVALID, "\"%.300s\" is not one image: give the digest", instance);
	*out = xstrdup(document_digest(LIST_AT(struct manifest_instance, &found, 0)->descriptor));
	return 0;
}

/* find_subject - a new reference to the descriptor that "subject" holds */
static int find_subject(struct engine *engine, const char *image, json_t **out, struct error *err)
{
	static const struct image_remote remote;
	const struct manifest_search search = {.engine = engine, .remote = &remote, .whole_index = true};
	AUTO_INSTANCES struct list found = {0};
	int r = manifest_instances(&search, image, &found, err);

	if (r < 0)
		return error_wrap(err, r, "subject");
	if (found.count != 1)
		return error_set(err, ERROR_INVALID, "subject \"%.300s\" is not one image", image);
	*out = json_incref(LIST_AT(struct manifest_instance, &found, 0)->descriptor);
	(void) json_object_del(*out, "platform");
	return 0;
}

static bool says_of_instance(const struct manifest_about *about)
{
	return about->os || about->architecture || about->variant || about->os_version || about->os_features.count
	       || about->features.count;
}

static int annotate(struct change *change, const char *list, const char *digest,
                    const struct manifest_annotate *request, struct error *err)
{
	json_t *descriptor = digest ? document_find(change->document, digest) : NULL;

	if (request->index)
		return document_annotate(change->document, &request->about.annotations, err);
	if (!digest)
		return 0;
	return descriptor ? document_about(descriptor, &request->about, err) : no_instance(digest, list, err);
}

int manifest_annotate(struct engine *engine, const char *list, const char *instance,
                      const struct manifest_annotate *request, char **id, struct error *err)
{
	AUTO_CHANGE struct change change = CHANGE_INIT;
	AUTO_FREE char *digest = NULL;
	AUTO_JSON json_t *subject = NULL;
	int r = check_list(engine, list, err);

	if (r >= 0 && request->index && (instance || says_of_instance(&request->about)))
		return error_set(err, ERROR_INVALID, "--index is for annotations of the list itself: no image goes with it, "
		                 "no platform either");
	if (r >= 0 && !request->index && !instance && !request->subject)
		return error_set(err, ERROR_INVALID, "which image of the list? give its digest or its name, or --index");
	if (r >= 0 && instance)
		r = find_digest(engine, instance, &digest, err);
	if (r >= 0 && request->subject)
		r = find_subject(engine, request->subject, &subject, err);
	if (r >= 0)
		r = change_begin(engine, list, &change, err);
	if (r >= 0)
		r = annotate(&change, list, digest, request, err);
	if (r >= 0 && subject)
		(void) json_object_set(change.document, "subject", subject);
	return r < 0 ? r : change_commit(&change, id, err);
}

/* forget_source - pairs have no removal of their own */
static void forget_source(struct index_record *record, const char *digest)
{
	AUTO_PAIRS struct pairs old = TAKE(record->sources, (struct pairs){0});

	for (size_t i = 0; i < old.count; i++)
		if (strcmp(old.items[i].key, digest) != 0)
			pairs_set(&record->sources, old.items[i].key, old.items[i].value);
}

int manifest_remove(struct engine *engine, const char *list, const char *digest, char **id, struct error *err)
{
	AUTO_CHANGE struct change change = CHANGE_INIT;
	AUTO_FREE char *found = NULL;
	int r = check_list(engine, list, err);

	if (r >= 0)
		r = find_digest(engine, digest, &found, err);
	if (r >= 0)
		r = change_begin(engine, list, &change, err);
	if (r < 0)
		return r;
	if (!document_take(change.document, found ? found : ""))
		return no_instance(found ? found : "", list, err);
	forget_source(&change.record, found ? found : "");
	return change_commit(&change, id, err);
}

/* delete_damaged - a record that can't be read goes by its name alone; 0 or -ENOENT */
static int delete_damaged(struct store *store, const char *list, struct texts *removed)
{
	AUTO_REFERENCE struct reference reference = {0};
	AUTO_TEXTS struct texts names = {0};
	struct error ignored = {0};

	if (reference_parse(list, &reference, &ignored) < 0)
		return -ENOENT;
	reference_candidates(&reference, &names);
	for (size_t i = 0; i < names.count; i++)
		if (index_remove(store, names.items[i], &ignored) >= 0) {
			texts_printf(removed, "Untagged: %s", names.items[i]);
			return 0;
		}
	return -ENOENT;
}

int manifest_delete(struct engine *engine, const char *list, struct texts *removed, struct error *err)
{
	AUTO_CHANGE struct change change = CHANGE_INIT;
	int r = change_lock(engine, &change, err);

	/* its document is not read: a damaged list can be taken away too */
	if (r >= 0)
		r = manifest_list_find(change.store, list, &change.record, err);
	if (r == -EINVAL && delete_damaged(change.store, list, removed) == 0)
		return 0;
	if (r >= 0)
		r = index_remove(change.store, change.record.name ? change.record.name : "", err);
	if (r < 0)
		return r;
	texts_printf(removed, "Untagged: %s", change.record.name ? change.record.name : "");
	texts_printf(removed, "Deleted: %s", change.record.id ? change.record.id : "");
	return 0;
}

int manifest_exists(struct engine *engine, const char *list, struct error *err)
{
	int r = check_list(engine, list, err);

	return r == -ENOENT ? 0 : r < 0 ? r : 1;
}

/* --- images --- */

int manifest_image(struct engine *engine, const char *list, const struct platform *wanted, char **image,
                   struct error *err)
{
	const struct platform *platform = wanted->architecture ? wanted : platform_host();
	AUTO_INDEX_RECORD struct index_record record = {0};
	AUTO_FREE char *words = platform_text(platform);
	AUTO_JSON json_t *document = NULL;
	struct store *store = engine_store(engine, err);
	const char *digest, *source;
	int r = store ? manifest_list_named(store, list, &record, err) : -EIO;

	if (r == -ENOENT)
		return 0;
	if (r >= 0)
		r = manifest_list_document(store, &record, &document, err);
	if (r < 0 || !document)
		return r;
	digest = document_choose(document, platform);
	source = digest ? pairs_get(&record.sources, digest) : NULL;
	if (!source)
		return error_set(err, ERROR_NOT_FOUND, "manifest list %s has no image for %s; what it has: coracle manifest "
		                 "inspect %s", record.name, words, record.name);
	*image = xstrdup(strncmp(source, INDEX_SOURCE_STORE, strlen(INDEX_SOURCE_STORE)) == 0
	                         ? source + strlen(INDEX_SOURCE_STORE) : source + strlen(INDEX_SOURCE_REMOTE));
	return 1;
}

int manifest_records(struct store *store, struct list *out, struct error *err)
{
	AUTO(index_list_done) struct list lists = {0};
	int r = index_list(store, &lists, err);

	if (r < 0)
		return r;
	LIST_EACH(struct index_record, list, &lists) {
		struct image_record *record = list_add(out, sizeof *record);
		AUTO_FREE char *document = NULL;
		struct error ignored = {0};
		size_t length = 0;

		/* as podman: what a list holds itself, not its images */
		if (blob_read(store, list->digest, OCI_DOCUMENT_MAX_BYTES, &document, &length, &ignored) >= 0)
			record->size = length;
		record->id = xprintf(DIGEST_PREFIX "%s", list->id);
		record->manifest_digest = xstrdup(list->digest);
		record->created = list->created ? xstrdup(list->created) : NULL;
		record->is_list = true;
		texts_add(&record->names, list->name);
	}
	return 0;
}
