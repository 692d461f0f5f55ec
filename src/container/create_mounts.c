/* SPDX-License-Identifier: GPL-2.0-or-later */
/* create_mounts.c - volumes, binds and tmpfs of a new container */
#include "create_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/path.h"
#include "coracle/volume/volume.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static void mount_done(struct record_mount *mount)
{
	fields_done(record_mount_fields, mount);
}

static struct record_mount *find_target(const struct record *record, const char *target)
{
	LIST_EACH(struct record_mount, mount, &record->mounts)
		if (strcmp(mount->target, target) == 0)
			return mount;
	return NULL;
}

/* Takes what *mount owns. */
static int add_mount(struct making *making, struct record_mount *mount, struct error *err)
{
	struct record_mount *old = find_target(making->record, mount->target);

	if (old) {
		int r = error_set(err, ERROR_INVALID, "two mounts have the target %s: drop one", mount->target);

		mount_done(mount);
		return r;
	}
	*(struct record_mount *) list_add(&making->record->mounts, sizeof *mount) = *mount;
	return 0;
}

/* "./data:/data", "../x:/x": what a removed working directory can't be joined with */
static bool is_any_relative(const struct texts *volumes)
{
	for (size_t i = 0; i < volumes->count; i++)
		if (volumes->items[i][0] == '.')
			return true;
	return false;
}

static int parse_all(struct making *making, struct error *err)
{
	const struct container_create *request = making->request;
	AUTO_FREE char *cwd = getcwd(NULL, 0);
	int r = 0;

	if (!cwd && is_any_relative(&request->volumes))
		return error_errno(err, errno, "current directory (cd to one that exists)");
	if (!cwd)
		cwd = xstrdup("/");
	for (size_t i = 0; i < request->volumes.count && r >= 0; i++) {
		struct record_mount mount = {0};

		r = parse_volume(request->volumes.items[i], cwd, &mount, err);
		if (r >= 0)
			r = add_mount(making, &mount, err);
	}
	for (size_t i = 0; i < request->mounts.count && r >= 0; i++) {
		struct record_mount mount = {0};

		r = parse_mount(request->mounts.items[i], cwd, &mount, err);
		if (r >= 0)
			r = add_mount(making, &mount, err);
	}
	for (size_t i = 0; i < request->tmpfs.count && r >= 0; i++) {
		struct record_mount mount = {0};

		r = parse_tmpfs(request->tmpfs.items[i], &mount, err);
		if (r >= 0)
			r = add_mount(making, &mount, err);
	}
	return r;
}

/* --volumes-from NAME[:ro]: its mounts, where this container has none of its own */
static int add_from(struct making *making, const char *text, struct error *err)
{
	AUTO_CONTAINER struct container other = {0};
	const char *colon = strchr(text, ':');
	AUTO_FREE char *name = colon ? xstrndup(text, (size_t) (colon - text)) : xstrdup(text);
	bool read_only = colon && strcmp(colon + 1, "ro") == 0;
	int r;

	if (colon && !read_only && strcmp(colon + 1, "rw") != 0 && strcmp(colon + 1, "z") != 0)
		return error_set(err, ERROR_INVALID, "--volumes-from \"%s\": the option is ro or rw", text);
	r = state_find(&making->engine->paths, name, STATE_FULL, &other, err);
	if (r < 0)
		return r;
	if (!other.record)
		return error_set(err, ERROR_CONFLICT, "--volumes-from %s: its record is damaged: %s", name, other.damage);
	LIST_EACH(struct record_mount, mount, &other.record->mounts) {
		struct record_mount copy = {0};

		if (strcmp(mount->type, "tmpfs") == 0 || find_target(making->record, mount->target))
			continue;
		fields_copy(record_mount_fields, mount, &copy);
		copy.anonymous = false;
		copy.read_only = copy.read_only || read_only;
		r = add_mount(making, &copy, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_image_volumes(struct making *making, struct error *err)
{
	const char *how = text_or(making->request->image_volume, "anonymous");
	const char *target;
	json_t *value;

	if (strcmp(how, "ignore") == 0)
		return 0;
	if (strcmp(how, "anonymous") != 0 && strcmp(how, "bind") != 0 && strcmp(how, "tmpfs") != 0)
		return error_set(err, ERROR_INVALID, "--image-volume \"%s\": anonymous, tmpfs or ignore", how);
	json_object_foreach(making->image.config.volumes, target, value) {
		AUTO_FREE char *clean = path_join("/", target);
		struct record_mount mount = {0};
		int r;

		(void) value;
		if (find_target(making->record, clean) || strcmp(clean, "/") == 0)
			continue;
		mount.type = xstrdup(strcmp(how, "tmpfs") == 0 ? "tmpfs" : "volume");
		mount.target = xstrdup(clean);
		mount.anonymous = strcmp(how, "tmpfs") != 0;
		mount.copy_up = true;
		mount.from_image = true;
		r = add_mount(making, &mount, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* podman: a read-only root still has places to write, with what the image has there */
static int add_read_only_tmpfs(struct making *making, struct error *err)
{
	static const char *const targets[] = {"/run", "/tmp", "/var/tmp"};

	if (!making->record->read_only || !making->record->read_only_tmpfs)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		struct record_mount mount = {0};
		int r;

		if (find_target(making->record, targets[i]))
			continue;
		mount.type = xstrdup("tmpfs");
		mount.target = xstrdup(targets[i]);
		mount.copy_up = true;
		texts_add(&mount.options, "mode=1777");
		r = add_mount(making, &mount, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int make_volume(struct making *making, struct record_mount *mount, struct error *err)
{
	static const struct pairs none;
	struct volume volume = {0};
	bool given = mount->source && *mount->source;
	bool existed = false;
	int r;

	if (given) {
		struct error ignored = {0};
		struct volume old = {0};

		existed = volume_read(&making->engine->paths, mount->source, &old, &ignored) >= 0;
		volume_done(&old);
	}
	if (existed)
		return 0;
	r = volume_create(&making->engine->paths, given ? mount->source : NULL, &none, &none, VOLUME_MAKE_ANY,
	                  &volume, err);
	if (r < 0)
		return r;
	text_replace(&mount->source, volume.name);
	texts_add(&making->made_volumes, volume.name);
	volume_done(&volume);
	return 0;
}

static int check_bind(const struct record_mount *mount, struct error *err)
{
	struct stat st;
	int r;

	if (stat(mount->source, &st) == 0)
		return 0;
	if (errno != ENOENT || !mount->make_source)
		return error_errno(err, errno, "bind source %s", mount->source);
	r = directory_make(AT_FDCWD, mount->source, 0755);
	return r < 0 ? error_errno(err, -r, "make the bind source %s", mount->source) : 0;
}

int create_mounts(struct making *making, struct error *err)
{
	const struct container_create *request = making->request;
	int r = parse_all(making, err);

	for (size_t i = 0; i < request->volumes_from.count && r >= 0; i++)
		r = add_from(making, request->volumes_from.items[i], err);
	if (r >= 0)
		r = add_image_volumes(making, err);
	if (r >= 0)
		r = add_read_only_tmpfs(making, err);
	if (r < 0)
		return r;
	/* nothing is made on disk before all of it is known to be right */
	LIST_EACH(struct record_mount, mount, &making->record->mounts) {
		if (strcmp(mount->type, "volume") == 0)
			r = make_volume(making, mount, err);
		else if (strcmp(mount->type, "bind") == 0)
			r = check_bind(mount, err);
		if (r < 0)
			return r;
	}
	return 0;
}
