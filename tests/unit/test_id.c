/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_id.c - random identifiers */
#include "coracle/base/id.h"

#include <check.h>
#include <string.h>

#include "suite.h"

START_TEST(ids_are_hex_distinct_and_not_numbers)
{
	char last[ID_LENGTH + 1] = "";

	/* 12 decimal digits come up once in 280: 5000 draws would show one */
	for (int i = 0; i < 5000; i++) {
		char id[ID_LENGTH + 1];

		id_random(id);
		ck_assert_uint_eq(strlen(id), ID_LENGTH);
		ck_assert(id_is_hex(id));
		ck_assert_uint_lt(strspn(id, "0123456789"), 12);
		ck_assert_str_ne(id, last);
		(void) memcpy(last, id, sizeof last);
	}
}
END_TEST

START_TEST(hex_is_lower_case_and_bounded)
{
	char longer[ID_LENGTH + 2];

	(void) memset(longer, 'a', sizeof longer);
	longer[ID_LENGTH + 1] = '\0';
	ck_assert(id_is_hex("0a"));
	ck_assert(id_is_hex(longer + 1));
	ck_assert(!id_is_hex(longer));
	ck_assert(!id_is_hex(""));
	ck_assert(!id_is_hex("0A"));
	ck_assert(!id_is_hex("../a"));
}
END_TEST

START_TEST(numbers_stay_below_the_bound_and_reach_all)
{
	unsigned seen = 0;

	for (int i = 0; i < 1000; i++) {
		unsigned n = id_random_number(5);

		ck_assert_uint_lt(n, 5);
		seen |= 1U << n;
	}
	ck_assert_uint_eq(seen, 31);
	ck_assert_uint_eq(id_random_number(1), 0);
	ck_assert_uint_eq(id_random_number(0), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("id");
	TCase *tcase = tcase_create("id");

	tcase_add_test(tcase, ids_are_hex_distinct_and_not_numbers);
	tcase_add_test(tcase, hex_is_lower_case_and_bounded);
	tcase_add_test(tcase, numbers_stay_below_the_bound_and_reach_all);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
