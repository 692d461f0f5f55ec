/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mount.c - the mount calls by descriptor; see mount.h
 *
 * The calls go by number: musl and older glibc have no wrappers for them.
 */
#include "coracle/sys/mount.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "mount_old.h"

#define MOUNT_VALUE_MAX 255 /* fsconfig(2), FSCONFIG_SET_STRING: a longer value is EINVAL */
#define FD_PATH_SIZE    32
#define MOUNT_OPTIONS_MAX 64
#define MOUNT_TEXT_MAX    4096 /* mount(2): a page */

#ifndef MOUNT_ATTR_IDMAP
#define MOUNT_ATTR_IDMAP 0x00100000 /* Linux 5.12 */
#endif

static const char *fd_path(int fd, char into[static FD_PATH_SIZE])
{
	(void) snprintf(into, FD_PATH_SIZE, "/proc/self/fd/%d", fd);
	return into;
}

static int set_options(int context, const struct mount_option *options, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *value = options[i].value;
		unsigned command = value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;

		/* mount(2) takes a page of options: let the caller go that way */
		if (value && strlen(value) > MOUNT_VALUE_MAX)
			return -ENOSYS;
		if (syscall(SYS_fsconfig, context, command, options[i].key, value, 0) < 0)
			return -errno;
	}
	if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	return 0;
}

int mount_new(const char *type, const struct mount_option *options, size_t count,
              uint64_t attributes)
{
	AUTO_CLOSE int context = (int) syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
	long fd;
	int r;

	/* EPERM: an outer seccomp filter, or no privilege, which mount(2) will tell again */
	if (context < 0)
		return errno == EPERM ? -ENOSYS : -errno;
	r = set_options(context, options, count);
	if (r < 0)
		return r;
	fd = syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, (unsigned) attributes);
	return fd < 0 ? -errno : (int) fd;
}

/* Cut text at its commas into options; how many, or -E2BIG. */
static int split_options(char *text, struct mount_option *options, size_t max)
{
	size_t count = 0;

	while (*text) {
		char *key = text, *value = NULL;
		bool quoted = false;

		for (; *text && (quoted || *text != ','); text++) {
			if (*text == '"')
				quoted = !quoted;
			else if (*text == '=' && !value)
				value = text + 1;
		}
		if (*text)
			*text++ = '\0';
		if (!*key)
			continue;
		if (count == max)
			return -E2BIG;
		if (value)
			value[-1] = '\0';
		if (value && value[0] == '"' && value[1]) {
			value++;
			value[strcspn(value, "\"")] = '\0';
		}
		options[count++] = (struct mount_option){key, value};
	}
	return (int) count;
}

int mount_new_text(const char *type, const char *source, const char *options, uint64_t attributes)
{
	struct mount_option list[MOUNT_OPTIONS_MAX + 1];
	char text[MOUNT_TEXT_MAX];
	int n = snprintf(text, sizeof text, "%s", options ? options : "");

	if (n < 0 || (size_t) n >= sizeof text)
		return -E2BIG;
	n = split_options(text, list, MOUNT_OPTIONS_MAX);
	if (n < 0)
		return n;
	if (source)
		list[n++] = (struct mount_option){"source", source};
	return mount_new(type, list, (size_t) n, attributes);
}

int mount_clone(int fd, bool recursive)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH |
	                 (recursive ? AT_RECURSIVE : 0U);
	long tree = syscall(SYS_open_tree, fd, "", flags);

	if (tree >= 0)
		return (int) tree;
	if (errno != EPERM)
		return -errno;
	/* the answer itself, or a filter's: the call would not get that far without a path */
	return syscall(SYS_open_tree, -1, "", 0U) < 0 && errno == EPERM ? -ENOSYS : -EPERM;
}

int mount_attach(int mount_fd, int target_fd)
{
	if (syscall(SYS_move_mount, mount_fd, "", target_fd, "",
	            MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return -errno;
	return 0;
}

int mount_at(int target_fd, const char *type, const char *source, unsigned long flags,
             const char *data)
{
	char target[FD_PATH_SIZE];

	/* mount(2) ignores the source of most types, but wants a string */
	if (mount(source ? source : type, fd_path(target_fd, target), type, flags, data) < 0)
		return -errno;
	return 0;
}

/* Whether mount_setattr(2) itself is out of reach: with no struct it answers EINVAL, a filter EPERM. */
static bool is_setattr_missing(int errnum)
{
	if (errnum != EPERM)
		return errnum == ENOSYS;
	return syscall(SYS_mount_setattr, -1, "", 0U, NULL, (size_t) 0) < 0 && errno == EPERM;
}

int mount_set(int fd, uint64_t add, uint64_t clear, uint64_t propagation, bool recursive)
{
	struct mount_attr attr = {.attr_set = add, .attr_clr = clear, .propagation = propagation};
	unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0U);
	int r;

	if (syscall(SYS_mount_setattr, fd, "", flags, &attr, sizeof attr) == 0)
		return 0;
	r = -errno;
	return is_setattr_missing(-r) ? mount_old_set(fd, add, clear, propagation, recursive) : r;
}

int mount_set_allowed(int fd, uint64_t add, uint64_t clear, bool recursive)
{
	const uint64_t atime = MOUNT_ATTR__ATIME;
	int r;

	if (add == 0 && clear == 0)
		return 0;
	r = mount_set(fd, add, clear, 0, recursive);
	if (r != -EPERM)
		return r;
	/* one by one, so that what is locked keeps nothing else from changing */
	r = add & ~atime ? mount_set(fd, add & ~atime, 0, 0, recursive) : 0;
	for (uint64_t bit = 1; bit && bit <= clear; bit <<= 1)
		if (clear & ~atime & bit)
			(void) !mount_set(fd, 0, bit, 0, recursive);
	if ((add | clear) & atime)
		(void) !mount_set(fd, add & atime, atime, 0, recursive);
	return r;
}

int mount_set_ids(int fd, int userns_fd, bool recursive)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t) userns_fd};
	unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0U);

	return syscall(SYS_mount_setattr, fd, "", flags, &attr, sizeof attr) < 0 ? -errno : 0;
}

int mount_chroot(int root_fd)
{
	/* a proc or sysfs that lies bare below would let the container mount one without our masks */
	(void) umount2("/proc", MNT_DETACH);
	(void) umount2("/sys", MNT_DETACH);
	if (fchdir(root_fd) < 0)
		return -errno;
	/* EINVAL: it lies there already */
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0 && errno != EINVAL && errno != ELOOP)
		return -errno;
	return chroot(".") < 0 || chdir("/") < 0 ? -errno : 0;
}

int mount_pivot(int root_fd)
{
	AUTO_CLOSE int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (old < 0 || fchdir(root_fd) < 0)
		return -errno;
	/* pivot_root(2), NOTES: with "." twice the old root lies over the new one */
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return -errno;
	/* the unmount must not travel to whoever is a peer of the old root's mounts */
	if (fchdir(old) < 0 || mount("none", ".", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return -errno;
	if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return -errno;
	return 0;
}
