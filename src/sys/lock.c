/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lock.c - flock(2) on a file; see lock.h */
#include "coracle/sys/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

static int open_lock(int dir_fd, const char *path, enum lock_mode mode)
{
	int flags = O_CLOEXEC | O_NOFOLLOW | O_NOCTTY;
	int fd = openat(dir_fd, path, flags | O_RDWR | O_CREAT, 0600);

	/* a reader of somebody else's store may lock what it can't write */
	if (fd < 0 && mode == LOCK_MODE_SHARED && (errno == EACCES || errno == EROFS))
		fd = openat(dir_fd, path, flags | O_RDONLY);
	return fd < 0 ? -errno : fd;
}

static int lock_fd(int fd, int operation)
{
	while (flock(fd, operation) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

/* Whoever held the lock before us may have removed the file: then ours excludes nobody. */
static bool is_still_there(int fd, int dir_fd, const char *path)
{
	struct stat held, found;

	return fstat(fd, &held) == 0 && fstatat(dir_fd, path, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
	       held.st_dev == found.st_dev && held.st_ino == found.st_ino;
}

int lock_take(int dir_fd, const char *path, enum lock_mode mode, enum lock_wait wait)
{
	int operation = (mode == LOCK_MODE_SHARED ? LOCK_SH : LOCK_EX) |
	                (wait == LOCK_TRY ? LOCK_NB : 0);

	for (;;) {
		AUTO_CLOSE int fd = open_lock(dir_fd, path, mode);
		int r = fd < 0 ? fd : lock_fd(fd, operation);

		if (r < 0)
			return r;
		if (is_still_there(fd, dir_fd, path))
			return TAKE_FD(fd);
	}
}

bool lock_is_held(int dir_fd, const char *path)
{
	AUTO_CLOSE int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);

	return fd >= 0 && lock_fd(fd, LOCK_SH | LOCK_NB) == -EWOULDBLOCK;
}

void lock_release(int fd)
{
	if (fd < 0)
		return;
	(void) flock(fd, LOCK_UN);
	(void) close(fd);
}
