/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host.c - the image "host:": this machine's own root, with throw-away writable parts
 *
 * The kernel refuses an overlay over "/" to users, since the mounts below it are locked together
 * (mount_namespaces(7)). Each directory of "/" gets the first of these that works:
 *   1. empty on the host, or closed to us (/root for a user): an empty directory of the tmpfs
 *   2. an overlay whose upper directory lies in the container's directory
 *   3. where that directory itself lies below (ELOOP): an overlay whose upper directory is a tmpfs
 *   4. with mounts below it (EINVAL): a recursive bind, read-only
 * A user's own ids are mapped, the host's root is not: files that belong to it can be read, but in
 * the directories of "/" only the first level takes new files. For the host's root all is writable.
 */
#include "coracle/store/driver.h"

#include "coracle/base/file.h"
#include "coracle/sys/mount.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "overlay.h"

#define HOST_ATTRIBUTES (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)
#define HOST_ENTRIES_MAX 256
/* an owner who is not mapped in this user namespace, such as the host's root (user_namespaces(7)) */
#define OVERFLOW_ID      65534
#define PLACE_SIZE       (NAME_MAX + 64)

struct host {
	int container_fd;
	int top_fd;    /* "/" of this machine */
	int root_fd;   /* the tmpfs that becomes "/" of the container */
	int upper_fd, work_fd; /* container_fd/upper and /work */
	bool attached; /* root_fd lies on container_fd/merged */
};

/* what is not shared: left empty for the runtime, or a tmpfs of its own */
static const struct {
	const char *name;
	bool tmpfs;
	mode_t mode;
} fresh[] = {
	{"dev", false, 0755},
	{"proc", false, 0555},
	{"run", true, 0755},
	{"sys", false, 0555},
	{"tmp", true, 01777},
};

static int make_directory(int dir_fd, const char *name, mode_t mode)
{
	if (mkdirat(dir_fd, name, mode) < 0 && errno != EEXIST)
		return -errno;
	/* the umask took its part */
	return fchmodat(dir_fd, name, mode, 0) < 0 ? -errno : 0;
}

/*
 * host_attach - put a detached mount on root_fd/name
 *
 * Into a mount that is itself detached only Linux 6.15 does that; before, the root has to lie
 * somewhere in our namespace first.
 */
static int host_attach(struct host *host, int mount_fd, const char *name)
{
	AUTO_CLOSE int target = openat(host->root_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_CLOSE int merged = -1;
	int r;

	if (target < 0)
		return -errno;
	r = mount_attach(mount_fd, target);
	if (r != -EINVAL || host->attached)
		return r;
	if (mkdirat(host->container_fd, "merged", 0755) < 0 && errno != EEXIST)
		return -errno;
	merged = openat(host->container_fd, "merged", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (merged < 0)
		return -errno;
	r = mount_attach(host->root_fd, merged);
	if (r < 0)
		return r;
	host->attached = true;
	return mount_attach(mount_fd, target);
}

static int host_tmpfs(mode_t mode)
{
	char octal[8];
	struct mount_option options[] = {{"source", "coracle"}, {"mode", octal}};

	(void) snprintf(octal, sizeof octal, "%o", mode);
	return mount_new("tmpfs", options, ARRAY_LEN(options), HOST_ATTRIBUTES);
}

/* make_like - a directory with the mode and, where it is mapped, the owner of another */
static int make_like(int dir_fd, const char *name, const struct stat *st)
{
	struct stat made;
	int r = make_directory(dir_fd, name, st->st_mode & 07777);

	if (r < 0 || fstatat(dir_fd, name, &made, AT_SYMLINK_NOFOLLOW) < 0)
		return r < 0 ? r : -errno;
	if (st->st_uid == OVERFLOW_ID || (made.st_uid == st->st_uid && made.st_gid == st->st_gid))
		return 0;
	/* EINVAL: the group is not mapped here; it stays ours */
	if (fchownat(dir_fd, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 && errno != EINVAL)
		return -errno;
	return 0;
}

/* overlay_over - an overlay with NAME in upper_fd and in work_fd */
static int overlay_over(int lower_fd, int upper_fd, int work_fd, const char *name,
                        const struct stat *st)
{
	char lower[PLACE_SIZE], upper[PLACE_SIZE], work[PLACE_SIZE], stale[PLACE_SIZE];
	struct mount_option options[] = {
		{"source", "coracle"}, {"userxattr", NULL}, {"lowerdir", lower},
		{"upperdir", upper},   {"workdir", work},   {"volatile", NULL},
	};
	int r = 0;

	if (mkdirat(work_fd, name, 0700) < 0) {
		if (errno != EEXIST)
			return -errno;
		/* a start again: the kernel refuses a work directory that was "volatile" before */
		(void) snprintf(stale, sizeof stale, "%s/work/incompat", name);
		r = tree_remove(work_fd, stale);
	} else {
		r = make_like(upper_fd, name, st);
	}
	if (r < 0)
		return r;
	(void) snprintf(lower, sizeof lower, "/proc/self/fd/%d", lower_fd);
	(void) snprintf(upper, sizeof upper, "/proc/self/fd/%d/%s", upper_fd, name);
	(void) snprintf(work, sizeof work, "/proc/self/fd/%d/%s", work_fd, name);
	return mount_new("overlay", options, ARRAY_LEN(options), HOST_ATTRIBUTES);
}

/* overlay_in_memory - the upper directory on a tmpfs, which only the overlay holds afterwards */
static int overlay_in_memory(const struct host *host, int lower_fd, const char *name,
                             const struct stat *st)
{
	char place[64];
	AUTO_CLOSE int memory_fd = host_tmpfs(0700);
	AUTO_CLOSE int target = -1;
	AUTO_CLOSE int upper_fd = -1, work_fd = -1;
	int r;

	if (memory_fd < 0)
		return memory_fd;
	if (mkdirat(host->container_fd, "memory", 0700) < 0 && errno != EEXIST)
		return -errno;
	target = openat(host->container_fd, "memory", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (target < 0)
		return -errno;
	/* overlay clones the mount of its upper directory, which must be in our namespace for that */
	r = mount_attach(memory_fd, target);
	if (r < 0)
		return r;
	r = make_directory(memory_fd, "upper", 0700);
	if (r >= 0)
		r = make_directory(memory_fd, "work", 0700);
	if (r >= 0)
		r = upper_fd = directory_open(memory_fd, "upper");
	if (r >= 0)
		r = work_fd = directory_open(memory_fd, "work");
	if (r >= 0)
		r = overlay_over(lower_fd, upper_fd, work_fd, name, st);
	(void) snprintf(place, sizeof place, "/proc/self/fd/%d/memory", host->container_fd);
	/* it goes away with the namespace at the latest */
	(void) umount2(place, MNT_DETACH);
	return r;
}

static int bind_read_only(int lower_fd)
{
	AUTO_CLOSE int fd = mount_clone(lower_fd, true);
	int r;

	if (fd < 0)
		return fd;
	r = mount_set(fd, HOST_ATTRIBUTES | MOUNT_ATTR_RDONLY, 0, 0, true);
	return r < 0 ? r : TAKE_FD(fd);
}

/* has_locked_mounts - what the kernel clones as little as it overlays it; much cheaper to find out so */
static bool has_locked_mounts(int fd)
{
	AUTO_CLOSE int clone = mount_clone(fd, false);

	return clone == -EINVAL;
}

/* has_entries - anything but "." and ".."; the descriptor's position is spent */
static bool has_entries(int fd)
{
	/* two entries for "." and "..", 24 bytes each; one more and the directory is not empty */
	_Alignas(8) char buffer[1024];
	long length = syscall(SYS_getdents64, fd, buffer, sizeof buffer); /* musl 1.2.4 has no wrapper */

	return length > 48;
}

static int host_directory(struct host *host, const char *name, const struct stat *st)
{
	AUTO_CLOSE int lower_fd = openat(host->top_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_CLOSE int fd = -1;
	int r = lower_fd < 0 ? -errno : 0;

	/* closed to us: the container's root gets an empty directory in its place */
	if (r < 0 && r != -EACCES)
		return r;
	r = make_like(host->root_fd, name, st);
	if (r < 0 || lower_fd < 0 || !has_entries(lower_fd))
		return r;
	if (!has_locked_mounts(lower_fd))
		fd = overlay_over(lower_fd, host->upper_fd, host->work_fd, name, st);
	if (fd == -ELOOP)
		fd = overlay_in_memory(host, lower_fd, name, st);
	if (fd < 0)
		fd = bind_read_only(lower_fd);
	return fd < 0 ? fd : host_attach(host, fd, name);
}

static int host_symlink(const struct host *host, const char *name)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(host->top_fd, name, target, sizeof target - 1);

	if (length < 0)
		return -errno;
	target[length] = '\0';
	return symlinkat(target, host->root_fd, name) < 0 ? -errno : 0;
}

static bool is_fresh(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(fresh); i++)
		if (strcmp(name, fresh[i].name) == 0)
			return true;
	return false;
}

static int host_fresh(struct host *host, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(fresh) && r >= 0; i++) {
		AUTO_CLOSE int fd = -1;

		r = make_directory(host->root_fd, fresh[i].name, fresh[i].mode);
		if (r >= 0 && fresh[i].tmpfs) {
			r = fd = host_tmpfs(fresh[i].mode);
			if (r >= 0)
				r = host_attach(host, fd, fresh[i].name);
		}
		if (r < 0)
			return error_errno(err, -r, "host: /%s", fresh[i].name);
	}
	return r;
}

static int host_entries(struct host *host, struct error *err)
{
	AUTO_TEXTS struct texts names = {0};
	int r = directory_list(host->top_fd, ".", &names);

	if (r < 0)
		return error_errno(err, -r, "host: /");
	if (names.count > HOST_ENTRIES_MAX)
		return error_set(err, ERROR_UNSUPPORTED, "host: / has %zu entries, more than %d",
		                 names.count, HOST_ENTRIES_MAX);
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.items[i];
		struct stat st;

		if (is_fresh(name) || fstatat(host->top_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		r = 0;
		if (S_ISLNK(st.st_mode))
			r = host_symlink(host, name);
		else if (S_ISDIR(st.st_mode))
			r = host_directory(host, name, &st);
		if (r < 0)
			return error_errno(err, -r, "host: cannot mount /%s", name);
	}
	return 0;
}

/* host_detach - as one detached tree, as the other drivers give it; attached where that is refused */
static int host_detach(struct host *host)
{
	char place[64];
	int fd = mount_clone(host->root_fd, true);

	if (fd < 0)
		return TAKE_FD(host->root_fd);
	(void) snprintf(place, sizeof place, "/proc/self/fd/%d/merged", host->container_fd);
	/* it goes away with the namespace at the latest */
	(void) umount2(place, MNT_DETACH);
	return fd;
}

static int host_build(struct host *host, struct error *err)
{
	int r = host_fresh(host, err);

	if (r >= 0)
		r = host_entries(host, err);
	if (r < 0)
		return r;
	return host->attached ? host_detach(host) : TAKE_FD(host->root_fd);
}

int host_mount(int container_dir, struct error *err)
{
	AUTO_CLOSE int container_fd = overlay_reopen(container_dir);
	AUTO_CLOSE int top_fd = directory_open(AT_FDCWD, "/");
	AUTO_CLOSE int upper_fd = -1, work_fd = -1;
	struct host host = {.container_fd = container_fd, .top_fd = top_fd};
	int r = container_fd < 0 ? container_fd : top_fd;

	if (r >= 0)
		r = overlay_make_upper(container_fd, -1, NULL);
	if (r >= 0)
		r = upper_fd = directory_open(container_fd, "upper");
	if (r >= 0)
		r = work_fd = directory_open(container_fd, "work");
	if (r < 0)
		return error_errno(err, -r, "host: cannot make the container's writable directory");
	host.upper_fd = upper_fd;
	host.work_fd = work_fd;
	host.root_fd = host_tmpfs(0755);
	if (host.root_fd < 0)
		return error_errno(err, -host.root_fd, "host: cannot mount a tmpfs");
	r = host_build(&host, err);
	if (host.root_fd >= 0)
		(void) close(host.root_fd);
	return r;
}
