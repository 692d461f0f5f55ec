/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * driver_copy.c - the last resort: a full copy of the layers for each container
 *
 * The copy is made in merged.part/ and becomes merged/ by a rename, so that a copy that was cut
 * short is begun anew. Layers are laid over each other lowest first; overlayfs' whiteouts (device
 * node 0:0) and opaque directories are applied. Blocks are shared where the file system can
 * (FICLONE: btrfs, xfs, bcachefs).
 */
#include "coracle/store/driver.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/sys/mount.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <search.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "overlay.h"
#include "shared_private.h"

#define COPY_MAX_DEPTH  400 /* two descriptors a level: below the usual limit of 1024 */
#define COPY_NAMES_MAX  65536
#define COPY_VALUE_MAX  65536
#define COPY_BUFFER     65536
#define COPY_PATH_SIZE  320

/* a file with several names in one layer: where its first copy is */
struct link {
	dev_t device;
	ino_t inode;
	char *path; /* below the top of the copy */
};

struct copy {
	int top_fd;   /* merged.part/ */
	void *links;  /* tsearch(3) tree of struct link, of the present layer */
	char *buffer; /* COPY_BUFFER */
	char *names;  /* COPY_NAMES_MAX */
	char *value;  /* COPY_VALUE_MAX */
	const char *uid_mapping, *gid_mapping; /* of struct driver_mount */
	bool single_id;
	bool shared; /* the present layer's files all have one owner (shared.h) */
};

static int link_compare(const void *a, const void *b)
{
	const struct link *one = a, *two = b;

	if (one->device != two->device)
		return one->device < two->device ? -1 : 1;
	if (one->inode != two->inode)
		return one->inode < two->inode ? -1 : 1;
	return 0;
}

static void link_free(void *slot)
{
	struct link *link = slot;

	free(link->path);
	free(link);
}

static bool is_private_xattr(const char *name)
{
	return strncmp(name, "user.overlay.", 13) == 0 || strncmp(name, "trusted.", 8) == 0
	       || strncmp(name, "user.fuseoverlayfs.", 19) == 0 || strcmp(name, SHARED_STAT_KEY) == 0;
}

/* copy_xattrs - by path through the directories' descriptors, since symlinks cannot be opened */
static int copy_xattrs(struct copy *copy, int from_fd, int into_fd, const char *name)
{
	char from[COPY_PATH_SIZE], into[COPY_PATH_SIZE];
	ssize_t length;

	(void) snprintf(from, sizeof from, "/proc/self/fd/%d/%s", from_fd, name);
	(void) snprintf(into, sizeof into, "/proc/self/fd/%d/%s", into_fd, name);
	length = llistxattr(from, copy->names, COPY_NAMES_MAX);
	if (length < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	for (char *key = copy->names; key < copy->names + length; key += strlen(key) + 1) {
		ssize_t size;

		if (is_private_xattr(key))
			continue;
		size = lgetxattr(from, key, copy->value, COPY_VALUE_MAX);
		if (size < 0)
			return -errno;
		/* labels of the host (security.selinux) are given by the host anew */
		if (lsetxattr(into, key, copy->value, (size_t) size, 0) < 0 && errno != EPERM
		    && errno != EOPNOTSUPP)
			return -errno;
	}
	return 0;
}

/* shown - the id that a file on disk is given in the copy: mapping is "ON-DISK:SHOWN:COUNT[:...]"; NULL: the same */
static unsigned shown(const char *mapping, unsigned id)
{
	unsigned disk, as, count;
	int used = 0;

	while (mapping && sscanf(mapping, "%u:%u:%u%n", &disk, &as, &count, &used) == 3) {
		if (id >= disk && id - disk < count)
			return as + (id - disk);
		mapping += used;
		mapping += *mapping == ':';
	}
	return id;
}

/* copy_attributes - owner before mode, which chown(2) would strip of set-id bits, before capabilities */
static int copy_attributes(struct copy *copy, int from_fd, int into_fd, const char *name,
                           const struct stat *st)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};
	struct stat as = *st;
	int r;

	if (copy->shared && (!shared_stat(from_fd, name, &as) || copy->single_id))
		as.st_uid = as.st_gid = 0;
	if (fchownat(into_fd, name, shown(copy->uid_mapping, as.st_uid), shown(copy->gid_mapping, as.st_gid),
	             AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISLNK(st->st_mode) && fchmodat(into_fd, name, as.st_mode & 07777, 0) < 0)
		return -errno;
	r = copy_xattrs(copy, from_fd, into_fd, name);
	if (r < 0)
		return r;
	return utimensat(into_fd, name, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

/* copy_blocks - holes stay holes, as far as the source tells where they are */
static int copy_blocks(struct copy *copy, int from, int into, off_t size)
{
	off_t at = 0;

	while (at < size) {
		off_t data = lseek(from, at, SEEK_DATA), end;

		if (data < 0 && errno == ENXIO)
			break;
		if (data < 0)
			data = at;
		end = lseek(from, data, SEEK_HOLE);
		if (end < 0)
			end = size;
		for (at = data; at < end;) {
			size_t want = (size_t) MIN(end - at, (off_t) COPY_BUFFER);
			ssize_t n = pread(from, copy->buffer, want, at);

			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0)
				return -errno;
			if (n == 0)
				return 0; /* became shorter meanwhile */
			n = pwrite(into, copy->buffer, (size_t) n, at);
			if (n < 0)
				return -errno;
			at += n;
		}
	}
	return ftruncate(into, size) < 0 ? -errno : 0;
}

static int copy_regular(struct copy *copy, int from_fd, int into_fd, const char *name,
                        const struct stat *st)
{
	AUTO_CLOSE int from = openat(from_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_CLOSE int into = -1;

	if (from < 0)
		return -errno;
	into = openat(into_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (into < 0)
		return -errno;
	if (ioctl(into, FICLONE, from) == 0)
		return 0;
	return copy_blocks(copy, from, into, st->st_size);
}

static int copy_symlink(struct copy *copy, int from_fd, int into_fd, const char *name)
{
	ssize_t length = readlinkat(from_fd, name, copy->buffer, COPY_BUFFER - 1);

	if (length < 0)
		return -errno;
	copy->buffer[length] = '\0';
	return symlinkat(copy->buffer, into_fd, name) < 0 ? -errno : 0;
}

/* copy_link - 1 when the file has been copied under another name of this layer and is linked now */
static int copy_link(struct copy *copy, int into_fd, const char *name, const char *path,
                     const struct stat *st)
{
	struct link key = {.device = st->st_dev, .inode = st->st_ino};
	struct link *const *found = tfind(&key, &copy->links, link_compare);
	struct link *fresh;

	if (found)
		return linkat(copy->top_fd, (*found)->path, into_fd, name, 0) < 0 ? -errno : 1;
	fresh = xcalloc(1, sizeof *fresh);
	*fresh = (struct link) {st->st_dev, st->st_ino, xstrdup(path)};
	if (!tsearch(fresh, &copy->links, link_compare)) {
		link_free(fresh);
		return -ENOMEM;
	}
	return 0;
}

static int copy_other(struct copy *copy, int from_fd, int into_fd, const char *name,
                      const char *path, const struct stat *st)
{
	int r = 0;

	if (st->st_nlink > 1)
		r = copy_link(copy, into_fd, name, path, st);
	if (r != 0)
		return r < 0 ? r : 0;
	if (S_ISREG(st->st_mode))
		r = copy_regular(copy, from_fd, into_fd, name, st);
	else if (S_ISLNK(st->st_mode))
		r = copy_symlink(copy, from_fd, into_fd, name);
	else if (mknodat(into_fd, name, (st->st_mode & S_IFMT) | 0600, st->st_rdev) < 0)
		/* device nodes can't be made without root, and a container has no use for them */
		return errno == EPERM ? 0 : -errno;
	return r < 0 ? r : copy_attributes(copy, from_fd, into_fd, name, st);
}

static bool is_opaque(int dir_fd, const char *name)
{
	char path[COPY_PATH_SIZE], value[2];

	(void) snprintf(path, sizeof path, "/proc/self/fd/%d/%s", dir_fd, name);
	return (lgetxattr(path, "user.overlay.opaque", value, sizeof value) == 1 && value[0] == 'y')
	       || (lgetxattr(path, "trusted.overlay.opaque", value, sizeof value) == 1 && value[0] == 'y');
}

static int copy_tree(struct copy *copy, int from_fd, int into_fd, const char *path, unsigned depth);

static int copy_directory(struct copy *copy, int from_fd, int into_fd, const char *name,
                          const char *path, const struct stat *st, unsigned depth)
{
	AUTO_CLOSE int from = -1, into = -1;
	int r;

	if (mkdirat(into_fd, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	from = directory_open(from_fd, name);
	if (from < 0)
		return from;
	into = directory_open(into_fd, name);
	if (into < 0)
		return into;
	r = copy_tree(copy, from, into, path, depth + 1);
	/* last, so that neither the mode nor the times suffer from what is made inside */
	return r < 0 ? r : copy_attributes(copy, from_fd, into_fd, name, st);
}

static int copy_entry(struct copy *copy, int from_fd, int into_fd, const char *name,
                      const char *path, unsigned depth)
{
	struct stat st, there;
	bool stays = false;
	int r;

	if (fstatat(from_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode) && fstatat(into_fd, name, &there, AT_SYMLINK_NOFOLLOW) == 0)
		stays = S_ISDIR(there.st_mode) && !is_opaque(from_fd, name);
	if (!stays) {
		r = tree_remove(into_fd, name);
		if (r < 0)
			return r;
	}
	if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0))
		return 0;
	if (S_ISDIR(st.st_mode))
		return copy_directory(copy, from_fd, into_fd, name, path, &st, depth);
	return copy_other(copy, from_fd, into_fd, name, path, &st);
}

static int copy_tree(struct copy *copy, int from_fd, int into_fd, const char *path, unsigned depth)
{
	AUTO_TEXTS struct texts names = {0};
	int r = depth > COPY_MAX_DEPTH ? -ELOOP : directory_list(from_fd, ".", &names);

	for (size_t i = 0; i < names.count && r >= 0; i++) {
		AUTO_FREE char *below = *path ? xprintf("%s/%s", path, names.items[i])
					      : xstrdup(names.items[i]);

		r = copy_entry(copy, from_fd, into_fd, names.items[i], below, depth);
	}
	return r;
}

static int copy_layer(struct copy *copy, int layer_fd)
{
	AUTO_CLOSE int diff_fd = directory_open(layer_fd, ".");
	struct stat st;
	int r;

	if (diff_fd < 0)
		return diff_fd;
	if (fstat(diff_fd, &st) < 0)
		return -errno;
	r = copy_tree(copy, diff_fd, copy->top_fd, "", 0);
	tdestroy(copy->links, link_free);
	copy->links = NULL;
	return r < 0 ? r : copy_attributes(copy, diff_fd, copy->top_fd, ".", &st);
}

static int copy_layers(const struct driver_mount *request, struct error *err)
{
	AUTO_FREE char *buffer = xcalloc(1, COPY_BUFFER), *names = xcalloc(1, COPY_NAMES_MAX);
	AUTO_FREE char *value = xcalloc(1, COPY_VALUE_MAX);
	AUTO_CLOSE int top_fd = -1;
	struct copy copy = {.buffer = buffer, .names = names, .value = value,
	                    .uid_mapping = request->uid_mapping, .gid_mapping = request->gid_mapping,
	                    .single_id = request->single_id};
	int r = tree_remove(request->container_fd, "merged.part");

	if (r >= 0)
		r = directory_make(request->container_fd, "merged.part", 0755);
	if (r >= 0)
		r = top_fd = directory_open(request->container_fd, "merged.part");
	if (r < 0)
		return error_errno(err, -r, "merged.part");
	copy.top_fd = top_fd;
	for (size_t i = 0; i < request->layers->count; i++) {
		char path[OVERLAY_LAYER_SIZE];
		AUTO_CLOSE int layer_fd = -1;

		overlay_layer_path(request->layers->items[i], path);
		copy.shared = overlay_layer_store(request, i) != store_fd(request->store) || store_is_shared(request->store);
		r = layer_fd = directory_open(overlay_layer_store(request, i), path);
		if (r >= 0)
			r = copy_layer(&copy, layer_fd);
		if (r < 0)
			return error_errno(err, -r, "copy of layer %.12s", path + strlen("layers/"));
	}
	if (renameat(request->container_fd, "merged.part", request->container_fd, "merged") < 0)
		return error_errno(err, errno, "merged");
	return 0;
}

/* copy_bind - a directory becomes a mount, which pivot_root(2) wants */
static int copy_bind(const struct driver_mount *request)
{
	AUTO_CLOSE int container_fd = overlay_reopen(request->container_fd);
	AUTO_CLOSE int dir_fd = -1, fd = -1;
	AUTO_FREE char *source = NULL;
	int r;

	if (container_fd < 0)
		return container_fd;
	dir_fd = openat(container_fd, "merged", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return -errno;
	fd = mount_clone(dir_fd, false);
	if (fd == -ENOSYS || fd == -EPERM) {
		source = xprintf("/proc/self/fd/%d", dir_fd);
		r = mount_at(dir_fd, "none", source, MS_BIND, NULL);
		if (r < 0)
			return r;
		fd = openat(container_fd, "merged", O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0)
		return fd;
	r = request->read_only ? mount_set(fd, MOUNT_ATTR_RDONLY, 0, 0, false) : 0;
	return r < 0 ? r : TAKE_FD(fd);
}

static int copy_mount(const struct driver_mount *request, struct error *err)
{
	int r = overlay_check_layers(request, err);

	if (r < 0)
		return r;
	if (!file_exists(request->container_fd, "merged")) {
		r = copy_layers(request, err);
		if (r < 0)
			return r;
	}
	r = copy_bind(request);
	return r < 0 ? error_errno(err, -r, "cannot mount the copy of the layers") : r;
}

static int copy_probe(struct store *store, struct error *err)
{
	(void) store;
	(void) err;
	return 0; /* it needs nothing but space */
}

const struct driver driver_copy = {
	.name = "copy",
	.probe = copy_probe,
	.mount = copy_mount,
};
