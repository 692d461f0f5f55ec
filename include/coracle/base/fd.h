/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fd.h - descriptors: passing, sealing, blocking mode, close-on-exec */
#ifndef CORACLE_BASE_FD_H
#define CORACLE_BASE_FD_H

#include "coracle/base/base.h"

#include <sys/socket.h>
#include <sys/un.h>

#define FD_PASS_MAX 16 /* descriptors in one message */

/*
 * fd_send - one message of bytes with count descriptors (unix(7), SCM_RIGHTS) on a SEQPACKET or STREAM socket
 * Returns 0 or a negative errno; SIGPIPE is suppressed.
 */
int fd_send(int socket, const void *bytes, size_t length, const int *fds, size_t count)
	NONNULL(2) MUST_USE;
/*
 * fd_receive - one message; descriptors arrive close-on-exec, the caller owns them
 *
 * fds    room for max (at most FD_PASS_MAX); slots not filled become -1
 * count  out: how many came; surplus descriptors are closed and the call fails with -EPROTO
 * Returns the number of bytes (0 at end of file) or a negative errno.
 */
ssize_t fd_receive(int socket, void *bytes, size_t size, int *fds, size_t max, size_t *count)
	NONNULL(2) MUST_USE;
/* fd_memory - sealed read-only memfd_create(2) copy of the bytes, offset 0; descriptor or negative errno */
int fd_memory(const char *name, const void *bytes, size_t length) NONNULL(1) MUST_USE;
int fd_set_cloexec(int fd, bool on) MUST_USE;
int fd_set_nonblocking(int fd, bool on) MUST_USE;
/*
 * fd_range_close, fd_range_cloexec - close, or mark close-on-exec, all descriptors from first to last
 * close_range(2), Linux 5.9; where that is missing or filtered one by one up to FD_RANGE_MAX. System calls only.
 */
#define FD_RANGE_MAX 65535
void fd_range_close(unsigned first, unsigned last);
void fd_range_cloexec(unsigned first, unsigned last);
/* fd_copy - F_DUPFD_CLOEXEC at 3 or above; descriptor or negative errno */
int fd_copy(int fd) MUST_USE;
/*
 * fd_socket_address - of a socket in a directory, for bind(2) and connect(2): through the directory's descriptor,
 * because its path may be longer than the 107 bytes of an address (unix(7)). name: at most 80 bytes
 */
struct sockaddr_un fd_socket_address(int dir_fd, const char *name) NONNULL(2);
/* fd_open_standard - make sure that 0, 1 and 2 are open (on /dev/null); first thing in main() */
int fd_open_standard(void) MUST_USE;

#endif
