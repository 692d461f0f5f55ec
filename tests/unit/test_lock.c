/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_lock.c - file locks exclude and end with their descriptor */
#include "coracle/sys/lock.h"

#include "scratch.h"
#include "suite.h"

START_TEST(exclusive_excludes_all_until_closed)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	int held = lock_take(scratch.fd, "l", LOCK_MODE_EXCLUSIVE, LOCK_WAIT);
	struct stat st;

	ck_assert_int_ge(held, 0);
	ck_assert_int_eq(fstat(held, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert(lock_is_held(scratch.fd, "l"));
	ck_assert_int_eq(lock_take(scratch.fd, "l", LOCK_MODE_SHARED, LOCK_TRY), -EWOULDBLOCK);
	ck_assert_int_eq(lock_take(scratch.fd, "l", LOCK_MODE_EXCLUSIVE, LOCK_TRY), -EWOULDBLOCK);
	(void) close(held);
	ck_assert(!lock_is_held(scratch.fd, "l"));
	held = lock_take(scratch.fd, "l", LOCK_MODE_EXCLUSIVE, LOCK_TRY);
	ck_assert_int_ge(held, 0);
	(void) close(held);
}
END_TEST

START_TEST(shared_locks_live_together)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	AUTO_CLOSE int one = lock_take(scratch.fd, "l", LOCK_MODE_SHARED, LOCK_TRY);
	AUTO_CLOSE int two = lock_take(scratch.fd, "l", LOCK_MODE_SHARED, LOCK_TRY);

	ck_assert_int_ge(one, 0);
	ck_assert_int_ge(two, 0);
	ck_assert(!lock_is_held(scratch.fd, "l"));
	ck_assert_int_eq(lock_take(scratch.fd, "l", LOCK_MODE_EXCLUSIVE, LOCK_TRY), -EWOULDBLOCK);
}
END_TEST

START_TEST(a_file_that_was_removed_does_not_count)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	AUTO_CLOSE int old = lock_take(scratch.fd, "l", LOCK_MODE_EXCLUSIVE, LOCK_WAIT);
	AUTO_CLOSE int new = -1;

	ck_assert_int_eq(unlinkat(scratch.fd, "l", 0), 0);
	ck_assert(!lock_is_held(scratch.fd, "l"));
	new = lock_take(scratch.fd, "l", LOCK_MODE_EXCLUSIVE, LOCK_TRY);
	ck_assert_int_ge(new, 0);
	ck_assert_int_ge(old, 0);
}
END_TEST

START_TEST(follows_no_symlink)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();

	ck_assert_int_eq(symlinkat("elsewhere", scratch.fd, "l"), 0);
	ck_assert_int_eq(lock_take(scratch.fd, "l", LOCK_MODE_EXCLUSIVE, LOCK_TRY), -ELOOP);
	ck_assert(!scratch_has(&scratch, "elsewhere"));
	ck_assert(!lock_is_held(scratch.fd, "none"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lock");
	TCase *tcase = tcase_create("lock");

	tcase_add_test(tcase, exclusive_excludes_all_until_closed);
	tcase_add_test(tcase, shared_locks_live_together);
	tcase_add_test(tcase, a_file_that_was_removed_does_not_count);
	tcase_add_test(tcase, follows_no_symlink);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
