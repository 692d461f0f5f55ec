/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan_mounts.c - the root and the mounts of a specification (runtime-spec config.md#mounts) */
#include "plan_mounts.h"

#include "coracle/base/alloc.h"
#include "coracle/base/path.h"
#include "coracle/sys/mount.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "apply.h"

/* The only places below /proc where something may be mounted: views of the machine, not controls. */
static const char *const proc_allowed[] = {
	"/proc/cpuinfo",  "/proc/diskstats", "/proc/meminfo", "/proc/stat",   "/proc/swaps",
	"/proc/uptime",   "/proc/loadavg",   "/proc/slabinfo", "/proc/version", "/proc/sys/kernel/random/boot_id",
};

static bool is_special(const char *target)
{
	return strcmp(target, "/proc") == 0 || strcmp(target, "/sys") == 0 || strcmp(target, "/dev") == 0;
}

static int check_target(const struct oci_mount *mount, const char *target, struct error *err)
{
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

/* copy-symlink: the source is a symlink and becomes one at the target */
static int plan_symlink(const struct oci_mount *mount, const char *target, struct plan *plan, struct error *err)
{
	char text[PATH_MAX];
	ssize_t length = readlink(mount->source, text, sizeof text - 1);
	struct op *op;

	if (length < 0)
		return error_errno(err, errno, "mount %s: symlink %s", target, mount->source);
	text[length] = '\0';
	op = plan_add(plan, OP_LINK);
	op->mount = mount;
	op->target = target;
	op->source = plan_keep(plan, text);
	return 0;
}

static int plan_bind(const struct oci_mount *mount, const struct words *words, const char *target,
                     struct plan *plan, struct error *err)
{
	size_t opened = find_open(plan, mount);
	struct op *op;

	if (opened == plan->count || plan->ops[opened].type != OP_OPEN)
		return plan_symlink(mount, target, plan, err);
	if (words->unknown)
		return error_set(err, ERROR_INVALID, "mount %s: a bind has no option \"%s\"", target, words->unknown);
	op = plan_add(plan, OP_ATTACH);
	plan->ops[opened].flags = (uint64_t) (op - plan->ops);
	op->source = plan->ops[opened].source;
	op->target = target;
	op->in_proc = path_is_below(target, "/proc");
	op->no_symlink = is_special(target);
	op->nofollow = words->nofollow;
	op->propagation = words->propagation;
	return 0;
}

/* mountLabel: the types whose files get the label of their mount; crun's annotation says which of the four options */
static int add_label(const struct oci_mount *mount, const struct oci_spec *spec, struct words *words, struct error *err)
{
	static const char *const types[] = {"tmpfs", "devpts", "mqueue"};
	const char *label = spec->linux_ ? spec->linux_->mount_label : NULL;
	const char *option = pairs_get(&spec->annotations, "run.oci.mount_context_type");
	bool labelled = false;

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		labelled = labelled || strcmp(mount->type, types[i]) == 0;
	if (!label || !*label || !labelled)
		return 0;
	if (strchr(label, '"') || (option && strcmp(option, "context") != 0 && strcmp(option, "fscontext") != 0
	                           && strcmp(option, "defcontext") != 0 && strcmp(option, "rootcontext") != 0))
		return error_set(err, ERROR_INVALID, "\"mountLabel\" %s: not a label, or not one for option \"%s\"",
		                 label, option ? option : "context");
	if (access("/sys/fs/selinux/enforce", F_OK) < 0)
		return error_set(err, ERROR_UNSUPPORTED, "\"mountLabel\" %s: SELinux is not on; leave it out", label);
	return text_printf(&words->data, "%s%s=\"%s\"", words->data.length ? "," : "", option ? option : "context",
	                   label) < 0
	               ? error_set(err, ERROR_INVALID, "mount %s: options too long", mount->destination)
	               : 0;
}

/* The namespace that a mount of this type shows is the container's own: nothing of the caller's may stand in. */
static bool has_own_namespace(const char *type, const struct oci_linux *linux_)
{
	static const char *const shows[][2] = {
		{"proc", "pid"}, {"mqueue", "ipc"}, {"sysfs", "network"}, {"cgroup", "cgroup"}, {"cgroup2", "cgroup"},
	};

	if (!linux_)
		return false;
	LIST_EACH(struct oci_namespace, wanted, &linux_->namespaces)
		for (size_t i = 0; i < ARRAY_LEN(shows); i++)
			if (strcmp(type, shows[i][0]) == 0 && strcmp(wanted->type, shows[i][1]) == 0)
				return true;
	return false;
}

static int plan_new(const struct oci_mount *mount, struct words *words, const char *target,
                    const struct oci_spec *spec, struct plan *plan, struct error *err)
{
	struct op *op;
	int r = add_label(mount, spec, words, err);

	if (r < 0)
		return r;
	if (strcmp(target, "/proc") == 0 && strcmp(mount->type, "proc") != 0)
		return error_set(err, ERROR_DENIED, "mount %s: only proc may be mounted there, not %s", target,
		                 mount->type);
	op = plan_add(plan, words->copy_up && strcmp(mount->type, "tmpfs") == 0 ? OP_COPY_UP : OP_MOUNT);
	op->target = target;
	op->source = plan_keep(plan, mount->type);
	op->from = mount->source && *mount->source ? plan_keep(plan, mount->source) : NULL;
	op->data = words->data.length ? plan_keep(plan, text_string(&words->data)) : NULL;
	op->set = (words->set_all & ~words->clear) | words->set;
	op->seal = op->type == OP_MOUNT && strcmp(mount->type, "tmpfs") == 0 && (op->set & MOUNT_ATTR_RDONLY);
	if (op->seal)
		op->set &= ~(uint64_t) MOUNT_ATTR_RDONLY;
	op->flags = words->super;
	op->directory = true;
	op->in_proc = path_is_below(target, "/proc");
	op->no_symlink = is_special(target);
	op->nofollow = words->nofollow;
	op->own_namespace = has_own_namespace(mount->type, spec->linux_);
	op->propagation = words->propagation;
	return 0;
}

static int plan_mount(const struct oci_mount *mount, const struct oci_spec *spec, struct plan *plan, struct error *err)
{
	AUTO_WORDS struct words words = WORDS_INIT;
	AUTO_FREE char *clean = path_join("/", mount->destination);
	const char *target = plan_keep(plan, clean);
	int r = check_target(mount, target, err);

	if (r >= 0)
		r = words_read(mount, &words, err);
	if (r < 0)
		return r;
	if (is_bind(mount, &words))
		return plan_bind(mount, &words, target, plan, err);
	if (words.idmap || words.copy_symlink || words.source_nofollow || mount->uid_mappings.count)
		return error_set(err, ERROR_UNSUPPORTED, "mount %s: option \"%s\" is for binds only", target,
		                 words.copy_symlink ? "copy-symlink" : words.source_nofollow ? "src-nofollow" : "idmap");
	if (!mount->type || !*mount->type)
		return error_set(err, ERROR_INVALID, "mount %s: has no type", target);
	return plan_new(mount, &words, target, spec, plan, err);
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

/* Cloned here: only who rules the user namespace that the file system was mounted in may map its ids. */
static int open_mapped(const struct oci_mount *mount, const struct words *words, const struct oci_linux *linux_,
                       struct op *op, struct error *err)
{
	AUTO_CLOSE int fd = idmap_namespace(mount, words, linux_, err);
	int r = fd < 0 ? fd : open_here(op, op->target, err);

	if (r < 0)
		return r;
	r = op->fd < 0 ? -EPERM : mount_set_ids(op->fd, fd, words->idmap_all);
	if (r == -EPERM)
		return error_set(err, ERROR_DENIED,
		                 "mount %s: the ids of %s can't be mapped: that takes root where its file system was "
		                 "mounted; leave out idmap",
		                 op->target, op->source);
	if (r == -EINVAL)
		return error_set(err, ERROR_UNSUPPORTED,
		                 "mount %s: the ids of %s can't be mapped: its file system or this kernel (5.12) can't, or "
		                 "it is mapped already",
		                 op->target, op->source);
	return r < 0 ? error_errno(err, -r, "mount %s: map the ids of %s", op->target, op->source) : 0;
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
	if (fstatat(AT_FDCWD, mount->source, &st,
	            words->source_nofollow || words->copy_symlink ? AT_SYMLINK_NOFOLLOW : 0) < 0)
		return error_errno(err, errno, "mount %s: source %s", target, mount->source);
	if (words->copy_symlink && lstat(mount->source, &st) == 0 && S_ISLNK(st.st_mode))
		return 0; /* plan_symlink */
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
	if (words->idmap || mount->uid_mappings.count)
		return open_mapped(mount, words, linux_, op, err);
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

static void plan_seals(struct plan *plan)
{
	for (size_t i = 0, count = plan->count; i < count; i++)
		if (plan->ops[i].seal) {
			const char *target = plan->ops[i].target;

			plan_add(plan, OP_SEAL)->target = target;
		}
}

int plan_mounts(const struct oci_spec *spec, struct plan *plan, struct error *err)
{
	int r = 0;

	LIST_EACH(struct oci_mount, mount, &spec->mounts) {
		r = plan_mount(mount, spec, plan, err);
		if (r < 0)
			return r;
	}
	r = plan_devices(spec->linux_, has_fresh_dev(spec), plan, err);
	if (r >= 0)
		plan_seals(plan);
	return r;
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

static int word_device(const struct op *op, int errnum, struct error *err)
{
	if (op->no_symlink && errnum == ELOOP)
		return error_set(err, ERROR_DENIED, "device %s: the image has a symlink in place of it or of /dev: refused", op->target);
	if (errnum == ENODEV)
		return error_set(err, ERROR_DENIED, "device %s: what the host has there is not %c %u:%u, and only root in no user namespace makes nodes",
		                 op->target, S_ISBLK(op->mode) ? 'b' : 'c', major((dev_t) op->flags),
		                 minor((dev_t) op->flags));
	if (errnum == ENOENT)
		return error_set(err, ERROR_NOT_FOUND, "device %s: the host has none, and only root in no user namespace makes nodes",
		                 op->target);
	return 0;
}

static bool is_mount(enum op_type type)
{
	return type == OP_OPEN || type == OP_ATTACH_ROOT || type == OP_MOUNT || type == OP_ATTACH || type == OP_COPY_UP
	       || type == OP_DEVICE || type == OP_SEAL || type == OP_MASK || type == OP_READ_ONLY
	       || type == OP_ROOT_READ_ONLY || type == OP_ROOT_PROPAGATION;
}

int plan_word_mount(const struct op *op, int errnum, struct error *err)
{
	/* at the root nothing else is not permitted */
	if ((errnum == ENOSYS && is_mount(op->type)) || (errnum == EPERM && op->type == OP_ATTACH_ROOT))
		return error_set(err, ERROR_UNSUPPORTED, "mount %s: this kernel, or the system call filter of a container "
		                 "around us, is without open_tree(2) or move_mount(2)",
		                 op->target ? op->target : "/");
	if (op->type == OP_OPEN)
		return word_open(op, errnum, err);
	if (op->type == OP_DEVICE)
		return word_device(op, errnum, err);
	if (op->type == OP_ATTACH && errnum == EISDIR)
		return error_set(err, ERROR_INVALID, "mount %s: a directory is there, but %s is none", op->target, op->source);
	if (op->type == OP_LINK && op->mount && errnum == EEXIST)
		return error_set(err, ERROR_CONFLICT, "mount %s: copy-symlink: something else is there", op->target);
	if (op->type == OP_MOUNT && errnum == EPERM && strcmp(op->source, "mqueue") == 0)
		return error_set(err, ERROR_DENIED,
		                 "mount %s: mqueue takes an ipc namespace that is the container's own: add one, or leave the "
		                 "mount out",
		                 op->target);
	if (op->type == OP_MOUNT && errnum == EPERM && strcmp(op->source, "proc") != 0)
		return error_set(err, ERROR_DENIED, "mount %s: file system %s: not permitted in a user namespace; bind a "
		                 "directory instead",
		                 op->target, op->source);
	if ((op->type == OP_MOUNT || op->type == OP_COPY_UP) && errnum == ENODEV)
		return error_set(err, ERROR_UNSUPPORTED, "mount %s: this kernel has no file system %s", op->target,
		                 op->source);
	if (op->type == OP_MOUNT && errnum == EINVAL)
		return error_set(err, ERROR_INVALID, "mount %s: %s refuses its options%s%s", op->target, op->source,
		                 op->data ? ": " : "", op->data ? op->data : "");
	return 0;
}
