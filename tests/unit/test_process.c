/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_process.c - clone, pidfds and who a pid is */
#include "coracle/sys/process.h"

#include "scratch.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>

#include "suite.h"

START_TEST(clone_makes_a_child_in_new_namespaces)
{
	int pidfd = -1, status;
	pid_t pid = process_clone(CLONE_NEWUSER | CLONE_NEWPID, -1, &pidfd);

	if (pid == 0)
		_exit(getpid() == 1 ? 42 : 1);
	ck_assert_int_gt(pid, 0);
	ck_assert_int_ge(pidfd, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(process_exit_code(status), 42);
	(void) close(pidfd);
	ck_assert_int_eq(process_clone(0, 0, &pidfd), -EBADF); /* no cgroup directory */
}
END_TEST

START_TEST(pidfd_signals_exactly_that_process)
{
	int pidfd = -1, status;
	pid_t pid = process_clone(0, -1, &pidfd);
	AUTO_CLOSE int again = -1;

	if (pid == 0) {
		(void) pause();
		_exit(0);
	}
	again = process_open(pid, process_start_time(pid));
	ck_assert_int_ge(again, 0);
	ck_assert_int_eq(process_open(pid, process_start_time(pid) + 1), -ESRCH);
	ck_assert_int_eq(process_pidfd_signal(again, SIGKILL), 0);
	ck_assert_int_eq(poll(&(struct pollfd){.fd = pidfd, .events = POLLIN}, 1, 10000), 1);
	ck_assert(!process_is(pid, process_start_time(pid))); /* a zombie */
	ck_assert_int_eq(process_open(pid, process_start_time(pid)), -ESRCH);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(process_exit_code(status), 128 + SIGKILL);
	ck_assert_int_eq(process_pidfd_signal(again, 0), -ESRCH);
	ck_assert_uint_eq(process_start_time(pid), 0);
	(void) close(pidfd);
}
END_TEST

START_TEST(a_child_stands_for_a_parent_out_of_reach)
{
	int told[2], status;
	pid_t child = 0, parent;

	ck_assert_int_eq(pipe(told), 0);
	parent = process_clone(0, -1, NULL);
	if (parent == 0) {
		(void) prctl(PR_SET_DUMPABLE, 0);
		child = process_clone(0, -1, NULL);
		(void) prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (child == 0) {
			(void) prctl(PR_SET_DUMPABLE, 1);
			child = getpid();
			(void) !write(told[1], &child, sizeof child);
		}
		(void) pause();
		_exit(0);
	}
	ck_assert_int_eq(read(told[0], &child, sizeof child), sizeof child);
	/* root reaches everything */
	ck_assert_int_eq(process_reachable(parent), geteuid() == 0 ? parent : child);
	ck_assert_int_eq(process_reachable(child), child);
	(void) kill(child, SIGKILL);
	(void) kill(parent, SIGKILL);
	ck_assert_int_eq(waitpid(parent, &status, 0), parent);
	ck_assert_int_eq(process_reachable(parent), -ENOENT);
	(void) close(told[0]);
	(void) close(told[1]);
}
END_TEST

START_TEST(a_process_is_known_by_pid_and_start)
{
	uint64_t start = process_start_time(getpid());

	ck_assert_uint_gt(start, 0);
	ck_assert(process_is(getpid(), start));
	ck_assert(!process_is(getpid(), start + 1));
	ck_assert(!process_is(0, start));
	ck_assert(!process_is(-1, start));
	ck_assert_int_eq(process_open(0, start), -ESRCH);
}
END_TEST

START_TEST(name_may_hold_brackets_and_blanks)
{
	uint64_t before = process_start_time(getpid());

	write_file("/proc/self/comm", "a) Z 1 (b");
	ck_assert_uint_eq(process_start_time(getpid()), before);
	ck_assert(process_is(getpid(), before));
}
END_TEST

START_TEST(boot_id_has_36_characters)
{
	char id[37] = "";

	ck_assert_int_eq(process_boot_id(id), 0);
	ck_assert_uint_eq(strlen(id), 36);
	ck_assert_int_eq(id[8], '-');
}
END_TEST

static void check_namespace(const void *unused)
{
	(void) unused;
	CHECK(!process_in_first_userns());
}

/* root in one that somebody made is not the host's, whatever it maps */
START_TEST(a_user_namespace_that_was_made_is_not_the_first)
{
	in_namespaces(check_namespace, NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("process");
	TCase *tcase = tcase_create("process");

	tcase_add_test(tcase, clone_makes_a_child_in_new_namespaces);
	tcase_add_test(tcase, pidfd_signals_exactly_that_process);
	tcase_add_test(tcase, a_child_stands_for_a_parent_out_of_reach);
	tcase_add_test(tcase, a_process_is_known_by_pid_and_start);
	tcase_add_test(tcase, name_may_hold_brackets_and_blanks);
	tcase_add_test(tcase, boot_id_has_36_characters);
	tcase_add_test(tcase, a_user_namespace_that_was_made_is_not_the_first);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
