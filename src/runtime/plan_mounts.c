/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan_mounts.c - mounts and devices of a specification (runtime-spec config.md#mounts, config-linux.md#devices) */
#include "plan.h"

#include "coracle/base/alloc.h"
#include "coracle/base/path.h"
#include "coracle/base/text.h"
#include "coracle/sys/mount.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define DATA_MAX 4096

/* What a mount's words come to. */
struct words {
	uint64_t set, clear, propagation;
	unsigned long super;
	bool bind, recursive, recursive_attributes, copy_up;
	struct text data; /* what is left, for the file system */
};

/* The only places below /proc where something may be mounted: views of the machine, not controls. */
static const char *const proc_allowed[] = {
	"/proc/cpuinfo",  "/proc/diskstats", "/proc/meminfo", "/proc/stat",   "/proc/swaps",
	"/proc/uptime",   "/proc/loadavg",   "/proc/slabinfo", "/proc/version", "/proc/sys/kernel/random/boot_id",
};

static int read_words(const struct oci_mount *mount, struct words *words, struct error *err)
{
	for (size_t i = 0; i < mount->options.count; i++) {
		const char *word = mount->options.items[i];
		const struct mount_flag *flag = mount_flag_find(word);

		if (strcmp(word, "tmpcopyup") == 0) {
			words->copy_up = true;
			continue;
		}
		if (strcmp(word, "copy-symlink") == 0 || strcmp(word, "dest-nofollow") == 0
		    || strcmp(word, "src-nofollow") == 0 || strcmp(word, "idmap") == 0
		    || strcmp(word, "ridmap") == 0)
			return error_set(err, ERROR_UNSUPPORTED, "mount %s: option \"%s\" is not supported",
			                 mount->destination, word);
		if (!flag) {
			if (words->data.length)
				(void) text_add_char(&words->data, ',');
			if (text_add(&words->data, word) < 0)
				return error_set(err, ERROR_INVALID, "mount %s: options too long",
				                 mount->destination);
			continue;
		}
		words->set = (words->set & ~flag->clear) | flag->add;
		words->clear = (words->clear & ~flag->add) | flag->clear;
		words->super |= flag->super;
		if (flag->propagation)
			words->propagation = flag->propagation | (flag->recursive ? MS_REC : 0);
		if (flag->bind) {
			words->bind = true;
			words->recursive = flag->recursive;
		} else if (flag->recursive && !flag->propagation) {
			words->recursive_attributes = true;
		}
	}
	return 0;
}

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

/* Cloned here, in the caller's mount namespace: the child's copy of it may not be cloned from outside. */
static int plan_bind(const struct oci_mount *mount, const struct words *words, const char *target,
                     bool special, struct plan *plan, struct error *err)
{
	AUTO_CLOSE int source = open(mount->source, O_PATH | O_CLOEXEC);
	struct statfs fs;
	struct stat st;
	struct op *op;
	int clone, r;

	if (source < 0)
		return error_errno(err, errno, "mount %s: source %s", target, mount->source);
	if (fstat(source, &st) < 0)
		return error_errno(err, errno, "mount %s: source %s", target, mount->source);
	/* CVE-2019-16884 kin: what stands at /proc is the kernel's */
	if (strcmp(target, "/proc") == 0
	    && (fstatfs(source, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC))
		return error_set(err, ERROR_DENIED, "mount %s: only proc may be mounted there, not %s", target,
		                 mount->source);
	clone = mount_clone(source, words->recursive);
	if (clone < 0)
		return error_errno(err, -clone, "mount %s: bind %s", target, mount->source);
	op = plan_add(plan, OP_ATTACH);
	op->fd = clone;
	op->target = target;
	op->directory = S_ISDIR(st.st_mode);
	op->in_proc = path_is_below(target, "/proc");
	op->no_symlink = special;
	op->propagation = words->propagation;
	if (words->set) {
		/* mount_setattr(2): the access times are one setting, to be cleared before it is set */
		r = mount_set(clone, words->set, words->set & MOUNT_ATTR__ATIME ? MOUNT_ATTR__ATIME : 0, 0,
		              words->recursive_attributes);
		if (r < 0)
			return error_errno(err, -r, "mount %s: options of the bind of %s", target,
			                   mount->source);
	}
	if (words->clear) {
		/* what the host's mount has locked (nosuid of /home, say) stays: "suid" is a wish */
		(void) !mount_set(clone, 0, words->clear, 0, words->recursive_attributes);
	}
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
	op->set = words->set;
	op->flags = words->super;
	op->directory = true;
	op->in_proc = path_is_below(target, "/proc");
	op->no_symlink = special;
	op->propagation = words->propagation;
	return 0;
}

static int plan_mount(const struct oci_mount *mount, struct plan *plan, struct error *err)
{
	struct words words = {.data = TEXT_INIT(DATA_MAX)};
	AUTO_FREE char *clean = path_join("/", mount->destination);
	const char *target = plan_keep(plan, clean);
	bool special;
	int r = check_target(mount, target, &special, err);

	if (r >= 0)
		r = read_words(mount, &words, err);
	if (r >= 0 && (words.bind || (mount->type && strcmp(mount->type, "bind") == 0))) {
		if (!mount->source || !*mount->source)
			r = error_set(err, ERROR_INVALID, "mount %s: a bind needs a source", target);
		else
			r = plan_bind(mount, &words, target, special, plan, err);
	} else if (r >= 0 && (!mount->type || !*mount->type)) {
		r = error_set(err, ERROR_INVALID, "mount %s: has no type", target);
	} else if (r >= 0) {
		r = plan_new(mount, &words, target, special, plan, err);
	}
	text_done(&words.data);
	return r;
}

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
