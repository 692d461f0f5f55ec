/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * apply_mount.c - mounts and symlinks of a plan, in the child
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
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256 /* Linux 5.10 */
#endif

static const struct {
	uint64_t attribute;
	unsigned long flag;
} flag_of_attribute[] = {
	{MOUNT_ATTR_RDONLY, MS_RDONLY},
	{MOUNT_ATTR_NOSUID, MS_NOSUID},
	{MOUNT_ATTR_NODEV, MS_NODEV},
	{MOUNT_ATTR_NOEXEC, MS_NOEXEC},
	{MOUNT_ATTR_NODIRATIME, MS_NODIRATIME},
	{MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW},
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
int open_target(const struct plan *plan, const struct op *op)
{
	AUTO_CLOSE int fd = find_target(plan, op);
	struct statfs fs;

	if (fd < 0)
		return fd;
	if (!op->in_proc && fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC)
		return -EXDEV;
	return TAKE_FD(fd);
}

/* Propagation of the mount that fd is; MS_REC for all below. */
static int set_propagation(int fd, uint64_t propagation)
{
	if (!propagation)
		return 0;
	return mount_set(fd, 0, 0, propagation & ~(uint64_t) MS_REC, (propagation & MS_REC) != 0);
}

int bind_instead(const char *source, int target, uint64_t attributes)
{
	AUTO_CLOSE int fd = open(source, O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSE int clone = -1;
	int r;

	if (fd < 0)
		return -errno;
	clone = mount_clone(fd, true);
	if (clone < 0)
		return clone;
	r = mount_set(clone, 0, 0, MS_SLAVE, true);
	if (r >= 0)
		r = mount_set_allowed(clone, attributes, 0, true);
	return r < 0 ? r : mount_attach(clone, target);
}

/* Group 5, the distributions' tty, may not be mapped; pseudo-terminals then belong to who opens them. */
static int mount_without_gid(const struct op *op, int target)
{
	char data[4096];
	size_t length = 0;

	if (!op->data)
		return -EINVAL;
	for (const char *word = op->data; *word;) {
		size_t n = strcspn(word, ",");

		if (strncmp(word, "gid=", 4) != 0) {
			if (length + n + 2 > sizeof data)
				return -EINVAL;
			if (length)
				data[length++] = ',';
			(void) memcpy(data + length, word, n);
			length += n;
		}
		word += n + (word[n] == ',');
	}
	data[length] = '\0';
	return mount_at(target, op->source, op->from, mount_flags(op), data);
}

/* What a less privileged place does not let mount anew: the caller's view of it, where that gives nothing away. */
static int mount_otherwise(const struct op *op, int target, int r)
{
	static const uint64_t harmless = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

	if (r == -EINVAL && strcmp(op->source, "devpts") == 0)
		return mount_without_gid(op, target);
	if (r != -EPERM)
		return r;
	/* the network namespace is not ours, or parts of the outer /sys are masked (user_namespaces(7)) */
	if (strcmp(op->source, "sysfs") == 0)
		return bind_instead("/sys", target, op->set | harmless | MOUNT_ATTR_RDONLY) < 0 ? r : 0;
	if (op->own_namespace)
		return r;
	if (strcmp(op->source, "proc") == 0)
		return bind_instead("/proc", target, op->set) < 0 ? r : 0;
	if (strcmp(op->source, "mqueue") == 0)
		return bind_instead("/dev/mqueue", target, op->set | harmless) < 0 ? r : 0;
	return r;
}

/* A mount that is still to be changed is made detached, so that nobody can come between. */
static int mount_detached(const struct op *op, int target)
{
	AUTO_CLOSE int fd = op->flags ? -ENOSYS : mount_new_text(op->source, op->from, op->data, op->set);
	int r = fd < 0 ? fd : mount_attach(fd, target);

	return r < 0 ? r : set_propagation(fd, op->propagation);
}

static int mount_by_path(const struct plan *plan, const struct op *op, int target)
{
	AUTO_CLOSE int fd = -1;
	int r = mount_at(target, op->source, op->from, mount_flags(op), op->data);

	if (r < 0 || !op->propagation)
		return r;
	fd = root_open(plan->root_fd, op->target, O_PATH, 0);
	return fd < 0 ? fd : set_propagation(fd, op->propagation);
}

int apply_mount(const struct plan *plan, const struct op *op)
{
	AUTO_CLOSE int target = open_target(plan, op);
	int r = -ENOSYS;

	if (target < 0)
		return target;
	if (strcmp(op->source, "cgroup") == 0 || strcmp(op->source, "cgroup2") == 0)
		return mount_cgroup(op, target);
	if (op->propagation)
		r = mount_detached(op, target);
	if (r == -ENOSYS)
		r = mount_by_path(plan, op, target);
	return r < 0 ? mount_otherwise(op, target, r) : r;
}

int apply_attach(const struct plan *plan, const struct op *op)
{
	AUTO_CLOSE int target = open_target(plan, op);
	struct stat st;
	int r;

	if (target < 0)
		return target;
	r = mount_attach(op->fd, target);
	/* move_mount(2) has one errno for both */
	if (r == -EINVAL && fstat(target, &st) == 0 && S_ISDIR(st.st_mode) != op->directory)
		return op->directory ? -ENOTDIR : -EISDIR;
	if (r < 0)
		return r;
	return set_propagation(op->fd, op->propagation);
}

/* config-linux.md#default-devices has some, and a symlink that is copied instead of bound is another. */
int apply_seal(const struct plan *plan, const struct op *op)
{
	AUTO_CLOSE int fd = root_open(plan->root_fd, op->target, O_PATH | O_DIRECTORY, 0);

	return fd < 0 ? fd : mount_set(fd, MOUNT_ATTR_RDONLY, 0, 0, false);
}

int apply_link(const struct plan *plan, const struct op *op)
{
	AUTO_FREE char *name = NULL;
	int r = check_dev(plan, op);
	AUTO_CLOSE int fd = r < 0 ? r : root_open_parent(plan->root_fd, op->target, 0755, &name);
	char there[PATH_MAX];
	ssize_t length;

	if (fd < 0)
		return fd;
	if (symlinkat(op->source, fd, name) == 0 || (errno == EEXIST && !op->mount))
		return 0;
	if (errno != EEXIST)
		return -errno;
	length = readlinkat(fd, name, there, sizeof there);
	return length == (ssize_t) strlen(op->source) && memcmp(there, op->source, (size_t) length) == 0 ? 0 : -EEXIST;
}

static int fill(int below, int mount, const struct op *op)
{
	AUTO_CLOSE int above = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	int r;

	if (above < 0 || fstat(below, &st) < 0)
		return -errno;
	r = tree_copy(below, above);
	if (r < 0 || (op->data && strstr(op->data, "mode=")))
		return r;
	return fchown(above, st.st_uid, st.st_gid) < 0 || fchmod(above, st.st_mode & 07777) < 0 ? -errno : 0;
}

/* tmpfs with the contents of the image below it (tmpcopyup); attached when it is complete */
int apply_copy_up(const struct plan *plan, const struct op *op)
{
	AUTO_CLOSE int below = open_target(plan, op);
	AUTO_CLOSE int mount = -1;
	int r;

	if (below < 0)
		return below;
	mount = mount_new_text(op->source, op->from, op->data, op->set & ~(uint64_t) MOUNT_ATTR_RDONLY);
	if (mount < 0)
		return mount;
	r = fill(below, mount, op);
	if (r >= 0 && (op->set & MOUNT_ATTR_RDONLY))
		r = mount_set(mount, MOUNT_ATTR_RDONLY, 0, 0, false);
	if (r >= 0)
		r = mount_attach(mount, below);
	return r < 0 ? r : set_propagation(mount, op->propagation);
}
