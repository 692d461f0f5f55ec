/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_subid.c - /etc/subuid: whose lines count, and which */
#include "coracle/userns/subid.h"

#include "scratch.h"
#include "suite.h"

static const struct {
	const char *text;
	size_t count;
	uint64_t outside, size; /* of the first */
} lines[] = {
	{"ann:100000:65536\n", 1, 100000, 65536},
	{"ann:100000:65536", 1, 100000, 65536},
	{"1000:100000:65536\n", 1, 100000, 65536},
	{"bob:1:1\nann:200000:10\nann:300000:20\n", 2, 200000, 10},
	{"", 0, 0, 0},
	{"\n\n\n", 0, 0, 0},
	{"anna:100000:65536\n", 0, 0, 0},
	{"an:100000:65536\n", 0, 0, 0},
	{"10000:100000:65536\n", 0, 0, 0},
	{"100:100000:65536\n", 0, 0, 0},
	{"ann:100000\n", 0, 0, 0},
	{"ann\n", 0, 0, 0},
	{"ann::\n", 0, 0, 0},
	{"ann:100000:\n", 0, 0, 0},
	{"ann:100000:0\n", 0, 0, 0},
	{"ann:-1:65536\n", 0, 0, 0},
	{"ann:+1:65536\n", 0, 0, 0},
	{"ann:0x10:65536\n", 0, 0, 0},
	{"ann:100000:65536:1\n", 0, 0, 0},
	{"ann: 100000:65536\n", 0, 0, 0},
	{"ann:100000:65536 \n", 0, 0, 0},
	{"ann:100000:65536\r\n", 0, 0, 0},
	{" ann:100000:65536\n", 0, 0, 0},
	{"#ann:100000:65536\nann:5:6\n", 1, 5, 6},
	/* 4294967295 is no id: (uid_t) -1 */
	{"ann:4294967294:1\n", 1, 4294967294, 1},
	{"ann:4294967295:1\n", 0, 0, 0},
	{"ann:4294967294:2\n", 0, 0, 0},
	{"ann:0:4294967294\n", 1, 0, 4294967294},
	{"ann:18446744073709551615:1\n", 0, 0, 0},
	{"ann:1:18446744073709551616\n", 0, 0, 0},
	{"ann:000000000000000000000000001:1\n", 0, 0, 0},
};

START_TEST(counts_the_lines_of_a_user)
{
	struct id_range out[4] = {{7, 7, 7}};
	size_t count = subid_parse(lines[_i].text, "ann", 1000, out, ARRAY_LEN(out));

	ck_assert_msg(count == lines[_i].count, "\"%s\": %zu", lines[_i].text, count);
	if (count) {
		ck_assert_uint_eq(out[0].inside, 0);
		ck_assert_uint_eq(out[0].outside, lines[_i].outside);
		ck_assert_uint_eq(out[0].count, lines[_i].size);
	}
}
END_TEST

START_TEST(needs_no_name)
{
	struct id_range out[4];

	ck_assert_uint_eq(subid_parse("ann:1:2\n1000:3:4\n:5:6\n", NULL, 1000, out, 4), 1);
	ck_assert_uint_eq(out[0].outside, 3);
}
END_TEST

START_TEST(stops_at_the_maximum)
{
	struct id_range out[3] = {{0}, {0}, {9, 9, 9}};

	ck_assert_uint_eq(subid_parse("ann:1:1\nann:2:1\nann:3:1\n", "ann", 1000, out, 2), 2);
	ck_assert_uint_eq(out[1].outside, 2);
	ck_assert_uint_eq(out[2].outside, 9);
}
END_TEST

START_TEST(tells_an_absent_file_from_one_without_the_user)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	AUTO_FREE char *path = xprintf("%s/subuid", scratch.path);
	struct id_range out[2];

	ck_assert_int_eq(subid_read(path, "ann", 1000, out, 2), -ENOENT);
	scratch_file(&scratch, "subuid", "bob:1:2\n");
	ck_assert_int_eq(subid_read(path, "ann", 1000, out, 2), 0);
	scratch_file(&scratch, "subuid", "ann:1:2\n");
	ck_assert_int_eq(subid_read(path, "ann", 1000, out, 2), 1);
}
END_TEST

static const struct {
	const char *text;
	int result;
} maps[] = {
	{"         0       1000          1\n         1     100000      65536\n", 2},
	{"0 0 4294967295\n", 1},
	{"", 0},
	{"0 0\n", -EINVAL},
	{"a b c\n", -EINVAL},
};

START_TEST(reads_the_map_of_a_namespace)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	AUTO_FREE char *path = xprintf("%s/uid_map", scratch.path);
	struct id_range out[4];

	scratch_file(&scratch, "uid_map", maps[_i].text);
	ck_assert_int_eq(userns_read_map(path, out, 4), maps[_i].result);
	if (maps[_i].result == 2) {
		ck_assert_uint_eq(out[1].inside, 1);
		ck_assert_uint_eq(out[1].outside, 100000);
		ck_assert_uint_eq(out[1].count, 65536);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("subid");
	TCase *tcase = tcase_create("subid");

	tcase_add_loop_test(tcase, counts_the_lines_of_a_user, 0, ARRAY_LEN(lines));
	tcase_add_test(tcase, needs_no_name);
	tcase_add_test(tcase, stops_at_the_maximum);
	tcase_add_test(tcase, tells_an_absent_file_from_one_without_the_user);
	tcase_add_loop_test(tcase, reads_the_map_of_a_namespace, 0, ARRAY_LEN(maps));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
