/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unpack_attribute.c - owner, mode, extended attributes and times of what an archive brings */
#include "unpack.h"

#include "coracle/base/alloc.h"
#include "coracle/base/log.h"
#include "coracle/sys/root.h"
#include "coracle/sys/xattr.h"

#include <fcntl.h>
#include <string.h>

#include "shared_private.h"

static bool has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/*
 * What steers overlayfs or fuse-overlayfs is ours alone; trusted.* is root's; of security.* only
 * file capabilities mean the same in every namespace.
 */
bool attribute_is_allowed(const char *key)
{
	if (has_prefix(key, "user."))
		return !has_prefix(key, "user.overlay.") && !has_prefix(key, "user.fuseoverlayfs.")
		       && !has_prefix(key, "user.containers.") && key[5];
	return strcmp(key, "security.capability") == 0
	       || strcmp(key, "system.posix_acl_access") == 0
	       || strcmp(key, "system.posix_acl_default") == 0;
}

int attribute_set(int dir_fd, const char *name, const char *key, const void *value, size_t length)
{
	int r = xattr_set(dir_fd, name, key, value, length);

	/* EPERM: user.* on a symlink or FIFO, capabilities without CAP_SETFCAP; EINVAL: ids not mapped */
	if (r == -EPERM || r == -EACCES || r == -EOPNOTSUPP || r == -EINVAL) {
		log_warning("%s: attribute %s not kept: %s", name, key, strerror(-r));
		return 0;
	}
	return r;
}

static int apply_xattrs(struct unpack *unpack, struct archive_entry *entry, int dir_fd,
                        const char *name, struct error *err)
{
	const char *key;
	const void *value;
	size_t length;

	(void) unpack->api->archive_entry_xattr_reset(entry);
	while (unpack->api->archive_entry_xattr_next(entry, &key, &value, &length) == ARCHIVE_OK) {
		int r;

		if (!key || !attribute_is_allowed(key))
			continue;
		r = attribute_set(dir_fd, name, key, value ? value : "", length);
		if (r < 0)
			return error_errno(err, -r, "attribute %.200s", key);
	}
	return 0;
}

static struct timespec entry_time(struct unpack *unpack, struct archive_entry *entry)
{
	struct timespec time = {
		.tv_sec = unpack->api->archive_entry_mtime(entry),
		.tv_nsec = unpack->api->archive_entry_mtime_nsec(entry),
	};

	/* utimensat(2) gives other numbers a meaning of their own */
	if (time.tv_nsec < 0 || time.tv_nsec > 999999999)
		time.tv_nsec = 0;
	return time;
}

int attributes_remember_time(struct unpack *unpack, struct archive_entry *entry, const char *path,
                             struct error *err)
{
	struct directory_time *slot;

	unpack->directory_bytes += strlen(path) + sizeof *slot;
	if (unpack->directory_bytes > LAYER_MAX_DIRECTORY_BYTES)
		return error_set(err, ERROR_INVALID, "too many directories");
	slot = list_add(&unpack->directories, sizeof *slot);
	slot->path = xstrdup(path);
	slot->time = entry_time(unpack, entry);
	if (unpack->for_all
	    && (unpack->api->archive_entry_uid(entry) || unpack->api->archive_entry_gid(entry)
	        || (unpack->api->archive_entry_perm(entry) & 07777) != 0755) && !strchr(path, '\n'))
		texts_add(&unpack->directories_own, *path ? path : ".");
	return 0;
}

/* apply_owner - of a layer's thousands of files most have the right owner and mode from their birth */
static int apply_owner(struct unpack *unpack, struct archive_entry *entry, int dir_fd, const char *name,
                       const struct stat *made, struct error *err)
{
	int64_t uid = unpack->api->archive_entry_uid(entry), gid = unpack->api->archive_entry_gid(entry);
	mode_t mode = unpack->api->archive_entry_perm(entry) & 07777;
	int r = owners_check(&unpack->owners, uid, gid, err);

	if (r < 0)
		return r;
	if (!unpack->owners.squash && !(made && made->st_uid == (uid_t) uid && made->st_gid == (gid_t) gid)
	    && fchownat(dir_fd, name, (uid_t) uid, (gid_t) gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, errno, "give it to %lld:%lld", (long long) uid, (long long) gid);
	/* chown(2) takes setuid bits and file capabilities away, so they come after */
	if (unpack->for_all) {
		r = shared_set(dir_fd, name, (uint64_t) uid, (uint64_t) gid, mode);
		if (r < 0)
			return error_errno(err, -r, "keep its owner and mode in an attribute");
	} else if (unpack->api->archive_entry_filetype(entry) != S_IFLNK && !(made && (made->st_mode & 07777) == mode)
	           && fchmodat(dir_fd, name, mode, 0) < 0)
		return error_errno(err, errno, "change its mode");
	return 0;
}

int attributes_apply(struct unpack *unpack, struct archive_entry *entry, int dir_fd, const char *name,
                     const struct stat *made, struct error *err)
{
	mode_t type = unpack->api->archive_entry_filetype(entry);
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, entry_time(unpack, entry)};
	int r = apply_owner(unpack, entry, dir_fd, name, made, err);

	if (r < 0)
		return r;
	r = apply_xattrs(unpack, entry, dir_fd, name, err);
	if (r < 0)
		return r;
	if (type != S_IFDIR && utimensat(dir_fd, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, errno, "set its time");
	return 0;
}

static int set_directory_time(struct unpack *unpack, const struct directory_time *directory)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, directory->time};
	AUTO_FREE char *name = NULL;
	AUTO_CLOSE int fd = -1;
	struct stat st;

	if (!*directory->path)
		return utimensat(unpack->root_fd, ".", times, 0) < 0 ? -errno : 0;
	fd = root_open_parent(unpack->root_fd, directory->path, 0, &name);
	if (fd < 0)
		return fd;
	/* a later entry may have put something else there */
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	return utimensat(fd, name, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

int attributes_apply_times(struct unpack *unpack, struct error *err)
{
	LIST_EACH(struct directory_time, directory, &unpack->directories) {
		int r = set_directory_time(unpack, directory);

		if (r < 0 && r != -ENOENT && r != -ENOTDIR)
			return error_errno(err, -r, "time of \"%s\"", directory->path);
	}
	return 0;
}
