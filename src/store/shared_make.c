/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shared_make.c - a store that others can read: making one, knowing one, and how its files look */
#include "shared_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/number.h"
#include "coracle/sys/xattr.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "store_private.h"

#define MARK_MAX_BYTES 4096
#define VERSION        1
#define STAT_SIZE      64

struct mark { int64_t version; };
static const struct field mark_fields[] = {
	FIELD_INT("version", struct mark, version, .required = true, .keep = true),
	FIELD_END,
};

static const char *const folders[] = {"blobs", "blobs/sha256", "layers", "images", "refs"};

static bool is_empty(int fd, const char *folder)
{
	AUTO_TEXTS struct texts names = {0};
	int r = directory_list(fd, folder, &names);

	for (size_t i = 0; r >= 0 && i < names.count; i++)
		if (strcmp(folder, "blobs") != 0 || strcmp(names.items[i], "sha256") != 0)
			return false;
	return r >= 0 || r == -ENOENT;
}

/* is_begun - somebody was killed while he made it: empty folders at the most, and no mark */
static bool is_begun(int fd)
{
	AUTO_TEXTS struct texts names = {0};

	if (directory_list(fd, ".", &names) < 0)
		return false;
	for (size_t i = 0; i < names.count; i++) {
		bool known = strncmp(names.items[i], SHARED_MARK ".", strlen(SHARED_MARK ".")) == 0;

		for (size_t j = 0; j < ARRAY_LEN(folders); j++)
			known = known || strcmp(names.items[i], folders[j]) == 0;
		if (!known)
			return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		if (!is_empty(fd, folders[i]))
			return false;
	return true;
}

static int open_begun(int dir_fd, const char *directory, struct error *err)
{
	AUTO_CLOSE int fd = directory_open(dir_fd, "store");

	if (fd >= 0 && is_begun(fd))
		return TAKE_FD(fd);
	(void) error_set(err, ERROR_CONFLICT, "%s/store is there already: only a new store can be made so that others can read it",
	                 directory);
	return -EEXIST;
}

static int open_fresh(const char *directory, struct error *err)
{
	AUTO_CLOSE int fd = -1, store_fd = -1;
	int r = mkdir(directory, 0755) < 0 && errno != EEXIST ? -errno : 0;

	if (r < 0)
		return error_errno(err, -r, "make %s", directory);
	fd = directory_open(AT_FDCWD, directory);
	if (fd < 0)
		return error_errno(err, -fd, "open %s", directory);
	if (mkdirat(fd, "store", 0755) == 0) {
		store_fd = directory_open(fd, "store");
		if (store_fd < 0)
			return error_errno(err, -store_fd, "open %s/store", directory);
	} else if (errno == EEXIST) {
		store_fd = open_begun(fd, directory, err);
		if (store_fd < 0)
			return store_fd;
	} else {
		return error_errno(err, errno, "make %s/store", directory);
	}
	/* whatever the umask */
	if (fchmod(fd, 0755) < 0 || fchmod(store_fd, 0755) < 0)
		return error_errno(err, errno, "change the mode of %s", directory);
	return TAKE_FD(store_fd);
}

/* write_mark - last, and at once with its mode: it makes a store of the directories */
static int write_mark(int fd, const char *directory, struct error *err)
{
	static const struct mark mark = {.version = VERSION};
	static const char fresh[] = SHARED_MARK ".new";
	int r = file_write_json(fd, fresh, mark_fields, &mark, 0644, FILE_DURABLE, err);

	if (r >= 0 && (fchmodat(fd, fresh, 0644, 0) < 0 || renameat(fd, fresh, fd, SHARED_MARK) < 0 || fsync(fd) < 0))
		r = error_errno(err, errno, "make %s/store/" SHARED_MARK, directory);
	return r;
}

int store_share(const char *directory, struct error *err)
{
	AUTO_CLOSE int fd = open_fresh(directory, err);
	int r = fd;

	if (r >= 0 && fsetxattr(fd, SHARED_STAT_KEY, "0:0:0755", 8, 0) < 0) {
		r = error_errno(err, errno, "%s: its file system takes no attributes, in which the owners of files are kept", directory);
		(void) unlinkat(fd, "../store", AT_REMOVEDIR);
	}
	for (size_t i = 0; i < ARRAY_LEN(folders) && r >= 0; i++)
		if ((mkdirat(fd, folders[i], 0755) < 0 && errno != EEXIST) || fchmodat(fd, folders[i], 0755, 0) < 0)
			r = error_errno(err, errno, "make %s/store/%s", directory, folders[i]);
	if (r >= 0)
		r = write_mark(fd, directory, err);
	return r < 0 ? r : 0;
}

/* not_ours - what a directory is that holds no store for everybody */
static int not_ours(const char *path, struct error *err)
{
	static const char *const foreign[] = {"overlay-images", "vfs-images", "btrfs-images", "zfs-images"};

	for (size_t i = 0; i < ARRAY_LEN(foreign); i++) {
		AUTO_FREE char *name = xprintf("%s/%s", path, foreign[i]);

		if (access(name, F_OK) == 0)
			return error_set(err, ERROR_UNSUPPORTED, "it is a store of podman's layout; make one with: coracle store create");
	}
	return error_set(err, ERROR_INVALID, "it holds no image store that was made for others with: coracle store create");
}

int shared_open(const char *path, struct error *err)
{
	AUTO_FREE char *full = xprintf("%s/store", path);
	AUTO_CLOSE int fd = open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct mark mark = {0};
	struct error ignored = {0};
	char value[STAT_SIZE];
	int r;

	if (fd < 0 && errno == ENOENT && access(path, F_OK) == 0)
		return not_ours(path, err);
	if (fd < 0)
		return error_errno(err, errno, "open it");
	if (!file_exists(fd, SHARED_MARK))
		return not_ours(path, err);
	r = file_read_json(fd, SHARED_MARK, MARK_MAX_BYTES, mark_fields, &mark, &ignored);
	if (r < 0)
		return error_set(err, ERROR_INVALID, "%.500s", ignored.text);
	if (mark.version != VERSION)
		return error_set(err, ERROR_UNSUPPORTED, "it is of version %lld, this program knows version %d",
		                 (long long) mark.version, VERSION);
	if (fgetxattr(fd, SHARED_STAT_KEY, value, sizeof value) < 0)
		return error_set(err, ERROR_UNSUPPORTED, "its attributes, in which the owners of files are kept, can't be seen here: "
		                 "NFS shows them from version 4.2 on, rsync copies them with -X");
	return TAKE_FD(fd);
}

bool store_is_shared(struct store *store)
{
	if (!store->mark_known) {
		store->mark = file_exists(store->fd, SHARED_MARK);
		store->mark_known = true;
	}
	return store->mark;
}

int shared_set(int dir_fd, const char *name, uint64_t uid, uint64_t gid, mode_t mode)
{
	char value[STAT_SIZE];
	struct stat st;
	mode_t everybody;
	int r;

	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return 0;
	everybody = S_ISDIR(st.st_mode) || (mode & 0111) ? 0755 : 0644;
	if (fchmodat(dir_fd, name, everybody, 0) < 0)
		return -errno;
	/* the kernel keeps user.* for these two */
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return 0;
	if (uid >= UINT32_MAX || gid >= UINT32_MAX)
		return -EINVAL;
	r = snprintf(value, sizeof value, "%u:%u:0%o", (unsigned) uid, (unsigned) gid, (unsigned) (mode & 07777));
	return xattr_set(dir_fd, name, SHARED_STAT_KEY, value, (size_t) r);
}

bool shared_stat(int dir_fd, const char *name, struct stat *st)
{
	char value[STAT_SIZE];
	unsigned uid, gid, mode;
	ssize_t length;

	if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
		return false;
	length = xattr_get(dir_fd, name, SHARED_STAT_KEY, value, sizeof value - 1);
	if (length <= 0)
		return false;
	value[length] = '\0';
	if (sscanf(value, "%u:%u:%o", &uid, &gid, &mode) != 3)
		return false;
	st->st_uid = uid;
	st->st_gid = gid;
	st->st_mode = (st->st_mode & S_IFMT) | (mode & 07777);
	return true;
}
