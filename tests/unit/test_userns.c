/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_userns.c - entering a user namespace while another thread is about to end */
#include "coracle/userns/userns.h"

#include <pthread.h>
#include <time.h>

#include "scratch.h"
#include "suite.h"

static void *sleep_a_little(void *unused)
{
	const struct timespec while_ = {.tv_nsec = 200 * 1000000L};

	(void) nanosleep(&while_, NULL);
	return unused;
}

/* enter - exit status for a process of its own, since nobody comes back from there; 77: not permitted on this machine */
static int enter(bool with_thread)
{
	struct paths paths = {.data_fd = -1, .runtime_fd = -1};
	struct userns *userns;
	struct error err = {0};
	pthread_t thread;

	if (userns_begin(&paths, &userns, &err) < 0)
		return 77;
	if (with_thread && pthread_create(&thread, NULL, sleep_a_little, NULL) != 0)
		return 2;
	if (userns_enter(userns, &err) < 0) {
		(void) fprintf(stderr, "%s\n", err.text);
		return with_thread ? 1 : 77;
	}
	userns_free(userns);
	return geteuid() == 0 ? 0 : 1;
}

static int entered(bool with_thread)
{
	int status = -1;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(enter(with_thread));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

START_TEST(waits_for_a_thread_that_ends)
{
	int alone = entered(false);

	if (WIFEXITED(alone) && WEXITSTATUS(alone) == 77)
		return; /* no user namespaces here */
	ck_assert_int_eq(alone, 0);
	ck_assert_int_eq(entered(true), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("userns");
	TCase *tcase = tcase_create("userns");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, waits_for_a_thread_that_ends);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
