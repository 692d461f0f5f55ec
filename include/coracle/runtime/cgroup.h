/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cgroup.h - a container's cgroup: made, limited, measured, frozen, killed, removed (cgroups(7), cgroup-v2)
 *
 * Theory of operation. cgroup_make() comes before the process: it makes the directory, writes the
 * limits and gives a descriptor for CLONE_INTO_CGROUP; cgroup_adopt() comes after it and moves it where
 * that can't be done at birth (version 1). The three managers:
 *   CGROUP_CGROUPFS  mkdir(2) below a directory that is delegated to the caller; where the path of the
 *                    specification is not, below the caller's own cgroup
 *   CGROUP_SYSTEMD   a transient scope of the user's manager (root: the system's) over D-Bus, libsystemd
 *                    loaded on use; the container in a sub-cgroup of it, so that limits of both hold
 *   CGROUP_DISABLED  none: the container stays where the caller is
 * Version 1 and hybrid hosts: the hierarchies whose directories the caller may write to are used
 * (freezer, pids, memory, cpu, cpuset...), the others left out. A limit that can't be applied is an
 * error with strict, else a line in warnings. Nothing here fails because a host has no cgroups.
 */
#ifndef CORACLE_RUNTIME_CGROUP_H
#define CORACLE_RUNTIME_CGROUP_H

#include "coracle/oci/runtime.h"

#include <sys/types.h>

enum cgroup_manager { CGROUP_CGROUPFS, CGROUP_SYSTEMD, CGROUP_DISABLED };

struct cgroup {
	char *manager;       /* "cgroupfs", "systemd", "disabled" */
	char *path;          /* below the unified hierarchy, "/a/b"; NULL: none */
	char *scope;         /* systemd's unit, NULL: none */
	struct pairs v1;     /* controller list ("cpu,cpuacct") to path below its hierarchy; empty with version 2 */
	bool shared;         /* others were in it before: their end is not ours to make, nor is its own */
	/* not stored */
	int fd;              /* directory of path, -1 (or 0): none */
	int keeper;          /* pid of the process that holds a scope until cgroup_adopt */
	struct texts warnings;
};
/* the stored members, for a container's record */
extern const struct field cgroup_fields[];

struct cgroup_request {
	enum cgroup_manager manager;
	const char *path;                      /* linux.cgroupsPath; NULL or "": our choice */
	const char *id;                        /* of the container: names our choice */
	const struct oci_resources *resources; /* may be NULL */
	const struct pairs *annotations;       /* org.systemd.property.NAME, run.oci.systemd.subgroup; may be NULL */
	bool strict;                           /* a limit that can't be had is an error */
	bool step_aside;                       /* with limits: we (and move_too) may move into a sibling, "no internal processes" */
	pid_t move_too;                        /* 0: nobody */
	bool give;                             /* the files of /sys/kernel/cgroup/delegate to the container's root, so that it makes groups of its own */
	uid_t uid;                             /* as the caller's user namespace numbers it */
	gid_t gid;
};

/* cgroup_manager_parse - "cgroupfs", "systemd", "disabled"; -EINVAL: another word */
int cgroup_manager_parse(const char *name, enum cgroup_manager *out) NONNULL(1, 2) MUST_USE;
const char *cgroup_manager_name(enum cgroup_manager manager); /* static */
/*
 * cgroup_manager_default - cgroupfs where the caller's own cgroup is its to divide; else systemd where the
 * caller's manager has a socket; else cgroupfs, which does what can be done
 */
enum cgroup_manager cgroup_manager_default(const struct oci_resources *resources);
/* cgroup_make - 0 also where there is no cgroup to be had (out->path NULL, fd -1); negative errno with err only with strict or a path that can't be (".." in it) */
int cgroup_make(const struct cgroup_request *request, struct cgroup *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* cgroup_adopt - the process exists: move it where it was not born; ends the keeper; a failure to move is an error only with strict limits */
int cgroup_adopt(struct cgroup *cgroup, pid_t pid, struct error *err) NONNULL(1, 3) MUST_USE;
/* cgroup_open - the descriptor of a stored one; -ENOENT when it is gone */
int cgroup_open(struct cgroup *cgroup) NONNULL(1) MUST_USE;
/*
 * cgroup_approach - before a process is born in a stored cgroup (exec): where we may not put one there from
 * where we are (a login session), systemd moves ourselves beside the container; else nothing happens
 */
int cgroup_approach(struct cgroup *cgroup, struct error *err) NONNULL(1, 2) MUST_USE;
/* cgroup_has_limits - something is asked for that needs a controller */
bool cgroup_has_limits(const struct oci_resources *resources);
/* cgroup_update - apply changed limits; all or, with an error, what was written before is put back; the scope's properties too */
int cgroup_update(struct cgroup *cgroup, const struct oci_resources *resources, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* cgroup_freeze - cgroup.freeze, or version 1's freezer.state, and waited for; -EOPNOTSUPP with err where there is neither */
int cgroup_freeze(struct cgroup *cgroup, bool frozen, struct error *err) NONNULL(1, 3) MUST_USE;
bool cgroup_is_frozen(struct cgroup *cgroup) NONNULL(1);
/* cgroup_kill - cgroup.kill for SIGKILL where the kernel has it, else every member until none is left; a frozen one is thawed. 0 or negative errno (-ENOENT: no cgroup) */
int cgroup_kill(struct cgroup *cgroup, int signal) NONNULL(1) MUST_USE;
/* cgroup_pids - of it and of those below, as this process's pid namespace numbers them; 0 or negative errno */
int cgroup_pids(struct cgroup *cgroup, struct uints *out) NONNULL(1, 2) MUST_USE;
/* cgroup_stats - a new reference: the "data" object of runc's and crun's `events --stats` (cpu, memory, pids, blkio, hugetlb; absent controllers left out) */
json_t *cgroup_stats(struct cgroup *cgroup, struct error *err) NONNULL(1, 2) MUST_USE;
/* cgroup_oom_kills - processes in it that the kernel ended for lack of memory so far; -1: not told */
int64_t cgroup_oom_kills(struct cgroup *cgroup) NONNULL(1) MUST_USE;
/* cgroup_remove - with what is below it; processes that are left are killed; waits a moment for them; the scope is stopped */
void cgroup_remove(struct cgroup *cgroup) NONNULL(1);
/* cgroup_done - let go of memory and descriptors only */
void cgroup_done(struct cgroup *cgroup) NONNULL(1);
#define AUTO_CGROUP AUTO(cgroup_done)

#endif
