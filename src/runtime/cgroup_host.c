/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_host.c - which hierarchies of cgroups are mounted where, and the caller's place in them (cgroups(7), proc(5)) */
#include "cgroup_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/sys/mountinfo.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#define CGROUP_TEXT_MAX 65536

bool cgroup_has_word(const char *list, const char *word, const char *separators)
{
	size_t length = strlen(word);

	for (const char *at = list; *at;) {
		size_t size = strcspn(at, separators);

		if (size == length && memcmp(at, word, length) == 0)
			return true;
		at += size;
		at += *at != '\0';
	}
	return false;
}

void cgroup_host_done(struct cgroup_host *host)
{
	LIST_EACH(struct hierarchy, hierarchy, &host->hierarchies) {
		free(hierarchy->controllers);
		free(hierarchy->mount);
		free(hierarchy->own);
	}
	free(host->hierarchies.items);
	host->hierarchies = (struct list){0};
}

/* The path of a line "ID:CONTROLLERS:PATH" with that list, which for the unified one is empty; owned, NULL: none */
static char *own_path(const char *cgroup, const char *controllers)
{
	AUTO_FREE char *first = xstrndup(controllers, strcspn(controllers, ","));

	for (const char *line = cgroup; *line;) {
		const char *end = strchrnul(line, '\n');
		const char *list = strchr(line, ':');
		const char *path = list && list < end ? strchr(list + 1, ':') : NULL;

		if (path && path < end) {
			AUTO_FREE char *words = xstrndup(list + 1, (size_t) (path - list - 1));

			/* both name the same set, perhaps in another order */
			if (*controllers ? cgroup_has_word(words, first, ",") : !*words)
				return xstrndup(path + 1, (size_t) (end - path - 1));
		}
		line = *end ? end + 1 : end;
	}
	return NULL;
}

/* The controllers among the options of a mount of version 1: "rw,cpu,cpuacct" */
static char *controllers_of(const char *options)
{
	static const char *const flags[] = {"rw",   "ro",           "xattr", "noprefix",
	                                    "clone_children", "cpuset_v2_mode", "none"};
	AUTO_TEXTS struct texts words = {0}, kept = {0};

	texts_split(&words, options, ',');
	for (size_t i = 0; i < words.count; i++) {
		bool flag = strncmp(words.items[i], "release_agent=", 14) == 0;

		for (size_t j = 0; !flag && j < ARRAY_LEN(flags); j++)
			flag = strcmp(words.items[i], flags[j]) == 0;
		if (!flag)
			texts_add(&kept, words.items[i]);
	}
	return texts_join(&kept, ",");
}

/* What is below the mount point: the mount shows the tree from root on. NULL: outside of it */
static char *below_root(const char *own, const char *root)
{
	size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);

	if (strncmp(own, root, length) != 0 || (own[length] && own[length] != '/') || strncmp(own, "/..", 3) == 0)
		return NULL;
	return xstrdup(own[length] ? own + length : "/");
}

static void read_mount(const struct mountinfo *mount, const char *cgroup, struct cgroup_host *out)
{
	AUTO_FREE char *controllers = NULL, *own = NULL, *below = NULL;
	bool unified = strcmp(mount->type, "cgroup2") == 0;
	struct hierarchy *hierarchy;

	if (!unified && strcmp(mount->type, "cgroup") != 0)
		return;
	controllers = unified ? xstrdup("") : controllers_of(mount->options);
	own = own_path(cgroup, controllers);
	below = own ? below_root(own, mount->root) : NULL;
	/* a second mount of the same hierarchy adds nothing */
	if (!below || cgroup_host_get(out, controllers))
		return;
	hierarchy = list_add(&out->hierarchies, sizeof *hierarchy);
	hierarchy->controllers = TAKE_PTR(controllers);
	hierarchy->mount = xstrdup(mount->point);
	hierarchy->own = TAKE_PTR(below);
}

void cgroup_host_read(char *mountinfo, const char *cgroup, struct cgroup_host *out)
{
	struct mountinfo mount;

	while (mountinfo_next(&mountinfo, &mount))
		read_mount(&mount, cgroup, out);
}

/* The usual host spares the reading of a table that may be long. */
static bool is_plain(const char *own)
{
	struct statfs fs;
	AUTO_FREE char *path = own ? xprintf("/sys/fs/cgroup%s/cgroup.procs", own) : NULL;

	return path && statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC
	       && strncmp(own, "/..", 3) != 0 && access(path, F_OK) == 0;
}

void cgroup_host_find(struct cgroup_host *out)
{
	AUTO_FREE char *mountinfo = NULL, *cgroup = NULL, *own = NULL;
	struct hierarchy *hierarchy;

	if (file_read(AT_FDCWD, "/proc/self/cgroup", CGROUP_TEXT_MAX, &cgroup, NULL) < 0)
		return;
	own = own_path(cgroup, "");
	if (is_plain(own)) {
		hierarchy = list_add(&out->hierarchies, sizeof *hierarchy);
		*hierarchy = (struct hierarchy){xstrdup(""), xstrdup("/sys/fs/cgroup"), TAKE_PTR(own)};
	} else if (file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &mountinfo, NULL) >= 0 && mountinfo) {
		cgroup_host_read(mountinfo, cgroup, out);
	}
}

const struct hierarchy *cgroup_host_get(const struct cgroup_host *host, const char *controller)
{
	LIST_EACH(struct hierarchy, hierarchy, &host->hierarchies)
		if (*controller ? strcmp(hierarchy->controllers, controller) == 0
		                          || cgroup_has_word(hierarchy->controllers, controller, ",")
		                : !*hierarchy->controllers)
			return hierarchy;
	return NULL;
}

char *cgroup_of(pid_t pid)
{
	AUTO_FREE char *path = xprintf("/proc/%d/cgroup", (int) pid);
	AUTO_FREE char *text = NULL;
	const char *line;

	if (file_read(AT_FDCWD, path, 65536, &text, NULL) < 0)
		return NULL;
	line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	if (!line)
		return NULL;
	line = strstr(line, "::") + 2;
	return xstrndup(line, strcspn(line, "\n"));
}
