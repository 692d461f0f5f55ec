/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apply.h - the operations of a plan as system calls; all run in the child and return 0 or a negative errno */
#ifndef CORACLE_RUNTIME_APPLY_H
#define CORACLE_RUNTIME_APPLY_H

#include "plan.h"

int apply_attach_root(const struct plan *plan);
/* open_clone - a detached clone of an OP_OPEN's source with its attributes, or a negative errno; in the parent too */
int open_clone(const struct op *op, bool *directory);
int apply_open(struct plan *plan, const struct op *op);
/* open_target - the object at the target inside the root, made when it is missing; a descriptor or a negative errno */
int open_target(const struct plan *plan, const struct op *op);
/* bind_instead - a recursive bind of the caller's source, with these MOUNT_ATTR_*, where a new mount is not permitted */
int bind_instead(const char *source, int target, uint64_t attributes);
/* mount_cgroup - type "cgroup" or "cgroup2", as the host's hierarchies are */
int mount_cgroup(const struct op *op, int target);
int apply_mount(const struct plan *plan, const struct op *op);
int apply_attach(const struct plan *plan, const struct op *op);
int apply_seal(const struct plan *plan, const struct op *op);
int apply_copy_up(const struct plan *plan, const struct op *op);
/* check_dev - -ELOOP where /dev is a symlink and the operation must not follow it */
int check_dev(const struct plan *plan, const struct op *op);
int apply_device(struct plan *plan, const struct op *op);
int apply_link(const struct plan *plan, const struct op *op);
int apply_pivot(struct plan *plan);
int apply_mask(struct plan *plan, const struct op *op);
int apply_read_only(const struct plan *plan, const struct op *op);
int apply_sysctl(const struct op *op);

/*
 * --- apply_attributes.c ---
 * apply_open_proc - path below /proc, which has to be the kernel's own; descriptor, -EXDEV or -ELOOP when covered
 * apply_cpus - sched_setaffinity(2) with a list such as 0-3,5; NULL: all that the cgroup allows
 */
int apply_open_proc(const char *path, int flags);
int apply_cpus(const char *list);
int apply_timens(const struct op *op);
int apply_keyring(const struct op *op);
int apply_io_priority(const struct op *op);
int apply_scheduler(const struct plan *plan);
int apply_affinity(const struct op *op);
int apply_memory_policy(const struct plan *plan);
int apply_label(const struct op *op);

int apply_loopback(void);
/* apply_death_signal - the death of the parent is ours, unless the plan is to survive it */
void apply_death_signal(const struct plan *plan);
/* apply_seccomp - load the filter; the listener of one that notifies goes to the parent first */
int apply_seccomp(const struct plan *plan, int sync_fd);
int apply_ids(const struct plan *plan, int sync_fd);
int apply_terminal(struct plan *plan, int sync_fd);
int apply_stdio(const struct plan *plan);
/*
 * apply_oom_score - for this process and those it makes, before it is undumpable: then the files of its /proc belong to
 * the root of the namespace it was executed in (proc(5)). OP_OOM_SCORE tells the result
 */
void apply_oom_score(struct plan *plan);
int apply_groups(const struct plan *plan);
int apply_gid(const struct plan *plan);
int apply_uid(const struct plan *plan);
int apply_make_cwd(const struct plan *plan);
int apply_cwd(const struct plan *plan);
int apply_capabilities(const struct plan *plan);
int apply_init(const struct plan *plan);
/* apply_home - "/" where /etc/passwd doesn't tell; the only operation that allocates (the process has no threads) */
int apply_home(struct plan *plan);
/* apply_find - that apply_exec will find something to execute */
int apply_find(const struct plan *plan);
int apply_exec(const struct plan *plan);

#endif
