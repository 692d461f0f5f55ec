/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_private.h - what the files of cgroups share; see cgroup.h */
#ifndef CORACLE_RUNTIME_CGROUP_PRIVATE_H
#define CORACLE_RUNTIME_CGROUP_PRIVATE_H

#include "coracle/runtime/cgroup.h"

/* where a manager's processes step aside to, so that the group above may hand on its controllers */
#define ENGINE_GROUP "coracle-engine"
/* what mends it */
#define NO_CGROUP_HINT \
	"; start it with --cgroup-manager systemd, or where one is delegated: systemd-run --user --scope -p Delegate=yes ..."

/* --- cgroup_host.c: the hierarchies that are mounted --- */
struct hierarchy {
	char *controllers; /* "cpu,cpuacct"; "": the unified one */
	char *mount;       /* directory */
	char *own;         /* the caller's cgroup below mount, "/a/b" */
};
struct cgroup_host {
	struct list hierarchies; /* struct hierarchy; those that the caller's cgroup can't be found in are left out */
};
void cgroup_host_done(struct cgroup_host *host);
#define AUTO_CGROUP_HOST AUTO(cgroup_host_done)
/* cgroup_host_read - of the texts of /proc/PID/mountinfo, which is changed (mountinfo_next), and /proc/PID/cgroup */
void cgroup_host_read(char *mountinfo, const char *cgroup, struct cgroup_host *out);
/* cgroup_host_find - of this process */
void cgroup_host_find(struct cgroup_host *out);
/* cgroup_host_get - NULL: not mounted; controller "" for the unified one, else any of a list */
const struct hierarchy *cgroup_host_get(const struct cgroup_host *host, const char *controller);
/* cgroup_of - the cgroup of a process in the unified hierarchy; owned, NULL: none */
char *cgroup_of(pid_t pid);
/* cgroup_has_word - word is in a list whose separator is one of separators */
bool cgroup_has_word(const char *list, const char *word, const char *separators);

/* --- cgroup.c --- */
/* cgroup_holds - path is the cgroup own or above it: killing and removing there would be our own end */
bool cgroup_holds(const char *path, const char *own);

/* --- cgroup_fs.c: directories --- */
/* the open directories of one cgroup */
struct group_dir { char *controllers; int fd; };
struct group {
	int unified;     /* -1: none; borrowed */
	struct list v1;  /* struct group_dir */
};
/* group_open - the directories of a stored one; those that are gone are left out */
void group_open(struct cgroup *cgroup, struct group *out);
void group_done(struct group *group);
#define AUTO_GROUP AUTO(group_done)
/* group_dir - borrowed descriptor of the directory that has the files of a controller, -1: none */
int group_dir(const struct group *group, const char *controller);
/* group_read - owned text of a file without the newline at its end, NULL: none */
char *group_read(int dir_fd, const char *file);
/* group_write - 0 or a negative errno */
int group_write(int dir_fd, const char *file, const char *value);
int group_move(int dir_fd, pid_t pid);
/* group_make - mkdir -p of path (absolute) below the directory of mount; controllers are handed on; descriptor or negative errno */
int group_make(const char *mount, const char *path);
/* group_share - hand on all controllers to the children of a cgroup, as far as it lets */
void group_share(int dir_fd);
/* group_inherit_cpuset - a new group of version 1's cpuset has no processors and no memory, and takes nobody in before it has */
void group_inherit_cpuset(int dir_fd);
/* group_remove - the tree at path; waits up to a second for processes that are on their way out */
void group_remove(const char *mount, const char *path);
/* group_give - the files that the kernel names for delegation, to the root of a container */
void group_give(int dir_fd, uid_t uid, gid_t gid);

/* --- cgroup_limits.c, cgroup_v1.c: from resources to files --- */
struct setting {
	const char *controller; /* static */
	char *file, *value;
	bool optional;          /* a failure is not told */
	/* while it is applied */
	char *before;           /* what it was */
	bool written;
};
void settings_done(struct list *settings);
#define AUTO_SETTINGS AUTO(settings_done)
void setting_add(struct list *settings, const char *controller, char *file, char *value);
/* setting_number - -1 is "max" with version 2, "-1" with version 1 */
void setting_number(struct list *settings, const char *controller, const char *file, int64_t value);
/* settings_v2, settings_v1 - pure; negative errno with err for what can't be */
int settings_v2(const struct oci_resources *resources, struct list *out, struct error *err);
int settings_v1(const struct oci_resources *resources, struct list *out, struct error *err);
/*
 * settings_apply - write them; warnings NULL: the first failure is an error and what was written is put back, else a line each
 */
int settings_apply(const struct group *group, struct list *settings, struct texts *warnings, struct error *err);
/* limits_apply - all of it, devices too */
int limits_apply(const struct group *group, const struct oci_resources *resources, struct texts *warnings,
                 struct error *err);

/* --- cgroup_devices.c --- */
/* devices_apply - a program for version 2, devices.allow and .deny for version 1; without the right to: nothing */
int devices_apply(const struct group *group, const struct oci_resources *resources, struct error *err);

/* --- cgroup_stats.c --- */
/* stats_of - a new reference */
json_t *stats_of(const struct group *group);

/* --- cgroup_systemd.c --- */
/* scope_make - makes the unit, waits until it stands; out->scope and out->path are set */
int scope_make(const struct cgroup_request *request, const struct hierarchy *unified, struct cgroup *out, struct error *err);
/* scope_can_move - may a process of ours be moved into a scope of our manager? Root's may; a user's from below its manager */
bool scope_can_move(const struct hierarchy *unified);
/* scope_attach - move a process into a sub-cgroup of the scope where we may not do it ourselves */
int scope_attach(const struct cgroup *cgroup, const char *below, pid_t pid, struct error *err);
int scope_update(const struct cgroup *cgroup, const struct oci_resources *resources, struct error *err);
/* scope_remove - stop it and forget that it failed */
void scope_remove(const struct cgroup *cgroup);

#endif
