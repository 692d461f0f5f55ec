/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * apply_open.c - the sources of binds, opened and cloned before the child changes its ids
 *
 * By its user id the child is still the caller here and may read what the caller may; by its capabilities it owns
 * the new mount namespace, in which alone it can clone (open_tree(2)).
 */
#include "apply.h"

#include "coracle/sys/mount.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

/* CVE-2019-16884 kin: what stands at /proc is the kernel's */
static bool is_proc(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

int open_clone(const struct op *op, bool *directory)
{
	AUTO_CLOSE int source = open(op->source, O_PATH | O_CLOEXEC | (op->nofollow ? O_NOFOLLOW : 0));
	AUTO_CLOSE int clone = -1;
	struct stat st;
	int r;

	if (source < 0 || fstat(source, &st) < 0)
		return -errno;
	if (op->in_proc && !is_proc(source))
		return -EXDEV;
	clone = mount_clone(source, op->recursive);
	if (clone < 0)
		return clone;
	/* what is mounted on it from now on must not show up at the source */
	r = op->shared ? 0 : mount_set(clone, 0, 0, MS_SLAVE, true);
	if (r >= 0)
		r = mount_set_allowed(clone, op->set_all, op->clear_all, true);
	if (r >= 0)
		r = mount_set_allowed(clone, op->set, op->clear, false);
	if (r < 0)
		return r;
	*directory = S_ISDIR(st.st_mode);
	return TAKE_FD(clone);
}

int apply_open(struct plan *plan, const struct op *op)
{
	bool directory = op->directory;
	int fd = op->fd >= 0 ? op->fd : open_clone(op, &directory);

	if (fd < 0)
		return fd;
	if (!op->mount) {
		plan->root_fd = fd;
		return directory ? 0 : -ENOTDIR;
	}
	plan->ops[op->flags].fd = fd;
	plan->ops[op->flags].directory = directory;
	return 0;
}
