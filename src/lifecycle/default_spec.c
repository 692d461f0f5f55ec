/* SPDX-License-Identifier: GPL-2.0-or-later */
/* default_spec.c - the specification that `spec` writes: OCI runtime-spec config.md, config-linux.md; see default_spec.h */
#include "coracle/lifecycle/default_spec.h"

#include "coracle/base/alloc.h"
#include "coracle/oci/runtime.h"

#include <string.h>

/* It asks for nothing that is newer, so that older runtimes take the bundle too. */
#define VERSION      "1.0.0"
#define OPTIONS_MAX  8
#define NOFILE_LIMIT 1024

enum who { WHO_ALL, WHO_ROOT, WHO_ROOTLESS };

static const struct {
	const char *destination, *type, *source;
	const char *options[OPTIONS_MAX];
	enum who who;
} mounts[] = {
	{"/proc", "proc", "proc", {NULL}, WHO_ALL},
	{"/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}, WHO_ALL},
	{"/dev/pts", "devpts", "devpts",
	 {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}, WHO_ROOT},
	/* the group of terminals is not mapped */
	{"/dev/pts", "devpts", "devpts", {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"},
	 WHO_ROOTLESS},
	{"/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}, WHO_ALL},
	{"/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}, WHO_ALL},
	{"/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}, WHO_ROOT},
	/* a new sysfs needs a network namespace of its own */
	{"/sys", "none", "/sys", {"rbind", "nosuid", "noexec", "nodev", "ro"}, WHO_ROOTLESS},
	{"/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", "ro"}, WHO_ALL},
};

static const struct {
	const char *type;
	enum who who;
} namespaces[] = {
	{"user", WHO_ROOTLESS}, {"pid", WHO_ALL}, {"network", WHO_ROOT}, {"ipc", WHO_ALL},
	{"uts", WHO_ALL},       {"mount", WHO_ALL}, {"cgroup", WHO_ALL},
};

static const char *const capabilities[] = {"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"};

static const char *const masked_paths[] = {
	"/proc/acpi",        "/proc/asound",      "/proc/interrupts",  "/proc/kcore",
	"/proc/keys",        "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi",
	"/proc/timer_list",  "/proc/timer_stats", "/sys/devices/virtual/powercap",
	"/sys/firmware",
};

static const char *const readonly_paths[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
};

static bool holds_for(enum who who, bool rootless)
{
	return who == WHO_ALL || who == (rootless ? WHO_ROOTLESS : WHO_ROOT);
}

static void add_all(struct texts *texts, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count && words[i]; i++)
		texts_add(texts, words[i]);
}

static struct oci_process *make_process(void)
{
	struct oci_process *process = xcalloc(1, sizeof *process);
	struct oci_capabilities *caps = xcalloc(1, sizeof *caps);
	struct oci_rlimit *nofile;

	process->terminal = true;
	texts_add(&process->args, "sh");
	texts_add(&process->env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	texts_add(&process->env, "TERM=xterm");
	process->cwd = xstrdup("/");
	/* inheritable stays empty (CVE-2022-29162), and what is not inheritable can't be ambient */
	add_all(&caps->bounding, capabilities, ARRAY_LEN(capabilities));
	add_all(&caps->effective, capabilities, ARRAY_LEN(capabilities));
	add_all(&caps->permitted, capabilities, ARRAY_LEN(capabilities));
	process->capabilities = caps;
	nofile = list_add(&process->rlimits, sizeof *nofile);
	*nofile = (struct oci_rlimit){.type = xstrdup("RLIMIT_NOFILE"), .soft = NOFILE_LIMIT, .hard = NOFILE_LIMIT};
	process->no_new_privileges = true;
	return process;
}

static void add_mounts(struct list *list, bool rootless)
{
	for (size_t i = 0; i < ARRAY_LEN(mounts); i++) {
		struct oci_mount *mount;

		if (!holds_for(mounts[i].who, rootless))
			continue;
		mount = list_add(list, sizeof *mount);
		mount->destination = xstrdup(mounts[i].destination);
		mount->type = xstrdup(mounts[i].type);
		mount->source = xstrdup(mounts[i].source);
		add_all(&mount->options, mounts[i].options, OPTIONS_MAX);
	}
}

static void map_one(struct list *mappings, uint64_t id)
{
	struct oci_id_mapping *mapping = list_add(mappings, sizeof *mapping);

	*mapping = (struct oci_id_mapping){.container_id = 0, .host_id = id, .size = 1};
}

static struct oci_linux *make_linux(bool rootless)
{
	struct oci_linux *linux_ = xcalloc(1, sizeof *linux_);

	for (size_t i = 0; i < ARRAY_LEN(namespaces); i++) {
		struct oci_namespace *ns;

		if (!holds_for(namespaces[i].who, rootless))
			continue;
		ns = list_add(&linux_->namespaces, sizeof *ns);
		ns->type = xstrdup(namespaces[i].type);
	}
	if (rootless) {
		map_one(&linux_->uid_mappings, geteuid());
		map_one(&linux_->gid_mappings, getegid());
	} else {
		struct oci_device_rule *rule;

		linux_->resources = xcalloc(1, sizeof *linux_->resources);
		rule = list_add(&linux_->resources->devices, sizeof *rule);
		rule->access = xstrdup("rwm");
	}
	add_all(&linux_->masked_paths, masked_paths, ARRAY_LEN(masked_paths));
	add_all(&linux_->readonly_paths, readonly_paths, ARRAY_LEN(readonly_paths));
	return linux_;
}

json_t *default_spec(bool rootless)
{
	AUTO_OCI_SPEC struct oci_spec spec = {
		.oci_version = xstrdup(VERSION),
		.process = make_process(),
		.root = xcalloc(1, sizeof *spec.root),
		.hostname = xstrdup("coracle"),
		.linux_ = make_linux(rootless),
	};

	spec.root->path = xstrdup("rootfs");
	spec.root->readonly = true;
	add_mounts(&spec.mounts, rootless);
	return json_write(oci_spec_fields, &spec);
}
