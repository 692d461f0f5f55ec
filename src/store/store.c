/* SPDX-License-Identifier: GPL-2.0-or-later */
/* store.c - the directories of the store, and work in progress that a crash must not leave behind */
#include "coracle/store/store.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/id.h"
#include "coracle/base/log.h"
#include "coracle/sys/lock.h"
#include "coracle/sys/tree.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "shared_private.h"
#include "store_private.h"

#define LAYERS_LOCK "locks/layers"
#define TURN_LOCK   "locks/turn"
#define NAMES_LOCK  "locks/names"
#define TMP_LOCK    "locks/tmp"

/* the last one tells that all of them are there */
static const char *const directories[] = {"blobs/sha256", "layers", "images", "refs", "locks", "tmp"};

static int make_directories(int fd, struct error *err)
{
	for (size_t i = 0; i < ARRAY_LEN(directories); i++) {
		int r = directory_make(fd, directories[i], 0700);

		if (r < 0)
			return error_errno(err, -r, "make store/%s", directories[i]);
	}
	return 0;
}

int store_open(const struct paths *paths, struct store **out, struct error *err)
{
	AUTO_CLOSE int fd = directory_open(paths->data_fd, "store");
	int r;

	if (fd == -ENOENT) {
		r = directory_make(paths->data_fd, "store", 0700);
		if (r < 0)
			return error_errno(err, -r, "make %s/store", paths->data ? paths->data : "");
		fd = directory_open(paths->data_fd, "store");
	}
	if (fd < 0)
		return error_errno(err, -fd, "open %s/store", paths->data ? paths->data : "");
	if (!file_exists(fd, directories[ARRAY_LEN(directories) - 1])) {
		r = make_directories(fd, err);
		if (r < 0)
			return r;
	}
	*out = xcalloc(1, sizeof **out);
	(*out)->fd = TAKE_FD(fd);
	return 0;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	store_shared_close(store);
	auto_close(&store->fd);
	free(store);
}

int store_fd(const struct store *store)
{
	return store->fd;
}

/* lock - as lock_take; a copy of the store may lack the directory of locks */
static int lock(struct store *store, const char *path, enum lock_mode mode, enum lock_wait wait)
{
	int fd = lock_take(store->fd, path, mode, wait);

	if (fd == -ENOENT && directory_make(store->fd, "locks", 0700) >= 0)
		fd = lock_take(store->fd, path, mode, wait);
	return fd;
}

int store_lock_names(struct store *store, struct error *err)
{
	int fd = lock(store, NAMES_LOCK, LOCK_MODE_EXCLUSIVE, LOCK_WAIT);

	return fd < 0 ? error_errno(err, -fd, "lock store/%s", NAMES_LOCK) : fd;
}

int store_hold(struct store *store, struct error *err)
{
	int fd = lock(store, LAYERS_LOCK, LOCK_MODE_SHARED, LOCK_WAIT);

	return fd < 0 ? error_errno(err, -fd, "lock store/%s", LAYERS_LOCK) : fd;
}

int store_lock_exclusive(struct store *store)
{
	/*
	 * One after the other from here on, so that who fails to share the lock has met another one that excludes: that
	 * one is waited for, since it is short, and it may have looked before we removed what we want to be collected.
	 * Without room for this lock's file it goes on without.
	 */
	AUTO_CLOSE int turn UNUSED = lock(store, TURN_LOCK, LOCK_MODE_EXCLUSIVE, LOCK_WAIT);
	int fd = lock(store, LAYERS_LOCK, LOCK_MODE_EXCLUSIVE, LOCK_TRY);

	if (fd != -EWOULDBLOCK)
		return fd;
	lock_release(lock(store, LAYERS_LOCK, LOCK_MODE_SHARED, LOCK_WAIT));
	return lock(store, LAYERS_LOCK, LOCK_MODE_EXCLUSIVE, LOCK_TRY);
}

int workspace_open(struct store *store, const char *what, struct workspace *out, struct error *err)
{
	/* a sweeper must not find the directory between mkdir and flock */
	AUTO_CLOSE int guard = lock(store, TMP_LOCK, LOCK_MODE_SHARED, LOCK_WAIT);
	char random[ID_LENGTH + 1];
	struct workspace workspace = {.store = store, .fd = -1};

	if (guard < 0)
		return error_errno(err, -guard, "lock store/%s", TMP_LOCK);
	id_random(random);
	(void) snprintf(workspace.path, sizeof workspace.path, "tmp/%s-%.16s", what, random);
	if (mkdirat(store->fd, workspace.path, 0700) < 0)
		return error_errno(err, errno, "make store/%s", workspace.path);
	workspace.fd = directory_open(store->fd, workspace.path);
	if (workspace.fd < 0)
		return error_errno(err, -workspace.fd, "open store/%s", workspace.path);
	if (flock(workspace.fd, LOCK_EX | LOCK_NB) < 0)
		/* without it a sweep could come too early; go on: only a sweeper would mind */
		log_debug("store/%s: flock: %s", workspace.path, strerror(errno));
	*out = workspace;
	return 0;
}

void workspace_close(struct workspace *workspace)
{
	int r;

	if (workspace->fd < 0)
		return;
	if (workspace->path[0]) {
		r = tree_remove(workspace->store->fd, workspace->path);
		if (r < 0)
			log_warning("remove store/%s: %s", workspace->path, strerror(-r));
	}
	auto_close(&workspace->fd);
	workspace->fd = -1;
}

static int sync_folder(int dir_fd, const char *folder)
{
	AUTO_CLOSE int fd = directory_open(dir_fd, folder);

	if (fd < 0)
		return fd;
	return fsync(fd) < 0 ? -errno : 0;
}

static int sync_parent(int dir_fd, const char *path)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *folder = slash ? xstrndup(path, (size_t) (slash - path)) : xstrdup(".");

	return sync_folder(dir_fd, folder);
}

/* open_to_all - the files of a store that others can read; a layer's own files look so already */
static int open_to_all(int dir_fd)
{
	AUTO_TEXTS struct texts names = {0};
	int r = directory_list(dir_fd, ".", &names);

	if (r >= 0 && fchmod(dir_fd, 0755) < 0)
		r = -errno;
	for (size_t i = 0; i < names.count && r >= 0; i++) {
		struct stat st;

		if (fstatat(dir_fd, names.items[i], &st, AT_SYMLINK_NOFOLLOW) < 0
		    || (S_ISREG(st.st_mode) && fchmodat(dir_fd, names.items[i], 0644, 0) < 0))
			r = -errno;
	}
	return r;
}

int workspace_publish(struct workspace *workspace, const char *path, struct error *err)
{
	int r;

	/* one call for the whole tree is far cheaper than fsync(2) of every file */
	if (store_is_shared(workspace->store)) {
		r = open_to_all(workspace->fd);
		if (r < 0)
			return error_errno(err, -r, "change the mode of store/%s", workspace->path);
	}
	if (syncfs(workspace->fd) < 0)
		return error_errno(err, errno, "write store/%s to disk", workspace->path);
	if (renameat(workspace->store->fd, workspace->path, workspace->store->fd, path) < 0) {
		r = errno == ENOTEMPTY ? EEXIST : errno;
		return error_errno(err, r, "rename to store/%s", path);
	}
	workspace->path[0] = '\0';
	r = sync_parent(workspace->store->fd, path);
	return r < 0 ? error_errno(err, -r, "write store/%s to disk", path) : 0;
}

int store_publish_file(struct store *store, const char *folder, const char *name, const void *bytes,
                       size_t length)
{
	AUTO_CLOSE int guard = lock(store, TMP_LOCK, LOCK_MODE_SHARED, LOCK_WAIT);
	AUTO_CLOSE int folder_fd = directory_open(store->fd, folder);
	char random[ID_LENGTH + 1], temporary[STORE_NAME_SIZE];
	int r;

	if (guard < 0)
		return guard;
	if (folder_fd < 0)
		return folder_fd;
	id_random(random);
	/* in tmp/ and not beside the file, so that the name may use all of NAME_MAX */
	(void) snprintf(temporary, sizeof temporary, "tmp/file-%.16s", random);
	r = file_write(store->fd, temporary, bytes, length, 0600, FILE_DURABLE);
	if (r >= 0 && store_is_shared(store) && fchmodat(store->fd, temporary, 0644, 0) < 0)
		r = -errno;
	if (r < 0)
		return r;
	if (renameat(store->fd, temporary, folder_fd, name) < 0) {
		r = -errno;
		/* best effort: a sweep gets it otherwise */
		(void) unlinkat(store->fd, temporary, 0);
		return r;
	}
	return fsync(folder_fd) < 0 ? -errno : 0;
}

static bool has_living_maker(int dir_fd, const char *name)
{
	AUTO_CLOSE int fd = directory_open(dir_fd, name);

	/* a plain file is only ever written under the guard, which the sweeper holds */
	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

/* sweep - bytes, where they are wanted, are of the files that went */
static void sweep(struct store *store, uint64_t *bytes)
{
	AUTO_CLOSE int guard = lock(store, TMP_LOCK, LOCK_MODE_EXCLUSIVE, LOCK_TRY);
	AUTO_CLOSE int tmp = directory_open(store->fd, "tmp");
	AUTO_TEXTS struct texts names = {0};

	if (guard < 0 || tmp < 0 || directory_list(tmp, ".", &names) < 0)
		return;
	for (size_t i = 0; i < names.count; i++) {
		int r;

		if (has_living_maker(tmp, names.items[i]))
			continue;
		if (bytes)
			*bytes += tree_bytes(tmp, names.items[i]);
		r = tree_remove(tmp, names.items[i]);
		if (r < 0)
			log_warning("sweep store/tmp/%s: %s", names.items[i], strerror(-r));
	}
}

void store_sweep(struct store *store)
{
	sweep(store, NULL);
}

uint64_t store_sweep_count(struct store *store)
{
	uint64_t bytes = 0;

	sweep(store, &bytes);
	return bytes;
}
