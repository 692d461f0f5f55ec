/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seccomp_names.h - the words of seccomp profiles and what they mean to the kernel and libseccomp
 */
#ifndef RUNTIME_SECCOMP_NAMES_H
#define RUNTIME_SECCOMP_NAMES_H

#include "coracle/base/base.h"

#include <seccomp.h>

#define SECCOMP_ERRNO_MAX 4095 /* MAX_ERRNO: the kernel caps what a filter returns */
#define SECCOMP_KIN_MAX   3

struct seccomp_arch {
	const char *name;              /* "SCMP_ARCH_X86_64"; static */
	uint32_t token;                /* libseccomp's */
	const char *go_name;           /* as includes and excludes of profile files say; static */
	uint32_t kin[SECCOMP_KIN_MAX]; /* tokens the same kernel also runs; 0 ends */
};

/* NULL: no such architecture, or this libseccomp does not know it; static */
const struct seccomp_arch *seccomp_arch_named(const char *name) NONNULL(1);
const struct seccomp_arch *seccomp_arch_of(uint32_t token);
/*
 * seccomp_action_named - "SCMP_ACT_ERRNO"; data goes with ERRNO and TRACE
 * seccomp_operator_named - "SCMP_CMP_MASKED_EQ"
 * seccomp_flag_named - "SECCOMP_FILTER_FLAG_LOG"; *out becomes 0 for a flag without effect on one
 * thread seccomp_errno_named - "EPERM" Return 0, or -EINVAL when there is no such word.
 */
int seccomp_action_named(const char *name, unsigned data, uint32_t *out) NONNULL(1, 3) MUST_USE;
int seccomp_operator_named(const char *name, enum scmp_compare *out) NONNULL(1, 2) MUST_USE;
int seccomp_flag_named(const char *name, unsigned *out) NONNULL(1, 2) MUST_USE;
int seccomp_errno_named(const char *name, unsigned *out) NONNULL(1, 2) MUST_USE;

#endif
