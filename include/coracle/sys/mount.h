/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mount.h - the mount calls by descriptor, with fall-backs to mount(2) */
#ifndef CORACLE_SYS_MOUNT_H
#define CORACLE_SYS_MOUNT_H

#include "coracle/base/base.h"

#include <linux/mount.h>
#include <sys/mount.h>

/* one key (flag when value is NULL) of fsconfig(2) */
struct mount_option {
	const char *key;
	const char *value;
};

/*
 * mount_new - a detached mount of a file system (fsopen(2), fsconfig(2), fsmount(2))
 *
 * attributes  MOUNT_ATTR_*
 * Returns a mount descriptor, usable as directory and for mount_attach, or a negative errno
 * (-ENOSYS where the new calls are missing or filtered: use mount_at then).
 */
int mount_new(const char *type, const struct mount_option *options, size_t count,
              uint64_t attributes) NONNULL(1) MUST_USE;
/*
 * mount_new_text - mount_new with the options as mount(2) has them: "mode=755,context=\"a:b,c\""
 *
 * source, options  may be NULL
 * A value in double quotes may hold commas. At most 64 options; -E2BIG for more.
 */
int mount_new_text(const char *type, const char *source, const char *options, uint64_t attributes) NONNULL(1) MUST_USE;
/*
 * mount_clone - detached bind of what fd is (open_tree(2)); recursive takes submounts too
 *
 * Returns a descriptor or a negative errno; -ENOSYS also where a filter answers EPERM.
 */
int mount_clone(int fd, bool recursive) MUST_USE;
/* mount_attach - move a detached mount onto the object that target_fd is (move_mount(2)); 0 or negative errno */
int mount_attach(int mount_fd, int target_fd) MUST_USE;
/*
 * mount_set - add and clear MOUNT_ATTR_* on the mount that fd is the root of (mount_setattr(2))
 *
 * propagation  MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE or 0 for no change
 * Where the call is missing: mount(2) with MS_REMOUNT|MS_BIND through /proc/self/fd, keeping locked flags; what is
 * detached is attached over / meanwhile.
 */
int mount_set(int fd, uint64_t add, uint64_t clear, uint64_t propagation, bool recursive) MUST_USE;
/*
 * mount_set_allowed - as mount_set, but what is locked stays as it is
 *
 * A mount that came from a more privileged mount namespace keeps nosuid, nodev, noexec, read-only and its kind of
 * access times (mount_namespaces(7), EPERM): wishes to clear or change them are passed over. Restrictions are
 * always set, or it is a failure.
 */
int mount_set_allowed(int fd, uint64_t add, uint64_t clear, bool recursive) MUST_USE;
/*
 * mount_set_ids - the mapping of the user namespace userns_fd for the detached mount fd (mount_setattr(2), MOUNT_ATTR_IDMAP)
 *
 * -EPERM without CAP_SYS_ADMIN where the file system was mounted, -EINVAL where that can't be mapped or the kernel is
 * older than 5.12.
 */
int mount_set_ids(int fd, int userns_fd, bool recursive) MUST_USE;
/* mount_at - mount(2) with the target given by descriptor, through /proc/self/fd; 0 or negative errno */
int mount_at(int target_fd, const char *type, const char *source, unsigned long flags,
             const char *data) NONNULL(2) MUST_USE;
/* mount_pivot - make root_fd the root of this mount namespace, drop the old one, chdir to / (pivot_root(2), NOTES) */
int mount_pivot(int root_fd) MUST_USE;

/*
 * mount_chroot - the same where pivot_root(2) can't be: root_fd, which lies over / already or is moved there, becomes
 * the root by chroot(2); the mounts below it stay, out of reach. The old /proc and /sys are let go of if that can be.
 */
int mount_chroot(int root_fd) MUST_USE;

/* mount_option_find - an mount option word of fstab(5) style: "ro", "nosuid", "rslave", "rro"... ; false when unknown */
struct mount_flag {
	const char *name;
	uint64_t add, clear;     /* MOUNT_ATTR_* */
	uint64_t propagation;    /* MS_SHARED...; with recursive for "rshared" */
	bool recursive;          /* "rro", "rbind", "rslave" */
	bool bind;               /* "bind", "rbind" */
	uint64_t super, super_clear; /* MS_* of the file system itself, for mount(2): "sync", "mand", "remount" */
};
const struct mount_flag *mount_flag_find(const char *name) NONNULL(1);
size_t mount_flag_count(void);
const struct mount_flag *mount_flag_at(size_t i);

#endif
