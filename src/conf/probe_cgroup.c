/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe_cgroup.c - whether limits can be set (cgroups(7); systemd: CGROUP_DELEGATION.md) */
#include "coracle/base/alloc.h"
#include "coracle/base/file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#include "probe_check.h"

static const char limits_effect[] = "--memory, --cpus, --pids-limit and the like have no effect; all else works";

static char *unified_fix(void)
{
	return xstrdup("sudo sed -i 's/^GRUB_CMDLINE_LINUX=\"/&systemd.unified_cgroup_hierarchy=1 /'"
	               " /etc/default/grub && sudo update-grub && sudo reboot");
}

static char *delegation_fix(void)
{
	return xstrdup("sudo mkdir -p /etc/systemd/system/user@.service.d && printf '[Service]\\nDelegate=cpu"
	               " cpuset io memory pids\\n' | sudo tee /etc/systemd/system/user@.service.d/delegate.conf"
	               " && sudo systemctl daemon-reload, then log in anew");
}

static bool is_type(const char *path, long long type)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && (long long) (unsigned long) fs.f_type == type;
}

/* own_group - owned path of the caller's group in the unified hierarchy, or NULL */
static char *own_group(void)
{
	AUTO_FREE char *text = NULL;
	char *line;

	if (file_read(AT_FDCWD, "/proc/self/cgroup", 65536, &text, NULL) < 0)
		return NULL;
	line = strncmp(text, "0::/", 4) == 0 ? text : strstr(text, "\n0::/");
	if (!line)
		return NULL;
	line = strstr(line, "::") + 2;
	line[strcspn(line, "\n")] = '\0';
	return xprintf("/sys/fs/cgroup%s", line);
}

/* writable_group - owned path of a group where the caller may make others: its own, or its service manager's */
static char *writable_group(void)
{
	AUTO_FREE char *own = own_group();
	AUTO_FREE char *manager = xprintf("/sys/fs/cgroup/user.slice/user-%u.slice/user@%u.service",
	                                  (unsigned) getuid(), (unsigned) getuid());
	const char *const places[] = {own, manager};

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		AUTO_FREE char *procs = places[i] ? xprintf("%s/cgroup.procs", places[i]) : NULL;

		if (procs && access(places[i], W_OK) == 0 && access(procs, W_OK) == 0)
			return xstrdup(places[i]);
	}
	return NULL;
}

static bool has_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = words; (at = strstr(at, word)); at += length)
		if ((at == words || at[-1] == ' ') && strchr(" \n", at[length]))
			return true;
	return false;
}

static void check_delegation(struct probe_result *out)
{
	static const char *const wanted[] = {"cpu", "memory", "pids"};
	AUTO_FREE char *group = writable_group(), *path = NULL, *have = NULL;
	AUTO_TEXTS struct texts lacking = {0};
	AUTO_FREE char *joined = NULL;

	if (!group) {
		probe_bad(out, PROBE_DEGRADED, limits_effect, delegation_fix(),
		          "unified (v2), but no group of it is yours to write");
		return;
	}
	path = xprintf("%s/cgroup.controllers", group);
	if (file_read(AT_FDCWD, path, 4096, &have, NULL) < 0)
		have = xstrdup("");
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		if (!has_word(have, wanted[i]))
			texts_add(&lacking, wanted[i]);
	joined = texts_join(&lacking, ", ");
	have[strcspn(have, "\n")] = '\0';
	if (lacking.count)
		probe_bad(out, PROBE_DEGRADED, "limits of these kinds have no effect; all else works",
		          delegation_fix(), "unified (v2), delegated without %s", joined);
	else
		probe_ok(out, "unified (v2), delegated: %s", have);
}

static void check_cgroup(const struct paths *paths, struct probe_result *out)
{
	(void) paths;
	if (is_type("/sys/fs/cgroup", CGROUP2_SUPER_MAGIC))
		check_delegation(out);
	else if (is_type("/sys/fs/cgroup/unified", CGROUP2_SUPER_MAGIC))
		probe_bad(out, PROBE_DEGRADED, limits_effect, unified_fix(), "hybrid (v1 controllers)");
	else if (is_type("/sys/fs/cgroup", TMPFS_MAGIC))
		probe_bad(out, PROBE_DEGRADED, limits_effect, unified_fix(), "version 1");
	else
		probe_bad(out, PROBE_DEGRADED, limits_effect, xstrdup("sudo mount -t cgroup2 cgroup2 /sys/fs/cgroup"),
		          "nothing is mounted on /sys/fs/cgroup");
}

const struct probe_check probe_cgroup_checks[] = {
	{"cgroup", "control groups, for limits", check_cgroup},
	{NULL, NULL, NULL},
};
