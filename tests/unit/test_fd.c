/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_fd.c - descriptors travel, are sealed and flagged */
#include "coracle/base/fd.h"

#include "scratch.h"

#include <sys/mman.h>
#include <sys/socket.h>

#include "suite.h"

static const int kinds[] = {SOCK_SEQPACKET, SOCK_STREAM};

START_TEST(message_carries_bytes_and_descriptors)
{
	int ends[2], got[3];
	int sent[] = {0, 1};
	char bytes[8] = "";
	size_t count = 9;

	ck_assert_int_eq(socketpair(AF_UNIX, kinds[_i] | SOCK_CLOEXEC, 0, ends), 0);
	ck_assert_int_eq(fd_send(ends[0], "hello", 5, sent, 2), 0);
	ck_assert_int_eq(fd_receive(ends[1], bytes, sizeof bytes, got, 3, &count), 5);
	ck_assert_str_eq(bytes, "hello");
	ck_assert_uint_eq(count, 2);
	ck_assert_int_eq(got[2], -1);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(fcntl(got[i], F_GETFD), FD_CLOEXEC);
		(void) close(got[i]);
	}
	(void) close(ends[0]);
	ck_assert_int_eq(fd_receive(ends[1], bytes, sizeof bytes, got, 3, &count), 0);
	ck_assert_uint_eq(count, 0);
	ck_assert_int_eq(fd_send(ends[1], "x", 1, NULL, 0), -EPIPE);
	(void) close(ends[1]);
}
END_TEST

START_TEST(surplus_descriptors_are_closed_and_refused)
{
	int ends[2], got[1], before = dup(0), after;
	int sent[] = {0, 1, 2};
	char byte;
	size_t count;

	(void) close(before);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	ck_assert_int_eq(fd_send(ends[0], "x", 1, sent, 3), 0);
	ck_assert_int_eq(fd_receive(ends[1], &byte, 1, got, 1, &count), -EPROTO);
	ck_assert_int_eq(got[0], -1);
	ck_assert_int_eq(fd_send(ends[0], "xy", 2, NULL, 0), 0);
	ck_assert_int_eq(fd_receive(ends[1], &byte, 1, NULL, 0, &count), -EMSGSIZE);
	(void) close(ends[0]);
	(void) close(ends[1]);
	after = dup(0);
	(void) close(after);
	ck_assert_int_eq(after, before);
}
END_TEST

START_TEST(memory_can_be_read_but_not_changed)
{
	AUTO_CLOSE int fd = fd_memory("test", "content", 7);
	AUTO_FREE char *text = NULL;

	ck_assert_int_ge(fd, 3);
	ck_assert_int_eq(file_read_fd(fd, 100, &text, NULL), 0);
	ck_assert_str_eq(text, "content");
	ck_assert_int_eq(write(fd, "x", 1), -1);
	ck_assert_int_eq(ftruncate(fd, 0), -1);
	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
}
END_TEST

START_TEST(flags_go_on_and_off)
{
	AUTO_CLOSE int fd = fd_copy(0);

	ck_assert_int_ge(fd, 3);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fd_set_cloexec(fd, false), 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), 0);
	ck_assert_int_eq(fd_set_cloexec(-1, true), -EBADF);
	ck_assert_int_eq(fd_copy(-1), -EBADF);
}
END_TEST

START_TEST(nonblocking_mode_shows_in_read)
{
	int ends[2];
	char byte;

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	ck_assert_int_eq(fd_set_nonblocking(ends[0], true), 0);
	ck_assert_int_eq(read(ends[0], &byte, 1), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_eq(fd_set_nonblocking(ends[0], false), 0);
	ck_assert_int_eq(fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0);
	(void) close(ends[0]);
	(void) close(ends[1]);
}
END_TEST

START_TEST(standard_descriptors_are_filled_in)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		(void) close(0);
		(void) close(1);
		if (fd_open_standard() < 0 || fcntl(0, F_GETFD) < 0 || fcntl(1, F_GETFD) < 0)
			_exit(1);
		_exit(open("/dev/null", O_RDONLY | O_CLOEXEC) < 3);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(ranges_have_two_ends)
{
	int fds[3];

	for (int i = 0; i < 3; i++) {
		fds[i] = fcntl(STDERR_FILENO, F_DUPFD, 700 + i);
		ck_assert_int_eq(fds[i], 700 + i);
	}
	fd_range_cloexec(701, 701);
	ck_assert_int_eq(fcntl(700, F_GETFD), 0);
	ck_assert_int_eq(fcntl(701, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fcntl(702, F_GETFD), 0);
	fd_range_close(702, 701);
	fd_range_close(700, 701);
	ck_assert_int_eq(fcntl(700, F_GETFD), -1);
	ck_assert_int_eq(fcntl(701, F_GETFD), -1);
	fd_range_close(702, ~0U);
	ck_assert_int_eq(fcntl(702, F_GETFD), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fd");
	TCase *tcase = tcase_create("fd");

	tcase_add_loop_test(tcase, message_carries_bytes_and_descriptors, 0, ARRAY_LEN(kinds));
	tcase_add_test(tcase, surplus_descriptors_are_closed_and_refused);
	tcase_add_test(tcase, memory_can_be_read_but_not_changed);
	tcase_add_test(tcase, flags_go_on_and_off);
	tcase_add_test(tcase, nonblocking_mode_shows_in_read);
	tcase_add_test(tcase, standard_descriptors_are_filled_in);
	tcase_add_test(tcase, ranges_have_two_ends);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
