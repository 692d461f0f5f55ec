/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hooks.h - programs of the caller that run at points of a container's life (runtime-spec config.md#posix-platform-hooks) */
#ifndef CORACLE_RUNTIME_HOOKS_H
#define CORACLE_RUNTIME_HOOKS_H

#include "coracle/oci/runtime.h"

/*
 * hook_execute - run one hook to its end: args and env exactly as given (no args: the path alone), the state
 * on its standard input, its output to ours; a process group of its own, killed when the timeout is over
 *
 * state   NUL-terminated JSON; a hook that doesn't read it is no failure
 * status  out: its wait status
 * Returns 0 when it ended by itself, -ETIMEDOUT when it was killed, or a negative errno (-ENOENT...).
 * For a child between clone and exec too: allocates nothing.
 */
int hook_execute(const struct oci_hook *hook, const char *state, int *status) NONNULL(1, 2, 3) MUST_USE;
/* hook_judge - what hook_execute's result and wait status mean: 0, or a negative errno with err as below */
int hook_judge(const struct oci_hook *hook, const char *kind, int result, int status, struct error *err)
	NONNULL(1, 2, 5) MUST_USE;
/*
 * hooks_run - all hooks of a list in order, until one fails
 *
 * kind  "prestart"...: for the error's words
 * Returns 0, or a negative errno with err: "createRuntime hook /path: ended with status 3".
 */
int hooks_run(const struct list *hooks, const char *kind, const char *state, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;
/* hooks_warn - poststop: all of them; each failure is one line appended to warnings */
void hooks_warn(const struct list *hooks, const char *kind, const char *state, struct texts *warnings)
	NONNULL(1, 2, 3, 4);

#endif
