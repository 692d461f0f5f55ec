/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apart.c - work in a forked process that answers with one struct; see apart.h */
#include "apart.h"

#include "coracle/base/file.h"
#include "coracle/base/spawn.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

pid_t apart_fork(int death_signal, const char *what, int *fd, struct error *err)
{
	pid_t parent = getpid(), pid;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_errno(err, errno, "pipe");
	pid = fork();
	if (pid < 0) {
		int errnum = errno;

		(void) close(fds[0]);
		(void) close(fds[1]);
		return error_errno(err, errnum, "%s", what);
	}
	if (pid == 0) {
		if (prctl(PR_SET_PDEATHSIG, death_signal) < 0 || getppid() != parent)
			_exit(1);
		(void) close(fds[0]);
		*fd = fds[1];
		return 0;
	}
	(void) close(fds[1]);
	*fd = fds[0];
	return pid;
}

void apart_answer(int fd, const void *outcome, size_t size)
{
	(void) !write_all(fd, outcome, size);
	_exit(0);
}

bool apart_finish(pid_t pid, int fd, void *outcome, size_t size, int *status)
{
	int ignored = 0;
	ssize_t n;

	do
		n = read(fd, outcome, size);
	while (n < 0 && errno == EINTR);
	(void) close(fd);
	/* it is ours, and its end of the pipe is closed or about to be */
	(void) !spawn_wait(pid, status ? status : &ignored);
	return n == (ssize_t) size;
}

int apart_counter(_Atomic uint64_t **counter, struct error *err)
{
	void *shared;

	if (*counter)
		return 0;
	shared = mmap(NULL, sizeof **counter, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return error_errno(err, errno, "memory for a worker");
	*counter = shared;
	return 0;
}

void apart_counter_done(_Atomic uint64_t **counter)
{
	if (*counter)
		(void) munmap(*counter, sizeof **counter);
	*counter = NULL;
}
