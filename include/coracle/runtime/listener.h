/* SPDX-License-Identifier: GPL-2.0-or-later */
/* listener.h - the notifications of a system call filter go to an agent (runtime-spec config-linux.md#seccomp) */
#ifndef CORACLE_RUNTIME_LISTENER_H
#define CORACLE_RUNTIME_LISTENER_H

#include "coracle/base/error.h"

#include <sys/types.h>

/*
 * runtime_listener_send - one connection, one container process state with the descriptor (SCM_RIGHTS)
 *
 * path        linux.seccomp.listenerPath
 * metadata    listenerMetadata; NULL: none
 * state_json  the container's state (runtime.md#state), NUL-terminated
 * pid         of the process that is filtered, as the caller sees it
 * fd          what seccomp_program_load returned; stays the caller's
 * Returns 0, or a negative errno with err "seccomp listener PATH: ..."; after 10 s without an answer -ETIMEDOUT.
 */
int runtime_listener_send(const char *path, const char *metadata, const char *state_json, pid_t pid, int fd,
                          struct error *err) NONNULL(1, 3, 6) MUST_USE;

#endif
