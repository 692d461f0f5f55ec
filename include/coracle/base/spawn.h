/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spawn.h - run a program of the host: no shell, no inherited descriptors */
#ifndef CORACLE_BASE_SPAWN_H
#define CORACLE_BASE_SPAWN_H

#include "coracle/base/error.h"
#include "coracle/base/texts.h"

#include <sys/types.h>

struct spawn {
	const char *program;      /* path with a slash, or a name searched in PATH and the sbin directories */
	const char *const *argv;  /* NULL-terminated, argv[0] included */
	const char *const *envp;  /* NULL: the caller's */
	int stdio[3];             /* dup2'ed to 0..2; -1: /dev/null */
	const int *keep;          /* descriptors handed on under their own numbers (>= 3), close-on-exec lifted in the child */
	size_t keep_count;
	int exec_fd;              /* with exec_fd_set: execveat this descriptor instead of program */
	bool exec_fd_set;
	int death_signal;         /* PR_SET_PDEATHSIG, 0: none */
	bool new_session;         /* setsid(2) */
};

/*
 * spawn_start - vfork and exec; all other descriptors are closed in the child, signals reset
 *
 * pidfd   out, may be NULL: a pidfd of the child (-1 where the kernel has none), the caller closes it
 * Returns the pid, or a negative errno with err "program: cannot execute: reason".
 */
pid_t spawn_start(const struct spawn *spawn, int *pidfd, struct error *err) NONNULL(1, 3) MUST_USE;
/* spawn_wait - waitpid without EINTR; the wait status, or a negative errno */
int spawn_wait(pid_t pid, int *status) NONNULL(2) MUST_USE;
/*
 * spawn_run - start, collect standard output and error, wait
 *
 * output  out, may be NULL: owned string of at most max_output bytes of stdout and stderr together
 * Returns the exit status 0..255, 128+n for signal n, or a negative errno with err.
 */
int spawn_run(const char *const *argv, size_t max_output, char **output, struct error *err)
	NONNULL(1, 4) MUST_USE;
/* spawn_find - owned absolute path of a program in PATH, then /usr/sbin, /sbin, /usr/libexec/podman...; NULL when absent */
char *spawn_find(const char *name) NONNULL(1) MUST_USE;

#endif
