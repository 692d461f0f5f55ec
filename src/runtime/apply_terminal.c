/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apply_terminal.c - standard input and output of the program: pipes as given, or a pty of the container */
#include "apply.h"

#include "coracle/base/base.h"
#include "coracle/base/fd.h"
#include "coracle/sys/mount.h"
#include "coracle/sys/root.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>

static bool is_pipe(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == PIPEFS_MAGIC;
}

int apply_stdio(const struct plan *plan)
{
	for (int i = 0; i < 3; i++) {
		struct stat st;
		int fd = plan->stdio[i];

		if (fd < 0) {
			/* main() made sure that our own 0..2 are open; this one is the container's null */
			AUTO_CLOSE int null = open("/dev/null", (i ? O_WRONLY : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW);

			if (null < 0)
				return -errno;
			if (fstat(null, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
				return -ENODEV;
			if (dup2(null, i) < 0)
				return -errno;
			continue;
		}
		if (dup2(fd, i) < 0)
			return -errno;
		/* only pipes without a name: somebody's file keeps its owner, a FIFO too (CVE-2026-88265) */
		if (plan->give_stdio && is_pipe(i))
			(void) !fchown(i, plan->uid, (gid_t) -1);
	}
	/* a session of its own, so that no terminal of the caller is in reach (TIOCSTI) */
	(void) setsid();
	return 0;
}

static int open_master(const struct plan *plan)
{
	struct statfs fs;
	struct stat st;
	int fd = plan->root_fd >= 0 ? root_open(plan->root_fd, "/dev/pts/ptmx", O_RDWR | O_NONBLOCK, 0)
	                            : open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return plan->root_fd >= 0 ? fd : -errno;
	if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0 || !S_ISCHR(st.st_mode)
	    || st.st_rdev != makedev(5, 2) || fs.f_type != DEVPTS_SUPER_MAGIC) {
		(void) close(fd);
		return -ENODEV;
	}
	return fd;
}

/* /dev/console is the terminal; bound by descriptor onto a file of /dev, no symlink (CVE-2025-52565). */
static void bind_console(const struct plan *plan, int slave)
{
	AUTO_CLOSE int target = -1;
	AUTO_CLOSE int clone = -1;
	struct stat st;

	if (plan->in_container)
		return;
	target = root_open(plan->root_fd, "/dev/console", O_PATH | O_NOFOLLOW, 0);
	if (target == -ENOENT)
		target = root_make_file(plan->root_fd, "/dev/console", 0600);
	if (target < 0 || fstat(target, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	clone = mount_clone(slave, false);
	if (clone >= 0)
		/* a container without /dev/console still has its terminal */
		(void) !mount_attach(clone, target);
}

int apply_terminal(struct plan *plan, int sync_fd)
{
	static const char mark = RUNTIME_MARK_TERMINAL;
	AUTO_CLOSE int master = open_master(plan);
	AUTO_CLOSE int slave = -1;
	struct winsize size = {
		.ws_row = (unsigned short) plan->size.height,
		.ws_col = (unsigned short) plan->size.width,
	};
	int zero = 0, r;

	if (master < 0)
		return master;
	if (ioctl(master, TIOCSPTLCK, &zero) < 0)
		return -errno;
	/* the slave of exactly this master, not a name that could lead elsewhere (ioctl_tty(2)) */
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return -errno;
	if (size.ws_row && size.ws_col && ioctl(master, TIOCSWINSZ, &size) < 0)
		return -errno;
	/* EINVAL: there is no such user here, which OP_UID words better */
	if ((fchown(slave, plan->uid, (gid_t) -1) < 0 && errno != EINVAL) || fchmod(slave, 0620) < 0)
		return -errno;
	bind_console(plan, slave);
	r = fd_send(sync_fd, &mark, 1, &master, 1);
	if (r < 0)
		return r;
	if (setsid() < 0)
		return -errno;
	if (ioctl(slave, TIOCSCTTY, 0) < 0)
		return -errno;
	for (int i = 0; i < 3; i++)
		if (dup2(slave, i) < 0)
			return -errno;
	return 0;
}
