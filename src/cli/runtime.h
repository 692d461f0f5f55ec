/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runtime.h - what the commands of `coracle runtime` share (coracle-runtime(1)) */
#ifndef CORACLE_CLI_RUNTIME_H
#define CORACLE_CLI_RUNTIME_H

#include "coracle/cli/command.h"
#include "coracle/lifecycle/lifecycle.h"

/* runtime_open - the containers' states as the options in front of the command choose them */
int runtime_open(struct lifecycle *out, struct error *err) NONNULL(1, 2) MUST_USE;
#define AUTO_LIFECYCLE AUTO(lifecycle_close)
/* runtime_print_json - indented, to standard output */
void runtime_print_json(const json_t *json) NONNULL(1);
/* runtime_preserved - how many descriptors from 3 on the program gets: --preserve-fds and $LISTEN_FDS */
int runtime_preserved(int64_t asked) MUST_USE;

#endif
