/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_names.c - signals and resource limits by name */
#include "coracle/sys/names.h"

#include <check.h>
#include <signal.h>
#include <sys/resource.h>

#include "suite.h"

static const struct {
	const char *name;
	int number;
} signals[] = {
	{"TERM", SIGTERM}, {"SIGTERM", SIGTERM}, {"sigterm", SIGTERM}, {"15", 15}, {"HUP", SIGHUP},
	{"SIGIOT", SIGABRT}, {"poll", SIGIO}, {"RTMIN", 34}, {"RTMIN+3", 37}, {"SIGRTMAX-1", 63},
	{"SIGRTMAX", 64}, {"64", 64},
	{"0", -1}, {"65", -1}, {"-1", -1}, {"", -1}, {"SIG", -1}, {"NONE", -1}, {"RTMIN+31", -1},
	{"RTMIN-1", -1}, {"RTMAX+1", -1}, {"RTMIN+", -1}, {"TERM ", -1},
};

START_TEST(finds_signals_by_name)
{
	ck_assert_int_eq(signal_number(signals[_i].name), signals[_i].number);
}
END_TEST

START_TEST(every_signal_name_leads_back)
{
	char into[16];

	for (int i = 1; i <= 64; i++) {
		const char *name = signal_name(i, into);

		if (i == 32 || i == 33)
			ck_assert_ptr_null(name);
		else
			ck_assert_int_eq(signal_number(name), i);
	}
	ck_assert_str_eq(signal_name(SIGABRT, into), "SIGABRT");
	ck_assert_str_eq(signal_name(37, into), "SIGRTMIN+3");
	ck_assert_ptr_null(signal_name(0, into));
	ck_assert_ptr_null(signal_name(65, into));
}
END_TEST

START_TEST(every_limit_name_leads_back)
{
	for (int i = 0; i < (int) RLIM_NLIMITS; i++)
		ck_assert_int_eq(rlimit_number(rlimit_name(i)), i);
	ck_assert_int_eq(rlimit_number("nofile"), RLIMIT_NOFILE);
	ck_assert_int_eq(rlimit_number("RLIMIT_core"), RLIMIT_CORE);
	ck_assert_int_eq(rlimit_number("RLIMIT_"), -1);
	ck_assert_int_eq(rlimit_number("files"), -1);
	ck_assert_ptr_null(rlimit_name(-1));
	ck_assert_ptr_null(rlimit_name(99));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("names");
	TCase *tcase = tcase_create("names");

	tcase_add_loop_test(tcase, finds_signals_by_name, 0, ARRAY_LEN(signals));
	tcase_add_test(tcase, every_signal_name_leads_back);
	tcase_add_test(tcase, every_limit_name_leads_back);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
