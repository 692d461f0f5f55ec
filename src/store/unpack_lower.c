/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unpack_lower.c - what the layers below hold
 *
 * Two things of an archive depend on it: a directory that is not in the archive but has files in it
 * takes the look of the one below (overlayfs shows the uppermost), and a hard link to a file of a
 * layer below needs a copy of that file. Symlinks are not followed here.
 */
#include "unpack.h"

#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"
#include "coracle/base/file.h"
#include "coracle/sys/root.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/xattr.h>

#include "shared_private.h"

#define XATTR_LIST_MAX  65536
#define XATTR_VALUE_MAX 65536

enum found { FOUND_NOTHING, FOUND_IT, FOUND_HIDDEN };

static int open_diff(struct store *store, const char *chain_id)
{
	char path[STORE_NAME_SIZE];
	const struct store *place;

	(void) snprintf(path, sizeof path, "layers/%s/diff", digest_hex(chain_id));
	place = store_of_layer(store, chain_id);
	return place ? directory_open(place->fd, path) : -ENOENT;
}

int lower_open(struct unpack *unpack, struct error *err)
{
	AUTO_FREE char *chain_id = unpack->parent ? xstrdup(unpack->parent) : NULL;
	struct lower *lower = &unpack->lower;

	if (lower->opened)
		return 0;
	while (chain_id) {
		struct layer_info info = {0};
		int r = layer_read(unpack->store, chain_id, &info, err);

		if (r < 0)
			return r;
		if (lower->count == LAYER_MAX_PARENTS)
			r = error_set(err, ERROR_INVALID, "more than %d layers", LAYER_MAX_PARENTS);
		else
			r = open_diff(unpack->store, chain_id);
		if (r >= 0) {
			lower->fds[lower->count++] = r;
			text_replace(&chain_id, info.parent);
		}
		fields_done(layer_info_fields, &info);
		if (r < 0)
			return r == -EINVAL ? r
			                    : error_errno(err, -r, "open layer %.12s", digest_hex(chain_id));
	}
	lower->opened = true;
	return 0;
}

void lower_close(struct lower *lower)
{
	for (size_t i = 0; i < lower->count; i++)
		(void) close(lower->fds[i]);
	lower->count = 0;
	lower->opened = false;
}

static int find_in_layer(int layer_fd, const struct texts *parts, int *parent_fd, struct stat *st,
                         enum found *found)
{
	AUTO_CLOSE int fd = fcntl(layer_fd, F_DUPFD_CLOEXEC, 3);
	bool opaque = false;

	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < parts->count; i++) {
		const char *part = parts->items[i];
		int next;

		*found = opaque ? FOUND_HIDDEN : FOUND_NOTHING;
		if (fstatat(fd, part, st, AT_SYMLINK_NOFOLLOW) < 0)
			return errno == ENOENT ? 0 : -errno;
		*found = FOUND_HIDDEN;
		if (whiteout_is(fd, part, st))
			return 0;
		if (i + 1 == parts->count)
			break;
		/* what is not a directory hides all that the layers below have under this name */
		if (!S_ISDIR(st->st_mode))
			return 0;
		opaque = opaque || whiteout_is_opaque(fd, part);
		next = openat(fd, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return -errno;
		(void) close(fd);
		fd = next;
	}
	*found = FOUND_IT;
	*parent_fd = TAKE_FD(fd);
	return 0;
}

int lower_find(struct unpack *unpack, const char *path, int *parent_fd, struct stat *st, struct error *err)
{
	AUTO_TEXTS struct texts parts = {0};
	int r;

	if (!unpack->parent || !*path)
		return 0;
	r = lower_open(unpack, err);
	if (r < 0)
		return r;
	texts_split(&parts, path, '/');
	for (size_t i = 0; i < unpack->lower.count; i++) {
		enum found found = FOUND_NOTHING;

		r = find_in_layer(unpack->lower.fds[i], &parts, parent_fd, st, &found);
		if (r < 0)
			return error_errno(err, -r, "look for \"%s\" in the layers below", path);
		if (found != FOUND_NOTHING)
			return found == FOUND_IT;
	}
	return 0;
}

static int copy_xattr(const char *from, const char *key, int into_fd, const char *into_name)
{
	AUTO_FREE char *value = NULL;
	ssize_t length;

	if (!attribute_is_allowed(key))
		return 0;
	value = xcalloc(1, XATTR_VALUE_MAX);
	length = lgetxattr(from, key, value, XATTR_VALUE_MAX);
	if (length < 0)
		return -errno;
	return attribute_set(into_fd, into_name, key, value, (size_t) length);
}

static int copy_xattrs(int from_fd, const char *name, int into_fd, const char *into_name)
{
	AUTO_FREE char *from = xprintf("/proc/self/fd/%d/%s", from_fd, name);
	AUTO_FREE char *keys = xcalloc(1, XATTR_LIST_MAX);
	ssize_t length = llistxattr(from, keys, XATTR_LIST_MAX);

	if (length < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	for (const char *key = keys; key < keys + length; key += strlen(key) + 1) {
		int r = copy_xattr(from, key, into_fd, into_name);

		if (r < 0)
			return r;
	}
	return 0;
}

int lower_copy_attributes(struct unpack *unpack, int from_fd, const char *name, int into_fd,
                          const char *into_name, const struct stat *st)
{
	struct timespec times[2] = {st->st_atim, st->st_mtim};
	struct stat as = *st;
	int r;

	/* a layer below may lie in a store whose files all belong to one owner */
	(void) shared_stat(from_fd, name, &as);
	if (!unpack->owners.squash
	    && fchownat(into_fd, into_name, as.st_uid, as.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (unpack->for_all)
		r = shared_set(into_fd, into_name, as.st_uid, as.st_gid, as.st_mode);
	else
		r = !S_ISLNK(st->st_mode) && fchmodat(into_fd, into_name, as.st_mode & 07777, 0) < 0 ? -errno : 0;
	if (r < 0)
		return r;
	r = copy_xattrs(from_fd, name, into_fd, into_name);
	if (r < 0)
		return r;
	return utimensat(into_fd, into_name, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int copy_bytes(int from_fd, const char *name, int into_fd, const char *into_name)
{
	AUTO_CLOSE int from = openat(from_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	AUTO_CLOSE int into = openat(into_fd, into_name,
	                             O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	ssize_t n;

	if (from < 0 || into < 0)
		return -errno;
	do {
		n = sendfile(into, from, NULL, 1 << 30);
	} while (n > 0);
	return n < 0 ? -errno : 0;
}

static int copy_symlink(int from_fd, const char *name, int into_fd, const char *into_name)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(from_fd, name, target, sizeof target - 1);

	if (length < 0)
		return -errno;
	target[length] = '\0';
	return symlinkat(target, into_fd, into_name) < 0 ? -errno : 0;
}

int lower_copy_file(struct unpack *unpack, const char *path, int into_fd, const char *into_name,
                    struct error *err)
{
	AUTO_CLOSE int from_fd = -1;
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	struct stat st;
	int r = lower_find(unpack, path, &from_fd, &st, err);

	if (r < 0)
		return r;
	if (r == 0 || (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode)))
		return error_set(err, ERROR_INVALID,
		                 "hard link to \"%.300s\", which is no file of this layer or one below",
		                 path);
	r = S_ISREG(st.st_mode) ? copy_bytes(from_fd, name, into_fd, into_name)
	                        : copy_symlink(from_fd, name, into_fd, into_name);
	if (r >= 0)
		r = lower_copy_attributes(unpack, from_fd, name, into_fd, into_name, &st);
	return r < 0 ? error_errno(err, -r, "copy \"%.300s\" of a layer below", path) : 0;
}
