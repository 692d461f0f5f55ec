/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * apply_cgroup.c - cgroup file systems in a container, in the child (cgroup_namespaces(7))
 *
 * With a cgroup namespace of its own the container gets its own mount, whose root is its cgroup. Without one, or where
 * mounting is not permitted, it sees its cgroup's directory read-only. A host with the hierarchies of version 1 has
 * a directory for each below a tmpfs. No container fails for lack of all this.
 */
#include "apply.h"

#include "coracle/base/base.h"
#include "coracle/sys/mount.h"
#include "coracle/sys/root.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define HOST_CGROUPS "/sys/fs/cgroup"
#define HARMLESS (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)
#define PROC_CGROUP_MAX 8192
#define CGROUP_NAME_MAX 255

/* One line of /proc/self/cgroup: "5:cpu,cpuacct:/path", "1:name=systemd:/path", "0::/path" */
struct hierarchy {
	const char *name; /* directory on the host: "cpu,cpuacct", "systemd", "" */
	const char *data; /* as mount(2) wants it: "cpu,cpuacct", "name=systemd"; NULL: cgroup2 */
	const char *path;
};

static int read_own(char *into, size_t size)
{
	AUTO_CLOSE int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while (length < size - 1 && (n = read(fd, into + length, size - 1 - length)) > 0)
		length += (size_t) n;
	into[length] = '\0';
	return 0;
}

/* Cut the next line off *text; false at the end. */
static bool next_hierarchy(char **text, struct hierarchy *out)
{
	static const char named[] = "name=";
	char *line = *text, *name = strchr(line, ':'), *path = name ? strchr(name + 1, ':') : NULL;
	char *end = path ? strchr(path, '\n') : NULL;

	if (!end)
		return false;
	*name++ = *path++ = *end = '\0';
	*text = end + 1;
	*out = (struct hierarchy){.name = name, .data = *name ? name : NULL, .path = path};
	if (strncmp(name, named, sizeof named - 1) == 0)
		out->name += sizeof named - 1;
	return true;
}

/* Our cgroup's directory of a hierarchy of the host, read-only. */
static int bind_own(const char *host, const char *path, int target)
{
	AUTO_CLOSE int top = open(host, O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSE int own = -1;
	AUTO_CLOSE int clone = -1;
	int r;

	if (top < 0)
		return -errno;
	/* a cgroup outside of our namespace's root is told as "/..": all of the host's instead would be too much */
	own = strncmp(path, "/..", 3) == 0 ? -ENOENT : root_open(top, path, O_PATH | O_DIRECTORY, 0);
	if (own < 0)
		return own;
	clone = mount_clone(own, true);
	if (clone < 0)
		return clone;
	r = mount_set(clone, 0, 0, MS_SLAVE, true);
	if (r >= 0)
		r = mount_set_allowed(clone, HARMLESS | MOUNT_ATTR_RDONLY, 0, true);
	return r < 0 ? r : mount_attach(clone, target);
}

static unsigned long old_flags(uint64_t attributes)
{
	return MS_NOSUID | MS_NODEV | MS_NOEXEC | (attributes & MOUNT_ATTR_RDONLY ? MS_RDONLY : 0UL);
}

static int mount_empty(int target)
{
	return mount_at(target, "tmpfs", "cgroup", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=0k,mode=755");
}

static int mount_unified(const struct op *op, int target, const char *host)
{
	char text[PROC_CGROUP_MAX], *rest = text;
	struct hierarchy hierarchy;
	AUTO_CLOSE int made = -1;
	int r;

	/*
	 * Without a namespace of its own the mount would show the whole host's. By descriptor: mount(2) refuses
	 * (EBUSY) a second mount of the one file system on the host's, which a bound /sys brings along.
	 */
	if (op->own_namespace)
		made = mount_new("cgroup2", NULL, 0, HARMLESS | (op->set & MOUNT_ATTR_RDONLY));
	if (made >= 0 && mount_attach(made, target) >= 0)
		return 0;
	if (op->own_namespace && mount_at(target, "cgroup2", "cgroup2", old_flags(op->set), NULL) >= 0)
		return 0;
	r = read_own(text, sizeof text);
	while (r >= 0 && next_hierarchy(&rest, &hierarchy))
		if (!hierarchy.data)
			return bind_own(host, hierarchy.path, target);
	return -ENOENT;
}

/* The controllers of "cpu,cpuacct" are found by their single names too. */
static void link_controllers(int directory, const char *name)
{
	char single[CGROUP_NAME_MAX + 1];

	if (!strchr(name, ','))
		return;
	for (size_t n; *name; name += n + (name[n] == ',')) {
		n = strcspn(name, ",");
		if (n == 0 || n > CGROUP_NAME_MAX)
			continue;
		(void) memcpy(single, name, n);
		single[n] = '\0';
		/* only a convenience */
		(void) !symlinkat(name, directory, single);
	}
}

static void mount_hierarchy(const struct op *op, int directory, const struct hierarchy *hierarchy)
{
	const char *name = hierarchy->data ? hierarchy->name : "unified";
	char path[sizeof HOST_CGROUPS + CGROUP_NAME_MAX + 2] = HOST_CGROUPS "/";
	AUTO_CLOSE int target = -1;
	int r = -EPERM;

	if (!*name || strlen(name) > CGROUP_NAME_MAX || strchr(name, '/') || *name == '.')
		return;
	(void) memcpy(path + sizeof HOST_CGROUPS, name, strlen(name) + 1);
	if (access(path, F_OK) < 0 || mkdirat(directory, name, 0755) < 0)
		return;
	target = openat(directory, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		return;
	if (!hierarchy->data)
		r = mount_unified(op, target, path);
	else if (op->own_namespace)
		r = mount_at(target, "cgroup", "cgroup", old_flags(op->set), hierarchy->data);
	/* in a cgroup namespace our path is "/": the host's directory would be all of it */
	if (r < 0 && hierarchy->data && !op->own_namespace)
		r = bind_own(path, hierarchy->path, target);
	if (r >= 0)
		link_controllers(directory, name);
	else
		(void) unlinkat(directory, name, AT_REMOVEDIR);
}

static int mount_hierarchies(const struct op *op, int target)
{
	static const struct mount_option options[] = {{"mode", "755"}, {"size", "64k"}};
	AUTO_CLOSE int top = mount_new("tmpfs", options, ARRAY_LEN(options), HARMLESS);
	char text[PROC_CGROUP_MAX], *rest = text;
	struct hierarchy hierarchy;
	int r = top < 0 ? top : read_own(text, sizeof text);

	if (r >= 0)
		r = mount_attach(top, target);
	if (r < 0)
		return r;
	while (next_hierarchy(&rest, &hierarchy))
		mount_hierarchy(op, top, &hierarchy);
	return op->set & MOUNT_ATTR_RDONLY ? mount_set(top, MOUNT_ATTR_RDONLY, 0, 0, false) : 0;
}

int mount_cgroup(const struct op *op, int target)
{
	struct statfs fs;
	bool unified = statfs(HOST_CGROUPS, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
	int r;

	if (unified || strcmp(op->source, "cgroup2") == 0)
		r = mount_unified(op, target, unified ? HOST_CGROUPS : HOST_CGROUPS "/unified");
	else
		r = mount_hierarchies(op, target);
	return r < 0 ? mount_empty(target) : 0;
}
