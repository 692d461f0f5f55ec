/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tty.h - terminals: raw mode that is always undone, sizes, new ptys */
#ifndef CORACLE_SYS_TTY_H
#define CORACLE_SYS_TTY_H

#include "coracle/base/base.h"

#include <termios.h>

struct tty_state { bool changed; int fd; struct termios saved; };

int tty_raw(int fd, struct tty_state *state) NONNULL(2) MUST_USE; /* cfmakeraw(3), remembered in state */
void tty_restore(struct tty_state *state) NONNULL(1);              /* idempotent */
struct tty_size { unsigned short rows, columns; };
int tty_get_size(int fd, struct tty_size *out) NONNULL(2) MUST_USE;
int tty_set_size(int fd, struct tty_size size) MUST_USE;

#endif
