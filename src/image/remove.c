/* SPDX-License-Identifier: GPL-2.0-or-later */
/* remove.c - names are given to images and taken away; the last one takes the image along */
#include "coracle/image/image.h"

#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"
#include "coracle/base/id.h"
#include "coracle/store/shared.h"
#include "coracle/image/manifest.h"
#include "coracle/image/mount.h"

#include <string.h>

#include "name.h"

int image_tag(struct engine *engine, const char *image, const char *name, struct error *err)
{
	AUTO_IMAGE_RECORD struct image_record record = {0};
	AUTO_FREE char *full = NULL;
	struct store *store = engine_store(engine, err);
	int r;

	if (!store)
		return -EIO;
	r = name_full(name, NAME_LOCAL, &full, err);
	if (r >= 0)
		r = image_find(engine, image, &record, NULL, err);
	if (r >= 0)
		r = ref_write(store, full, record.id, err);
	if (r < 0 || image_record_exists(store, record.id))
		return r;
	/* removed meanwhile, perhaps without seeing this name */
	(void) !ref_remove(store, full, err);
	return error_set(err, ERROR_NOT_FOUND, "image not known: \"%.300s\": it was removed meanwhile", image);
}

static int untag(struct store *store, const char *name, struct texts *removed, struct error *err)
{
	int r = ref_remove(store, name, err);

	if (r >= 0)
		texts_printf(removed, "Untagged: %s", name);
	return r;
}

static int remove_whole(struct store *store, const struct image_record *record, struct texts *removed,
                        struct error *err)
{
	int r;

	for (size_t i = 0; i < record->names.count; i++) {
		r = untag(store, record->names.items[i], removed, err);
		/* taken away meanwhile, by a prune */
		if (r < 0 && r != -ENOENT)
			return r;
	}
	r = image_record_forget(store, record, err);
	if (r >= 0)
		texts_printf(removed, "Deleted: %s", record->id);
	return r;
}

/* id_of_name - name: out, owned, the full name, also of one whose file can't be read (then NULL is returned) */
static char *id_of_name(struct store *store, const char *text, char **name)
{
	AUTO_REFERENCE struct reference reference = {0};
	AUTO_TEXTS struct texts candidates = {0};
	struct error ignored = {0};
	char *id = NULL;
	int r = -ENOENT;

	if (reference_parse(text, &reference, &ignored) < 0)
		return NULL;
	reference_candidates(&reference, &candidates);
	for (size_t i = 0; i < candidates.count && r == -ENOENT; i++) {
		r = ref_read(store, candidates.items[i], &id);
		if (r != -ENOENT)
			*name = xstrdup(candidates.items[i]);
	}
	return id;
}

/*
 * find_damaged - a record that can't be read can still be removed, by name or by the digits of its id
 *
 * -EBADMSG: what can't be read is the name itself
 */
static int find_damaged(struct store *store, const char *text, struct image_record *out, char **name)
{
	AUTO_TEXTS struct texts ids = {0};
	struct error ignored = {0};
	bool is_prefixed = strncmp(text, DIGEST_PREFIX, strlen(DIGEST_PREFIX)) == 0;
	const char *hex = is_prefixed ? text + strlen(DIGEST_PREFIX) : text;
	AUTO_FREE char *id = id_of_name(store, text, name);

	if (!id && *name)
		return -EBADMSG;
	if (!id && id_is_hex(hex) && image_record_ids(store, hex, &ids, &ignored) >= 0 && ids.count == 1)
		id = xstrdup(ids.items[0]);
	if (!id)
		return -ENOENT;
	out->id = TAKE_PTR(id);
	out->damaged = true;
	return 0;
}

static int check_use(const struct image_record *record, const struct pairs *used, const char *text,
                     struct error *err)
{
	const char *container = pairs_get(used, record->id);

	if (!container)
		return 0;
	return error_set(err, ERROR_CONFLICT,
	                 "image \"%.300s\" is in use by container %.12s; remove that first: "
	                 "coracle rm -f %.12s", text, container, container);
}

/* remove_shared - of an image in an additional store only a name can go that was given to it here */
static int remove_shared(struct store *store, const char *text, const char *name, const struct image_record *record,
                         struct texts *removed, struct error *err)
{
	if (name && store_owns_name(store, name))
		return untag(store, name, removed, err);
	return error_set(err, ERROR_CONFLICT,
	                 "image \"%.300s\" is in %s, which is only read; to use that store no longer: coracle store rm %s",
	                 text, record->store, record->store);
}

int image_remove(struct engine *engine, const char *text, const struct image_remove *request,
                 const struct pairs *used, struct texts *removed, struct error *err)
{
	AUTO_IMAGE_RECORD struct image_record record = {0};
	AUTO_FREE char *name = NULL;
	struct store *store = engine_store(engine, err);
	/* of two that take away a name each, the second sees that its is the last one */
	AUTO_CLOSE int guard = store ? store_lock_names(store, err) : -EIO;
	struct error absent = {0};
	int r;

	/* on a disk without a free byte there may be no room for the lock's file */
	if (guard < 0 && guard != -ENOSPC && guard != -EDQUOT)
		return guard;
	r = image_find(engine, text, &record, &name, err);
	if (r == -ENOENT && manifest_delete(engine, text, removed, &absent) >= 0)
		return 0;
	if (r == -ENOENT && request->ignore)
		return 0;
	if (r < 0 && r != -EBUSY) {
		int damaged = find_damaged(store, text, &record, &name);

		if (damaged == -EBADMSG)
			return untag(store, name ? name : "", removed, err);
		r = damaged < 0 ? r : 0;
	}
	if (r == -ENOENT)
		return error_set(err, ERROR_NOT_FOUND, "image not known: \"%.300s\"; those that there are: coracle images",
		                 text);
	if (r >= 0 && record.store)
		return remove_shared(store, text, name, &record, removed, err);
	if (r >= 0)
		r = image_record_names(store, &record, err);
	if (r < 0)
		return r;
	/* a name is one of several, or the only one and then stands for the image; a digest need not be a name */
	if (name && record.names.count > 1 && texts_has(&record.names, name))
		return untag(store, name, removed, err);
	if (record.names.count > 1 && !request->force && !request->all)
		return error_set(err, ERROR_CONFLICT,
		                 "image %.12s has %zu names (%s, %s...); remove all of them with: "
		                 "coracle rmi -f %.12s", digest_hex(record.id), record.names.count,
		                 record.names.items[0], record.names.items[1], digest_hex(record.id));
	r = check_use(&record, used, text, err);
	if (r >= 0)
		r = image_mount_forget(engine, record.id, err);
	return r < 0 ? r : remove_whole(store, &record, removed, err);
}
