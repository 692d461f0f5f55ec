/* SPDX-License-Identifier: GPL-2.0-or-later */
/* selfexec.c - start an internal program: this same binary under another argv[0]; see selfexec.h */
#include "coracle/base/selfexec.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/texts.h"

#include "child.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* Linux 6.3 */
#endif

#define ALL_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#define SELF      "/proc/self/exe"
#define CMDLINE_MAX (4u << 20)
#define SEAL_ATTEMPTS 20

/* Only a memfd answers; ours has no name in any file system. */
static bool is_sealed(const struct stat *st)
{
	AUTO_CLOSE int fd = -1;
	int seals;

	if (st->st_nlink != 0)
		return false;
	fd = open(SELF, O_RDONLY | O_CLOEXEC);
	seals = fd < 0 ? -1 : fcntl(fd, F_GET_SEALS);
	return seals >= 0 && (seals & ALL_SEALS) == ALL_SEALS;
}

static bool is_exposed(int self_fd)
{
	struct statvfs vfs;
	struct stat st;

	if (fstat(self_fd, &st) < 0)
		return true;
	if (st.st_uid != geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return false;
	if (fstatvfs(self_fd, &vfs) == 0 && (vfs.f_flag & ST_RDONLY))
		return false;
	return !is_sealed(&st);
}

bool selfexec_is_exposed(void)
{
	AUTO_CLOSE int fd = open(SELF, O_PATH | O_CLOEXEC);

	return fd < 0 || is_exposed(fd);
}

static int copy_all(int from, int to)
{
	struct stat st;
	off_t at = 0;

	if (fstat(from, &st) < 0)
		return -errno;
	while (at < st.st_size) {
		ssize_t n = sendfile(to, from, &at, (size_t) (st.st_size - at));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO; /* it shrinks under us */
	}
	return 0;
}

/* seal - EBUSY: the kernel itself holds a page (it moves memory about) and has waited 150 ms already (fcntl(2)) */
static int seal(int fd)
{
	for (int i = 0; i < SEAL_ATTEMPTS; i++) {
		if (fcntl(fd, F_ADD_SEALS, ALL_SEALS) >= 0)
			return 0;
		if (errno != EBUSY)
			return -errno;
	}
	return -EBUSY;
}

static int sealed_copy(void)
{
	AUTO_CLOSE int from = open(SELF, O_RDONLY | O_CLOEXEC);
	AUTO_CLOSE int to = -1;
	int r;

	if (from < 0)
		return -errno;
	to = memfd_create("coracle", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	if (to < 0 && errno == EINVAL)
		to = memfd_create("coracle", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (to < 0)
		return -errno;
	r = copy_all(from, to);
	if (r < 0)
		return r;
	r = seal(to);
	return r < 0 ? r : TAKE_FD(to);
}

/* What to execute: the binary itself, or a copy that nobody can write. */
static int open_program(const char *name, struct error *err)
{
	AUTO_CLOSE int fd = open(SELF, O_PATH | O_CLOEXEC);
	int copy;

	if (fd < 0)
		return error_errno(err, errno, "%s: open " SELF ": is /proc mounted?", name);
	if (!is_exposed(fd))
		return TAKE_FD(fd);
	copy = sealed_copy();
	if (copy < 0)
		return error_errno(err, -copy,
		                   "%s: make a protected copy of this program: install it owned "
		                   "by root to need none",
		                   name);
	return copy;
}

pid_t selfexec_start(const struct selfexec *request, struct error *err)
{
	AUTO_CLOSE int program = open_program(request->name, err);
	AUTO_FREE int *place = NULL;
	const char *argv[] = {request->name, request->argument, NULL};
	struct child child = {
		.argv = argv,
		.stdio = {request->stdio[0], request->stdio[1], request->stdio[2]},
		.place_count = 1 + request->fd_count,
		.new_session = request->new_session,
	};

	if (program < 0)
		return program;
	place = xcalloc(child.place_count, sizeof *place);
	place[0] = request->request_fd;
	if (request->fd_count)
		(void) memcpy(place + 1, request->fds, request->fd_count * sizeof *place);
	child.exec_fd = program;
	child.place = place;
	return child_start(&child, request->name, NULL, err);
}

int selfexec_protect(char *const *argv, struct error *err)
{
	AUTO_FREE char *text = NULL;
	AUTO_TEXTS struct texts words = {0};
	int copy, r;
	size_t length = 0;

	(void) argv;
	if (!selfexec_is_exposed())
		return 0;
	copy = sealed_copy();
	if (copy < 0)
		return error_errno(err, -copy, "make a protected copy of this program: install it owned by root to need none");
	/* the words as the kernel has them: options may stand in front of what is left of them here */
	r = file_read(AT_FDCWD, "/proc/self/cmdline", CMDLINE_MAX, &text, &length);
	for (size_t at = 0; r >= 0 && at < length; at += strlen(text + at) + 1)
		texts_add(&words, text + at);
	if (r >= 0 && words.count) {
		(void) syscall(SYS_execveat, copy, "", words.items, environ, AT_EMPTY_PATH);
		r = -errno;
	}
	(void) close(copy);
	return error_errno(err, r < 0 ? -r : EINVAL, "execute a protected copy of this program");
}
