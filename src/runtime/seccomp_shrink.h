/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seccomp_shrink.h - the same filter in fewer instructions */
#ifndef RUNTIME_SECCOMP_SHRINK_H
#define RUNTIME_SECCOMP_SHRINK_H

#include "coracle/runtime/seccomp.h"

/*
 * seccomp_shrink - replace program->filter by an equivalent shorter one
 *
 * Leaves the program as it is when it is short already, or holds an instruction that libseccomp
 * does not use today.
 */
void seccomp_shrink(struct seccomp_program *program) NONNULL(1);

#endif
