/* SPDX-License-Identifier: GPL-2.0-or-later */
/* driver_probe.c - try a mount in a child that takes the mount with it when it ends */
#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/spawn.h"
#include "coracle/sys/process.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "overlay.h"
#include "store_private.h"

#define PROBE_TIMEOUT_MS 10000

static int write_map(const char *path, const char *text)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : write_all(fd, text, strlen(text));
}

/* enter_mount_namespace - where we may not mount yet, through a user namespace with the caller's id */
static int enter_mount_namespace(uid_t uid, gid_t gid)
{
	AUTO_FREE char *uids = xprintf("0 %u 1", (unsigned) uid);
	AUTO_FREE char *gids = xprintf("0 %u 1", (unsigned) gid);
	int r;

	if (unshare(CLONE_NEWNS) < 0) {
		if (errno != EPERM)
			return -errno;
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
			return -errno;
		r = write_map("/proc/self/setgroups", "deny");
		if (r >= 0)
			r = write_map("/proc/self/uid_map", uids);
		if (r >= 0)
			r = write_map("/proc/self/gid_map", gids);
		if (r < 0)
			return r;
	}
	/* what the child mounts must not travel back to its parent */
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? -errno : 0;
}

int overlay_reopen(int fd)
{
	AUTO_FREE char *link = xprintf("/proc/self/fd/%d", fd);
	AUTO_CLOSE int again = -1;
	char path[PATH_MAX];
	struct stat st, there;
	ssize_t length = readlink(link, path, sizeof path - 1);

	if (length < 0)
		return -errno;
	path[length] = '\0';
	again = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (again < 0 || fstat(fd, &st) < 0 || fstat(again, &there) < 0)
		return -errno;
	return st.st_dev == there.st_dev && st.st_ino == there.st_ino ? TAKE_FD(again) : -ESTALE;
}

static _Noreturn void child_main(int dir_fd, int (*try)(int dir_fd))
{
	int r;

	(void) prctl(PR_SET_PDEATHSIG, SIGKILL);
	r = enter_mount_namespace(geteuid(), getegid());
	if (r >= 0)
		r = overlay_reopen(dir_fd);
	if (r >= 0)
		r = try(r);
	/* an errno is below 134: it fits an exit status */
	_exit(r < 0 ? -r : 0);
}

static int wait_child(pid_t pid)
{
	AUTO_CLOSE int pidfd = process_pidfd_open(pid);
	struct pollfd poll_fd = {.fd = pidfd, .events = POLLIN};
	bool late = false;
	int status, r;

	if (pidfd >= 0) {
		do
			r = poll(&poll_fd, 1, PROBE_TIMEOUT_MS);
		while (r < 0 && errno == EINTR);
		late = r == 0;
		if (late)
			(void) kill(pid, SIGKILL);
	}
	r = spawn_wait(pid, &status);
	if (r < 0)
		return r;
	if (late)
		return -ETIMEDOUT;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

int overlay_probe_in_child(struct store *store, int (*try)(int dir_fd))
{
	/* locked, so that a prune beside us does not take it away: the answer is remembered */
	AUTO_WORKSPACE struct workspace workspace = WORKSPACE_INIT;
	struct error failure = {0};
	pid_t pid;
	int r = workspace_open(store, "probe", &workspace, &failure);

	if (r < 0)
		return r;
	pid = fork();
	if (pid == 0)
		child_main(workspace.fd, try);
	return pid < 0 ? -errno : wait_child(pid);
}
