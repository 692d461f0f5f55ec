/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_xattr.c - attributes of directory entries, never of what a symlink points to */
#include "coracle/sys/xattr.h"

#include "scratch.h"
#include "suite.h"

START_TEST(sets_and_gets)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	char value[8] = "";

	scratch_file(&scratch, "f", "");
	ck_assert_int_eq(xattr_get(scratch.fd, "f", "user.a", value, sizeof value), -ENODATA);
	ck_assert_int_eq(xattr_set(scratch.fd, "f", "user.a", "x\0y", 3), 0);
	ck_assert_int_eq(xattr_get(scratch.fd, "f", "user.a", value, sizeof value), 3);
	ck_assert_mem_eq(value, "x\0y", 3);
	ck_assert_int_eq(xattr_get(scratch.fd, "f", "user.a", value, 2), -ERANGE);
	ck_assert_int_eq(xattr_set(scratch.fd, ".", "user.a", "dir", 3), 0);
	ck_assert_int_eq(xattr_get(scratch.fd, ".", "user.a", value, sizeof value), 3);
}
END_TEST

START_TEST(does_not_follow_a_symlink)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	char value[8];

	scratch_file(&scratch, "f", "");
	ck_assert_int_eq(xattr_set(scratch.fd, "f", "user.a", "1", 1), 0);
	ck_assert_int_eq(symlinkat("f", scratch.fd, "l"), 0);
	/* xattr(7): symlinks hold no user attributes */
	ck_assert_int_eq(xattr_get(scratch.fd, "l", "user.a", value, sizeof value), -ENODATA);
	ck_assert_int_eq(xattr_set(scratch.fd, "l", "user.b", "1", 1), -EPERM);
	ck_assert_int_eq(xattr_get(scratch.fd, "f", "user.b", value, sizeof value), -ENODATA);
}
END_TEST

static const char *const bad[] = {"", "a/b", "../f", "..", "/etc/passwd"};

START_TEST(refuses_paths)
{
	ck_assert_int_eq(xattr_set(AT_FDCWD, bad[_i], "user.a", "1", 1), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("xattr");
	TCase *tcase = tcase_create("xattr");

	tcase_add_test(tcase, sets_and_gets);
	tcase_add_test(tcase, does_not_follow_a_symlink);
	tcase_add_loop_test(tcase, refuses_paths, 0, ARRAY_LEN(bad));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
