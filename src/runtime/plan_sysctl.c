/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan_sysctl.c - kernel settings of a container: only those that one of its own namespaces has for itself
 *
 * Written with privilege and without that namespace they would be the host's. OCI runtime-spec config-linux.md#sysctl
 */
#include "plan.h"

#include "coracle/base/alloc.h"
#include "coracle/sys/process.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
	const char *name; /* with a star: all that begin so */
	const char *type, *file;
} namespaced[] = {
	{"kernel/msg*", "ipc", "ipc"},      {"kernel/sem*", "ipc", "ipc"},     {"kernel/shm*", "ipc", "ipc"},
	{"fs/mqueue/*", "ipc", "ipc"},      {"net/*", "network", "net"},       {"kernel/domainname", "uts", "uts"},
	{"user/*", "user", "user"},
};

/*
 * The name may be written with dots or with slashes (sysctl(8)); the first one says which of them separates, and the
 * other stands for a dot in a name: net.ipv4.conf.eth0/1.forwarding
 */
static char *file_of(const char *name)
{
	char *file = xstrdup(name);

	if (file[strcspn(file, "./")] == '.')
		for (char *c = file; *c; c++)
			*c = *c == '.' ? '/' : *c == '/' ? '.' : *c;
	return file;
}

static bool is_like(const char *file, const char *name)
{
	size_t length = strlen(name);

	return name[length - 1] == '*' ? strncmp(file, name, length - 1) == 0 : strcmp(file, name) == 0;
}

/* Made for it, or joined by a path that is not our own; a user namespace that we are in already does as well. */
static bool is_own(const struct oci_linux *linux_, const char *type, const char *file)
{
	LIST_EACH(struct oci_namespace, wanted, &linux_->namespaces) {
		char ours[32];
		struct stat here, there;

		if (strcmp(wanted->type, type) != 0)
			continue;
		if (!wanted->path || !*wanted->path)
			return true;
		(void) snprintf(ours, sizeof ours, "/proc/self/ns/%s", file);
		return stat(ours, &here) < 0 || stat(wanted->path, &there) < 0 || here.st_dev != there.st_dev
		       || here.st_ino != there.st_ino;
	}
	return strcmp(type, "user") == 0 && !process_in_first_userns();
}

static int check(const struct oci_linux *linux_, const char *name, const char *file, struct error *err)
{
	if (strcmp(file, "kernel/hostname") == 0)
		return error_set(err, ERROR_INVALID, "sysctl %s: the name is what \"hostname\" says: set that instead", name);
	for (size_t i = 0; i < ARRAY_LEN(namespaced); i++)
		if (is_like(file, namespaced[i].name))
			return is_own(linux_, namespaced[i].type, namespaced[i].file)
			               ? 0
			               : error_set(err, ERROR_DENIED,
			                           "sysctl %s: would be the host's; the container needs a %s namespace of its own",
			                           name, namespaced[i].type);
	return error_set(err, ERROR_DENIED, "sysctl %s: no namespace has it for itself, so it would be the host's", name);
}

int plan_sysctls(const struct oci_linux *linux_, struct plan *plan, struct error *err)
{
	for (size_t i = 0; i < linux_->sysctl.count; i++) {
		const struct pair *pair = &linux_->sysctl.items[i];
		AUTO_FREE char *file = file_of(pair->key);
		int r = check(linux_, pair->key, file, err);
		struct op *op;

		if (r < 0)
			return r;
		op = plan_add(plan, OP_SYSCTL);
		op->target = plan_keep(plan, file);
		op->data = plan_keep(plan, pair->value);
	}
	return 0;
}
