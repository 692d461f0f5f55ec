/* SPDX-License-Identifier: GPL-2.0-or-later */
/* caps.h - capability sets as 64-bit masks (capabilities(7)) */
#ifndef CORACLE_SYS_CAPS_H
#define CORACLE_SYS_CAPS_H

#include "coracle/base/base.h"

/* caps_number - from "CAP_CHOWN", "chown", "Cap_Chown"; -1 when unknown */
int caps_number(const char *name) NONNULL(1);
/* caps_name - "CAP_CHOWN"; static; NULL when unknown */
const char *caps_name(int number);
/* caps_last - the highest capability of the running kernel (/proc/sys/kernel/cap_last_cap, PR_CAPBSET_READ) */
int caps_last(void);
#define CAPS_BIT(number) (UINT64_C(1) << (number))
uint64_t caps_all(void); /* every capability the kernel knows */

struct caps_sets {
	uint64_t bounding, effective, inheritable, permitted, ambient;
};
/*
 * Both are for a child between clone and exec: no allocation.
 * caps_drop_bounding - PR_CAPBSET_DROP what is not in keep; needs CAP_SETPCAP; before the uid changes
 * caps_apply - capset(2) the effective, permitted and inheritable sets, then raise the ambient ones
 * Return 0 or a negative errno.
 */
int caps_drop_bounding(uint64_t keep) MUST_USE;
int caps_apply(const struct caps_sets *sets) NONNULL(1) MUST_USE;
/* caps_has - the calling process has it in its effective set */
bool caps_has(int number);

#endif
