/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apply_device.c - devices of a plan, in the child (runtime-spec config-linux.md#devices) */
#include "apply.h"

#include "coracle/base/base.h"
#include "coracle/sys/mount.h"
#include "coracle/sys/root.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

static bool is_device(const struct stat *st, const struct op *op)
{
	return (st->st_mode & S_IFMT) == (op->mode & S_IFMT) && (S_ISFIFO(op->mode) || st->st_rdev == op->flags);
}

/* -EEXIST where something is there already, but that is it already. */
static int make_node(const struct plan *plan, const struct op *op)
{
	AUTO_FREE char *name = NULL;
	AUTO_CLOSE int parent = root_open_parent(plan->root_fd, op->target, 0755, &name);
	struct statfs fs;

	if (parent < 0)
		return parent;
	if (fstatfs(parent, &fs) < 0 || fs.f_type == PROC_SUPER_MAGIC)
		return -EXDEV;
	if (mknodat(parent, name, op->mode, S_ISFIFO(op->mode) ? 0 : (dev_t) op->flags) < 0)
		return -errno;
	if (op->uid == 0 && op->gid == 0)
		return 0;
	return fchownat(parent, name, op->uid, op->gid, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

/* What is bound must be the device that was asked for and not something put in its place. */
static int bind_node(const struct plan *plan, const struct op *op)
{
	AUTO_CLOSE int source = open(op->source, O_PATH | O_CLOEXEC);
	AUTO_CLOSE int clone = -1;
	AUTO_CLOSE int target = -1;
	struct stat st;

	if (source < 0 || fstat(source, &st) < 0)
		return -errno;
	if (!is_device(&st, op))
		return -ENODEV;
	clone = mount_clone(source, false);
	if (clone < 0)
		return clone;
	target = open_target(plan, op);
	return target < 0 ? target : mount_attach(clone, target);
}

static bool is_there(const struct plan *plan, const struct op *op)
{
	AUTO_CLOSE int fd = root_open(plan->root_fd, op->target, O_PATH | O_NOFOLLOW, 0);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && is_device(&st, op);
}

int check_dev(const struct plan *plan, const struct op *op)
{
	AUTO_CLOSE int dev = -1;
	struct stat st;

	if (!op->no_symlink)
		return 0;
	dev = root_open(plan->root_fd, "/dev", O_PATH | O_NOFOLLOW, 0);
	return dev >= 0 && (fstat(dev, &st) < 0 || S_ISLNK(st.st_mode)) ? -ELOOP : 0;
}

int apply_device(struct plan *plan, const struct op *op)
{
	int r = check_dev(plan, op);

	if (r < 0)
		return r;
	r = -EPERM;
	if (!plan->no_mknod || S_ISFIFO(op->mode))
		r = make_node(plan, op);
	if (r == -EEXIST && (S_ISFIFO(op->mode) || !plan->no_mknod) && is_there(plan, op))
		return 0;
	if ((r != -EPERM && r != -EEXIST) || S_ISFIFO(op->mode))
		return r;
	/* CAP_MKNOD counts in the first user namespace only: the host's node is bound, now and for those that follow */
	if (r == -EPERM)
		plan->no_mknod = true;
	return bind_node(plan, op);
}
