/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_container_name.c - valid names, and made-up ones that are free */
#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/state/state.h"

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "suite.h"

static char folder[] = "/tmp/coracle-names-XXXXXX";
static struct paths paths;

static void setup(void)
{
	(void) memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	paths = (struct paths){.data = folder, .data_fd = directory_open(AT_FDCWD, folder)};
	ck_assert_int_ge(paths.data_fd, 0);
}

static void teardown(void)
{
	(void) close(paths.data_fd);
	ck_assert_int_eq(tree_remove(AT_FDCWD, folder), 0);
}

static const char *const good[] = {"a", "0", "A", "web", "web-1", "web_1", "web.1", "a--b__c..d", "0_"};
static const char *const bad[] = {"", "-a", "_a", ".a", "..", "a b", "a/b", "/a", "a:b", "a\n", "\xc3\xa9",
                                  "a\xc3\xa9"};

START_TEST(accepts_name)
{
	ck_assert(name_is_valid(good[_i]));
}
END_TEST

START_TEST(refuses_name)
{
	ck_assert(!name_is_valid(bad[_i]));
}
END_TEST

START_TEST(bounds_length)
{
	char name[202];

	(void) memset(name, 'a', sizeof name);
	name[201] = '\0';
	ck_assert(!name_is_valid(name));
	name[200] = '\0';
	ck_assert(name_is_valid(name));
}
END_TEST

START_TEST(makes_two_words)
{
	AUTO_FREE char *first = name_generate(&paths);
	unsigned same = 0;

	ck_assert(name_is_valid(first));
	for (unsigned i = 0; i < 50; i++) {
		AUTO_FREE char *name = name_generate(&paths);
		size_t left = strspn(name, "abcdefghijklmnopqrstuvwxyz");

		ck_assert_int_eq(name[left], '_');
		ck_assert_uint_gt(left, 1);
		ck_assert_uint_eq(left + 1 + strspn(name + left + 1, "abcdefghijklmnopqrstuvwxyz"),
		                  strlen(name));
		same += strcmp(name, first) == 0;
	}
	ck_assert_uint_lt(same, 3);
}
END_TEST

START_TEST(passes_over_names_in_use)
{
	AUTO_TEXTS struct texts taken = {0};
	char *name = NULL;

	ck_assert_int_eq(mkdirat(paths.data_fd, "names", 0700), 0);
	/* claim many: what comes must be none of them, a dangling link counting as a claim */
	for (unsigned i = 0; i < 1000; i++) {
		AUTO_FREE char *path = NULL;

		name = name_generate(&paths);
		ck_assert(!texts_has(&taken, name));
		path = xprintf("names/%s", name);
		ck_assert_int_eq(symlinkat("../containers/gone", paths.data_fd, path), 0);
		texts_take(&taken, name);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("container_name");
	TCase *tcase = tcase_create("container_name");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, accepts_name, 0, ARRAY_LEN(good));
	tcase_add_loop_test(tcase, refuses_name, 0, ARRAY_LEN(bad));
	tcase_add_test(tcase, bounds_length);
	tcase_add_test(tcase, makes_two_words);
	tcase_add_test(tcase, passes_over_names_in_use);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
