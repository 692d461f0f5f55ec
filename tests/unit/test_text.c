/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_text.c - the growing string keeps its maximum */
#include "coracle/base/text.h"

#include <check.h>
#include <string.h>

#include "suite.h"

START_TEST(is_empty_at_first)
{
	struct text text = TEXT_INIT(10);
	char *taken;

	ck_assert_str_eq(text_string(&text), "");
	taken = text_take(&text);
	ck_assert_str_eq(taken, "");
	free(taken);
}
END_TEST

START_TEST(grows_by_all_kinds_of_addition)
{
	AUTO_TEXT struct text text = TEXT_INIT(100);

	ck_assert_int_eq(text_add(&text, "ab"), 0);
	ck_assert_int_eq(text_add_char(&text, 'c'), 0);
	ck_assert_int_eq(text_add_bytes(&text, "d\0e", 3), 0);
	ck_assert_int_eq(text_printf(&text, "%d", 42), 0);
	ck_assert_uint_eq(text.length, 8);
	ck_assert_mem_eq(text.data, "abcd\0e42", 9);
}
END_TEST

START_TEST(refuses_what_passes_the_maximum_and_stays)
{
	AUTO_TEXT struct text text = TEXT_INIT(4);

	ck_assert_int_eq(text_add(&text, "abc"), 0);
	ck_assert_int_eq(text_add(&text, "de"), -E2BIG);
	ck_assert_str_eq(text_string(&text), "abc");
	ck_assert(text.cut);
	ck_assert_int_eq(text_add(&text, "d"), 0);
	text_clear(&text);
	ck_assert(!text.cut);
	ck_assert_str_eq(text_string(&text), "");
}
END_TEST

START_TEST(can_be_used_again_after_take)
{
	AUTO_TEXT struct text text = TEXT_INIT(3);
	char *taken;

	ck_assert_int_eq(text_add(&text, "abc"), 0);
	taken = text_take(&text);
	ck_assert_str_eq(taken, "abc");
	free(taken);
	ck_assert_int_eq(text_add(&text, "xyz"), 0);
	ck_assert_str_eq(text_string(&text), "xyz");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("text");
	TCase *tcase = tcase_create("text");

	tcase_add_test(tcase, is_empty_at_first);
	tcase_add_test(tcase, grows_by_all_kinds_of_addition);
	tcase_add_test(tcase, refuses_what_passes_the_maximum_and_stays);
	tcase_add_test(tcase, can_be_used_again_after_take);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
