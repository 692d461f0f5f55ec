/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer_entries.c - see layer_entries.h */
#include "layer_entries.h"

#include "coracle/base/alloc.h"
#include "coracle/sys/root.h"
#include "coracle/sys/xattr.h"

#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "shared_private.h"
#include "unpack.h"

#define FNV_PRIME  UINT64_C(0x100000001b3)
#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)

struct expected {
	uint64_t hash; /* of the path */
	uint32_t order;
	bool is_implied; /* a directory on the way, or a whiteout: it replaces nothing */
	bool is_directory;
};

struct suspect { /* something differs; a later entry of the archive may be the reason */
	char *path, *damage; /* owned */
	uint32_t order;
};

struct layer_entries {
	int diff_fd;
	enum layer_kind kind;
	struct texts *damages;
	struct owners owners;
	bool owners_read, opaque_root;
	uint64_t seed;
	struct expected *items; /* owned */
	size_t count, size;
	struct list suspects; /* struct suspect */
	uint32_t order;
	char *raw_directory, *directory; /* owned: the last one, as the archive has it and where it is */
};

void layer_damage(struct texts *damages, const char *format, ...)
{
	va_list args;
	char *line;

	if (damages->count > LAYER_CHECK_MAX_LINES)
		return;
	va_start(args, format);
	line = damages->count < LAYER_CHECK_MAX_LINES ? xvprintf(format, args) : xstrdup("and more");
	va_end(args);
	texts_take(damages, line);
}

struct layer_entries *layer_entries_new(int diff_fd, enum layer_kind kind, struct texts *damages)
{
	struct layer_entries *entries = xcalloc(1, sizeof *entries);

	entries->diff_fd = diff_fd;
	entries->kind = kind;
	entries->damages = damages;
	/* without randomness it is only more predictable */
	(void) !getrandom(&entries->seed, sizeof entries->seed, GRND_NONBLOCK);
	return entries;
}

void layer_entries_free(struct layer_entries *entries)
{
	if (!entries)
		return;
	LIST_EACH(struct suspect, suspect, &entries->suspects) {
		free(suspect->path);
		free(suspect->damage);
	}
	free(entries->suspects.items);
	free(entries->items);
	free(entries->raw_directory);
	free(entries->directory);
	free(entries);
}

/* --- paths that are expected --- */

static uint64_t hash_of(const struct layer_entries *entries, const char *path, size_t length)
{
	uint64_t hash = FNV_OFFSET ^ entries->seed;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char) path[i]) * FNV_PRIME;
	return hash;
}

enum expectation { EXPECT_IMPLIED, EXPECT_DIRECTORY, EXPECT_OTHER };

static void expect(struct layer_entries *entries, const char *path, size_t length, enum expectation what)
{
	if (entries->count == entries->size) {
		entries->size = entries->size ? entries->size * 2 : 1024;
		entries->items = xrealloc(entries->items, entries->size, sizeof *entries->items);
	}
	entries->items[entries->count++] = (struct expected){
		.hash = hash_of(entries, path, length),
		.order = entries->order,
		.is_implied = what == EXPECT_IMPLIED,
		.is_directory = what == EXPECT_DIRECTORY,
	};
}

static int compare_expected(const void *a, const void *b)
{
	const struct expected *left = a, *right = b;

	if (left->hash != right->hash)
		return left->hash < right->hash ? -1 : 1;
	if (left->is_implied != right->is_implied)
		return left->is_implied ? -1 : 1;
	return (left->order > right->order) - (left->order < right->order);
}

/* find - the last entry of the archive with this path, else what implies it; NULL: nothing; items are sorted */
static const struct expected *find(const struct layer_entries *entries, uint64_t hash)
{
	size_t low = 0, high = entries->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (entries->items[middle].hash <= hash)
			low = middle + 1;
		else
			high = middle;
	}
	return low && entries->items[low - 1].hash == hash ? &entries->items[low - 1] : NULL;
}

/* --- one entry against one file --- */

static void PRINTF(3, 4) suspect(struct layer_entries *entries, const char *path, const char *format, ...)
{
	struct suspect *slot;
	va_list args;

	if (entries->suspects.count > 10 * LAYER_CHECK_MAX_LINES)
		return;
	va_start(args, format);
	slot = list_add(&entries->suspects, sizeof *slot);
	slot->path = xstrdup(path);
	slot->damage = xvprintf(format, args);
	slot->order = entries->order;
	va_end(args);
}

static bool is_owner(const struct layer_entries *entries, const struct tar_api *api, struct archive_entry *entry,
                     const struct stat *st)
{
	return entries->owners.squash
	       || ((int64_t) st->st_uid == api->archive_entry_uid(entry)
	           && (int64_t) st->st_gid == api->archive_entry_gid(entry));
}

static bool is_target(const struct tar_api *api, struct archive_entry *entry, int dir_fd, const char *name)
{
	const char *wanted = api->archive_entry_symlink(entry);
	char target[PATH_MAX];
	ssize_t n = readlinkat(dir_fd, name, target, sizeof target - 1);

	if (n < 0 || !wanted)
		return false;
	target[n] = '\0';
	return strcmp(target, wanted) == 0;
}

static void compare(struct layer_entries *entries, const struct tar_api *api, struct archive_entry *entry,
                    int dir_fd, const char *name, const char *path)
{
	mode_t type = api->archive_entry_filetype(entry);
	unsigned mode = api->archive_entry_perm(entry) & 07777;
	struct stat st;
	bool is_told;

	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		suspect(entries, path, "\"%.300s\" was removed since it was unpacked", path);
		return;
	}
	if (api->archive_entry_hardlink(entry))
		return; /* what it is was said with the other name */
	is_told = entries->kind == LAYER_OWN || shared_stat(dir_fd, name, &st);
	if ((st.st_mode & S_IFMT) != type)
		suspect(entries, path, "\"%.300s\" was replaced by something of another type since it was unpacked", path);
	else if (type == S_IFLNK && !is_target(api, entry, dir_fd, name))
		suspect(entries, path, "\"%.300s\" leads elsewhere", path);
	/* one that was shortened or changed is met when its bytes are read, what was appended is not */
	else if (type == S_IFREG && (int64_t) st.st_size > api->archive_entry_size(entry))
		suspect(entries, path, "\"%.300s\" has %lld bytes, not %lld", path, (long long) st.st_size,
		        (long long) api->archive_entry_size(entry));
	/* an access control list has a say in the group's bits (acl(5)) */
	else if (!is_told && (type == S_IFREG || type == S_IFDIR))
		suspect(entries, path, "\"%.300s\" has lost the attribute with its owner", path);
	else if (is_told && type != S_IFLNK && (st.st_mode & 07777) != mode
	         && xattr_get(dir_fd, name, "system.posix_acl_access", NULL, 0) < 0)
		suspect(entries, path, "\"%.300s\" has the mode %04o, not %04o", path, st.st_mode & 07777u, mode);
	else if (is_told && !is_owner(entries, api, entry, &st))
		suspect(entries, path, "\"%.300s\" belongs to %u:%u, not %lld:%lld", path, st.st_uid, st.st_gid,
		        (long long) api->archive_entry_uid(entry), (long long) api->archive_entry_gid(entry));
}

/* locate - where the directory of an entry lies, symlinks on the way resolved; "" is the layer's root; borrowed */
static const char *locate(struct layer_entries *entries, const char *directory)
{
	AUTO_FREE char *found = NULL;
	const char *path;

	if (!*directory)
		return directory;
	if (entries->raw_directory && strcmp(entries->raw_directory, directory) == 0)
		return entries->directory;
	text_replace(&entries->raw_directory, directory);
	if (root_resolve(entries->diff_fd, directory, &found) < 0)
		found = xprintf("/%s", directory);
	text_replace(&entries->directory, found + (*found == '/'));
	/* directories on the way may have been made without an entry */
	path = entries->directory;
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/'))
		expect(entries, path, (size_t) (slash - path), EXPECT_IMPLIED);
	expect(entries, path, strlen(path), EXPECT_IMPLIED);
	return path;
}

static void add_plain(struct layer_entries *entries, const struct tar_api *api, struct archive_entry *entry,
                      const char *path)
{
	mode_t type = api->archive_entry_filetype(entry);
	bool is_link = api->archive_entry_hardlink(entry);
	AUTO_FREE char *base = NULL;
	AUTO_CLOSE int dir_fd = -1;

	/* those were not made */
	if (!is_link && (type == S_IFCHR || type == S_IFBLK || type == S_IFSOCK))
		return;
	expect(entries, path, strlen(path), !is_link && type == S_IFDIR ? EXPECT_DIRECTORY : EXPECT_OTHER);
	dir_fd = root_open_parent(entries->diff_fd, path, 0, &base);
	if (dir_fd < 0 || !base)
		suspect(entries, path, "\"%.300s\" was removed since it was unpacked", path);
	else
		compare(entries, api, entry, dir_fd, base, path);
}

/* check_hidden - what a whiteout made (whiteout_hide), or what the archive brought at its place, hides what is below */
static void check_hidden(struct layer_entries *entries, const char *path)
{
	AUTO_FREE char *base = NULL;
	AUTO_CLOSE int dir_fd = root_open_parent(entries->diff_fd, path, 0, &base);
	struct stat st;
	bool hides;

	if (dir_fd < 0 || !base || fstatat(dir_fd, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		hides = dir_fd >= 0 && whiteout_is_opaque(dir_fd, ".");
	else
		hides = !S_ISDIR(st.st_mode) || whiteout_is_opaque(dir_fd, base);
	if (!hides)
		suspect(entries, path, "\"%.300s\" of the layers below was hidden, but is not", path);
}

static void add_named(struct layer_entries *entries, const struct tar_api *api, struct archive_entry *entry,
                      const struct entry_name *name)
{
	const char *directory = locate(entries, name->directory);
	AUTO_FREE char *path = xprintf("%s%s%s", directory, *directory ? "/" : "", name->base);

	if (name->kind == ENTRY_OPAQUE && !*name->directory) {
		entries->opaque_root = true;
	} else if (name->kind == ENTRY_OPAQUE) {
		check_hidden(entries, directory);
	} else if (name->kind == ENTRY_WHITEOUT) {
		expect(entries, path, strlen(path), EXPECT_IMPLIED);
		check_hidden(entries, path);
	} else if (*name->base) {
		add_plain(entries, api, entry, path);
	} else {
		compare(entries, api, entry, entries->diff_fd, ".", "/");
	}
}

int layer_entries_add(struct layer_entries *entries, const struct tar_api *api, struct archive_entry *entry,
                      struct error *err)
{
	AUTO_ENTRY_NAME struct entry_name name = {0};
	int r = 0;

	if (!entries->owners_read)
		r = owners_read(&entries->owners, err);
	if (r >= 0)
		r = entry_name_parse(api->archive_entry_pathname(entry), &name, err);
	if (r < 0)
		return r;
	entries->owners_read = true;
	if (++entries->order > LAYER_MAX_ENTRIES)
		return error_set(err, ERROR_INVALID, "more than %d entries", LAYER_MAX_ENTRIES);
	if (name.kind != ENTRY_SKIP)
		add_named(entries, api, entry, &name);
	return 0;
}

/* --- all of them --- */

/* is_later - another entry has taken the place of this one, or of a directory that it lay in */
static bool is_later(const struct layer_entries *entries, const struct suspect *suspect)
{
	const struct expected *last = find(entries, hash_of(entries, suspect->path, strlen(suspect->path)));

	if (last && !last->is_implied && last->order > suspect->order)
		return true;
	for (const char *slash = strchr(suspect->path, '/'); slash; slash = strchr(slash + 1, '/')) {
		last = find(entries, hash_of(entries, suspect->path, (size_t) (slash - suspect->path)));
		if (last && !last->is_implied && !last->is_directory && last->order > suspect->order)
			return true;
	}
	return false;
}

static int find_extra(void *data, int dir_fd, const char *path, const struct stat *st, struct error *err)
{
	const struct layer_entries *entries = data;
	const char *slash = strrchr(path, '/');

	(void) err;
	if (find(entries, hash_of(entries, path, strlen(path))))
		return 1;
	/* an opaque root hides each name of the layers below by a whiteout */
	if (!slash && entries->opaque_root && whiteout_is(dir_fd, path, st))
		return 0;
	layer_damage(entries->damages, "\"%.300s\" was added", path);
	return 0;
}

int layer_entries_finish(struct layer_entries *entries, struct error *err)
{
	if (entries->count)
		qsort(entries->items, entries->count, sizeof *entries->items, compare_expected);
	LIST_EACH(struct suspect, suspect, &entries->suspects)
		if (!is_later(entries, suspect))
			layer_damage(entries->damages, "%s", suspect->damage);
	return layer_walk(entries->diff_fd, find_extra, entries, err);
}
