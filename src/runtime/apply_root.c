/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apply_root.c - the container's root becomes this mount namespace's (pivot_root(2)) */
#include "apply.h"

#include "coracle/sys/mount.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

/*
 * A detached mount goes on top of "/": nothing need be made for it, and looking up "/" still finds the
 * old root until pivot_root. createContainer hooks look for it at its path (runtime-spec config.md#posix-platform-hooks).
 * A root that is a mount point already (mount(2) fall-back) stays where it is.
 */
int apply_attach_root(const struct plan *plan)
{
	const char *at = plan->root_in_place && plan->root_path ? plan->root_path : "/";
	AUTO_CLOSE int target = open(at, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (target < 0)
		return -errno;
	/* nothing mounted from here on may show up in the mount namespace this one was copied from */
	if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return -errno;
	r = mount_attach(plan->root_fd, target);
	return r == -EINVAL ? 0 : r;
}

int apply_pivot(struct plan *plan)
{
	/* who wants to execute something in a container that was not started asks for our namespaces */
	if (plan->gate_fd >= 0)
		plan->ns_dir_fd = open("/proc/self/ns", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return plan->no_pivot ? mount_chroot(plan->root_fd) : mount_pivot(plan->root_fd);
}
