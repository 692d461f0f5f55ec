/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process.h - clone3, pidfds and the identity of a process */
#ifndef CORACLE_SYS_PROCESS_H
#define CORACLE_SYS_PROCESS_H

#include "coracle/base/base.h"

#include <sys/types.h>

/*
 * process_clone - clone3(2) with SIGCHLD, like fork but into new namespaces; falls back to clone(2)
 *
 * flags      CLONE_NEW* and CLONE_PARENT only
 * cgroup_fd  directory of the cgroup to be born in, or -1
 * pidfd      out, may be NULL: pidfd of the child, -1 where the kernel has none
 * Returns the pid in the parent, 0 in the child, or a negative errno. Call only without threads.
 */
pid_t process_clone(uint64_t flags, int cgroup_fd, int *pidfd) MUST_USE;
int process_pidfd_open(pid_t pid) MUST_USE;                    /* pidfd_open(2) */
int process_pidfd_signal(int pidfd, int signal) MUST_USE;      /* pidfd_send_signal(2) */
/* process_start_time - field 22 of /proc/PID/stat, in clock ticks after boot; 0 when there is no such process */
uint64_t process_start_time(pid_t pid);
/* process_is - the process with this pid is the one that started then (not a zombie) */
bool process_is(pid_t pid, uint64_t start_time);
/* process_open - pidfd of exactly that process, or -ESRCH; never of a successor with the same pid */
int process_open(pid_t pid, uint64_t start_time) MUST_USE;
/*
 * process_reachable - pid when we may open its namespaces and root, else its first child when we may open
 * those: an init of ours keeps out of reach, its child is the container's program. Negative errno: neither.
 */
pid_t process_reachable(pid_t pid) MUST_USE;
/* process_boot_id - /proc/sys/kernel/random/boot_id, 36 characters; -errno when unreadable */
int process_boot_id(char into[static 37]) MUST_USE;
/* process_in_first_userns - the user namespace that we are in is the host's: root here is root (user_namespaces(7)); true when /proc can't tell */
bool process_in_first_userns(void);
/* process_ignored_signals - bit n-1: this process ignores signal n (/proc/self/status, SigIgn); all bits when that can't be read */
uint64_t process_ignored_signals(void);
/* process_exit_code - 0..255, or 128+n, from a wait status */
int process_exit_code(int status);

#endif
