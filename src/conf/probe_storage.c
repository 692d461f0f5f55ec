/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe_storage.c - overlay, FUSE and the file system of the data directory; nothing is written to it */
#include "coracle/base/alloc.h"
#include "coracle/base/spawn.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "probe_check.h"

#define SPACE_WANTED (UINT64_C(1) << 30)

/* what linux/magic.h of Debian 12 lacks (statfs(2)) */
#define CIFS_MAGIC   0xff534d42
#define ZFS_MAGIC    0x2fc12fc1
#define LUSTRE_MAGIC 0x0bd00bd0
#define GPFS_MAGIC   0x47504653

/* in a mount namespace of our own: two directories of a tmpfs */
static int try_overlay(void)
{
	static const char *const names[] = {"/tmp/lower", "/tmp/upper", "/tmp/work", "/tmp/merged"};
	int r = probe_enter_userns();

	if (r < 0)
		return r;
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0
	    || mount("coracle", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, NULL) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (mkdir(names[i], 0755) < 0)
			return -errno;
	if (mount("coracle", "/tmp/merged", "overlay", 0,
	          "lowerdir=/tmp/lower,upperdir=/tmp/upper,workdir=/tmp/work,userxattr") < 0)
		return -errno;
	return mkdir("/tmp/merged/new", 0755) < 0 ? -errno : 0;
}

static void check_overlay(const struct paths *paths, struct probe_result *out)
{
	int r = try_overlay();

	(void) paths;
	if (r >= 0)
		probe_ok(out, "the kernel mounts it for users (userxattr)");
	else
		probe_bad(out, PROBE_DEGRADED, "layers are joined by fuse-overlayfs or copied, which is slower",
		          xstrdup("sudo modprobe overlay; Linux 5.11 or newer is needed (uname -r)"), "%s",
		          strerror(-r));
}

static void check_fuse(const struct paths *paths, struct probe_result *out)
{
	static const char effect[] = "only matters where the kernel's overlay does not work";
	AUTO_FREE char *program = spawn_find("fuse-overlayfs");
	AUTO_CLOSE int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	int reason = fd < 0 ? errno : 0;

	(void) paths;
	if (fd >= 0 && program)
		probe_ok(out, "/dev/fuse opens, %s is there", program);
	else if (fd >= 0)
		probe_bad(out, PROBE_DEGRADED, effect, xstrdup("sudo apt-get install fuse-overlayfs"),
		          "fuse-overlayfs is not installed");
	else
		probe_bad(out, PROBE_DEGRADED, effect,
		          xstrdup(reason == EACCES ? "sudo chmod 666 /dev/fuse"
		                           : "sudo modprobe fuse; inside another container: start that"
		                             " one with --device /dev/fuse"),
		          "/dev/fuse: %s", strerror(reason));
}

static const struct {
	long long type;
	const char *name;
} unfit[] = {
	{NFS_SUPER_MAGIC, "NFS"},        {CIFS_MAGIC, "CIFS"},         {SMB2_SUPER_MAGIC, "SMB"},
	{FUSE_SUPER_MAGIC, "FUSE"},      {ECRYPTFS_SUPER_MAGIC, "eCryptfs"},
	{OVERLAYFS_SUPER_MAGIC, "overlay"}, {AFS_SUPER_MAGIC, "AFS"},  {V9FS_MAGIC, "9p"},
	{MSDOS_SUPER_MAGIC, "FAT"},      {LUSTRE_MAGIC, "Lustre"},     {GPFS_MAGIC, "GPFS"},
};

static const struct {
	long long type;
	const char *name;
} fit[] = {
	{EXT4_SUPER_MAGIC, "ext4"}, {XFS_SUPER_MAGIC, "xfs"},   {BTRFS_SUPER_MAGIC, "btrfs"},
	{TMPFS_MAGIC, "tmpfs"},     {F2FS_SUPER_MAGIC, "f2fs"}, {ZFS_MAGIC, "zfs"},
};

static const char *unfit_name(long long type)
{
	for (size_t i = 0; i < ARRAY_LEN(unfit); i++)
		if (unfit[i].type == type)
			return unfit[i].name;
	return NULL;
}

static const char *fit_name(long long type)
{
	for (size_t i = 0; i < ARRAY_LEN(fit); i++)
		if (fit[i].type == type)
			return fit[i].name;
	return "file system";
}

static void check_data(const struct paths *paths, struct probe_result *out)
{
	AUTO_FREE char *name = probe_user();
	struct statfs fs;
	struct stat st;
	uint64_t available;
	long long type;

	if (statfs(paths->data, &fs) < 0) {
		probe_bad(out, PROBE_MISSING, "images and containers have no place",
		          xprintf("export CORACLE_ROOT=/var/tmp/coracle-%s", name), "%s: %s", paths->data,
		          strerror(errno));
		return;
	}
	if (stat(paths->data, &st) == 0 && st.st_uid != geteuid()) {
		probe_bad(out, PROBE_MISSING, "images and containers have no place",
		          xprintf("sudo chown -R %u %s", (unsigned) geteuid(), paths->data),
		          "%s belongs to uid %u", paths->data, (unsigned) st.st_uid);
		return;
	}
	type = (long long) (unsigned long) fs.f_type;
	available = (uint64_t) fs.f_bavail * (uint64_t) fs.f_bsize;
	if (fs.f_flags & ST_RDONLY)
		probe_bad(out, PROBE_MISSING, "nothing can be stored",
		          xprintf("export CORACLE_ROOT=/var/tmp/coracle-%s", name), "%s is mounted read-only",
		          paths->data);
	else if (unfit_name(type))
		probe_bad(out, PROBE_DEGRADED, "the kernel's overlay can't write there; layers are copied or joined"
		          " by fuse-overlayfs", xprintf("export CORACLE_ROOT=/var/tmp/coracle-%s", name),
		          "%s lies on %s", paths->data, unfit_name(type));
	else if (fs.f_flags & ST_NOEXEC)
		probe_bad(out, PROBE_DEGRADED, "programs of copied layers and volumes can't be executed",
		          xprintf("export CORACLE_ROOT=/var/tmp/coracle-%s", name), "%s is mounted noexec",
		          paths->data);
	else if (available < SPACE_WANTED)
		probe_bad(out, PROBE_DEGRADED, "images may not fit", xstrdup("coracle images; coracle rmi IMAGE"),
		          "%s: %llu MiB are free", paths->data, (unsigned long long) (available >> 20));
	else
		probe_ok(out, "%s: %s, %llu GiB free", paths->data, fit_name(type),
		         (unsigned long long) (available >> 30));
}

const struct probe_check probe_storage_checks[] = {
	{"overlay", "overlay file system", check_overlay},
	{"fuse", "fuse-overlayfs, stands in for it", check_fuse},
	{"data", "data directory", check_data},
	{NULL, NULL, NULL},
};
