/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan_devices.c - devices and links of a specification (runtime-spec config-linux.md#devices, #default-devices) */
#include "plan_mounts.h"

#include "coracle/base/alloc.h"
#include "coracle/base/path.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static const struct {
	const char *path;
	unsigned minor;
	unsigned major;
} default_devices[] = {
	{"/dev/null", 3, 1},   {"/dev/zero", 5, 1},    {"/dev/full", 7, 1},
	{"/dev/random", 8, 1}, {"/dev/urandom", 9, 1}, {"/dev/tty", 0, 5},
};

static const struct {
	const char *target, *source;
} default_links[] = {
	{"/dev/fd", "/proc/self/fd"},       {"/dev/stdin", "/proc/self/fd/0"},
	{"/dev/stdout", "/proc/self/fd/1"}, {"/dev/stderr", "/proc/self/fd/2"},
	{"/dev/core", "/proc/kcore"},       {"/dev/ptmx", "pts/ptmx"},
};

static struct op *add_device(struct plan *plan, const char *path, unsigned mode, uint64_t number)
{
	struct op *op = plan_add(plan, OP_DEVICE);

	op->source = op->target = plan_keep(plan, path);
	op->mode = mode;
	op->flags = number;
	return op;
}

static bool is_listed(const struct oci_linux *linux_, const char *path)
{
	if (linux_)
		LIST_EACH(struct oci_device, device, &linux_->devices) {
			AUTO_FREE char *clean = path_clean(device->path);

			if (strcmp(clean, path) == 0)
				return true;
		}
	return false;
}

static int plan_device(const struct oci_device *device, struct plan *plan, struct error *err)
{
	static const struct {
		const char *type;
		unsigned mode;
	} types[] = {{"c", S_IFCHR}, {"u", S_IFCHR}, {"b", S_IFBLK}, {"p", S_IFIFO}};
	AUTO_FREE char *clean = path_join("/", device->path);
	unsigned mode = 0;
	struct op *op;

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (device->type && strcmp(device->type, types[i].type) == 0)
			mode = types[i].mode;
	if (mode == 0)
		return error_set(err, ERROR_INVALID, "device %s: type \"%s\" is none of c, b, u and p", device->path,
		                 device->type ? device->type : "");
	if (mode != S_IFIFO && (device->major < 0 || device->major > UINT32_MAX || device->minor < 0
	                        || device->minor > UINT32_MAX))
		return error_set(err, ERROR_INVALID, "device %s: has no such number", device->path);
	if (strcmp(clean, "/") == 0)
		return error_set(err, ERROR_INVALID, "device %s: not a path for a device", device->path);
	mode |= device->file_mode.set ? (unsigned) device->file_mode.value & 07777 : 0666;
	op = add_device(plan, clean, mode, makedev((unsigned) device->major, (unsigned) device->minor));
	op->uid = device->uid.set ? (uint32_t) device->uid.value : 0;
	op->gid = device->gid.set ? (uint32_t) device->gid.value : 0;
	return 0;
}

/* Without a mount of its own /dev is the image's: nothing is made through a symlink there (CVE-2025-52565 kin). */
static void forbid_symlink(struct plan *plan, size_t first)
{
	for (size_t i = 0; i < plan->count; i++)
		if ((plan->ops[i].type == OP_MOUNT || plan->ops[i].type == OP_ATTACH || plan->ops[i].type == OP_COPY_UP)
		    && strcmp(plan->ops[i].target, "/dev") == 0)
			return;
	for (size_t i = first; i < plan->count; i++)
		plan->ops[i].no_symlink = path_is_below(plan->ops[i].target, "/dev");
}

int plan_devices(const struct oci_linux *linux_, bool fresh_dev, struct plan *plan, struct error *err)
{
	size_t first = plan->count;

	for (size_t i = 0; fresh_dev && i < ARRAY_LEN(default_devices); i++)
		if (!is_listed(linux_, default_devices[i].path))
			(void) add_device(plan, default_devices[i].path, S_IFCHR | 0666,
			                  makedev(default_devices[i].major, default_devices[i].minor));
	for (size_t i = 0; fresh_dev && i < ARRAY_LEN(default_links); i++) {
		struct op *op = plan_add(plan, OP_LINK);

		op->target = default_links[i].target;
		op->source = default_links[i].source;
	}
	if (!linux_) {
		forbid_symlink(plan, first);
		return 0;
	}
	/* mknod(2) takes CAP_MKNOD in the first user namespace, which a new one does not give */
	LIST_EACH(struct oci_namespace, wanted, &linux_->namespaces)
		plan->no_mknod = plan->no_mknod || strcmp(wanted->type, "user") == 0;
	LIST_EACH(struct oci_device, device, &linux_->devices) {
		AUTO_FREE char *clean = path_join("/", device->path);
		/* this one is always the link to the container's own devpts (config-linux.md#default-devices) */
		bool is_ptmx = fresh_dev && strcmp(clean, "/dev/ptmx") == 0;
		int r = is_ptmx ? 0 : plan_device(device, plan, err);

		if (r < 0)
			return r;
	}
	forbid_symlink(plan, first);
	return 0;
}
