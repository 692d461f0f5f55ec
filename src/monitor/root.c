/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * root.c - the root file system of the container: a directory, the host's own, or layers by a storage driver
 *
 * The driver is the one that was asked for when the container was made. Else it is chosen at the first start and
 * remembered in the container's directory (a symlink "driver", which costs one call): what one driver has
 * written another need not understand.
 */
#include "monitor_private.h"

#include "coracle/base/alloc.h"
#include "coracle/store/shared.h"
#include "coracle/sys/mount.h"
#include "coracle/sys/root.h"
#include "coracle/userns/subid.h"

#include <fcntl.h>
#include <string.h>

#define DRIVER_LINK      "driver"
#define DRIVER_NAME_SIZE 64

static int mount_directory(struct monitor *monitor, const char *path, struct error *err)
{
	AUTO_CLOSE int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return error_errno(err, errno, "--rootfs %s", path);
	monitor->root_fd = mount_clone(dir, true);
	return monitor->root_fd < 0 ? error_errno(err, -monitor->root_fd, "bind %s", path) : 0;
}

/* remembered_driver - the name that the first start left, else "" */
static const char *remembered_driver(const struct monitor *monitor, char into[static DRIVER_NAME_SIZE])
{
	ssize_t length = monitor->record->auto_remove
	                         ? -1
	                         : readlinkat(monitor->container_fd, DRIVER_LINK, into, DRIVER_NAME_SIZE - 1);

	into[MAX(length, 0)] = '\0';
	return into;
}

static void remember_driver(const struct monitor *monitor)
{
	/* a container that goes with its end starts only once; a full disk costs a choice at the next start */
	if (!monitor->record->auto_remove)
		(void) !symlinkat(monitor->driver->name, monitor->container_fd, DRIVER_LINK);
}

static bool is_mapped(const char *path, uint64_t id)
{
	struct id_range ranges[USERNS_RANGES_MAX];
	int count = userns_read_map(path, ranges, USERNS_RANGES_MAX);

	for (int i = 0; i < count; i++)
		if (id >= ranges[i].inside && id - ranges[i].inside < ranges[i].count)
			return true;
	return false;
}

/* What fuse-overlayfs needs to show layers of another user; both have 65536 subordinate ids and more. */
static bool has_high_ids(void)
{
	return is_mapped("/proc/self/uid_map", 65535) && is_mapped("/proc/self/gid_map", 65535);
}

/* The kernel's overlay can't show files with other owners than they have on disk; a copy may have any. */
static const struct driver *shifting_driver(struct monitor *monitor, const char *wanted, bool shared, struct error *err)
{
	const struct driver *fuse;

	if (strcmp(wanted, driver_copy.name) == 0 || (shared && !has_high_ids()))
		return &driver_copy;
	fuse = driver_choose(monitor->store, &monitor->paths, driver_fuse.name, err);
	/* it has been told which driver to take, or has begun with it: no other */
	return fuse || *wanted ? fuse : &driver_copy;
}

static int use_stores(struct monitor *monitor, struct error *err)
{
	const struct texts *stores = &monitor->record->stores;

	for (size_t i = 0; i < stores->count; i++) {
		int r = store_use(monitor->store, &monitor->paths, stores->items[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int mount_layers(struct monitor *monitor, struct error *err)
{
	const struct record *record = monitor->record;
	char remembered[DRIVER_NAME_SIZE];
	const char *wanted = record->driver && *record->driver ? record->driver : remembered_driver(monitor, remembered);
	AUTO_FREE char *uids = NULL;
	AUTO_FREE char *gids = NULL;
	struct driver_mount request = {
		.store = monitor->store,
		.layers = &record->layers,
		.container_fd = monitor->container_fd,
		.durable = !record->auto_remove,
		.shared = record->stores.count > 0,
		.single_id = !is_mapped("/proc/self/uid_map", 1) || !is_mapped("/proc/self/gid_map", 1),
	};
	int r = use_stores(monitor, err);

	if (r < 0)
		return r;
	if (monitor->keep_id && monitor->userns_rung != USERNS_SINGLE) {
		request.uid_mapping = uids = keep_id_uids(monitor);
		request.gid_mapping = gids = keep_id_gids(monitor);
	}
	monitor->driver = request.uid_mapping || request.shared
	                          ? shifting_driver(monitor, wanted, request.shared, err)
	                          : driver_choose(monitor->store, &monitor->paths, wanted, err);
	if (!monitor->driver)
		return -EOPNOTSUPP;
	monitor->root_fd = monitor->driver->mount(&request, err);
	if (monitor->root_fd < 0)
		return error_wrap(err, monitor->root_fd, "root file system (%s)", monitor->driver->name);
	if (!*wanted)
		remember_driver(monitor);
	return 0;
}

int monitor_mount_root(struct monitor *monitor, struct error *err)
{
	const struct record *record = monitor->record;
	int r;

	if (record->rootfs && *record->rootfs)
		return mount_directory(monitor, record->rootfs, err);
	if (record->host_image) {
		monitor->root_fd = host_mount(monitor->container_fd, err);
		return monitor->root_fd < 0 ? monitor->root_fd : 0;
	}
	/* a second start of the same monitor has it open */
	r = monitor->store ? 0 : store_open(&monitor->paths, &monitor->store, err);
	return r < 0 ? r : mount_layers(monitor, err);
}

/* Scripts ask for these to learn that they are in a container; a read-only root goes without. */
int monitor_mark_root(struct monitor *monitor, struct error *err)
{
	static const char *const marks[] = {"/run/.containerenv", "/.dockerenv"};

	(void) err;
	if (monitor->record->rootfs && *monitor->record->rootfs)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		AUTO_CLOSE int fd = root_make_file(monitor->root_fd, marks[i], 0644);

		(void) fd;
	}
	return 0;
}
