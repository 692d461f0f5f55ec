/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mount.c - images as directories of the host, read-only; see mount.h */
#include "coracle/image/mount.h"

#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"
#include "coracle/base/file.h"
#include "coracle/base/id.h"
#include "coracle/image/image.h"
#include "coracle/store/driver.h"
#include "coracle/store/shared.h"
#include "coracle/sys/caps.h"
#include "coracle/sys/lock.h"
#include "coracle/sys/mount.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "mount_keeper.h"
#include "mount_table.h"

#define MOUNTS      "mounts"
#define MOUNTS_LOCK "mounts/lock"
#define MERGED      "merged"
#define CAP_SYS_ADMIN_NUMBER 21

int image_mount_check(struct error *err)
{
	if (geteuid() == 0 && caps_has(CAP_SYS_ADMIN_NUMBER))
		return 0;
	return error_set(err, ERROR_DENIED, "works only inside of: coracle unshare");
}

/* DATA/mounts as the kernel writes it in its tables; owned */
static int find_top(struct engine *engine, char **out, struct error *err)
{
	AUTO_FREE char *link = xprintf("/proc/self/fd/%d", engine->paths.data_fd);
	char path[PATH_MAX];
	ssize_t length = readlink(link, path, sizeof path - 1);

	if (length < 0)
		return error_errno(err, errno, "%s", link);
	path[length] = '\0';
	*out = xprintf("%s/" MOUNTS, strcmp(path, "/") == 0 ? "" : path);
	return 0;
}

/* Making, looking and removing exclude each other: a mount point that is removed takes the mounts of others along. */
static int lock(struct engine *engine, struct error *err)
{
	int r = directory_make(engine->paths.data_fd, MOUNTS, 0700);

	if (r >= 0)
		r = lock_take(engine->paths.data_fd, MOUNTS_LOCK, LOCK_MODE_EXCLUSIVE, LOCK_WAIT);
	return r < 0 ? error_errno(err, -r, "%s/" MOUNTS_LOCK, engine->paths.data ? engine->paths.data : "") : r;
}

/*
 * What was made for mounting goes when nobody has it mounted any longer; a copy of the layers may be large. Images whose
 * mount namespace ended without an unmount are met here too.
 */
static void sweep(struct engine *engine, const char *top)
{
	AUTO_TEXTS struct texts names = {0};

	/* what can't be removed now is removed another time, at last with the image */
	if (directory_list(engine->paths.data_fd, MOUNTS, &names) < 0)
		return;
	for (size_t i = 0; i < names.count; i++) {
		AUTO_FREE char *path = xprintf(MOUNTS "/%s", names.items[i]);

		if (id_is_hex(names.items[i]) && mount_table_user(top, names.items[i]) == 0)
			(void) !tree_remove(engine->paths.data_fd, path);
	}
}

static int mount_number(int fd, uint64_t *out)
{
	char path[64];
	AUTO_FREE char *text = NULL;
	const char *line;
	int r;

	(void) snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
	r = file_read(AT_FDCWD, path, 4096, &text, NULL);
	if (r < 0)
		return r;
	line = strstr(text ? text : "", "mnt_id:");
	return line && sscanf(line, "mnt_id: %" SCNu64, out) == 1 ? 0 : -EIO;
}

/* Drivers give a mount that is nowhere yet, or one that lies on merged/ already. */
static int attach(int mount_fd, int dir_fd)
{
	AUTO_CLOSE int target = -1;
	uint64_t mount = 0, there = 0;
	int r = mkdirat(dir_fd, MERGED, 0755) < 0 && errno != EEXIST ? -errno : mount_number(mount_fd, &mount);

	if (r < 0)
		return r;
	target = openat(dir_fd, MERGED, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		return -errno;
	r = mount_number(target, &there);
	return r < 0 || mount == there ? r : mount_attach(mount_fd, target);
}

struct mounting {
	const struct driver *driver;
	struct driver_mount request;
	int dir_fd; /* mounts/HEX */
};

static int mount_now(void *context, struct error *err)
{
	const struct mounting *mounting = context;
	AUTO_CLOSE int fd = mounting->driver->mount(&mounting->request, err);
	int r;

	if (fd < 0)
		return fd;
	/* the image's set-user-id programs and devices are no business of this machine */
	r = mount_set(fd, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0, 0, false);
	if (r >= 0)
		r = attach(fd, mounting->dir_fd);
	return r < 0 ? error_errno(err, -r, "mount the image") : 0;
}

static int mount_layers(struct engine *engine, struct store *store, const struct image_record *record,
                        struct error *err)
{
	AUTO_FREE char *path = xprintf(MOUNTS "/%s", digest_hex(record->id));
	AUTO_CLOSE int dir_fd = -1, copy_fd = -1;
	AUTO_TEXTS struct texts places = {0};
	struct mounting mounting = {0};
	int r;

	if (record->elsewhere || record->store)
		store_places(store, &engine->paths, &record->layers, &places);
	/* of stores that others made, the kernel would show the owners on disk */
	mounting.driver = driver_choose(store, &engine->paths, places.count ? driver_fuse.name : NULL, err);
	if (!mounting.driver)
		return -EOPNOTSUPP;
	r = directory_make(engine->paths.data_fd, path, 0755);
	if (r >= 0)
		r = dir_fd = directory_open(engine->paths.data_fd, path);
	/* apart: that driver takes a merged/ that is there for a copy of an earlier start */
	if (r >= 0 && mounting.driver == &driver_copy)
		r = directory_make(dir_fd, "copy", 0700);
	if (r >= 0 && mounting.driver == &driver_copy)
		r = copy_fd = directory_open(dir_fd, "copy");
	if (r < 0)
		return error_errno(err, -r, "%s/%s", engine->paths.data ? engine->paths.data : "", path);
	mounting.dir_fd = dir_fd;
	mounting.request = (struct driver_mount) {
		.store = store,
		.layers = &record->layers,
		.container_fd = copy_fd < 0 ? dir_fd : copy_fd,
		.read_only = true,
		.shared = places.count > 0,
	};
	/* a driver that has a program to end needs somebody who stays with it */
	r = mounting.driver->unmount ? mount_keep(getenv(IMAGE_MOUNT_OWNER), mount_now, &mounting, err) : mount_now(&mounting, err);
	return r < 0 ? error_wrap(err, r, "image %.12s", digest_hex(record->id)) : 0;
}

static void describe(const struct image_record *record, const char *top, struct image_mounted *out)
{
	out->id = xstrdup(record->id);
	out->path = xprintf("%s/%s/" MERGED, top, digest_hex(record->id));
	texts_add_all(&out->names, &record->names);
}

int image_mount(struct engine *engine, const char *text, struct image_mounted *out, struct error *err)
{
	AUTO_IMAGE_RECORD struct image_record record = {0};
	AUTO_TEXTS struct texts mounted = {0};
	AUTO_CLOSE int hold = -1, guard = -1;
	AUTO_FREE char *top = NULL;
	struct store *store = engine_store(engine, err);
	int r;

	if (!store)
		return -EIO;
	/* in this order: prune asks what is mounted while it excludes those who hold */
	r = hold = store_hold(store, err);
	if (r >= 0)
		r = guard = lock(engine, err);
	if (r >= 0)
		r = image_find_all_names(engine, text, &record, err);
	if (r >= 0)
		r = find_top(engine, &top, err);
	if (r >= 0)
		r = mount_table_own(top ? top : "", &mounted, err);
	if (r >= 0 && !texts_has(&mounted, digest_hex(record.id))) {
		sweep(engine, top ? top : "");
		r = mount_layers(engine, store, &record, err);
		/* half of a copy */
		if (r < 0)
			sweep(engine, top ? top : "");
	}
	if (r < 0)
		return r;
	describe(&record, top ? top : "", out);
	return 0;
}

int image_mount_list(struct engine *engine, struct list *out, struct error *err)
{
	AUTO_TEXTS struct texts mounted = {0};
	AUTO_FREE char *top = NULL;
	struct store *store = engine_store(engine, err);
	int r = store ? find_top(engine, &top, err) : -EIO;

	if (r >= 0)
		r = mount_table_own(top ? top : "", &mounted, err);
	for (size_t i = 0; r >= 0 && i < mounted.count; i++) {
		AUTO_IMAGE_RECORD struct image_record record = {0};
		AUTO_FREE char *id = xprintf(DIGEST_PREFIX "%s", mounted.items[i]);
		struct error gone = {0};

		/* the record may have gone since, the mount is there all the same */
		if (image_record_read(store, id, &record, &gone) < 0 || image_record_names(store, &record, &gone) < 0) {
			image_record_done(&record);
			record.id = TAKE_PTR(id);
		}
		describe(&record, top ? top : "", list_add(out, sizeof(struct image_mounted)));
	}
	return r;
}

/* The digits of a mounted image: by name or id, or those of one that was removed since. */
static int find_mounted(struct engine *engine, const char *text, const struct texts *mounted, char **hex,
                        struct error *err)
{
	AUTO_IMAGE_RECORD struct image_record record = {0};
	const char *digits = strncmp(text, DIGEST_PREFIX, strlen(DIGEST_PREFIX)) == 0 ? text + strlen(DIGEST_PREFIX)
										      : text;
	int r;

	if (texts_has(mounted, digits)) {
		*hex = xstrdup(digits);
		return 0;
	}
	r = image_find(engine, text, &record, NULL, err);
	if (r < 0)
		return r;
	if (!texts_has(mounted, digest_hex(record.id)))
		return error_set(err, ERROR_INVALID, "image \"%.300s\" is not mounted here; what is: coracle image mount",
		                 text);
	*hex = xstrdup(digest_hex(record.id));
	return 0;
}

int image_unmount(struct engine *engine, const char *text, enum image_unmount how, char **id, struct error *err)
{
	AUTO_TEXTS struct texts mounted = {0};
	AUTO_FREE char *top = NULL, *hex = NULL, *path = NULL;
	AUTO_CLOSE int guard = lock(engine, err);
	int r = guard < 0 ? guard : find_top(engine, &top, err);

	if (r >= 0)
		r = mount_table_own(top ? top : "", &mounted, err);
	if (r >= 0)
		r = find_mounted(engine, text, &mounted, &hex, err);
	if (r < 0)
		return r;
	path = xprintf("%s/%s/" MERGED, top ? top : "", hex ? hex : "");
	if (umount2(path, UMOUNT_NOFOLLOW | (how == IMAGE_UNMOUNT_FORCE ? MNT_DETACH : 0)) < 0) {
		if (errno == EBUSY)
			return error_set(err, ERROR_CONFLICT, "image \"%.300s\" is in use at %s; leave it, or: "
			                 "coracle image unmount --force %.100s", text, path, text);
		if (errno == EINVAL)
			return error_set(err, ERROR_DENIED, "image \"%.300s\" was mounted outside of this namespace and "
			                 "can be unmounted only there", text);
		return error_errno(err, errno, "unmount %s", path);
	}
	sweep(engine, top ? top : "");
	*id = xprintf(DIGEST_PREFIX "%s", hex ? hex : "");
	return 0;
}

int image_mount_forget(struct engine *engine, const char *id, struct error *err)
{
	AUTO_FREE char *path = xprintf(MOUNTS "/%s", digest_hex(id)), *top = NULL;
	AUTO_CLOSE int guard = -1;
	int r, pid;

	/* nearly always: it never was mounted */
	if (!file_exists(engine->paths.data_fd, path))
		return 0;
	r = guard = lock(engine, err);
	if (r >= 0)
		r = find_top(engine, &top, err);
	if (r < 0)
		return r;
	pid = mount_table_user(top ? top : "", digest_hex(id));
	if (pid > 0)
		return error_set(err, ERROR_CONFLICT, "image %.12s is mounted where process %d runs; unmount it there: "
		                 "coracle image unmount %.12s", digest_hex(id), pid, digest_hex(id));
	r = tree_remove(engine->paths.data_fd, path);
	return r < 0 ? error_errno(err, -r, "remove %s/%s", engine->paths.data ? engine->paths.data : "", path) : 0;
}

void image_mounted_done(struct image_mounted *mounted)
{
	free(mounted->id);
	free(mounted->path);
	texts_done(&mounted->names);
	*mounted = (struct image_mounted) {0};
}

void image_mount_list_done(struct list *list)
{
	LIST_EACH(struct image_mounted, mounted, list)
		image_mounted_done(mounted);
	free(list->items);
	*list = (struct list) {0};
}
