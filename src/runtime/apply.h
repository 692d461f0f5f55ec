/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apply.h - the operations of a plan as system calls; all run in the child and return 0 or a negative errno */
#ifndef CORACLE_RUNTIME_APPLY_H
#define CORACLE_RUNTIME_APPLY_H

#include "plan.h"

int apply_attach_root(const struct plan *plan);
/* open_clone - a detached clone of an OP_OPEN's source with its attributes, or a negative errno; in the parent too */
int open_clone(const struct op *op, bool *directory);
int apply_open(struct plan *plan, const struct op *op);
int apply_mount(const struct plan *plan, const struct op *op);
int apply_attach(const struct plan *plan, const struct op *op);
int apply_copy_up(const struct plan *plan, const struct op *op);
int apply_device(const struct plan *plan, const struct op *op);
int apply_link(const struct plan *plan, const struct op *op);
int apply_pivot(const struct plan *plan);
int apply_mask(struct plan *plan, const struct op *op);
int apply_read_only(const struct plan *plan, const struct op *op);
int apply_sysctl(const struct op *op);

int apply_loopback(void);
int apply_ids(const struct plan *plan, int sync_fd);
int apply_terminal(struct plan *plan, int sync_fd);
int apply_stdio(const struct plan *plan);
int apply_oom_score(const struct plan *plan);
int apply_groups(const struct plan *plan);
int apply_gid(const struct plan *plan);
int apply_uid(const struct plan *plan);
int apply_make_cwd(const struct plan *plan);
int apply_cwd(const struct plan *plan);
int apply_capabilities(const struct plan *plan);
int apply_init(void);
int apply_exec(const struct plan *plan);

#endif
