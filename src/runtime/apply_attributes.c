/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apply_attributes.c - priorities, affinity, memory policy, labels, keyring and time offsets, in the child */
#include "apply.h"

#include "coracle/base/base.h"
#include "coracle/sys/mount.h"

#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#define NEW_TIME      0x80 /* CLONE_NEWTIME, which older headers lack */
#define WHO_PROCESS   1    /* IOPRIO_WHO_PROCESS of linux/ioprio.h */
#define OPEN_TRIES    32
#define PROC_ROOT_INO 1    /* of a proc file system's root; linux/proc_ns.h */

/*
 * CVE-2019-16884, CVE-2025-52881: an image, a volume or a process of the container may have put something
 * else in the place of /proc. Where there is none at all a mount of our own does, which nobody else sees.
 */
static int open_proc(void)
{
	AUTO_CLOSE int fd = open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct statfs fs;
	struct stat st;
	int own;

	if (fd >= 0 && fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC && fstat(fd, &st) == 0
	    && st.st_ino == PROC_ROOT_INO)
		return TAKE_FD(fd);
	own = mount_new("proc", NULL, 0, 0);
	return own < 0 ? -ENODEV : own;
}

/* The line "mnt_id:" of proc_pid_fdinfo(5), with its newline; false: not told */
static bool read_mount_id(int proc, int fd, char *into, size_t size)
{
	char path[40], text[512] = "";
	AUTO_CLOSE int info = -1;
	const char *line;

	(void) snprintf(path, sizeof path, "self/fdinfo/%d", fd);
	info = openat(proc, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (info < 0 || read(info, text, sizeof text - 1) <= 0)
		return false;
	line = strstr(text, "mnt_id:");
	if (!line || !strchr(line, '\n'))
		return false;
	(void) snprintf(into, size, "%.*s", (int) strcspn(line, "\n"), line);
	return true;
}

static bool on_same_mount(int proc, int fd)
{
	char one[64], other[64];

	return read_mount_id(proc, proc, one, sizeof one) && read_mount_id(proc, fd, other, sizeof other)
	       && strcmp(one, other) == 0;
}

/* path in proc itself: what is mounted over it, or leads out of it, is refused with -EXDEV or -ELOOP */
int apply_open_proc(const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned) (flags | O_CLOEXEC),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS,
	};
	AUTO_CLOSE int proc = open_proc();
	AUTO_CLOSE int fd = -1;

	if (proc < 0)
		return proc;
	/* openat2(2): EAGAIN tells of mounts and renames that happen anywhere meanwhile */
	for (int i = 0; i < OPEN_TRIES && (i == 0 || (fd < 0 && errno == EAGAIN)); i++)
		fd = (int) syscall(SYS_openat2, proc, path, &how, sizeof how);
	if (fd >= 0)
		return TAKE_FD(fd);
	if (errno != ENOSYS && errno != EPERM)
		return -errno;
	/* Linux 5.6; an outer seccomp filter may know nothing of it */
	fd = openat(proc, path, flags | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return on_same_mount(proc, fd) ? TAKE_FD(fd) : -EXDEV;
}

static int write_proc(const char *path, const char *text)
{
	AUTO_CLOSE int fd = apply_open_proc(path, O_WRONLY);

	if (fd < 0)
		return fd;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

/*
 * Files of a process that is not dumpable are those of the root of the user namespace that it was executed in
 * (proc(5)), which may be another one than ours. With a pid namespace of its own nobody hostile sees it yet.
 */
static int write_offsets(const struct op *op)
{
	int r = write_proc("self/timens_offsets", op->data);

	if (r != -EACCES || !op->flags || prctl(PR_GET_DUMPABLE) != 0)
		return r;
	(void) prctl(PR_SET_DUMPABLE, 1);
	r = write_proc("self/timens_offsets", op->data);
	(void) prctl(PR_SET_DUMPABLE, 0);
	return r;
}

/*
 * The offsets can be set while nobody is in the namespace, so clone3(2) can't make it. setns(2) enters it at
 * once: execve(2) does so only since Linux 6.3. It runs before OP_IDS, while a process in
 * a new user namespace is still dumpable.
 */
int apply_timens(const struct op *op)
{
	AUTO_CLOSE int fd = -1;
	int r = 0;

	if (unshare(NEW_TIME) < 0)
		return -errno;
	if (op->data && *op->data)
		r = write_offsets(op);
	if (r < 0)
		return r;
	fd = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	return fd < 0 || setns(fd, NEW_TIME) < 0 ? -errno : 0;
}

/*
 * Keys of the caller are none of the container's. A kernel without keyrings has none to hide; where an
 * outer seccomp filter refuses or the quota is used up the peers go on too.
 */
int apply_keyring(const struct op *op)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, op->data) >= 0)
		return 0;
	/* somebody else's has the name: one without */
	if (errno == EACCES && syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0)
		return 0;
	return errno == ENOSYS || errno == EPERM || errno == EDQUOT ? 0 : -errno;
}

/* All processes of the container come from this one; its process group may still be the monitor's. */
int apply_io_priority(const struct op *op)
{
	return syscall(SYS_ioprio_set, WHO_PROCESS, 0, (int) op->flags) < 0 ? -errno : 0;
}

int apply_scheduler(const struct plan *plan)
{
	return syscall(SYS_sched_setattr, 0, &plan->scheduler, 0u) < 0 ? -errno : 0;
}

int apply_cpus(const char *list)
{
	unsigned long mask[OCI_CPUS_MAX / LONG_BITS];
	int r = 0;

	if (list)
		r = oci_list_parse(list, OCI_CPUS_MAX, mask);
	else
		(void) memset(mask, 0xff, sizeof mask);
	if (r < 0)
		return r;
	return syscall(SYS_sched_setaffinity, 0, sizeof mask, mask) < 0 ? -errno : 0;
}

int apply_affinity(const struct op *op)
{
	return apply_cpus(op->data);
}

int apply_memory_policy(const struct plan *plan)
{
	const struct memory_policy *policy = &plan->memory_policy;
	/* the kernel takes one off the number of bits (set_mempolicy(2), BUGS) */
	unsigned long bits = policy->has_nodes ? OCI_NODES_MAX + 1 : 0;

	return syscall(SYS_set_mempolicy, policy->mode, policy->has_nodes ? policy->nodes : NULL, bits) < 0 ? -errno : 0;
}

/* Open and write go together: the kernel refuses a descriptor from before execve or setuid (Linux 5.13). */
int apply_label(const struct op *op)
{
	char path[64] = "thread-self/attr/";
	size_t length = strlen(path);
	AUTO_CLOSE int fd = -1;

	(void) memcpy(path + length, op->target, strlen(op->target) + 1);
	fd = apply_open_proc(path, O_WRONLY);
	if (fd == -ENOENT && op->source) {
		(void) memcpy(path + length, op->source, strlen(op->source) + 1);
		fd = apply_open_proc(path, O_WRONLY);
	}
	/* ENOENT of write(2) says that there is no such profile */
	if (fd < 0)
		return fd == -ENOENT ? -ENODEV : fd;
	return write(fd, op->data, strlen(op->data)) < 0 ? -errno : 0;
}
