/* SPDX-License-Identifier: GPL-2.0-or-later */
/* digests.c - by which digests repositories know an image; decides only */
#include "digests.h"

#include "coracle/base/alloc.h"

#include <string.h>

#include "name.h"

void digests_add(struct image_record *record, const char *digest)
{
	if (!digest)
		return;
	for (size_t i = record->digests.count; i-- > 0;)
		if (strcmp(record->digests.items[i], digest) == 0)
			texts_remove(&record->digests, i);
	texts_add(&record->digests, digest);
	while (record->digests.count > DIGESTS_MAX)
		texts_remove(&record->digests, 0);
}

static bool is_same_repository(const char *one, const char *other)
{
	AUTO_FREE char *left = name_repository(one, NULL);
	AUTO_FREE char *right = name_repository(other, NULL);

	return strcmp(left, right) == 0;
}

bool digests_has_repository(const struct image_record *record, const char *full_name)
{
	for (size_t i = 0; i < record->names.count; i++)
		if (is_same_repository(record->names.items[i], full_name))
			return true;
	return false;
}

/* digest_part - "sha256:..." of "registry/path@sha256:..."; borrowed, NULL without */
static const char *digest_part(const char *name)
{
	const char *at = strchr(name, '@');

	return at ? at + 1 : NULL;
}

/* in_repository - the latest of these names by digest that is in the repository of full_name; borrowed, or NULL */
static const char *in_repository(const struct texts *names, const char *full_name)
{
	for (size_t i = names->count; i-- > 0;)
		if (is_same_repository(names->items[i], full_name))
			return digest_part(names->items[i]);
	return NULL;
}

const char *digests_manifest(const struct image_record *record, const char *full_name)
{
	/* layers that came unpacked are compressed on the way out: what was sent has another digest than what is here */
	const char *sent = in_repository(&record->pushed, full_name);

	return sent ? sent : record->manifest_digest;
}

const char *digests_of(const struct image_record *record, const char *full_name)
{
	const char *found = digest_part(full_name);

	if (!found)
		found = in_repository(&record->digests, full_name);
	return found ? found : digests_manifest(record, full_name);
}

bool digests_has(const struct image_record *record, const char *full_name, const char *digest)
{
	AUTO_FREE char *repository = name_repository(full_name, NULL);
	AUTO_FREE char *full = xprintf("%s@%s", repository, digest);

	if (!digests_has_repository(record, full_name))
		return false;
	return strcmp(record->id, digest) == 0
	       || (record->manifest_digest && strcmp(record->manifest_digest, digest) == 0)
	       || texts_has(&record->digests, full) || texts_has(&record->pushed, full);
}

int digests_check(const char *made, const char *kept, struct error *err)
{
	if (!kept || strcmp(made, kept) == 0)
		return 0;
	return error_set(err, ERROR_CONFLICT, "the copy's manifest would have another digest than the store's, because its "
	                 "layers are compressed anew; copy it from the registry that it came from");
}
