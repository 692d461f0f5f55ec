/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unpack_whiteout.c - "this name is gone" in the form that overlayfs understands
 *
 * A whiteout is a character device 0:0, which an unprivileged user may make since Linux 5.8 (kernel
 * commit a3c751a50fe6). Where that is refused there is a second form, an empty file with the
 * attribute overlay.whiteout in a directory marked overlay.opaque=x (Linux 6.7). The attributes
 * are user.* because the overlay is mounted with userxattr (Documentation/filesystems/overlayfs.rst).
 */
#include "unpack.h"

#include "coracle/base/file.h"
#include "coracle/sys/xattr.h"

#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>

#define OPAQUE_KEY   "user.overlay.opaque"
#define WHITEOUT_KEY "user.overlay.whiteout"

bool whiteout_is(int dir_fd, const char *name, const struct stat *st)
{
	char value[1];

	if (S_ISCHR(st->st_mode))
		return st->st_rdev == makedev(0, 0);
	return S_ISREG(st->st_mode) && st->st_size == 0
	       && xattr_get(dir_fd, name, WHITEOUT_KEY, value, sizeof value) >= 0;
}

bool whiteout_is_opaque(int dir_fd, const char *name)
{
	char value[1];

	return xattr_get(dir_fd, name, OPAQUE_KEY, value, sizeof value) == 1 && value[0] == 'y';
}

int whiteout_make_opaque(int dir_fd, const char *name)
{
	return xattr_set(dir_fd, name, OPAQUE_KEY, "y", 1);
}

static int make_by_attribute(int dir_fd, const char *name)
{
	AUTO_CLOSE int fd = -1;
	int r;

	/* in an opaque directory there is nothing to hide, and the file would show */
	if (whiteout_is_opaque(dir_fd, "."))
		return 0;
	fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = xattr_set(dir_fd, name, WHITEOUT_KEY, "y", 1);
	return r < 0 ? r : xattr_set(dir_fd, ".", OPAQUE_KEY, "x", 1);
}

int whiteout_hide(int dir_fd, const char *name)
{
	struct stat st;

	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		/* layer.md: a whiteout is about the layers below only, whatever comes first in the archive */
		if (S_ISDIR(st.st_mode))
			return whiteout_make_opaque(dir_fd, name);
		return 0;
	}
	if (errno != ENOENT)
		return -errno;
	if (mknodat(dir_fd, name, S_IFCHR, makedev(0, 0)) == 0)
		return 0;
	return errno == EPERM || errno == EOPNOTSUPP ? make_by_attribute(dir_fd, name) : -errno;
}

int whiteout_hide_root(struct unpack *unpack, struct error *err)
{
	int r = lower_open(unpack, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < unpack->lower.count; i++) {
		AUTO_TEXTS struct texts names = {0};

		r = directory_list(unpack->lower.fds[i], ".", &names);
		if (r < 0)
			return error_errno(err, -r, "list the layer below");
		for (size_t j = 0; j < names.count; j++) {
			r = whiteout_hide(unpack->root_fd, names.items[j]);
			if (r < 0)
				return error_errno(err, -r, "hide \"%s\"", names.items[j]);
		}
	}
	return 0;
}
