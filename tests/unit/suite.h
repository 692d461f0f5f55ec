/* SPDX-License-Identifier: GPL-2.0-or-later */
/* suite.h - the end of each unit test's main() */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <check.h>

/* suite_run - takes the suite over, runs it as Check's environment variables say; the program's exit status */
static inline int suite_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

#endif
