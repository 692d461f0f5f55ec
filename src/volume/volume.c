/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * volume.c - named and anonymous volumes on disk
 *
 *   data/volumes/NAME/_data        what containers see
 *   data/volumes/NAME/volume.json  struct volume
 *   data/volumes/.new              one that is being made
 *   data/volumes/.old-NAME         one that is being removed
 *   data/volumes/.lock             serialises making and renaming
 *
 * A volume is there when its directory has its name: it is built as .new, written to disk and
 * renamed, and it is renamed before its files are removed. What a killed process leaves behind is
 * found under names that no volume can have, and goes with the next volume made or removed.
 */
#include "coracle/volume/volume.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/file.h"
#include "coracle/base/id.h"
#include "coracle/sys/lock.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define VOLUME_FILE_MAX (1 << 20)
#define NAME_LENGTH_MAX 240 /* NAME_MAX less what stands before it while it is removed */
#define OLD_PREFIX      ".old-"

const struct field volume_fields[] = {
	FIELD_TEXT("name", struct volume, name, .required = true, .keep = true),
	FIELD_TEXT("created", struct volume, created, .required = true, .keep = true),
	FIELD_TEXT("driver", struct volume, driver, .keep = true),
	FIELD_PAIRS("labels", struct volume, labels),
	FIELD_PAIRS("options", struct volume, options),
	FIELD_BOOL("anonymous", struct volume, anonymous),
	FIELD_BOOL("filled", struct volume, filled),
	FIELD_END,
};

void volume_done(struct volume *volume)
{
	fields_done(volume_fields, volume);
	free(volume->mountpoint);
	*volume = (struct volume){0};
}
#define AUTO_VOLUME AUTO(volume_done)

void volume_list_done(struct list *list)
{
	LIST_EACH(struct volume, volume, list)
		volume_done(volume);
	free(list->items);
	*list = (struct list){0};
}

bool volume_name_is_valid(const char *name)
{
	static const char first[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t length = strnlen(name, NAME_LENGTH_MAX + 1);

	if (length == 0 || length > NAME_LENGTH_MAX || !strchr(first, name[0]))
		return false;
	for (size_t i = 1; i < length; i++)
		if (!strchr(first, name[i]) && !strchr("_.-", name[i]))
			return false;
	return true;
}

static int name_check(const char *name, struct error *err)
{
	if (volume_name_is_valid(name))
		return 0;
	return error_set(err, ERROR_INVALID,
	                 "volume \"%.250s\": a name has 1 to %d letters, digits, \"_\", \".\" and "
	                 "\"-\" and begins with a letter or digit, as in \"web-data\"",
	                 name, NAME_LENGTH_MAX);
}

/* volumes_open - descriptor of data/volumes, made when absent */
static int volumes_open(const struct paths *paths)
{
	int r = directory_make(paths->data_fd, "volumes", 0700);

	return r < 0 ? r : directory_open(paths->data_fd, "volumes");
}

static char *mountpoint_of(const struct paths *paths, const char *name)
{
	return xprintf("%s/volumes/%s/_data", paths->data, name);
}

/* volume_fill - read volume.json; the directory's name is what counts, not the one in the file */
static int volume_fill(const struct paths *paths, int volumes_fd, const char *name,
                       struct volume *out, struct error *err)
{
	AUTO_FREE char *path = xprintf("%s/volume.json", name);
	AUTO_VOLUME struct volume volume = {0};
	uint64_t created;
	int r = file_read_json(volumes_fd, path, VOLUME_FILE_MAX, volume_fields, &volume, err);

	if (r < 0)
		return r;
	if (clock_parse_rfc3339(volume.created, &created) < 0)
		return error_set(err, ERROR_INVALID, "%s: \"created\" is not a time", path);
	text_replace(&volume.name, name);
	volume.mountpoint = mountpoint_of(paths, name);
	*out = TAKE(volume, (struct volume){0});
	return 0;
}

static bool volume_exists(int volumes_fd, const char *name)
{
	struct stat st;

	return fstatat(volumes_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static int no_such_volume(const char *name, struct error *err)
{
	return error_set(err, ERROR_NOT_FOUND,
	                 "no such volume: %s; coracle volume ls shows those there are", name);
}

int volume_read(const struct paths *paths, const char *name, struct volume *out, struct error *err)
{
	AUTO_CLOSE int fd = -1;
	int r = name_check(name, err);

	if (r < 0)
		return r;
	fd = directory_open(paths->data_fd, "volumes");
	if (fd == -ENOENT || (fd >= 0 && !volume_exists(fd, name)))
		return no_such_volume(name, err);
	if (fd < 0)
		return error_errno(err, -fd, "%s/volumes", paths->data);
	r = volume_fill(paths, fd, name, out, err);
	if (r < 0)
		return error_wrap(err, r,
		                  "volume %s is damaged (its files are in %s/volumes/%s/_data; "
		                  "coracle volume rm removes it)",
		                  name, paths->data, name);
	return 0;
}

/* Whatever umask says: a container's users other than root must get into a new volume. */
static int make_data(int new_fd)
{
	AUTO_CLOSE int data = -1;

	if (mkdirat(new_fd, "_data", 0755) < 0)
		return -errno;
	data = directory_open(new_fd, "_data");
	if (data < 0)
		return data;
	return fchmod(data, 0755) < 0 ? -errno : 0;
}

/* With the lock held: .new is nobody else's. */
static int build(int volumes_fd, const struct volume *volume, struct error *err)
{
	AUTO_CLOSE int fd = -1;
	int r = tree_remove(volumes_fd, ".new");

	if (r < 0)
		return error_errno(err, -r, "remove volumes/.new");
	if (mkdirat(volumes_fd, ".new", 0700) < 0)
		return error_errno(err, errno, "make volumes/.new");
	fd = directory_open(volumes_fd, ".new");
	if (fd < 0)
		return error_errno(err, -fd, "open volumes/.new");
	r = make_data(fd);
	if (r < 0)
		return error_errno(err, -r, "make volumes/.new/_data");
	r = file_write_json(fd, "volume.json", volume_fields, volume, 0600, FILE_DURABLE, err);
	if (r < 0)
		return r;
	/* a directory that holds something is never replaced; an empty one is not a volume */
	if (renameat(volumes_fd, ".new", volumes_fd, volume->name) < 0)
		return error_errno(err, errno, "rename volumes/.new to %s", volume->name);
	return fsync(volumes_fd) < 0 ? error_errno(err, errno, "sync volumes") : 0;
}

static int create_locked(const struct paths *paths, int volumes_fd, struct volume *volume,
                         enum volume_make make, struct volume *out, struct error *err)
{
	char now[CLOCK_TEXT_SIZE];
	int r;

	if (volume_exists(volumes_fd, volume->name)) {
		if (make == VOLUME_MAKE_ANY)
			return volume_read(paths, volume->name, out, err);
		(void) error_set(err, ERROR_CONFLICT,
		                 "volume %s exists already; coracle volume rm %s removes it",
		                 volume->name, volume->name);
		return -EEXIST;
	}
	volume->created = xstrdup(clock_rfc3339(clock_now(), now));
	volume->driver = xstrdup("local");
	r = build(volumes_fd, volume, err);
	if (r < 0) {
		/* best effort: the next one made removes it as well */
		(void) !tree_remove(volumes_fd, ".new");
		return error_wrap(err, r, "volume %s", volume->name);
	}
	volume->mountpoint = mountpoint_of(paths, volume->name);
	*out = TAKE(*volume, (struct volume){0});
	return 0;
}

int volume_create(const struct paths *paths, const char *name, const struct pairs *labels,
                  const struct pairs *options, enum volume_make make, struct volume *out,
                  struct error *err)
{
	AUTO_VOLUME struct volume volume = {0};
	char id[ID_LENGTH + 1];
	AUTO_CLOSE int fd = -1, lock = -1;
	int r = name ? name_check(name, err) : 0;

	if (r < 0)
		return r;
	fd = volumes_open(paths);
	if (fd < 0)
		return error_errno(err, -fd, "%s/volumes", paths->data);
	if (!name)
		id_random(id);
	volume.name = xstrdup(name ? name : id);
	volume.anonymous = !name;
	if (labels)
		pairs_set_all(&volume.labels, labels);
	if (options)
		pairs_set_all(&volume.options, options);
	/* the common case, a volume in use, needs no lock */
	if (make == VOLUME_MAKE_ANY && volume_exists(fd, volume.name))
		return volume_read(paths, volume.name, out, err);
	lock = lock_take(fd, ".lock", LOCK_MODE_EXCLUSIVE, LOCK_WAIT);
	if (lock < 0)
		return error_errno(err, -lock, "%s/volumes/.lock", paths->data);
	return create_locked(paths, fd, &volume, make, out, err);
}

int volume_write(const struct paths *paths, const struct volume *volume, struct error *err)
{
	AUTO_CLOSE int fd = -1;
	AUTO_FREE char *path = NULL;
	int r = name_check(volume->name, err);

	if (r < 0)
		return r;
	path = xprintf("volumes/%s", volume->name);
	fd = directory_open(paths->data_fd, path);
	if (fd == -ENOENT)
		return no_such_volume(volume->name, err);
	if (fd < 0)
		return error_errno(err, -fd, "%s/%s", paths->data, path);
	r = file_write_json(fd, "volume.json", volume_fields, volume, 0600, FILE_DURABLE, err);
	return r < 0 ? error_wrap(err, r, "volume %s", volume->name) : 0;
}

int volume_list(const struct paths *paths, struct list *out, struct error *err)
{
	AUTO_CLOSE int fd = directory_open(paths->data_fd, "volumes");
	AUTO_TEXTS struct texts names = {0};
	int r;

	if (fd == -ENOENT)
		return 0;
	r = fd < 0 ? fd : directory_list(fd, ".", &names);
	if (r < 0)
		return error_errno(err, -r, "%s/volumes", paths->data);
	for (size_t i = 0; i < names.count; i++) {
		struct volume volume = {0};
		struct error damage = {0};

		if (!volume_name_is_valid(names.items[i]) || !volume_exists(fd, names.items[i]))
			continue;
		if (volume_fill(paths, fd, names.items[i], &volume, &damage) < 0) {
			/* removed meanwhile, or its directory was never finished */
			if (!volume_exists(fd, names.items[i]))
				continue;
			volume = (struct volume){
				.name = xstrdup(names.items[i]),
				.driver = xstrdup("local"),
				.mountpoint = mountpoint_of(paths, names.items[i]),
				.damaged = true,
			};
		}
		*(struct volume *) list_add(out, sizeof volume) = volume;
	}
	return 0;
}

/* Out of sight under the lock: a volume of this name can be made again at once. */
static int hide(int volumes_fd, const char *name, const char *old)
{
	AUTO_CLOSE int lock = lock_take(volumes_fd, ".lock", LOCK_MODE_EXCLUSIVE, LOCK_WAIT);
	int r;

	if (lock < 0)
		return lock;
	if (!volume_exists(volumes_fd, name))
		return -ENOENT;
	r = tree_remove(volumes_fd, old);
	if (r < 0)
		return r;
	if (renameat(volumes_fd, name, volumes_fd, old) < 0)
		return -errno;
	return fsync(volumes_fd) < 0 ? -errno : 0;
}

/* What removals that were killed have left. */
static void sweep(int volumes_fd)
{
	AUTO_TEXTS struct texts names = {0};

	if (directory_list(volumes_fd, ".", &names) < 0)
		return;
	/* best effort: the next removal tries again */
	for (size_t i = 0; i < names.count; i++)
		if (strncmp(names.items[i], OLD_PREFIX, strlen(OLD_PREFIX)) == 0)
			(void) !tree_remove(volumes_fd, names.items[i]);
}

int volume_remove(const struct paths *paths, const char *name, struct error *err)
{
	AUTO_CLOSE int fd = -1;
	AUTO_FREE char *old = NULL;
	int r = name_check(name, err);

	if (r < 0)
		return r;
	fd = directory_open(paths->data_fd, "volumes");
	if (fd == -ENOENT)
		return no_such_volume(name, err);
	if (fd < 0)
		return error_errno(err, -fd, "%s/volumes", paths->data);
	old = xprintf(OLD_PREFIX "%s", name);
	r = hide(fd, name, old);
	if (r == -ENOENT)
		return no_such_volume(name, err);
	if (r >= 0)
		r = tree_remove(fd, old);
	if (r < 0)
		return error_errno(err, -r, "remove volume %s in %s/volumes", name, paths->data);
	sweep(fd);
	return 0;
}

int volume_data_open(const struct paths *paths, const char *name)
{
	AUTO_FREE char *path = NULL;

	if (!volume_name_is_valid(name))
		return -EINVAL;
	path = xprintf("volumes/%s/_data", name);
	return directory_open(paths->data_fd, path);
}
