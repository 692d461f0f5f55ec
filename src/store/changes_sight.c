/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * changes_sight.c - one directory of a stack of layers, as overlayfs would show it
 *
 * All entries of all layers are sorted by name and, within a name, uppermost first. The first of a name decides: a
 * whiteout hides the rest, a file stands for itself, and a directory goes on downwards until something that is
 * no directory, a whiteout or the mark "opaque" ends it.
 */
#include "changes.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/sys/root.h"

#include <fcntl.h>
#include <string.h>

#include "unpack.h"

/* An entry of one layer. */
struct found {
	char *name; /* owned */
	unsigned level; /* in the stack, 0 uppermost */
	mode_t mode;
	bool hides, opaque;
};

struct finding {
	struct found *items; /* owned */
	size_t count, size;
};

static void finding_done(struct finding *finding)
{
	for (size_t i = 0; i < finding->count; i++)
		free(finding->items[i].name);
	free(finding->items);
	*finding = (struct finding) {0};
}

static int find_one(struct finding *finding, int dir_fd, const char *name, unsigned level)
{
	struct found *found;
	struct stat st;

	if (finding->count == finding->size) {
		finding->size = finding->size ? finding->size * 2 : 64;
		finding->items = xrealloc(finding->items, finding->size, sizeof *finding->items);
	}
	found = &finding->items[finding->count];
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	*found = (struct found) {
		.name = xstrdup(name),
		.level = level,
		.mode = st.st_mode,
		.hides = whiteout_is(dir_fd, name, &st),
		.opaque = S_ISDIR(st.st_mode) && whiteout_is_opaque(dir_fd, name),
	};
	finding->count++;
	return 0;
}

static int find_all(struct finding *finding, int layer_fd, const char *path, unsigned level)
{
	AUTO_TEXTS struct texts names = {0};
	/* no component is a symlink: each was looked at in its own directory */
	AUTO_CLOSE int dir_fd = root_open(layer_fd, *path ? path : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	int r;

	if (dir_fd < 0)
		return dir_fd;
	r = directory_list(dir_fd, ".", &names);
	for (size_t i = 0; r >= 0 && i < names.count; i++)
		r = find_one(finding, dir_fd, names.items[i], level);
	return r;
}

static int compare_found(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	return r ? r : (x->level > y->level) - (x->level < y->level);
}

/* The entries of one name, uppermost first. */
static void show(struct found *group, size_t count, const struct stack *stack, struct sight *out)
{
	struct sight_entry *entry;

	if (group[0].hides)
		return;
	entry = &out->entries[out->count++];
	*entry = (struct sight_entry) {.name = TAKE_PTR(group[0].name), .mode = group[0].mode};
	entry->stack.fds = xcalloc(S_ISDIR(entry->mode) ? count : 1, sizeof *entry->stack.fds);
	for (size_t i = 0; i < count; i++) {
		bool is_directory = !group[i].hides && S_ISDIR(group[i].mode);

		if (i > 0 && !is_directory)
			break;
		entry->stack.fds[entry->stack.count++] = stack->fds[group[i].level];
		if (!is_directory || group[i].opaque)
			break;
	}
}

int sight_read(const struct stack *stack, const char *path, struct sight *out, struct error *err)
{
	AUTO(finding_done) struct finding finding = {0};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < stack->count; i++)
		r = find_all(&finding, stack->fds[i], path, (unsigned) i);
	if (r < 0)
		return error_errno(err, -r, "read \"/%.300s\" of a layer", path);
	*out = (struct sight) {.entries = xcalloc(finding.count + 1, sizeof *out->entries)};
	if (!finding.count)
		return 0;
	qsort(finding.items, finding.count, sizeof *finding.items, compare_found);
	for (size_t i = 0, end; i < finding.count; i = end) {
		for (end = i + 1; end < finding.count; end++)
			if (strcmp(finding.items[i].name, finding.items[end].name) != 0)
				break;
		show(&finding.items[i], end - i, stack, out);
	}
	return 0;
}

void sight_done(struct sight *sight)
{
	for (size_t i = 0; i < sight->count; i++) {
		free(sight->entries[i].name);
		free(sight->entries[i].stack.fds);
	}
	free(sight->entries);
	*sight = (struct sight) {0};
}
