/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * changes.c - what differs between two stacks of layers; see changes.h
 *
 * Both trees are walked at once. A directory that is made of the same layers on both sides is the same in all its
 * depth, so only what the layers that are not shared hold is ever read.
 */
#include "changes.h"

#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"
#include "coracle/base/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "shared_private.h"
#include "store_private.h"
#include "unpack.h"

/* A directory around the present one, told as changed when the first change in it is. */
struct around {
	struct around *up; /* NULL: the root, of which nothing is told */
	const char *path;
	bool told;
};

struct walk {
	layer_change_visit *visit;
	void *context;
};

static int tell(const struct walk *walk, enum layer_change change, const char *path, struct error *err)
{
	AUTO_FREE char *absolute = xprintf("/%s", path);

	return walk->visit(walk->context, change, absolute, err);
}

static int tell_around(const struct walk *walk, struct around *around, struct error *err)
{
	int r;

	if (!around->up || around->told)
		return 0;
	r = tell_around(walk, around->up, err);
	if (r < 0)
		return r;
	around->told = true;
	return tell(walk, LAYER_CHANGE_CHANGED, around->path, err);
}

static int tell_in(const struct walk *walk, struct around *around, enum layer_change change, const char *path,
                   struct error *err)
{
	int r = tell_around(walk, around, err);

	return r < 0 ? r : tell(walk, change, path, err);
}

static bool same_stack(const struct stack *a, const struct stack *b)
{
	return a->count == b->count
	       && (a->count == 0 || memcmp(a->fds, b->fds, a->count * sizeof *a->fds) == 0);
}

static int compare(const struct walk *walk, struct around *around, const char *path, const struct stack *before,
                   const struct stack *after, struct error *err);

static bool is_directory(const struct sight_entry *entry)
{
	return S_ISDIR(entry->mode);
}

/* What is in a directory that is new itself, or that has taken the place of a file. */
static int compare_new(const struct walk *walk, const struct sight_entry *entry, const char *path, struct error *err)
{
	static const struct stack nothing = {0};
	struct around root = {0};

	return is_directory(entry) ? compare(walk, &root, path, &nothing, &entry->stack, err) : 0;
}

static int compare_both(const struct walk *walk, struct around *around, const char *path,
                        const struct sight_entry *before, const struct sight_entry *after, struct error *err)
{
	struct around inside = {.up = around, .path = path};
	int r;

	if (is_directory(before) != is_directory(after)) {
		r = tell_in(walk, around, LAYER_CHANGE_CHANGED, path, err);
		return r < 0 ? r : compare_new(walk, after, path, err);
	}
	if (same_stack(&before->stack, &after->stack))
		return 0;
	r = same_object(before, after, path, err);
	/* tells of the path itself too */
	if (r == 0)
		r = tell_around(walk, &inside, err);
	if (r < 0 || !is_directory(after))
		return r < 0 ? r : 0;
	return compare(walk, &inside, path, &before->stack, &after->stack, err);
}

static int compare_entries(const struct walk *walk, struct around *around, const char *path,
                           const struct sight *before, const struct sight *after, struct error *err)
{
	size_t i = 0, j = 0;
	int r = 0;

	while (r >= 0 && (i < before->count || j < after->count)) {
		const struct sight_entry *old = i < before->count ? &before->entries[i] : NULL;
		const struct sight_entry *new = j < after->count ? &after->entries[j] : NULL;
		int order = !old ? 1 : !new ? -1 : strcmp(old->name, new->name);
		const char *name = order <= 0 && old ? old->name : new ? new->name : "";
		AUTO_FREE char *below = xprintf("%s%s%s", path, *path ? "/" : "", name);

		i += order <= 0;
		j += order >= 0;
		if (order == 0) {
			r = compare_both(walk, around, below, old, new, err);
		} else if (order < 0) {
			r = tell_in(walk, around, LAYER_CHANGE_DELETED, below, err);
		} else {
			r = tell_in(walk, around, LAYER_CHANGE_ADDED, below, err);
			if (r >= 0)
				r = compare_new(walk, new, below, err);
		}
	}
	return r;
}

/* Recursion ends: layers are no deeper than LAYER_MAX_DEPTH. */
static int compare(const struct walk *walk, struct around *around, const char *path, const struct stack *before,
                   const struct stack *after, struct error *err)
{
	AUTO(sight_done) struct sight old = {0}, new = {0};
	int r;

	if (same_stack(before, after))
		return 0;
	r = sight_read(before, path, &old, err);
	if (r >= 0)
		r = sight_read(after, path, &new, err);
	return r < 0 ? r : compare_entries(walk, around, path, &old, &new, err);
}

/* --- the layers, each opened once --- */

struct opened {
	struct stack before, after;
	int *fds; /* owned, and the descriptors too */
	size_t count;
};

static void opened_done(struct opened *opened)
{
	for (size_t i = 0; i < opened->count; i++)
		(void) close(opened->fds[i]);
	free(opened->fds);
	free(opened->before.fds);
	free(opened->after.fds);
}

static int open_layer(struct store *store, const char *chain_id, struct opened *opened, struct error *err)
{
	char path[STORE_NAME_SIZE];
	const struct store *place;
	int fd;

	if (!digest_is_valid(chain_id))
		return error_set(err, ERROR_INVALID, "\"%.100s\" is not the id of a layer", chain_id);
	(void) snprintf(path, sizeof path, "layers/%s/diff", digest_hex(chain_id));
	place = store_of_layer(store, chain_id);
	fd = directory_open(place ? place->fd : store->fd, path);
	if (fd == -ENOENT)
		return error_set(err, ERROR_NOT_FOUND,
		                 "layer %.12s is missing from the store; load or pull its image again",
		                 digest_hex(chain_id));
	if (fd < 0)
		return error_errno(err, -fd, "layer %.12s", digest_hex(chain_id));
	opened->fds[opened->count++] = fd;
	return 0;
}

/* shared: as many of the lowest layers as both stacks have in common stand at the start of opened->fds */
static int open_stack(struct store *store, const struct texts *layers, size_t shared, struct opened *opened,
                      struct stack *out, struct error *err)
{
	size_t first = opened->count;
	int r = 0;

	out->fds = xcalloc(layers->count + 1, sizeof *out->fds);
	for (size_t i = shared; r >= 0 && i < layers->count; i++)
		r = open_layer(store, layers->items[i], opened, err);
	if (r < 0)
		return r;
	/* uppermost first */
	for (size_t i = layers->count; i-- > shared;)
		out->fds[out->count++] = opened->fds[first + i - shared];
	for (size_t i = shared; i-- > 0;)
		out->fds[out->count++] = opened->fds[i];
	return 0;
}

int layers_compare(struct store *store, const struct texts *before, const struct texts *after,
                   layer_change_visit *visit, void *context, struct error *err)
{
	struct walk walk = {.visit = visit, .context = context};
	AUTO(opened_done) struct opened opened = {0};
	struct around root = {0};
	size_t shared = 0;
	int r = 0;

	while (shared < before->count && shared < after->count
	       && strcmp(before->items[shared], after->items[shared]) == 0)
		shared++;
	opened.fds = xcalloc(before->count + after->count + 1, sizeof *opened.fds);
	for (size_t i = 0; r >= 0 && i < shared; i++)
		r = open_layer(store, before->items[i], &opened, err);
	if (r >= 0)
		r = open_stack(store, before, shared, &opened, &opened.before, err);
	if (r >= 0)
		r = open_stack(store, after, shared, &opened, &opened.after, err);
	return r < 0 ? r : compare(&walk, &root, "", &opened.before, &opened.after, err);
}
