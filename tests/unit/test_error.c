/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_error.c - errors keep one plain line and gather context */
#include "coracle/base/error.h"

#include <check.h>
#include <string.h>

#include "suite.h"

START_TEST(keeps_one_plain_line)
{
	struct error err = {0};

	ck_assert_int_eq(error_set(&err, ERROR_INVALID, "a\nb\x1b[31mc"), -EINVAL);
	ck_assert_str_eq(err.text, "a?b?[31mc");
}
END_TEST

START_TEST(wraps_from_the_inside_out)
{
	struct error err = {0};
	int r = error_errno(&err, ENOENT, "%s", "config.json");

	ck_assert_int_eq(error_wrap(&err, r, "container %s", "web"), -ENOENT);
	ck_assert_str_eq(err.text, "container web: config.json: No such file or directory");
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
}
END_TEST

START_TEST(cuts_what_is_too_long)
{
	struct error err = {0};
	char line[5000];

	(void) memset(line, 'x', sizeof line);
	line[sizeof line - 1] = '\0';
	(void) error_set(&err, ERROR_SYSTEM, "%s", line);
	ck_assert_uint_eq(strlen(err.text), sizeof err.text - 1);
	(void) error_wrap(&err, -EIO, "ctx");
	ck_assert_uint_eq(strlen(err.text), sizeof err.text - 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("error");
	TCase *tcase = tcase_create("error");

	tcase_add_test(tcase, keeps_one_plain_line);
	tcase_add_test(tcase, wraps_from_the_inside_out);
	tcase_add_test(tcase, cuts_what_is_too_long);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
