/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fd.c - descriptors: passing, sealing, blocking mode, close-on-exec; see fd.h */
#include "coracle/base/fd.h"

#include "coracle/base/file.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3 */
#endif

/* room for the control message of the most descriptors, aligned as cmsg(3) wants it */
union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(FD_PASS_MAX * sizeof(int))];
};

/* A stream socket may take less than everything: the descriptors went with the first byte. */
static int send_rest(int socket, const char *bytes, size_t length)
{
	while (length) {
		ssize_t n = send(socket, bytes, length, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		length -= (size_t) n;
	}
	return 0;
}

int fd_send(int socket, const void *bytes, size_t length, const int *fds, size_t count)
{
	struct iovec part = {.iov_base = (void *) (uintptr_t) bytes, .iov_len = length};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	union control control = {0};
	ssize_t n;

	if (count > FD_PASS_MAX || length == 0)
		return -EINVAL;
	if (count) {
		struct cmsghdr *header = &control.align;

		message.msg_control = control.bytes;
		message.msg_controllen = (socklen_t) CMSG_SPACE(count * sizeof(int));
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = (socklen_t) CMSG_LEN(count * sizeof(int));
		(void) memcpy(CMSG_DATA(header), fds, count * sizeof(int));
	}
	do
		n = sendmsg(socket, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return send_rest(socket, (const char *) bytes + n, length - (size_t) n);
}

/* Put what came into fds; what does not fit is closed. Returns how many came. */
static size_t take_descriptors(struct msghdr *message, int *fds, size_t max)
{
	size_t count = 0;

	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
	     header = CMSG_NXTHDR(message, header)) {
		size_t came;

		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		came = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < came; i++) {
			int fd;

			(void) memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
			if (count < max)
				fds[count] = fd;
			else
				(void) close(fd); /* surplus: only counted */
			count++;
		}
	}
	return count;
}

ssize_t fd_receive(int socket, void *bytes, size_t size, int *fds, size_t max, size_t *count)
{
	struct iovec part = {.iov_base = bytes, .iov_len = size};
	union control control = {0};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes,
	};
	size_t came;
	ssize_t n;

	if (count)
		*count = 0;
	for (size_t i = 0; i < max; i++)
		fds[i] = -1;
	do
		n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	came = take_descriptors(&message, fds, max);
	if (came > max || (message.msg_flags & (MSG_CTRUNC | MSG_TRUNC))) {
		for (size_t i = 0; i < MIN(came, max); i++) {
			(void) close(fds[i]);
			fds[i] = -1;
		}
		return message.msg_flags & MSG_TRUNC ? -EMSGSIZE : -EPROTO;
	}
	if (count)
		*count = came;
	return n;
}

int fd_memory(const char *name, const void *bytes, size_t length)
{
	AUTO_CLOSE int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
	int r;

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	r = write_all(fd, bytes, length);
	if (r < 0)
		return r;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int with_flag(int flags, int flag, bool on)
{
	return on ? flags | flag : flags & ~flag;
}

int fd_set_cloexec(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFD);

	if (flags < 0 || fcntl(fd, F_SETFD, with_flag(flags, FD_CLOEXEC, on)) < 0)
		return -errno;
	return 0;
}

int fd_set_nonblocking(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, with_flag(flags, O_NONBLOCK, on)) < 0)
		return -errno;
	return 0;
}

void fd_range_close(unsigned first, unsigned last)
{
	if (first > last || syscall(SYS_close_range, first, last, 0U) == 0)
		return;
	for (unsigned fd = first; fd <= MIN(last, (unsigned) FD_RANGE_MAX); fd++)
		(void) close((int) fd);
}

void fd_range_cloexec(unsigned first, unsigned last)
{
	if (first > last || syscall(SYS_close_range, first, last, CLOSE_RANGE_CLOEXEC) == 0)
		return;
	/* most numbers are not open: EBADF is what we hope for */
	for (unsigned fd = first; fd <= MIN(last, (unsigned) FD_RANGE_MAX); fd++)
		(void) fcntl((int) fd, F_SETFD, FD_CLOEXEC);
}

int fd_copy(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	return copy < 0 ? -errno : copy;
}

struct sockaddr_un fd_socket_address(int dir_fd, const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void) snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", dir_fd, name);
	return address;
}

int fd_open_standard(void)
{
	for (int fd = 0; fd < 3; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* the lowest free number is fd; inheritable on purpose, as every standard stream */
		if (open("/dev/null", O_RDWR) < 0)
			return -errno;
	}
	return 0;
}
