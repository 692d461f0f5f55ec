/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * apply_mount.c - mounts, devices and masks of a plan, in the child
 *
 * Targets are found with root_open(): never by a path that something inside the image could bend.
 * A mount goes onto the descriptor that was checked.
 */
#include "apply.h"

#include "coracle/base/base.h"
#include "coracle/sys/mount.h"
#include "coracle/sys/root.h"
#include "coracle/sys/tree.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

static const struct {
	uint64_t attribute;
	unsigned long flag;
} flag_of_attribute[] = {
	{MOUNT_ATTR_RDONLY, MS_RDONLY},
	{MOUNT_ATTR_NOSUID, MS_NOSUID},
	{MOUNT_ATTR_NODEV, MS_NODEV},
	{MOUNT_ATTR_NOEXEC, MS_NOEXEC},
	{MOUNT_ATTR_NODIRATIME, MS_NODIRATIME},
};

static unsigned long mount_flags(const struct op *op)
{
	unsigned long flags = (unsigned long) op->flags;

	for (size_t i = 0; i < ARRAY_LEN(flag_of_attribute); i++)
		if (op->set & flag_of_attribute[i].attribute)
			flags |= flag_of_attribute[i].flag;
	if ((op->set & MOUNT_ATTR__ATIME) == MOUNT_ATTR_NOATIME)
		flags |= MS_NOATIME;
	else if ((op->set & MOUNT_ATTR__ATIME) == MOUNT_ATTR_STRICTATIME)
		flags |= MS_STRICTATIME;
	return flags;
}

static int find_target(const struct plan *plan, const struct op *op)
{
	struct stat st;
	int fd = root_open(plan->root_fd, op->target, O_PATH | (op->no_symlink || op->nofollow ? O_NOFOLLOW : 0), 0);

	if (fd == -ENOENT)
		return op->directory ? root_make_directory(plan->root_fd, op->target, 0755)
		                     : root_make_file(plan->root_fd, op->target, 0644);
	if (fd < 0 || !op->no_symlink)
		return fd;
	if (fstat(fd, &st) < 0 || S_ISLNK(st.st_mode)) {
		(void) close(fd);
		return -ELOOP;
	}
	return fd;
}

/*
 * The object at the target inside the root, made when it is missing. A symlink of the image may lead it
 * anywhere in there but below /proc, where only what the plan has allowed may be covered (CVE-2019-16884).
 */
static int open_target(const struct plan *plan, const struct op *op)
{
	AUTO_CLOSE int fd = find_target(plan, op);
	struct statfs fs;

	if (fd < 0)
		return fd;
	if (!op->in_proc && fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC)
		return -EXDEV;
	return TAKE_FD(fd);
}

static int set_propagation(const struct plan *plan, const struct op *op)
{
	AUTO_CLOSE int fd = -1;

	if (!op->propagation)
		return 0;
	fd = root_open(plan->root_fd, op->target, O_PATH, 0);
	if (fd < 0)
		return fd;
	return mount_set(fd, 0, 0, op->propagation & ~(uint64_t) MS_REC, (op->propagation & MS_REC) != 0);
}

int apply_mount(const struct plan *plan, const struct op *op)
{
	AUTO_CLOSE int target = open_target(plan, op);
	int r;

	if (target < 0)
		return target;
	r = mount_at(target, op->source, op->source, mount_flags(op), op->data);
	return r < 0 ? r : set_propagation(plan, op);
}

int apply_attach(const struct plan *plan, const struct op *op)
{
	AUTO_CLOSE int target = open_target(plan, op);
	int r;

	if (target < 0)
		return target;
	r = mount_attach(op->fd, target);
	if (r < 0)
		return r;
	return op->propagation
	               ? mount_set(op->fd, 0, 0, op->propagation & ~(uint64_t) MS_REC,
	                           (op->propagation & MS_REC) != 0)
	               : 0;
}

/* The host's node, bound onto an empty file; what is bound must be a device and not something put in its place. */
int apply_device(const struct plan *plan, const struct op *op)
{
	AUTO_CLOSE int source = open(op->source, O_PATH | O_CLOEXEC);
	AUTO_CLOSE int clone = -1;
	AUTO_CLOSE int target = -1;
	struct stat st;

	if (source < 0)
		return -errno;
	if (fstat(source, &st) < 0)
		return -errno;
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return -ENODEV;
	clone = mount_clone(source, false);
	if (clone < 0)
		return clone;
	target = open_target(plan, op);
	return target < 0 ? target : mount_attach(clone, target);
}

int apply_link(const struct plan *plan, const struct op *op)
{
	const char *slash = strrchr(op->target, '/');
	char parent[64];
	AUTO_CLOSE int fd = -1;

	(void) snprintf(parent, sizeof parent, "%.*s", (int) (slash - op->target), op->target);
	fd = root_open(plan->root_fd, parent, O_PATH | O_DIRECTORY, 0);
	if (fd < 0)
		return fd;
	return symlinkat(op->source, fd, slash + 1) < 0 && errno != EEXIST ? -errno : 0;
}

/* tmpfs with the contents of the image below it (tmpcopyup) */
int apply_copy_up(const struct plan *plan, const struct op *op)
{
	AUTO_CLOSE int below = open_target(plan, op);
	AUTO_CLOSE int above = -1;
	struct op writable = *op;
	struct stat st;
	int r;

	if (below < 0)
		return below;
	if (fstat(below, &st) < 0)
		return -errno;
	writable.set &= ~(uint64_t) MOUNT_ATTR_RDONLY;
	r = apply_mount(plan, &writable);
	if (r < 0)
		return r;
	above = root_open(plan->root_fd, op->target, O_RDONLY | O_DIRECTORY, 0);
	if (above < 0)
		return above;
	r = tree_copy(below, above);
	if (r >= 0 && (!op->data || !strstr(op->data, "mode="))
	    && (fchown(above, st.st_uid, st.st_gid) < 0 || fchmod(above, st.st_mode & 07777) < 0))
		r = -errno;
	if (r >= 0 && (op->set & MOUNT_ATTR_RDONLY))
		r = mount_set(above, MOUNT_ATTR_RDONLY, 0, 0, false);
	return r;
}

/* --- masked and read-only paths; after pivot_root, so that "/" is the container's --- */

static int mask_directory(struct plan *plan, int target)
{
	static const struct mount_option options[] = {{"size", "0k"}, {"nr_inodes", "2"}, {"mode", "0555"}};
	AUTO_CLOSE int clone = -1;

	/* one empty file system serves all masked directories */
	if (plan->dir_mask_fd < 0)
		plan->dir_mask_fd = mount_new("tmpfs", options, ARRAY_LEN(options),
		                              MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV
		                                      | MOUNT_ATTR_NOEXEC);
	if (plan->dir_mask_fd == -ENOSYS) {
		plan->dir_mask_fd = -1;
		return mount_at(target, "tmpfs", "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		                "size=0k,nr_inodes=2,mode=0555");
	}
	if (plan->dir_mask_fd < 0)
		return plan->dir_mask_fd;
	clone = mount_clone(plan->dir_mask_fd, false);
	return clone < 0 ? clone : mount_attach(clone, target);
}

/* CVE-2025-31133: /dev/null must be the null device, whatever the image has put there. */
static int open_null(void)
{
	struct stat st;
	int fd = open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3)) {
		(void) close(fd);
		return -ENODEV;
	}
	return fd;
}

int apply_mask(struct plan *plan, const struct op *op)
{
	AUTO_CLOSE int target = root_open(plan->root_fd, op->target, O_PATH, 0);
	AUTO_CLOSE int null = -1;
	AUTO_CLOSE int clone = -1;
	struct stat st;

	/* what is not there needs no mask; what may not be seen neither */
	if (target == -ENOENT || target == -ENOTDIR || target == -EACCES)
		return 0;
	if (target < 0)
		return target;
	if (fstat(target, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return mask_directory(plan, target);
	null = open_null();
	if (null < 0)
		return null;
	clone = mount_clone(null, false);
	return clone < 0 ? clone : mount_attach(clone, target);
}

int apply_read_only(const struct plan *plan, const struct op *op)
{
	AUTO_CLOSE int target = root_open(plan->root_fd, op->target, O_PATH, 0);
	AUTO_CLOSE int clone = -1;
	int r;

	if (target == -ENOENT || target == -ENOTDIR || target == -EACCES)
		return 0;
	if (target < 0)
		return target;
	clone = mount_clone(target, true);
	if (clone < 0)
		return clone;
	r = mount_set(clone, MOUNT_ATTR_RDONLY, 0, 0, true);
	return r < 0 ? r : mount_attach(clone, target);
}

/* CVE-2019-19921 kin: only the proc that the kernel made may be written to; before pivot_root it is the host's. */
int apply_sysctl(const struct op *op)
{
	AUTO_CLOSE int sys = open("/proc/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSE int fd = -1;
	struct statfs fs;

	if (sys < 0)
		return -errno;
	if (fstatfs(sys, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return -ENODEV;
	fd = root_open(sys, op->target, O_WRONLY, 0);
	if (fd < 0)
		return fd;
	return write(fd, op->data, strlen(op->data)) < 0 ? -errno : 0;
}
