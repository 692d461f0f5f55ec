/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * driver_overlay.c - the kernel's overlay: nothing is copied at a start
 *
 * This is on the path of every start, so it makes as few system calls as it can: layers are named
 * through the store's descriptor (/proc/self/fd/N/layers/HEX/diff, below the 255 bytes that
 * fsconfig(2) takes as one string) and opened by the kernel only, "lowerdir+" (Linux 6.5) adds them
 * one by one, and the mount stays detached. Where the new mount calls or "lowerdir+" are missing,
 * mount(2) puts the same overlay onto merged/.
 *
 * userxattr always: a user namespace is the only place where we mount, and layers are unpacked with
 * user.overlay.* marks. "volatile" spares the sync of the whole upper file system at the end.
 */
#include "coracle/store/driver.h"

#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"
#include "coracle/base/file.h"
#include "coracle/base/id.h"
#include "coracle/base/text.h"
#include "coracle/sys/mount.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "overlay.h"
#include "shared_private.h"
#include "store_private.h"

/* "/proc/self/fd/2147483647/layers/" + 64 + "/diff" */
#define LOWER_SIZE 128
#define PLACE_SIZE 48
/* mount(2) copies one page of options */
#define DATA_MAX 4095

static const char *chain_hex(const char *chain_id)
{
	return strncmp(chain_id, DIGEST_PREFIX, sizeof DIGEST_PREFIX - 1) == 0 ? digest_hex(chain_id)
									       : chain_id;
}

void overlay_layer_path(const char *chain_id, char into[static OVERLAY_LAYER_SIZE])
{
	(void) snprintf(into, OVERLAY_LAYER_SIZE, "layers/%.64s/diff", chain_hex(chain_id));
}

int overlay_check_layers(const struct driver_mount *request, struct error *err)
{
	for (size_t i = 0; i < request->layers->count; i++) {
		const char *hex = chain_hex(request->layers->items[i]);

		if (strlen(hex) != 64 || !id_is_hex(hex))
			return error_set(err, ERROR_INVALID, "\"%s\" is not the id of a layer",
			                 request->layers->items[i]);
	}
	return 0;
}

int overlay_layer_store(const struct driver_mount *request, size_t i)
{
	const struct store *place = request->shared ? store_of_layer(request->store, request->layers->items[i]) : NULL;

	return place ? place->fd : store_fd(request->store);
}

/* error_layer - a mount failed; say which layer is gone when that is why */
static int error_layer(const struct driver_mount *request, int r, struct error *err)
{
	for (size_t i = 0; i < request->layers->count; i++) {
		const char *id = request->layers->items[i];
		char path[OVERLAY_LAYER_SIZE];

		overlay_layer_path(id, path);
		if (!file_exists(store_fd(request->store), path))
			return error_set(err, ERROR_NOT_FOUND,
			                 "layer %.12s is missing from the store; load or import its image again",
			                 chain_hex(id));
	}
	return error_errno(err, -r, "cannot mount the layers as an overlay");
}

int overlay_make_upper(int container_fd, int like_fd, const char *like)
{
	struct stat st;

	if (mkdirat(container_fd, "upper", 0755) < 0) {
		int r = errno != EEXIST ? -errno
				       /* a start again: "volatile" once, refused for ever */
				       : tree_remove(container_fd, "work/work/incompat");

		if (r < 0)
			return r;
	} else if (like && fstatat(like_fd, like, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		/* the upper directory is the container's "/": it looks as the image's does */
		if ((st.st_uid || st.st_gid)
		    && fchownat(container_fd, "upper", st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
		/* always: the umask took its part of 0755 */
		if (fchmodat(container_fd, "upper", st.st_mode & 07777, 0) < 0)
			return -errno;
	}
	if (mkdirat(container_fd, "work", 0700) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

static int make_directory(int dir_fd, const char *name)
{
	return mkdirat(dir_fd, name, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

/* empty lower directories in the container's, for an image with fewer layers than the kernel wants */
static const char *const empties[] = {"empty", "empty2"};

/* empty_count - without an upper directory there must be two lower ones at least */
static size_t empty_count(const struct driver_mount *request)
{
	size_t wanted = request->read_only ? 2 : 1;

	return request->layers->count < wanted ? wanted - request->layers->count : 0;
}

/* mount_data - "lowerdir=a:b,upperdir=..." through descriptors, which keeps each name short */
static int mount_data(const struct driver_mount *request, const char *upper, const char *work, int *fds,
                      struct text *data)
{
	int r = text_add(data, "lowerdir=");
	const char *colon = "";

	for (size_t i = request->layers->count; i-- > 0 && r >= 0;) {
		char path[OVERLAY_LAYER_SIZE];

		overlay_layer_path(request->layers->items[i], path);
		fds[i] = openat(store_fd(request->store), path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fds[i] < 0)
			return -errno;
		r = text_printf(data, "%s/proc/self/fd/%d", colon, fds[i]);
		colon = ":";
	}
	for (size_t i = 0; i < empty_count(request) && r >= 0; i++, colon = ":")
		r = text_printf(data, "%s/proc/self/fd/%d/%s", colon, request->container_fd, empties[i]);
	if (r >= 0 && !request->read_only)
		r = text_printf(data, ",upperdir=%s,workdir=%s", upper, work);
	if (r >= 0 && !request->read_only && !request->durable)
		r = text_add(data, ",volatile");
	return r >= 0 ? text_add(data, ",userxattr") : r;
}

/* mount_old - with mount(2), onto merged/ */
static int mount_old(const struct driver_mount *request, const char *upper, const char *work)
{
	AUTO_TEXT struct text data = TEXT_INIT(DATA_MAX);
	AUTO_FREE int *fds = xcalloc(request->layers->count + 1, sizeof *fds);
	AUTO_CLOSE int target = -1;
	int r = make_directory(request->container_fd, "merged");

	for (size_t i = 0; i < request->layers->count; i++)
		fds[i] = -1;
	if (r >= 0)
		target = openat(request->container_fd, "merged", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r >= 0 && target < 0)
		r = -errno;
	if (r >= 0)
		r = mount_data(request, upper, work, fds, &data);
	if (r >= 0)
		r = mount_at(target, "overlay", "coracle", request->read_only ? MS_RDONLY : 0,
		             text_string(&data));
	for (size_t i = 0; i < request->layers->count; i++)
		if (fds[i] >= 0)
			(void) close(fds[i]);
	if (r < 0)
		return r;
	/* the mount lies over the directory that target is: open it anew */
	r = openat(request->container_fd, "merged", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return r < 0 ? -errno : r;
}


/* mount_layers - detached where the kernel can; the directories exist */
static int mount_layers(const struct driver_mount *request)
{
	size_t layers = request->layers->count, count = 0;
	AUTO_FREE struct mount_option *options = xcalloc(layers + 8, sizeof *options);
	AUTO_FREE char *lower = xcalloc(layers + 1, LOWER_SIZE);
	char upper[PLACE_SIZE], work[PLACE_SIZE], empty[ARRAY_LEN(empties)][PLACE_SIZE];
	int r;

	options[count++] = (struct mount_option) {"source", "coracle"};
	options[count++] = (struct mount_option) {"userxattr", NULL};
	for (size_t i = layers; i-- > 0;) {
		char *path = lower + i * LOWER_SIZE;

		(void) snprintf(path, LOWER_SIZE, "/proc/self/fd/%d/layers/%.64s/diff",
		                store_fd(request->store), chain_hex(request->layers->items[i]));
		options[count++] = (struct mount_option) {"lowerdir+", path};
	}
	for (size_t i = 0; i < empty_count(request); i++) {
		(void) snprintf(empty[i], PLACE_SIZE, "/proc/self/fd/%d/%s", request->container_fd, empties[i]);
		options[count++] = (struct mount_option) {"lowerdir+", empty[i]};
	}
	(void) snprintf(upper, sizeof upper, "/proc/self/fd/%d/upper", request->container_fd);
	(void) snprintf(work, sizeof work, "/proc/self/fd/%d/work", request->container_fd);
	if (!request->read_only) {
		options[count++] = (struct mount_option) {"upperdir", upper};
		options[count++] = (struct mount_option) {"workdir", work};
		if (!request->durable)
			options[count++] = (struct mount_option) {"volatile", NULL};
	}
	r = mount_new("overlay", options, count, request->read_only ? MOUNT_ATTR_RDONLY : 0);
	/* EINVAL: no "lowerdir+" before Linux 6.5; ENOSYS, EPERM: an outer seccomp filter */
	if (r == -EINVAL || r == -ENOSYS || r == -EPERM)
		r = mount_old(request, upper, work);
	return r;
}

/* mount_reopened - once more, with descriptors of this mount namespace */
static int mount_reopened(const struct driver_mount *request)
{
	AUTO_CLOSE int container_fd = overlay_reopen(request->container_fd);
	AUTO_CLOSE int store = overlay_reopen(store_fd(request->store));
	struct driver_mount again = *request;
	struct store reopened = {.fd = store};

	if (container_fd < 0 || store < 0)
		return container_fd < 0 ? container_fd : store;
	again.container_fd = container_fd;
	again.store = &reopened;
	return mount_layers(&again);
}

static int overlay_mount(const struct driver_mount *request, struct error *err)
{
	size_t layers = request->layers->count;
	char top[OVERLAY_LAYER_SIZE] = "";
	int r = overlay_check_layers(request, err);

	if (r < 0)
		return r;
	if (layers)
		overlay_layer_path(request->layers->items[layers - 1], top);
	if (!request->read_only)
		r = overlay_make_upper(request->container_fd, store_fd(request->store), layers ? top : NULL);
	for (size_t i = 0; i < empty_count(request) && r >= 0; i++)
		r = make_directory(request->container_fd, empties[i]);
	if (r < 0)
		return error_errno(err, -r, "cannot make the container's writable directory");
	r = mount_layers(request);
	/* opened before this mount namespace was made: worth a second try, not a check at each start */
	if (r == -EINVAL)
		r = mount_reopened(request);
	return r < 0 ? error_layer(request, r, err) : r;
}

/*
 * The probe mounts what a container would and tries what depends on the upper file system: a
 * whiteout (a device node 0:0) and an opaque directory (an extended attribute).
 * It runs in a child: only the exit status, a positive errno, comes back.
 */
static int probe_tree(int dir_fd)
{
	char lower[PLACE_SIZE], upper[PLACE_SIZE], work[PLACE_SIZE];
	struct mount_option options[] = {
		{"source", "coracle"}, {"userxattr", NULL},  {"lowerdir", lower},
		{"upperdir", upper},   {"workdir", work},    {"volatile", NULL},
	};
	AUTO_CLOSE int root = -1;
	int r;

	if (mkdirat(dir_fd, "lower", 0755) < 0 || mkdirat(dir_fd, "lower/directory", 0755) < 0
	    || mkdirat(dir_fd, "lower/directory/below", 0755) < 0
	    || mkdirat(dir_fd, "lower/gone", 0755) < 0 || mkdirat(dir_fd, "upper", 0755) < 0
	    || mkdirat(dir_fd, "work", 0755) < 0 || mkdirat(dir_fd, "merged", 0755) < 0)
		return -errno;
	(void) snprintf(lower, sizeof lower, "/proc/self/fd/%d/lower", dir_fd);
	(void) snprintf(upper, sizeof upper, "/proc/self/fd/%d/upper", dir_fd);
	(void) snprintf(work, sizeof work, "/proc/self/fd/%d/work", dir_fd);
	root = mount_new("overlay", options, ARRAY_LEN(options), 0);
	if (root == -ENOSYS || root == -EPERM || root == -EINVAL) {
		AUTO_CLOSE int target = openat(dir_fd, "merged", O_PATH | O_DIRECTORY | O_CLOEXEC);
		AUTO_FREE char *data = xprintf("lowerdir=%s,upperdir=%s,workdir=%s,volatile,userxattr",
		                               lower, upper, work);

		r = mount_at(target, "overlay", "coracle", 0, data);
		if (r < 0)
			return r;
		root = openat(dir_fd, "merged", O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	if (root < 0)
		return root;
	if (unlinkat(root, "gone", AT_REMOVEDIR) < 0
	    || unlinkat(root, "directory/below", AT_REMOVEDIR) < 0
	    || unlinkat(root, "directory", AT_REMOVEDIR) < 0 || mkdirat(root, "directory", 0755) < 0)
		return -errno;
	/* the new directory must hide what the old one had: it is opaque */
	if (file_exists(root, "gone") || file_exists(root, "directory/below"))
		return -EOPNOTSUPP;
	return 0;
}

static int overlay_probe(struct store *store, struct error *err)
{
	int r = overlay_probe_in_child(store, probe_tree);

	return r < 0 ? error_errno(err, -r, "overlay: this kernel or file system refuses it") : 0;
}

const struct driver driver_overlay = {
	.name = "overlay",
	.probe = overlay_probe,
	.mount = overlay_mount,
};
