/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * apart.h - work in a forked process that answers with one struct, written at once into a pipe
 *
 * For what runs threads, enters the user namespace or would hold up a loop. The parent's death is the child's. An
 * outcome has at most PIPE_BUF bytes and no pointers.
 */
#ifndef CORACLE_IMAGE_APART_H
#define CORACLE_IMAGE_APART_H

#include "coracle/base/error.h"

#include <sys/types.h>

/*
 * apart_fork - as fork(2): 0 in the child, which ends with apart_answer; its pid in the parent; negative errno
 *
 * death_signal  that the child gets when the parent dies
 * what          for the error: "start a process to read a layer"
 * fd            out: in the child what apart_answer takes; in the parent readable when there is an answer
 */
pid_t apart_fork(int death_signal, const char *what, int *fd, struct error *err) NONNULL(2, 3, 4) MUST_USE;
/* apart_answer - the end of the child; without an outcome the parent says that it died, and that is what counts */
_Noreturn void apart_answer(int fd, const void *outcome, size_t size) NONNULL(2);
/*
 * apart_finish - wait for the child; fd is closed
 *
 * Returns whether outcome was filled; if not, it is what it was or worthless, and *status (may be NULL) tells how it ended.
 */
bool apart_finish(pid_t pid, int fd, void *outcome, size_t size, int *status) NONNULL(3) MUST_USE;

/* apart_counter - memory that the child shares; kept when there is some; release with apart_counter_done */
int apart_counter(_Atomic uint64_t **counter, struct error *err) NONNULL(1, 2) MUST_USE;
void apart_counter_done(_Atomic uint64_t **counter) NONNULL(1);

#endif
