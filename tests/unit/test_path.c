/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_path.c - lexical paths as Go's path.Clean */
#include "coracle/base/path.h"

#include <check.h>

#include "suite.h"

static const struct {
	const char *from, *to;
} cleans[] = {
	{"", "."}, {".", "."}, {"/", "/"}, {"//", "/"}, {"a", "a"}, {"a/", "a"}, {"./a", "a"},
	{"a//b", "a/b"}, {"a/./b", "a/b"}, {"a/..", "."}, {"a/../b", "b"}, {"a/b/..", "a"},
	{"a/b/../..", "."}, {"..", ".."}, {"../..", "../.."}, {"a/../..", ".."}, {"../a/..", ".."},
	{"../../a/../b", "../../b"}, {"/..", "/"}, {"/../a", "/a"}, {"/a/../..", "/"},
	{"/a/b/../c/", "/a/c"}, {"/a/b/../../c", "/c"}, {"...", "..."}, {"/a/.../b", "/a/.../b"},
};

START_TEST(cleans_lexically)
{
	AUTO_FREE char *clean = path_clean(cleans[_i].from);

	ck_assert_str_eq(clean, cleans[_i].to);
}
END_TEST

static const struct {
	const char *base, *more, *joined;
} joins[] = {
	{"/a", "b", "/a/b"}, {"/a", "/b", "/b"}, {"/a", "../b", "/b"}, {"", "b", "b"},
	{"/a", "", "/a"}, {"/", "x", "/x"}, {"/a", ".", "/a"},
};

START_TEST(joins_unless_absolute)
{
	AUTO_FREE char *joined = path_join(joins[_i].base, joins[_i].more);

	ck_assert_str_eq(joined, joins[_i].joined);
}
END_TEST

START_TEST(below_counts_whole_components)
{
	ck_assert(path_is_below("/a/b", "/a"));
	ck_assert(path_is_below("/a", "/a"));
	ck_assert(path_is_below("/a", "/"));
	ck_assert(!path_is_below("/ab", "/a"));
	ck_assert(!path_is_below("/a", "/a/b"));
}
END_TEST

START_TEST(base_is_the_last_component)
{
	ck_assert_str_eq(path_base("/a/b"), "b");
	ck_assert_str_eq(path_base("b"), "b");
	ck_assert_str_eq(path_base("/b"), "b");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("path");
	TCase *tcase = tcase_create("path");

	tcase_add_loop_test(tcase, cleans_lexically, 0, ARRAY_LEN(cleans));
	tcase_add_loop_test(tcase, joins_unless_absolute, 0, ARRAY_LEN(joins));
	tcase_add_test(tcase, below_counts_whole_components);
	tcase_add_test(tcase, base_is_the_last_component);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
