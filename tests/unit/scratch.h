/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scratch.h - what unit tests share: a directory that goes away, and a child in its own namespaces */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"

#include <check.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

struct scratch {
	char *path; /* owned */
	int fd;
};

static inline void scratch_done(struct scratch *scratch)
{
	(void) close(scratch->fd);
	ck_assert_int_eq(tree_remove(AT_FDCWD, scratch->path), 0);
	free(scratch->path);
}
#define AUTO_SCRATCH AUTO(scratch_done)

static inline struct scratch scratch_new(void)
{
	const char *top = getenv("TMPDIR");
	struct scratch scratch = {.path = xprintf("%s/coracle-test-XXXXXX", top ? top : "/tmp")};

	ck_assert_ptr_nonnull(mkdtemp(scratch.path));
	scratch.fd = open(scratch.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(scratch.fd, 0);
	return scratch;
}

static inline void scratch_file(const struct scratch *scratch, const char *path, const char *text)
{
	ck_assert_int_eq(file_write(scratch->fd, path, text, strlen(text), 0644, FILE_FAST), 0);
}

static inline bool scratch_has(const struct scratch *scratch, const char *path)
{
	struct stat st;

	return fstatat(scratch->fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/*
 * CHECK - in a child of a test: leave with the line that went wrong
 *
 * Not ck_assert there: each of them, a good one too, writes into the file by which the test's own process tells Check
 * what came out; a child that is killed in that write tears it, and Check ends with "Bad message type".
 */
#define CHECK(condition)                                                                     \
	do {                                                                                 \
		if (!(condition)) {                                                          \
			fprintf(stderr, "# line %d: %s (%s)\n", __LINE__, #condition,        \
			        strerror(errno));                                            \
			_exit(1);                                                            \
		}                                                                            \
	} while (0)

static inline void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	CHECK(fd >= 0);
	CHECK(write_all(fd, text, strlen(text)) == 0);
	(void) close(fd);
}

/* in_namespaces - run body as root of new user and mount namespaces; it fails where there are none */
static inline void in_namespaces(void (*body)(const void *), const void *argument)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		unsigned uid = geteuid(), gid = getegid();
		AUTO_FREE char *uids = xprintf("0 %u 1", uid);
		AUTO_FREE char *gids = xprintf("0 %u 1", gid);

		CHECK(unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0);
		write_file("/proc/self/setgroups", "deny");
		write_file("/proc/self/uid_map", uids);
		write_file("/proc/self/gid_map", gids);
		body(argument);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

#endif
