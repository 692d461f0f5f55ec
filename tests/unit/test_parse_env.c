/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_parse_env.c - --env-file, --label-file and --entrypoint */
#include "coracle/base/alloc.h"
#include "coracle/parse/parse.h"

#include <check.h>
#include <string.h>

#include "suite.h"

struct good {
	const char *text, *is; /* items with "|" between */
};

struct bad {
	const char *text, *why;
};

static const char *lookup(const char *key)
{
	return strcmp(key, "HOME") == 0 ? "/home/me" : strcmp(key, "EMPTY") == 0 ? "" : NULL;
}

static const struct good files[] = {
	{"", ""},
	{"\n\n  \n\t\n", ""},
	{"# a comment\n   # another\n", ""},
	{"A=1", "A=1"},
	{"A=1\n", "A=1"},
	{"A=1\nB=2\n", "A=1|B=2"},
	{"A=1\r\nB=2\r\n", "A=1|B=2"},
	{"  A=1", "A=1"},
	{"\tA=1", "A=1"},
	{"A=", "A="},
	{"A==", "A=="},
	{"A=b=c", "A=b=c"},
	{"A=\"quoted\"", "A=\"quoted\""},
	{"A='x y'", "A='x y'"},
	{"A= x ", "A= x "},
	{"A=1 # not a comment", "A=1 # not a comment"},
	{"A=${B}", "A=${B}"},
	{"A=\\n", "A=\\n"},
	{"HOME", "HOME=/home/me"},
	{"EMPTY", "EMPTY="},
	{"ABSENT\nA=1", "A=1"},
	{"a.b-c=1", "a.b-c=1"},
	{"\xef\xbb\xbf" "A=1", "A=1"},
	{"A=\xc3\xa9", "A=\xc3\xa9"},
	{"A=1\nA=2", "A=1|A=2"},
	{"A*=1", "A*=1"},
};

static const struct bad bad_files[] = {
	{"=1", "f.env: line 1: no name stands before"},
	{"A=1\n =1", "f.env: line 2: no name stands before"},
	{"A=1\n\n# x\nA B=1", "f.env: line 4: the name \"A B\" holds a blank"},
	{"A =1", "holds a blank"},
	{"A\t=1", "holds a blank"},
	{"export A=1", "the name \"export A\" holds a blank"},
	{"HOME x", "holds a blank"},
	{"CI_*", "\"CI_*\": a name with \"*\" is not supported"},
	{"*", "is not supported"},
	{"A=\xff", "line 1: is not UTF-8"},
	{"\xff\xfe" "A\n", "is not UTF-8"},
};

START_TEST(reads_file)
{
	AUTO_TEXTS struct texts out = {0};
	AUTO_FREE char *is = NULL;
	struct error err = {0};
	const char *text = files[_i].text;

	ck_assert_int_eq(parse_env_file(text, strlen(text), "f.env", lookup, &out, &err), 0);
	is = texts_join(&out, "|");
	ck_assert_str_eq(is, files[_i].is);
}
END_TEST

START_TEST(refuses_file_and_leaves_output_alone)
{
	AUTO_TEXTS struct texts out = {0};
	struct error err = {0};
	const char *text = bad_files[_i].text;

	texts_add(&out, "OLD=1");
	ck_assert_int_lt(parse_env_file(text, strlen(text), "f.env", lookup, &out, &err), 0);
	ck_assert_uint_eq(out.count, 1);
	ck_assert_msg(strstr(err.text, bad_files[_i].why) != NULL, "%s", err.text);
}
END_TEST

START_TEST(keeps_labels_without_value)
{
	static const char text[] = "a.label\nb=2\n";
	AUTO_TEXTS struct texts out = {0};
	struct error err = {0};

	ck_assert_int_eq(parse_env_file(text, sizeof text - 1, "labels", NULL, &out, &err), 0);
	ck_assert_uint_eq(out.count, 2);
	ck_assert_str_eq(out.items[0], "a.label");
	ck_assert_str_eq(out.items[1], "b=2");
}
END_TEST

START_TEST(reads_by_length_and_refuses_nul)
{
	static const char cut[] = {'A', '=', '1', '\n', 'B', '=', '2', '2'};
	static const char nul[] = {'A', '=', '\0', '1'};
	AUTO_TEXTS struct texts out = {0};
	struct error err = {0};

	ck_assert_int_eq(parse_env_file(cut, 7, "f", lookup, &out, &err), 0);
	ck_assert_str_eq(out.items[1], "B=2");
	ck_assert_int_eq(parse_env_file(nul, sizeof nul, "f", lookup, &out, &err), -EINVAL);
	ck_assert_uint_eq(out.count, 2);
}
END_TEST

START_TEST(bounds_file_line_and_count)
{
	AUTO_TEXTS struct texts out = {0};
	AUTO_FREE char *big = xcalloc((1 << 20) + 1, 1);
	struct error err = {0};

	(void) memset(big, 'a', (1 << 20) + 1);
	ck_assert_int_eq(parse_env_file(big, (1 << 20) + 1, "f", lookup, &out, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "more than 1048576 bytes"));
	big[1] = '=';
	ck_assert_int_eq(parse_env_file(big, 131072, "f", lookup, &out, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "131071 bytes"));
	ck_assert_int_eq(parse_env_file(big, 131071, "f", lookup, &out, &err), 0);
	ck_assert_uint_eq(out.count, 1);
	for (size_t i = 0; i < 1 << 20; i += 4)
		(void) memcpy(big + i, "a=b\n", 4);
	ck_assert_int_eq(parse_env_file(big, 1 << 20, "f", lookup, &out, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "16384 variables"));
	ck_assert_uint_eq(out.count, 1);
}
END_TEST

static const struct good entrypoints[] = {
	{"", ""},
	{"/bin/sh", "/bin/sh"},
	{"sh -c x", "sh -c x"},
	{"[", "["},
	{"[x", "[x"},
	{"[]", ""},
	{"[\"a\"]", "a"},
	{"[\"/bin/sh\", \"-c\", \"echo hi\"]", "/bin/sh|-c|echo hi"},
	{"[\"a\\\"b\", \"\"]", "a\"b|"},
	{"{\"a\":1}", "{\"a\":1}"},
	{"\"quoted\"", "\"quoted\""},
};

static const struct bad bad_entrypoints[] = {
	{"[a]", "not JSON"},
	{"[\"a\",]", "not JSON"},
	{"[\"a\"] ]", "not JSON"},
	{"[1]", "[0] is not a string"},
	{"[\"a\", null]", "[1] is not a string"},
	{"[[\"a\"]]", "[0] is not a string"},
	{"[\"a\\u0000b\"]", "not JSON"},
	{"['a']", "not JSON"},
};

START_TEST(reads_entrypoint)
{
	AUTO_TEXTS struct texts out = {0};
	AUTO_FREE char *is = NULL;
	struct error err = {0};
	int r = parse_entrypoint(entrypoints[_i].text, &out, &err);

	ck_assert_msg(r == 0, "%s: %s", entrypoints[_i].text, err.text);
	is = texts_join(&out, "|");
	ck_assert_str_eq(is, entrypoints[_i].is);
}
END_TEST

START_TEST(refuses_entrypoint_and_leaves_output_alone)
{
	AUTO_TEXTS struct texts out = {0};
	struct error err = {0};

	ck_assert_int_eq(parse_entrypoint(bad_entrypoints[_i].text, &out, &err), -EINVAL);
	ck_assert_uint_eq(out.count, 0);
	ck_assert_msg(strstr(err.text, bad_entrypoints[_i].why) != NULL, "%s", err.text);
	ck_assert_ptr_nonnull(strstr(err.text, "[\"/bin/sh\",\"-c\"]"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parse_env");
	TCase *tcase = tcase_create("parse_env");

	tcase_add_loop_test(tcase, reads_file, 0, ARRAY_LEN(files));
	tcase_add_loop_test(tcase, refuses_file_and_leaves_output_alone, 0, ARRAY_LEN(bad_files));
	tcase_add_test(tcase, keeps_labels_without_value);
	tcase_add_test(tcase, reads_by_length_and_refuses_nul);
	tcase_add_test(tcase, bounds_file_line_and_count);
	tcase_add_loop_test(tcase, reads_entrypoint, 0, ARRAY_LEN(entrypoints));
	tcase_add_loop_test(tcase, refuses_entrypoint_and_leaves_output_alone, 0,
	                    ARRAY_LEN(bad_entrypoints));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
