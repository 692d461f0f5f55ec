/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seccomp_default.h - what the cache must know of the default profile */
#ifndef RUNTIME_SECCOMP_DEFAULT_H
#define RUNTIME_SECCOMP_DEFAULT_H

#include <stdint.h>

/* seccomp_default_caps - the capabilities that change the profile; others need no program of their
 * own */
uint64_t seccomp_default_caps(void);
/* seccomp_default_revision - a number that changes with the table */
uint64_t seccomp_default_revision(void);

#endif
