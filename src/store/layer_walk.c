/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer_walk.c - all that lies in a layer's directory; see layer_entries.h */
#include "coracle/base/text.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#include "layer_entries.h"
#include "unpack.h"

#define WALK_MAX_DEPTH (LAYER_MAX_DEPTH + 1)
#define WALK_MAX_PATH  (1 << 20)

struct walk {
	layer_visit *visit;
	void *data;
	struct text path;
};

static int walk_directory(struct walk *walk, int parent_fd, const char *name, unsigned depth, struct error *err);

static int walk_entry(struct walk *walk, int fd, const char *name, unsigned depth, struct error *err)
{
	size_t length = walk->path.length;
	struct stat st;
	int r;

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if ((length && text_add_char(&walk->path, '/') < 0) || text_add(&walk->path, name) < 0)
		return error_set(err, ERROR_INVALID, "\"%.300s\": a path that is too long", name);
	r = walk->visit(walk->data, fd, text_string(&walk->path), &st, err);
	if (r > 0 && S_ISDIR(st.st_mode) && depth < WALK_MAX_DEPTH)
		r = walk_directory(walk, fd, name, depth + 1, err);
	/* back to the directory */
	walk->path.length = length;
	if (walk->path.data)
		walk->path.data[length] = '\0';
	return r;
}

static int walk_directory(struct walk *walk, int parent_fd, const char *name, unsigned depth, struct error *err)
{
	int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int r = 0;

	if (!dir) {
		r = error_errno(err, errno, "open \"%.300s\"", name);
		if (fd >= 0)
			(void) close(fd);
		return r;
	}
	while (r >= 0 && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = walk_entry(walk, fd, entry->d_name, depth, err);
	(void) closedir(dir);
	return r;
}

int layer_walk(int diff_fd, layer_visit *visit, void *data, struct error *err)
{
	struct walk walk = {.visit = visit, .data = data, .path = TEXT_INIT(WALK_MAX_PATH)};
	int r = walk_directory(&walk, diff_fd, ".", 0, err);

	text_done(&walk.path);
	return r;
}

/* --- sums --- */

struct summing {
	struct layer_sums sums;
	struct uints inodes; /* of files with several names */
};

static int add_sum(void *data, int dir_fd, const char *path, const struct stat *st, struct error *err)
{
	struct summing *summing = data;
	const char *slash = strrchr(path, '/');
	bool is_known = false;

	(void) err;
	if (whiteout_is(dir_fd, slash ? slash + 1 : path, st))
		return 0;
	summing->sums.files++;
	if (!S_ISREG(st->st_mode))
		return 1;
	for (size_t i = 0; st->st_nlink > 1 && i < summing->inodes.count && !is_known; i++)
		is_known = summing->inodes.items[i] == st->st_ino;
	if (st->st_nlink > 1 && !is_known)
		uints_add(&summing->inodes, st->st_ino);
	summing->sums.bytes += is_known ? 0 : (uint64_t) st->st_size;
	return 1;
}

int layer_sum(int diff_fd, struct layer_sums *out, struct error *err)
{
	struct summing summing = {0};
	int r = layer_walk(diff_fd, add_sum, &summing, err);

	free(summing.inodes.items);
	*out = summing.sums;
	return r;
}
