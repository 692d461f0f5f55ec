/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spec_mounts.c - what is mounted in a container: the kernel's file systems, our files, volumes, binds, tmpfs */
#include "monitor_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/file.h"
#include "coracle/base/path.h"
#include "coracle/sys/root.h"
#include "coracle/sys/tree.h"
#include "coracle/volume/volume.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

static struct oci_mount *add_mount(struct oci_spec *spec, const char *type, const char *source,
                                   const char *target, const char *options)
{
	struct oci_mount *mount = list_add(&spec->mounts, sizeof *mount);

	mount->type = xstrdup(type);
	mount->source = xstrdup(source);
	mount->destination = xstrdup(target);
	if (*options)
		texts_split(&mount->options, options, ',');
	return mount;
}

static bool is_fresh(const struct oci_spec *spec, const char *type)
{
	LIST_EACH(struct oci_namespace, ns, &spec->linux_->namespaces)
		if (strcmp(ns->type, type) == 0)
			return true;
	return false;
}

/* A mount of the user at the same place wins over a default one. */
static bool is_taken(const struct record *record, const char *target)
{
	LIST_EACH(struct record_mount, mount, &record->mounts)
		if (strcmp(mount->target, target) == 0)
			return true;
	return false;
}

static bool has_unified_cgroups(void)
{
	struct statfs fs;

	return statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

static void add_kernel_mounts(const struct monitor *monitor, struct oci_spec *spec)
{
	const struct record *record = monitor->record;
	const char *sys_options = record->privileged ? "nosuid,noexec,nodev" : "nosuid,noexec,nodev,ro";
	AUTO_FREE char *shm = xprintf("nosuid,noexec,nodev,mode=1777,size=%" PRIu64,
	                              record->shm_size ? record->shm_size : 65536 * 1024);

	/* a proc of another pid namespace than ours can't be mounted: show the host's */
	if (is_fresh(spec, "pid"))
		(void) add_mount(spec, "proc", "proc", "/proc", "nosuid,noexec,nodev");
	else
		(void) add_mount(spec, "bind", "/proc", "/proc", "rbind,nosuid,noexec,nodev");
	if (!is_taken(record, "/dev"))
		(void) add_mount(spec, "tmpfs", "tmpfs", "/dev", "nosuid,strictatime,mode=755,size=65536k");
	/* gid 5 is tty, which owns terminals */
	(void) add_mount(spec, "devpts", "devpts", "/dev/pts",
	                 spec_has_gid(monitor, 5) ? "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5"
	                                 : "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620");
	if (is_fresh(spec, "network"))
		(void) add_mount(spec, "sysfs", "sysfs", "/sys", sys_options);
	else
		(void) add_mount(spec, "bind", "/sys", "/sys", "rbind,rnosuid,rnoexec,rnodev,rro");
	if (has_unified_cgroups() && is_fresh(spec, "cgroup") && is_fresh(spec, "network"))
		(void) add_mount(spec, "cgroup2", "cgroup2", "/sys/fs/cgroup",
		                 record->privileged ? "nosuid,noexec,nodev" : "nosuid,noexec,nodev,ro");
	if (is_fresh(spec, "ipc")) {
		(void) add_mount(spec, "mqueue", "mqueue", "/dev/mqueue", "nosuid,noexec,nodev");
		if (!is_taken(record, "/dev/shm"))
			(void) add_mount(spec, "tmpfs", "shm", "/dev/shm", shm);
	} else {
		/* not every host has it */
		if (access("/dev/mqueue", F_OK) == 0)
			(void) add_mount(spec, "bind", "/dev/mqueue", "/dev/mqueue", "rbind,nosuid,noexec,nodev");
		(void) add_mount(spec, "bind", "/dev/shm", "/dev/shm", "rbind,nosuid,noexec,nodev");
	}
}

/* --- /etc/hosts and its kin: one file each in the runtime directory --- */

static int add_file(struct monitor *monitor, struct oci_spec *spec, const char *name, const char *target,
                    char *text, struct error *err)
{
	AUTO_FREE char *owned = text;
	AUTO_FREE char *path = xprintf("%s/containers/%s/%s", monitor->paths.runtime, monitor->record->id, name);
	int r;

	if (is_taken(monitor->record, target))
		return 0;
	r = file_write(monitor->runtime_fd, name, owned, strlen(owned), 0644, FILE_FAST);
	if (r < 0)
		return error_errno(err, -r, "write %s", path);
	(void) add_mount(spec, "bind", path, target, "rbind,nosuid,nodev");
	return 0;
}

static int add_files(struct monitor *monitor, struct oci_spec *spec, struct error *err)
{
	const struct record *record = monitor->record;
	bool shares = strncmp(record->network, "container:", 10) == 0;
	bool slirp = strcmp(record->network, "host") != 0 && strcmp(record->network, "none") != 0 && !shares;
	struct network_files files = {
		.record = record,
		.ip = slirp ? "10.0.2.100" : "",
		.gateway = slirp ? "10.0.2.2" : "",
		.dns = slirp ? "10.0.2.3" : "",
		.host_network = strcmp(record->network, "host") == 0,
	};
	AUTO_FREE char *host_resolv = NULL;
	int r = 0;

	(void) !file_read(AT_FDCWD, "/etc/resolv.conf", 65536, &host_resolv, NULL);
	if (!record->no_hosts)
		r = add_file(monitor, spec, "hosts", "/etc/hosts", network_hosts(&files), err);
	if (r >= 0 && !record->no_hostname)
		r = add_file(monitor, spec, "hostname", "/etc/hostname", network_hostname(&files), err);
	if (r >= 0 && strcmp(record->network, "none") != 0)
		r = add_file(monitor, spec, "resolv.conf", "/etc/resolv.conf",
		             network_resolv_conf(&files, host_resolv), err);
	return r;
}

/* --- volumes --- */

/* docker: a volume that is new and empty begins with what the image has at its place */
static int fill_volume(struct monitor *monitor, const struct record_mount *mount, int data_fd,
                       const struct oci_process *process, struct error *err)
{
	AUTO_CLOSE int from = root_open(monitor->root_fd, mount->target, O_RDONLY | O_DIRECTORY, 0);
	struct volume volume = {0};
	struct stat st;
	int r = volume_read(&monitor->paths, mount->source, &volume, err);

	if (r < 0)
		return r;
	if (!volume.filled) {
		volume.filled = true;
		if (from >= 0) {
			r = tree_copy(from, data_fd);
			if (r < 0)
				r = error_errno(err, -r, "fill volume %s from the image's %s", mount->source,
				                mount->target);
			else if (fstat(from, &st) == 0
			         && (fchown(data_fd, st.st_uid, st.st_gid) < 0
			             || fchmod(data_fd, st.st_mode & 07777) < 0))
				r = error_errno(err, errno, "volume %s", mount->source);
		} else if (fchown(data_fd, (uid_t) process->user.uid, (gid_t) process->user.gid) < 0) {
			/* with one id there is nobody else to give it to */
			r = 0;
		}
		if (r >= 0)
			r = volume_write(&monitor->paths, &volume, err);
	}
	volume_done(&volume);
	return r;
}

static int prepare_volume(struct monitor *monitor, const struct record_mount *mount,
                          const struct oci_process *process, struct error *err)
{
	AUTO_CLOSE int data = volume_data_open(&monitor->paths, mount->source);

	if (data < 0)
		return error_errno(err, -data, "volume %s", mount->source);
	return mount->copy_up ? fill_volume(monitor, mount, data, process, err) : 0;
}

/* ":U": all below the source belongs to the container's user */
static int give_away(int dir_fd, const char *source, const struct oci_process *process, struct error *err)
{
	AUTO_CLOSE int fd = openat(dir_fd, source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int r = fd < 0 ? -errno
	               : tree_chown(fd, (uid_t) process->user.uid, (gid_t) process->user.gid);

	return r < 0 ? error_errno(err, -r, "option U: chown %s", source) : 0;
}

int spec_volumes(struct monitor *monitor, const struct oci_process *process, struct error *err)
{
	LIST_EACH(struct record_mount, mount, &monitor->record->mounts) {
		int r = 0;

		if (strcmp(mount->type, "volume") == 0)
			r = prepare_volume(monitor, mount, process, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * volume-subpath: what containers have put into the volume decides nothing outside of it (CVE-2021-25741
 * of Kubernetes). The descriptor stays open for as long as the monitor lives: restarts bind it again.
 */
static int open_subpath(struct monitor *monitor, const struct record_mount *mount, struct error *err)
{
	AUTO_CLOSE int data = volume_data_open(&monitor->paths, mount->source);
	int fd = data < 0 ? data : root_open(data, mount->subpath, O_PATH, 0);

	return fd < 0 ? error_errno(err, -fd, "volume-subpath %s of volume %s", mount->subpath, mount->source)
	              : fd;
}

static int add_record_mount(struct monitor *monitor, struct oci_spec *spec, const struct record_mount *mount,
                            struct error *err)
{
	AUTO_FREE char *options = texts_join(&mount->options, ",");
	AUTO_FREE char *source = NULL;
	struct oci_mount *out;
	int r;

	if (strcmp(mount->type, "tmpfs") == 0) {
		out = add_mount(spec, "tmpfs", "tmpfs", mount->target, options);
		if (!texts_has(&mount->options, "suid"))
			texts_add(&out->options, "nosuid");
		if (!texts_has(&mount->options, "dev"))
			texts_add(&out->options, "nodev");
		if (mount->copy_up)
			texts_add(&out->options, "tmpcopyup");
		if (mount->read_only)
			texts_add(&out->options, "ro");
		return 0;
	}
	if (strcmp(mount->type, "bind") != 0 && strcmp(mount->type, "volume") != 0) {
		(void) add_mount(spec, mount->type, mount->type, mount->target, options);
		return 0;
	}
	if (strcmp(mount->type, "volume") == 0 && mount->subpath && *mount->subpath) {
		r = open_subpath(monitor, mount, err);
		if (r < 0)
			return r;
		source = xprintf("/proc/self/fd/%d", r);
		r = mount->chown ? give_away(r, ".", spec->process, err) : 0;
	} else {
		source = strcmp(mount->type, "volume") == 0
		                 ? xprintf("%s/volumes/%s/_data", monitor->paths.data, mount->source)
		                 : xstrdup(mount->source);
		r = mount->chown ? give_away(AT_FDCWD, source, spec->process, err) : 0;
	}
	if (r < 0)
		return r;
	out = add_mount(spec, "bind", source, mount->target, options);
	if (!texts_has(&mount->options, "bind") && !texts_has(&mount->options, "rbind"))
		texts_add(&out->options, "rbind");
	/* a setuid program or a device node on a host's directory must stay harmless unless asked for */
	if (!texts_has(&mount->options, "suid"))
		texts_add(&out->options, "nosuid");
	if (!texts_has(&mount->options, "dev"))
		texts_add(&out->options, "nodev");
	if (mount->read_only)
		texts_add(&out->options, "rro");
	return 0;
}

/* Shorter targets first: /data before /data/sub, whatever the order of the options. */
static int compare_targets(const void *a, const void *b)
{
	const struct record_mount *x = *(const struct record_mount *const *) a;
	const struct record_mount *y = *(const struct record_mount *const *) b;

	return strcmp(x->target, y->target);
}

static int add_record_mounts(struct monitor *monitor, struct oci_spec *spec, struct error *err)
{
	const struct list *mounts = &monitor->record->mounts;
	AUTO_FREE struct record_mount **sorted = xcalloc(mounts->count, sizeof *sorted);
	int r = 0;

	for (size_t i = 0; i < mounts->count; i++)
		sorted[i] = LIST_AT(struct record_mount, mounts, i);
	if (mounts->count)
		qsort(sorted, mounts->count, sizeof(struct record_mount *), compare_targets);
	for (size_t i = 0; i < mounts->count && r >= 0; i++)
		r = add_record_mount(monitor, spec, sorted[i], err);
	return r;
}

/* Made by the runtime, or terminals of the host, which are nobody else's business. */
static bool is_special(const char *name)
{
	static const char *const made[] = {"null", "zero", "full", "random", "urandom", "tty", "console", "ptmx"};

	for (size_t i = 0; i < ARRAY_LEN(made); i++)
		if (strcmp(made[i], name) == 0)
			return true;
	return strncmp(name, "tty", 3) == 0 || strncmp(name, "vcs", 3) == 0 || strncmp(name, "pty", 3) == 0;
}

/* --privileged: the nodes of the host's /dev that the caller himself could open */
static void add_host_devices(struct oci_spec *spec, const char *folder)
{
	AUTO_TEXTS struct texts names = {0};

	if (directory_list(AT_FDCWD, folder, &names) < 0)
		return;
	for (size_t i = 0; i < names.count; i++) {
		AUTO_FREE char *path = xprintf("%s/%s", folder, names.items[i]);
		struct stat st;

		if (lstat(path, &st) < 0 || is_special(names.items[i]))
			continue;
		if ((S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) && access(path, R_OK | W_OK) == 0)
			(void) add_mount(spec, "bind", path, path, "bind,nosuid,noexec");
	}
}

static void add_devices(const struct monitor *monitor, struct oci_spec *spec)
{
	static const char *const folders[] = {"/dev", "/dev/net", "/dev/dri", "/dev/snd", "/dev/input"};

	for (size_t i = 0; monitor->record->privileged && i < ARRAY_LEN(folders); i++)
		add_host_devices(spec, folders[i]);
	LIST_EACH(struct record_device, device, &monitor->record->devices) {
		struct oci_mount *mount = add_mount(spec, "bind", device->source, device->target, "bind,nosuid,noexec");

		if (device->permissions && *device->permissions && !strchr(device->permissions, 'w'))
			texts_add(&mount->options, "ro");
	}
}

int spec_mounts(struct monitor *monitor, struct oci_spec *spec, struct error *err)
{
	int r;

	add_kernel_mounts(monitor, spec);
	r = add_files(monitor, spec, err);
	if (r >= 0)
		r = add_record_mounts(monitor, spec, err);
	if (r >= 0)
		add_devices(monitor, spec);
	return r;
}
