/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_log_line.c - one line of a container's log file */
#include "coracle/base/alloc.h"

#include <check.h>
#include <string.h>

#include "../../src/container/log_line.h"
#include "suite.h"

#define TIME   "2026-11-21T21:18:10.5Z"
#define TIME_N UINT64_C(1795295890500000000)
#define J      LOG_JSON
#define K      LOG_K8S

static const struct {
	enum log_format format;
	const char *line;
	int stream;
	bool whole;
	const char *text;
} good[] = {
	{J, "{\"log\":\"hello\\n\",\"stream\":\"stdout\",\"time\":\"" TIME "\"}", 1, true, "hello"},
	{J, "{\"log\":\"part\",\"stream\":\"stderr\",\"time\":\"" TIME "\"}", 2, false, "part"},
	{J, "{\"log\":\"\\n\",\"stream\":\"stdout\",\"time\":\"" TIME "\"}", 1, true, ""},
	{J, "{\"log\":\"\",\"stream\":\"stdout\",\"time\":\"" TIME "\"}", 1, false, ""},
	{J, " { \"time\" : \"" TIME "\" , \"x\":\"y\", \"stream\":\"stdout\" ,\"log\":\"a\\r\\n\" } ", 1, true, "a\r"},
	{J, "{\"log\":\"\\\"\\\\\\/\\b\\f\\t\\u001b\\u00e4\\u20ac\\ud83d\\ude00\\n\",\"stream\":\"stdout\",\"time\":\"" TIME "\"}",
	 1, true, "\"\\/\b\f\t\x1b\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
	/* half of a pair */
	{J, "{\"log\":\"\\ud83dx\\udc00\",\"stream\":\"stdout\",\"time\":\"" TIME "\"}", 1, false,
	 "\xef\xbf\xbdx\xef\xbf\xbd"},
	{J, "{\"log\":\"\\ud83d\\u0041\",\"stream\":\"stdout\",\"time\":\"" TIME "\"}", 1, false, "\xef\xbf\xbd" "A"},
	/* bytes that are no UTF-8 */
	{J, "{\"log\":\"\xff\xfe\\n\",\"stream\":\"stdout\",\"time\":\"" TIME "\"}", 1, true, "\xff\xfe"},
	{K, TIME " stdout F hello", 1, true, "hello"},
	{K, TIME " stderr P part ", 2, false, "part "},
	{K, TIME " stdout F ", 1, true, ""},
	{K, TIME " stdout F  two  blanks", 1, true, " two  blanks"},
};

START_TEST(reads_what_it_says)
{
	AUTO_FREE char *line = xstrdup(good[_i].line);
	struct log_entry entry = {0};

	ck_assert_int_eq(log_line_parse(good[_i].format, line, strlen(good[_i].line), &entry), 0);
	ck_assert_int_eq(entry.stream, good[_i].stream);
	ck_assert_int_eq(entry.whole, good[_i].whole);
	ck_assert_uint_eq(entry.time, TIME_N);
	ck_assert_uint_eq(entry.length, strlen(good[_i].text));
	ck_assert_mem_eq(entry.bytes, good[_i].text, entry.length);
}
END_TEST

static const struct {
	enum log_format format;
	const char *line;
} bad[] = {
	{J, ""},
	{J, "{}"},
	{J, "[]"},
	{J, "{\"log\":\"x"},
	{J, "{\"log\":\"x\\"},
	{J, "{\"log\":\"x\\u12"},
	{J, "{\"log\":\"x\\q\",\"stream\":\"stdout\",\"time\":\"" TIME "\"}"},
	{J, "{\"log\":\"\\u00zz\",\"stream\":\"stdout\",\"time\":\"" TIME "\"}"},
	{J, "{\"log\":\"x\",\"stream\":\"stdin\",\"time\":\"" TIME "\"}"},
	{J, "{\"log\":\"x\",\"stream\":\"stdout\",\"time\":\"yesterday\"}"},
	{J, "{\"log\":\"x\",\"stream\":\"stdout\"}"},
	{J, "{\"log\":1,\"stream\":\"stdout\",\"time\":\"" TIME "\"}"},
	{J, "{\"log\":\"x\",\"stream\":\"stdout\",\"time\":\"" TIME "\"} x"},
	{J, "{\"log\":\"x\",\"stream\":\"stdout\",\"time\":\"" TIME "\"}{\"log\":\"x\"}"},
	{J, TIME " stdout F hello"},
	{K, ""},
	{K, TIME},
	{K, TIME " stdout"},
	{K, TIME " stdout F"},
	{K, TIME " stdout X hello"},
	{K, TIME " stdin F hello"},
	{K, "now stdout F hello"},
	{K, "2026-11-21T21:18:10.500000000000000000000000000000000000Z stdout F x"},
};

START_TEST(refuses_damage_and_leaves_output_alone)
{
	/* exactly as long as it is: the address sanitizer sees a look behind it */
	size_t length = strlen(bad[_i].line);
	AUTO_FREE char *line = length ? xmemdup(bad[_i].line, length) : xcalloc(1, 1);
	struct log_entry entry = {.stream = 7};

	ck_assert_int_eq(log_line_parse(bad[_i].format, line, length, &entry), -EINVAL);
	ck_assert_int_eq(entry.stream, 7);
	ck_assert_ptr_null(entry.bytes);
}
END_TEST

START_TEST(keeps_nul_bytes)
{
	char json[] = "{\"log\":\"a\\u0000b\\n\",\"stream\":\"stdout\",\"time\":\"" TIME "\"}";
	struct log_entry entry = {0};

	ck_assert_int_eq(log_line_parse(LOG_JSON, json, strlen(json), &entry), 0);
	ck_assert_uint_eq(entry.length, 3);
	ck_assert_mem_eq(entry.bytes, "a\0b", 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("log_line");
	TCase *tcase = tcase_create("log_line");

	tcase_add_loop_test(tcase, reads_what_it_says, 0, ARRAY_LEN(good));
	tcase_add_loop_test(tcase, refuses_damage_and_leaves_output_alone, 0, ARRAY_LEN(bad));
	tcase_add_test(tcase, keeps_nul_bytes);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
