/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unpack.c - the entries of a layer's archive become files in the layer's directory
 *
 * The archive is hostile. Names are cleaned first (unpack_name.c); a directory is then opened as a
 * process chrooted in the layer would (root_open), and everything else happens in that directory by
 * descriptor and last component, which is removed before it is made anew and never followed. So a
 * symlink can lead about inside the layer, but not out of it. An entry replaces an earlier one of
 * the same name. Source: image-spec layer.md; owners, modes and times as tar(5) gives them.
 */
#include "unpack.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/log.h"
#include "coracle/sys/root.h"

#include <fcntl.h>
#include <string.h>

#include "shared_private.h"

/* --- directories on the way --- */

static void forget_directory(struct unpack *unpack)
{
	free(TAKE_PTR(unpack->cached_directory));
	auto_close(&unpack->cached_fd);
	unpack->cached_fd = -1;
}

/* clear_name - make room; 1: a directory is there and stays (wanted), 0: nothing is there now */
static int clear_name(struct unpack *unpack, int dir_fd, const char *name, mode_t wanted, bool *was_whiteout)
{
	struct stat st;

	*was_whiteout = false;
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (S_ISDIR(st.st_mode) && wanted == S_IFDIR)
		return 1;
	*was_whiteout = whiteout_is(dir_fd, name, &st);
	/* the remembered directory may lie below, or have been reached through this symlink */
	if (unpack->cached_fd != dir_fd)
		forget_directory(unpack);
	/* its content still is what the recording of the archive needs */
	if (unpack->split && !*was_whiteout && split_aside(unpack->split, dir_fd, name, &st) == 0)
		return 0;
	if (!S_ISDIR(st.st_mode))
		return unlinkat(dir_fd, name, 0) < 0 ? -errno : 0;
	return tree_remove(dir_fd, name);
}

/* for_all - a new directory until its entry comes, if it does */
static int for_all(const struct unpack *unpack, int dir_fd, const char *name)
{
	return unpack->for_all ? shared_set(dir_fd, name, 0, 0, LAYER_DIRECTORY_MODE) : 0;
}

/* make_directory - what a whiteout of this layer hid below stays hidden */
static int make_directory(struct unpack *unpack, int dir_fd, const char *name)
{
	bool was_whiteout;
	int r;

	/* mostly nothing is in the way, so it is looked at only when something is */
	if (mkdirat(dir_fd, name, LAYER_DIRECTORY_MODE) == 0)
		return for_all(unpack, dir_fd, name);
	if (errno != EEXIST)
		return -errno;
	r = clear_name(unpack, dir_fd, name, S_IFDIR, &was_whiteout);
	if (r != 0)
		return r < 0 ? r : 0;
	if (mkdirat(dir_fd, name, LAYER_DIRECTORY_MODE) < 0)
		return -errno;
	r = for_all(unpack, dir_fd, name);
	if (r < 0)
		return r;
	return was_whiteout ? whiteout_make_opaque(dir_fd, name) : 0;
}

static int make_implied(struct unpack *unpack, const char *path, struct error *err)
{
	AUTO_FREE char *name = NULL;
	AUTO_CLOSE int dir_fd = root_open_parent(unpack->root_fd, path, 0, &name);
	AUTO_CLOSE int below_fd = -1;
	struct stat st;
	int r;

	if (dir_fd < 0)
		return error_errno(err, -dir_fd, "directory \"%s\"", path);
	/* a file or symlink of this archive is in the way of its own child: an entry says otherwise twice */
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !whiteout_is(dir_fd, name, &st))
		return error_errno(err, S_ISLNK(st.st_mode) ? ENOENT : ENOTDIR, "directory \"%s\"", path);
	r = make_directory(unpack, dir_fd, name);
	if (r < 0)
		return error_errno(err, -r, "make directory \"%s\"", path);
	r = lower_find(unpack, path, &below_fd, &st, err);
	if (r <= 0)
		return r;
	if (S_ISDIR(st.st_mode))
		r = lower_copy_attributes(unpack, below_fd, name, dir_fd, name, &st);
	return r < 0 ? error_errno(err, -r, "directory \"%s\"", path) : 0;
}

/* make_way - each directory of path that the archive did not bring */
static int make_way(struct unpack *unpack, const char *path, struct error *err)
{
	size_t length = strlen(path);

	for (size_t end = strcspn(path, "/"); end <= length; end += 1 + strcspn(path + end + 1, "/")) {
		AUTO_FREE char *part = xstrndup(path, end);
		AUTO_CLOSE int fd = root_open(unpack->root_fd, part, O_PATH | O_DIRECTORY, 0);
		int r = 0;

		if (fd == -ENOENT || fd == -ENOTDIR)
			r = make_implied(unpack, part, err);
		else if (fd < 0)
			r = error_errno(err, -fd, "directory \"%s\"", part);
		if (r < 0)
			return r;
		if (end == length)
			break;
	}
	return 0;
}

/* open_directory - borrowed descriptor until the next call */
static int open_directory(struct unpack *unpack, const char *path, struct error *err)
{
	int fd, r;

	if (!*path)
		return unpack->root_fd;
	if (unpack->cached_directory && strcmp(unpack->cached_directory, path) == 0)
		return unpack->cached_fd;
	forget_directory(unpack);
	fd = root_open(unpack->root_fd, path, O_PATH | O_DIRECTORY, 0);
	if (fd == -ENOENT || fd == -ENOTDIR) {
		r = make_way(unpack, path, err);
		if (r < 0)
			return r;
		fd = root_open(unpack->root_fd, path, O_PATH | O_DIRECTORY, 0);
	}
	if (fd < 0)
		return error_errno(err, -fd, "directory \"%s\"", path);
	unpack->cached_directory = xstrdup(path);
	unpack->cached_fd = fd;
	return fd;
}

/* --- one entry --- */

static int write_at(int fd, const char *bytes, size_t length, int64_t offset)
{
	while (length) {
		ssize_t n = pwrite(fd, bytes, length, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		length -= (size_t) n;
		offset += n;
	}
	return 0;
}

static int write_content(struct unpack *unpack, struct archive_entry *entry, int fd, struct error *err)
{
	int64_t end = 0, size = unpack->api->archive_entry_size(entry);

	for (;;) {
		const void *bytes;
		size_t length;
		int64_t offset;
		int r = tar_reader_data(unpack->reader, &bytes, &length, &offset, err);

		if (r < 0)
			return r;
		if (r == 0)
			break;
		if (offset < end)
			return error_set(err, ERROR_INVALID, "sparse parts in disorder");
		r = write_at(fd, bytes, length, offset);
		if (r < 0)
			return error_errno(err, -r, "write");
		if (unpack->split)
			split_content(unpack->split, (uint64_t) tar_reader_position(unpack->reader), bytes, length,
			              (uint64_t) offset);
		end = offset + (int64_t) length;
		unpack->size += length;
	}
	/* the end of a sparse file may be a hole */
	if (size > end && ftruncate(fd, size) < 0)
		return error_errno(err, errno, "write");
	return 0;
}

static int make_file(struct unpack *unpack, struct archive_entry *entry, int dir_fd,
                     const struct entry_name *name, struct stat *made, struct error *err)
{
	AUTO_FREE char *path = unpack->split ? entry_name_path(name) : NULL;
	mode_t mode = unpack->api->archive_entry_perm(entry) & 0777;
	AUTO_CLOSE int fd =
		openat(dir_fd, name->base, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

	if (fd < 0)
		return error_errno(err, errno, "make file");
	if (fstat(fd, made) < 0)
		return error_errno(err, errno, "look at the new file");
	if (path)
		split_file(unpack->split, path, made->st_ino);
	return write_content(unpack, entry, fd, err);
}

static int make_symlink(struct unpack *unpack, struct archive_entry *entry, int dir_fd, const char *name,
                        struct error *err)
{
	const char *target = unpack->api->archive_entry_symlink(entry);

	if (!target || !*target)
		return error_set(err, ERROR_INVALID, "symlink without a target");
	if (symlinkat(target, dir_fd, name) < 0)
		return error_errno(err, errno, "make symlink");
	return 0;
}

/* open_link_target - the file of this layer that a hard link means; 0: not here, 1: *dir_fd and *name say where */
static int open_link_target(struct unpack *unpack, const char *path, int *dir_fd, char **name,
                            struct stat *st, struct error *err)
{
	AUTO_CLOSE int fd = root_open_parent(unpack->root_fd, path, 0, name);

	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0)
		return error_errno(err, -fd, "hard link to \"%.300s\"", path);
	if (fstatat(fd, *name, st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0
		                       : error_errno(err, errno, "hard link to \"%.300s\"", path);
	/* another name for one of our whiteouts would be a whiteout that the archive did not ask for */
	if (whiteout_is(fd, *name, st))
		return error_set(err, ERROR_INVALID, "hard link to \"%.300s\", which is deleted", path);
	if (!S_ISREG(st->st_mode) && !S_ISLNK(st->st_mode) && !S_ISFIFO(st->st_mode))
		return error_set(err, ERROR_INVALID, "hard link to \"%.300s\", which is no file", path);
	*dir_fd = TAKE_FD(fd);
	return 1;
}

static int make_hard_link(struct unpack *unpack, const char *raw_target, int dir_fd, const char *name,
                          struct error *err)
{
	AUTO_ENTRY_NAME struct entry_name target = {0};
	AUTO_FREE char *target_path = NULL, *target_name = NULL;
	AUTO_CLOSE int target_fd = -1;
	struct stat st, there;
	bool was_whiteout, is_here;
	int r = entry_name_parse(raw_target, &target, err);

	if (r < 0)
		return error_wrap(err, r, "hard link");
	if (target.kind != ENTRY_PLAIN || !*target.base)
		return error_set(err, ERROR_INVALID, "hard link to \"%.300s\", which is no file", raw_target);
	target_path = entry_name_path(&target);
	r = open_link_target(unpack, target_path, &target_fd, &target_name, &st, err);
	if (r < 0)
		return r;
	is_here = r == 1;
	/* a link to itself must not remove the file first */
	if (is_here && fstatat(dir_fd, name, &there, AT_SYMLINK_NOFOLLOW) == 0
	    && there.st_dev == st.st_dev && there.st_ino == st.st_ino)
		return 0;
	r = clear_name(unpack, dir_fd, name, S_IFREG, &was_whiteout);
	if (r < 0)
		return error_errno(err, -r, "replace what is there");
	if (!is_here)
		return lower_copy_file(unpack, target_path, dir_fd, name, err);
	if (linkat(target_fd, target_name, dir_fd, name, 0) < 0)
		return error_errno(err, errno, "hard link to \"%.300s\"", target_path);
	return 0;
}

/* try_node - made: of a regular file, with the owner and mode that it was born with; -EEXIST: something is in the way */
static int try_node(struct unpack *unpack, struct archive_entry *entry, int dir_fd, const struct entry_name *name,
                    struct stat *made, struct error *err)
{
	switch (unpack->api->archive_entry_filetype(entry)) {
	case S_IFREG:
		return make_file(unpack, entry, dir_fd, name, made, err);
	case S_IFLNK:
		return make_symlink(unpack, entry, dir_fd, name->base, err);
	case S_IFIFO:
		if (mkfifoat(dir_fd, name->base, 0600) < 0)
			return error_errno(err, errno, "make FIFO");
		return 0;
	default:
		return error_set(err, ERROR_INVALID, "is of an unknown type");
	}
}

static int make_node(struct unpack *unpack, struct archive_entry *entry, int dir_fd, const struct entry_name *name,
                     struct error *err)
{
	struct stat made = {.st_mode = 0};
	struct error in_the_way = {0};
	bool was_whiteout;
	int r = try_node(unpack, entry, dir_fd, name, &made, &in_the_way);

	if (r == -EEXIST) {
		r = clear_name(unpack, dir_fd, name->base, unpack->api->archive_entry_filetype(entry), &was_whiteout);
		if (r < 0)
			return error_errno(err, -r, "replace what is there");
		r = try_node(unpack, entry, dir_fd, name, &made, err);
	} else if (r < 0) {
		*err = in_the_way;
	}
	return r < 0 ? r : attributes_apply(unpack, entry, dir_fd, name->base, made.st_mode ? &made : NULL, err);
}

static int unpack_root(struct unpack *unpack, struct archive_entry *entry, struct error *err)
{
	int r;

	if (unpack->api->archive_entry_hardlink(entry)
	    || unpack->api->archive_entry_filetype(entry) != S_IFDIR)
		return error_set(err, ERROR_INVALID, "the layer's root is not a directory");
	r = attributes_apply(unpack, entry, unpack->root_fd, ".", NULL, err);
	return r < 0 ? r : attributes_remember_time(unpack, entry, "", err);
}

static int unpack_node(struct unpack *unpack, struct archive_entry *entry, const struct entry_name *name,
                       int dir_fd, struct error *err)
{
	mode_t type = unpack->api->archive_entry_filetype(entry);
	const char *hard_link = unpack->api->archive_entry_hardlink(entry);
	AUTO_FREE char *path = NULL;
	int r;

	if (hard_link)
		return make_hard_link(unpack, hard_link, dir_fd, name->base, err);
	if (type == S_IFCHR || type == S_IFBLK || type == S_IFSOCK) {
		/* can't be made without root; the runtime brings the devices that a container needs */
		log_debug("skip device %s/%s", name->directory, name->base);
		return 0;
	}
	if (type != S_IFDIR)
		return make_node(unpack, entry, dir_fd, name, err);
	r = make_directory(unpack, dir_fd, name->base);
	if (r < 0)
		return error_errno(err, -r, "make directory");
	path = entry_name_path(name);
	r = attributes_remember_time(unpack, entry, path, err);
	return r < 0 ? r : attributes_apply(unpack, entry, dir_fd, name->base, NULL, err);
}

static int hide(struct unpack *unpack, const struct entry_name *name, int dir_fd, struct error *err)
{
	int r;

	if (name->kind == ENTRY_WHITEOUT) {
		r = whiteout_hide(dir_fd, name->base);
	} else if (!*name->directory) {
		unpack->opaque_root = true;
		return 0;
	} else {
		r = whiteout_make_opaque(dir_fd, ".");
	}
	return r < 0 ? error_errno(err, -r, "make whiteout") : 0;
}

static int unpack_entry(struct unpack *unpack, struct archive_entry *entry, const struct entry_name *name,
                        struct error *err)
{
	int dir_fd;

	if (name->kind == ENTRY_SKIP)
		return 0;
	if (!*name->base)
		return unpack_root(unpack, entry, err);
	dir_fd = open_directory(unpack, name->directory, err);
	if (dir_fd < 0)
		return dir_fd;
	if (name->kind != ENTRY_PLAIN)
		return hide(unpack, name, dir_fd, err);
	unpack->files++;
	return unpack_node(unpack, entry, name, dir_fd, err);
}

/* --- all of them --- */

int unpack_run(struct unpack *unpack, struct error *err)
{
	struct archive_entry *entry;
	int r;

	while ((r = tar_reader_next(unpack->reader, &entry, err)) > 0) {
		AUTO_ENTRY_NAME struct entry_name name = {0};

		if (++unpack->entries > LAYER_MAX_ENTRIES)
			return error_set(err, ERROR_INVALID, "more than %d entries", LAYER_MAX_ENTRIES);
		r = entry_name_parse(unpack->api->archive_entry_pathname(entry), &name, err);
		if (r < 0)
			return r;
		r = unpack_entry(unpack, entry, &name, err);
		if (r < 0)
			return error_wrap(err, r, "entry \"%s%s%.255s\"", name.directory,
			                  *name.directory ? "/" : "", name.base);
	}
	if (r >= 0 && unpack->opaque_root)
		r = whiteout_hide_root(unpack, err);
	return r < 0 ? r : attributes_apply_times(unpack, err);
}

void unpack_done(struct unpack *unpack)
{
	forget_directory(unpack);
	lower_close(&unpack->lower);
	LIST_EACH(struct directory_time, directory, &unpack->directories)
		free(directory->path);
	free(unpack->directories.items);
	unpack->directories = (struct list){0};
	texts_done(&unpack->directories_own);
}
