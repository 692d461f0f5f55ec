/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mount.h - images as directories of the host, read-only
 *
 * An image is mounted on DATA/mounts/HEX/merged (HEX: digits of its id) in the caller's own mount namespace, which
 * must belong to a user namespace in which the caller is root: that of `coracle unshare`, or root's. What is mounted
 * where is read from /proc/PID/mountinfo (proc_pid_mountinfo(5)); there is no list in a file that could be wrong. A mount
 * goes with the last process of its mount namespace.
 */
#ifndef CORACLE_IMAGE_MOUNT_H
#define CORACLE_IMAGE_MOUNT_H

#include "coracle/engine/engine.h"

/* environment: "PID.START" of the process (sys/process.h) whose end is that of mounts which a program serves */
#define IMAGE_MOUNT_OWNER "CORACLE_UNSHARE"

struct image_mounted {
	char *id;           /* "sha256:..." */
	char *path;         /* absolute */
	struct texts names; /* full names; none when the image has none, or is gone */
};

/* image_mount_check - 0, or -EACCES with err: the caller may not mount where it is */
int image_mount_check(struct error *err) NONNULL(1) MUST_USE;
/*
 * image_mount - an image becomes a directory; one that is mounted here already stays as it is
 *
 * out  zeroed by the caller; release with image_mounted_done
 */
int image_mount(struct engine *engine, const char *text, struct image_mounted *out, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;
/* image_mount_list - list of struct image_mounted, in this mount namespace; release with image_mount_list_done */
int image_mount_list(struct engine *engine, struct list *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;

enum image_unmount {
	IMAGE_UNMOUNT,       /* -EBUSY while a process is in it */
	IMAGE_UNMOUNT_FORCE, /* it disappears now, and ends when nobody uses it any longer (umount2(2), MNT_DETACH) */
};
/* image_unmount - id: out, owned "sha256:..."; -EINVAL with err when it is not mounted here */
int image_unmount(struct engine *engine, const char *text, enum image_unmount how, char **id, struct error *err)
	NONNULL(1, 2, 4, 5) MUST_USE;
/*
 * image_mount_forget - [userns] before an image is removed: -EBUSY with err while it is mounted in the namespace of any
 * process that the caller may look into; else what mounting left in DATA/mounts is removed
 */
int image_mount_forget(struct engine *engine, const char *id, struct error *err) NONNULL(1, 2, 3) MUST_USE;

void image_mounted_done(struct image_mounted *mounted) NONNULL(1);
void image_mount_list_done(struct list *list) NONNULL(1);
#define AUTO_IMAGE_MOUNT_LIST AUTO(image_mount_list_done)

#endif
