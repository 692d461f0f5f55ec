/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mount_flag.c - mount options by name: mount(8), OCI runtime-spec config.md#mounts; see mount.h */
#include "coracle/sys/mount.h"

#include <string.h>

/* the words come in pairs: with and without "r" for all mounts below */
#define ATTR(word, set, unset)                                                              \
	{.name = (word), .add = (set), .clear = (unset)},                                   \
	{.name = "r" word, .add = (set), .clear = (unset), .recursive = true}
#define ATIME(word, set) ATTR(word, set, MOUNT_ATTR__ATIME)
#define PROPAGATION(word, flag)                                                             \
	{.name = (word), .propagation = (flag)},                                            \
	{.name = "r" word, .propagation = (flag), .recursive = true}
#define SUPER(word, flag)   {.name = (word), .super = (flag)}
#define SUPER_0(word, flag) {.name = (word), .super_clear = (flag)}

static const struct mount_flag flags[] = {
	{.name = "defaults"},
	ATTR("ro", MOUNT_ATTR_RDONLY, 0),
	ATTR("rw", 0, MOUNT_ATTR_RDONLY),
	ATTR("nosuid", MOUNT_ATTR_NOSUID, 0),
	ATTR("suid", 0, MOUNT_ATTR_NOSUID),
	ATTR("nodev", MOUNT_ATTR_NODEV, 0),
	ATTR("dev", 0, MOUNT_ATTR_NODEV),
	ATTR("noexec", MOUNT_ATTR_NOEXEC, 0),
	ATTR("exec", 0, MOUNT_ATTR_NOEXEC),
	ATTR("nodiratime", MOUNT_ATTR_NODIRATIME, 0),
	ATTR("diratime", 0, MOUNT_ATTR_NODIRATIME),
	ATTR("nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0),
	ATTR("symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW),
	/* one choice of three: mount_setattr(2) wants all its bits cleared; relatime is 0 */
	ATIME("noatime", MOUNT_ATTR_NOATIME),
	ATIME("atime", MOUNT_ATTR_RELATIME),
	ATIME("relatime", MOUNT_ATTR_RELATIME),
	ATIME("norelatime", MOUNT_ATTR_RELATIME),
	ATIME("strictatime", MOUNT_ATTR_STRICTATIME),
	ATIME("nostrictatime", MOUNT_ATTR_RELATIME),
	PROPAGATION("private", MS_PRIVATE),
	PROPAGATION("shared", MS_SHARED),
	PROPAGATION("slave", MS_SLAVE),
	PROPAGATION("unbindable", MS_UNBINDABLE),
	{.name = "bind", .bind = true},
	{.name = "rbind", .bind = true, .recursive = true},
	SUPER("sync", MS_SYNCHRONOUS),
	SUPER_0("async", MS_SYNCHRONOUS),
	SUPER("dirsync", MS_DIRSYNC),
	SUPER("mand", MS_MANDLOCK),
	SUPER_0("nomand", MS_MANDLOCK),
	SUPER("iversion", MS_I_VERSION),
	SUPER_0("noiversion", MS_I_VERSION),
	SUPER("lazytime", MS_LAZYTIME),
	SUPER_0("nolazytime", MS_LAZYTIME),
	SUPER("silent", MS_SILENT),
	SUPER_0("loud", MS_SILENT),
	SUPER("remount", MS_REMOUNT),
};

const struct mount_flag *mount_flag_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (strcmp(flags[i].name, name) == 0)
			return &flags[i];
	return NULL;
}

size_t mount_flag_count(void)
{
	return ARRAY_LEN(flags);
}

const struct mount_flag *mount_flag_at(size_t i)
{
	return i < ARRAY_LEN(flags) ? &flags[i] : NULL;
}
