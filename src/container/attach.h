/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attach.h - the client's side of an attached connection */
#ifndef CORACLE_CONTAINER_ATTACH_H
#define CORACLE_CONTAINER_ATTACH_H

#include "coracle/container/container.h"
#include "coracle/sys/tty.h"

/* attach_size - of the caller's terminal, 0x0 when there is none */
struct tty_size attach_size(const struct io *io);
/*
 * attach_copy - copy between our standard streams and the connection until the process ends or is left
 *
 * connection  taken; monitor.h tells the frames
 * Returns the exit code 0..255, 0 after the detach keys, or a negative errno with err.
 */
int attach_copy(int connection, const struct io *io, struct error *err) MUST_USE;
/* attach_wait - read frames until FRAME_EXIT; connection is taken; the code, or -ESRCH when the monitor died */
int attach_wait(int connection);

#endif
