/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_human.c - durations and sizes read as docker's and podman's */
#include "coracle/base/clock.h"
#include "coracle/format/human.h"

#include <check.h>

#include "suite.h"

#define MINUTE UINT64_C(60)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

static const struct {
	uint64_t seconds;
	const char *words;
} durations[] = {
	{0, "Less than a second"},
	{1, "1 second"},
	{2, "2 seconds"},
	{59, "59 seconds"},
	{60, "About a minute"},
	{119, "About a minute"},
	{120, "2 minutes"},
	{59 * MINUTE + 59, "59 minutes"},
	{HOUR, "About an hour"},
	{HOUR + 29 * MINUTE, "About an hour"},
	{HOUR + 30 * MINUTE, "2 hours"},
	{47 * HOUR + 29 * MINUTE, "47 hours"},
	{48 * HOUR, "2 days"},
	{13 * DAY, "13 days"},
	{14 * DAY, "2 weeks"},
	{59 * DAY, "8 weeks"},
	{60 * DAY, "2 months"},
	{729 * DAY, "24 months"},
	{730 * DAY, "2 years"},
};

START_TEST(duration_in_words)
{
	char text[HUMAN_TEXT_SIZE];

	ck_assert_str_eq(human_duration(durations[_i].seconds * NS_PER_SECOND, text),
	                 durations[_i].words);
}
END_TEST

START_TEST(fractions_of_a_second_do_not_round_up)
{
	char text[HUMAN_TEXT_SIZE];

	ck_assert_str_eq(human_duration(NS_PER_SECOND - 1, text), "Less than a second");
}
END_TEST

START_TEST(ago_counts_from_now_and_the_future_is_now)
{
	char text[HUMAN_TEXT_SIZE];

	ck_assert_str_eq(human_ago(0, 180 * NS_PER_SECOND, text), "3 minutes ago");
	ck_assert_str_eq(human_ago(9 * NS_PER_SECOND, 0, text), "Less than a second ago");
	ck_assert_str_eq(human_ago(0, UINT64_MAX, text), "584 years ago");
}
END_TEST

static const struct {
	char *(*print)(uint64_t, char[static HUMAN_TEXT_SIZE]);
	uint64_t bytes;
	const char *words;
} sizes[] = {
	{human_size, 0, "0B"},
	{human_size, 999, "999B"},
	{human_size, 1000, "1kB"},
	{human_size, 7790000, "7.79MB"},
	{human_size, 77900000, "77.9MB"},
	{human_size, 123456789, "123MB"},
	{human_size, 999499, "999kB"},
	{human_size, 999600, "1MB"},
	{human_size, 1500000000, "1.5GB"},
	{human_size, UINT64_MAX, "18.4EB"},
	{human_size_blank, 2000000, "2 MB"},
	{human_size_blank, 12, "12 B"},
	{human_size_exact, 25280000000, "25.28GB"},
	{human_size_exact, 602100, "602.1kB"},
	{human_size_exact, 0, "0B"},
	{human_size_iec, 1023, "1023B"},
	{human_size_iec, 1024, "1KiB"},
	{human_size_iec, 12897485, "12.3MiB"},
	{human_size_iec, UINT64_C(2040109466), "1.9GiB"},
	{human_size_iec, UINT64_MAX, "16EiB"},
};

START_TEST(size_in_words)
{
	char text[HUMAN_TEXT_SIZE];

	ck_assert_str_eq(sizes[_i].print(sizes[_i].bytes, text), sizes[_i].words);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("human");
	TCase *tcase = tcase_create("human");

	tcase_add_loop_test(tcase, duration_in_words, 0, ARRAY_LEN(durations));
	tcase_add_test(tcase, fractions_of_a_second_do_not_round_up);
	tcase_add_test(tcase, ago_counts_from_now_and_the_future_is_now);
	tcase_add_loop_test(tcase, size_in_words, 0, ARRAY_LEN(sizes));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
