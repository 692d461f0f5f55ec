/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apply_mask.c - masked and read-only paths, sysctls: what the container may not see or change */
#include "apply.h"

#include "coracle/base/base.h"
#include "coracle/sys/mount.h"
#include "coracle/sys/root.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

/* --- masked and read-only paths; after pivot_root, so that "/" is the container's --- */

static int mask_directory(struct plan *plan, int target)
{
	static const struct mount_option options[] = {{"size", "0k"}, {"nr_inodes", "2"}, {"mode", "0555"}};
	AUTO_CLOSE int clone = -1;

	/* one empty file system serves all masked directories */
	if (plan->dir_mask_fd < 0) {
		plan->dir_mask_fd = mount_new("tmpfs", options, ARRAY_LEN(options),
		                              MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV
		                                      | MOUNT_ATTR_NOEXEC);
		/* before Linux 6.15 only what is attached can be cloned: the first one is attached itself */
		if (plan->dir_mask_fd >= 0)
			return mount_attach(plan->dir_mask_fd, target);
	}
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
