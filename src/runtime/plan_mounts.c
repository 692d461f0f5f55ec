/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan_mounts.c - mounts and devices of a specification (runtime-spec config.md#mounts, config-linux.md#devices) */
#include "plan_mounts.h"

#include "coracle/base/alloc.h"
#include "coracle/base/path.h"
#include "coracle/sys/mount.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply.h"

/* The only places below /proc where something may be mounted: views of the machine, not controls. */
static const char *const proc_allowed[] = {
	"/proc/cpuinfo",  "/proc/diskstats", "/proc/meminfo", "/proc/stat",   "/proc/swaps",
	"/proc/uptime",   "/proc/loadavg",   "/proc/slabinfo", "/proc/version", "/proc/sys/kernel/random/boot_id",
};

static int check_target(const struct oci_mount *mount, const char *target, bool *special, struct error *err)
{
	*special = strcmp(target, "/proc") == 0 || strcmp(target, "/sys") == 0
	           || strcmp(target, "/dev") == 0;
	if (strcmp(target, "/") == 0)
		return error_set(err, ERROR_INVALID, "mount %s: can't be mounted over the root",
		                 mount->destination);
	if (!path_is_below(target, "/proc") || strcmp(target, "/proc") == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(proc_allowed); i++)
		if (strcmp(target, proc_allowed[i]) == 0)
			return 0;
	return error_set(err, ERROR_DENIED, "mount %s: nothing may be mounted there, below /proc",
	                 mount->destination);
}

/* The OP_OPEN of a bind; they are the first operations. */
static size_t find_open(const struct plan *plan, const struct oci_mount *mount)
{
	size_t i = 0;

	while (i < plan->count && plan->ops[i].type == OP_OPEN && plan->ops[i].mount != mount)
		i++;
	return i;
}

static int plan_bind(const struct oci_mount *mount, const struct words *words, const char *target,
                     bool special, struct plan *plan, struct error *err)
{
	size_t opened = find_open(plan, mount);
	struct op *op;

	if (words->unknown)
		return error_set(err, ERROR_INVALID, "mount %s: a bind has no option \"%s\"", target, words->unknown);
	op = plan_add(plan, OP_ATTACH);
	plan->ops[opened].flags = (uint64_t) (op - plan->ops);
	op->source = plan->ops[opened].source;
	op->target = target;
	op->in_proc = path_is_below(target, "/proc");
	op->no_symlink = special;
	op->nofollow = words->nofollow;
	op->propagation = words->propagation;
	return 0;
}

static int plan_new(const struct oci_mount *mount, struct words *words, const char *target, bool special,
                    struct plan *plan, struct error *err)
{
	struct op *op;

	if (strcmp(target, "/proc") == 0 && strcmp(mount->type, "proc") != 0)
		return error_set(err, ERROR_DENIED, "mount %s: only proc may be mounted there, not %s", target,
		                 mount->type);
	op = plan_add(plan, words->copy_up ? OP_COPY_UP : OP_MOUNT);

	op->target = target;
	op->source = plan_keep(plan, mount->type);
	op->data = words->data.length ? plan_keep(plan, text_string(&words->data)) : NULL;
	op->set = (words->set_all & ~words->clear) | words->set;
	op->flags = words->super;
	op->directory = true;
	op->in_proc = path_is_below(target, "/proc");
	op->no_symlink = special;
	op->propagation = words->propagation;
	return 0;
}

static int plan_mount(const struct oci_mount *mount, struct plan *plan, struct error *err)
{
	AUTO_WORDS struct words words = WORDS_INIT;
	AUTO_FREE char *clean = path_join("/", mount->destination);
	const char *target = plan_keep(plan, clean);
	bool special;
	int r = check_target(mount, target, &special, err);

	if (r >= 0)
		r = words_read(mount, &words, err);
	if (r < 0)
		return r;
	if (is_bind(mount, &words))
		return plan_bind(mount, &words, target, special, plan, err);
	if (words.idmap || words.copy_symlink || words.source_nofollow)
		return error_set(err, ERROR_UNSUPPORTED, "mount %s: option \"%s\" is for binds only", target,
		                 words.idmap ? "idmap" : words.copy_symlink ? "copy-symlink" : "src-nofollow");
	if (!mount->type || !*mount->type)
		return error_set(err, ERROR_INVALID, "mount %s: has no type", target);
	return plan_new(mount, &words, target, special, plan, err);
}

/*
 * Binds are cloned by the child, which has the privilege for it whether the caller is in the user namespace of
 * the container or outside. By the caller only where the child can't:
 * a source given by descriptor belongs to the caller's mount namespace;
 * root may read what the root of a new user namespace may not.
 */
static bool is_callers(const char *source, const struct oci_linux *linux_)
{
	static const char descriptors[] = "/proc/self/fd/";

	if (strncmp(source, descriptors, sizeof descriptors - 1) == 0)
		return true;
	if (linux_ && geteuid() == 0)
		LIST_EACH(struct oci_namespace, wanted, &linux_->namespaces)
			if (strcmp(wanted->type, "user") == 0)
				return true;
	return false;
}

static int open_here(struct op *op, const char *target, struct error *err)
{
	int fd = open_clone(op, &op->directory);

	/* EPERM: not the owner of this mount namespace; then the child is of its own */
	if (fd == -EPERM)
		return 0;
	if (fd < 0 && plan_word_mount(op, -fd, err) == 0)
		return error_errno(err, -fd, "mount %s: source %s", target, op->source);
	op->fd = fd;
	return fd;
}

static int open_bind(const struct oci_mount *mount, const struct words *words, const struct oci_linux *linux_,
                     struct plan *plan, struct error *err)
{
	AUTO_FREE char *target = path_join("/", mount->destination);
	const char *root = linux_ ? linux_->rootfs_propagation : NULL;
	struct stat st;
	struct op *op;

	if (!mount->source || !*mount->source)
		return error_set(err, ERROR_INVALID, "mount %s: a bind needs a source", target);
	if (fstatat(AT_FDCWD, mount->source, &st, words->source_nofollow ? AT_SYMLINK_NOFOLLOW : 0) < 0)
		return error_errno(err, errno, "mount %s: source %s", target, mount->source);
	op = plan_add(plan, OP_OPEN);
	op->mount = mount;
	op->target = plan_keep(plan, target);
	op->source = plan_keep(plan, mount->source);
	op->recursive = words->recursive;
	op->nofollow = words->source_nofollow;
	op->in_proc = strcmp(target, "/proc") == 0;
	/* config-linux.md#rootfs-mount-propagation: only a shared root gives anything back to the host */
	op->shared = (words->propagation & MS_SHARED) && root && strstr(root, "shared");
	op->set = words->set;
	op->clear = words->clear;
	op->set_all = words->set_all;
	op->clear_all = words->clear_all;
	return is_callers(mount->source, linux_) ? open_here(op, target, err) : 0;
}

static int open_root(struct plan *plan, const struct oci_linux *linux_, struct error *err)
{
	AUTO_FREE char *path = realpath(plan->root_path, NULL);
	struct stat st;
	struct op *op;

	if (!path || stat(path, &st) < 0)
		return error_errno(err, errno, "root file system %s", plan->root_path);
	if (!S_ISDIR(st.st_mode))
		return error_errno(err, ENOTDIR, "root file system %s", plan->root_path);
	op = plan_add(plan, OP_OPEN);
	op->source = plan_keep(plan, path);
	op->target = "/";
	op->recursive = true;
	op->directory = true;
	return is_callers(path, linux_) ? open_here(op, "/", err) : 0;
}

int plan_opens(const struct oci_spec *spec, struct plan *plan, struct error *err)
{
	int r = plan->root_fd < 0 && plan->root_path ? open_root(plan, spec->linux_, err) : 0;

	LIST_EACH(struct oci_mount, mount, &spec->mounts) {
		AUTO_WORDS struct words words = WORDS_INIT;

		if (r >= 0)
			r = words_read(mount, &words, err);
		if (r >= 0 && is_bind(mount, &words))
			r = open_bind(mount, &words, spec->linux_, plan, err);
	}
	return r < 0 ? r : 0;
}

/* --- devices --- */

/* config-linux.md#default-devices; the host's nodes are bound, mknod(2) needs real root */
static const char *const default_devices[] = {
	"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty",
};

static const struct {
	const char *target, *source;
} default_links[] = {
	{"/dev/fd", "/proc/self/fd"},       {"/dev/stdin", "/proc/self/fd/0"},
	{"/dev/stdout", "/proc/self/fd/1"}, {"/dev/stderr", "/proc/self/fd/2"},
	{"/dev/core", "/proc/kcore"},       {"/dev/ptmx", "pts/ptmx"},
};

static void plan_device(struct plan *plan, const char *source, const char *target, bool optional)
{
	struct op *op = plan_add(plan, OP_DEVICE);

	op->source = plan_keep(plan, source);
	op->target = plan_keep(plan, target);
	op->optional = optional;
}

static void plan_devices(const struct oci_spec *spec, bool fresh_dev, struct plan *plan)
{
	if (fresh_dev) {
		for (size_t i = 0; i < ARRAY_LEN(default_devices); i++)
			plan_device(plan, default_devices[i], default_devices[i], false);
		for (size_t i = 0; i < ARRAY_LEN(default_links); i++) {
			struct op *op = plan_add(plan, OP_LINK);

			op->target = default_links[i].target;
			op->source = default_links[i].source;
		}
	}
	if (!spec->linux_)
		return;
	LIST_EACH(struct oci_device, device, &spec->linux_->devices)
		plan_device(plan, device->path, device->path, false);
}

/* A bind of the host's /dev brings its own nodes. */
static bool has_fresh_dev(const struct oci_spec *spec)
{
	LIST_EACH(struct oci_mount, mount, &spec->mounts) {
		AUTO_FREE char *clean = path_join("/", mount->destination);

		if (strcmp(clean, "/dev") == 0)
			return mount->type && strcmp(mount->type, "tmpfs") == 0;
	}
	return true;
}

int plan_mounts(const struct oci_spec *spec, struct plan *plan, struct error *err)
{
	LIST_EACH(struct oci_mount, mount, &spec->mounts) {
		int r = plan_mount(mount, plan, err);

		if (r < 0)
			return r;
	}
	plan_devices(spec, has_fresh_dev(spec), plan);
	return 0;
}

/* --- what may go wrong in the child --- */

static int word_open(const struct op *op, int errnum, struct error *err)
{
	if (!op->mount)
		return error_errno(err, errnum, "root file system %s", op->source);
	if (errnum == EXDEV)
		return error_set(err, ERROR_DENIED, "mount %s: only proc may be mounted there, not %s", op->target,
		                 op->source);
	if (errnum == EINVAL && !op->recursive)
		return error_set(err, ERROR_DENIED,
		                 "mount %s: bind %s: not without the mounts below it, which would lay open what they "
		                 "hide; use rbind instead of bind",
		                 op->target, op->source);
	return error_errno(err, errnum, "mount %s: bind %s", op->target, op->source);
}

int plan_word_mount(const struct op *op, int errnum, struct error *err)
{
	return op->type == OP_OPEN ? word_open(op, errnum, err) : 0;
}
