/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_clock.c - times and durations as Go and RFC 3339 write them */
#include "coracle/base/clock.h"

#include <check.h>
#include <time.h>

#include "suite.h"

#define AT UINT64_C(1795295856) /* 2026-11-21T21:17:36Z */

static const struct {
	uint64_t ns;
	const char *rfc, *go;
} formats[] = {
	{0, "1970-01-01T00:00:00Z", "1970-01-01 00:00:00 +0000 UTC"},
	{AT * NS_PER_SECOND + 753439468, "2026-11-21T21:17:36.753439468Z",
	 "2026-11-21 21:17:36.753439468 +0000 UTC"},
	{AT * NS_PER_SECOND + 500000000, "2026-11-21T21:17:36.5Z",
	 "2026-11-21 21:17:36.5 +0000 UTC"},
	{AT * NS_PER_SECOND + 1, "2026-11-21T21:17:36.000000001Z",
	 "2026-11-21 21:17:36.000000001 +0000 UTC"},
};

START_TEST(formats_and_parses_back)
{
	char text[CLOCK_TEXT_SIZE];
	uint64_t ns = 1;

	ck_assert_str_eq(clock_rfc3339(formats[_i].ns, text), formats[_i].rfc);
	ck_assert_int_eq(clock_parse_rfc3339(text, &ns), 0);
	ck_assert_uint_eq(ns, formats[_i].ns);
	ck_assert_str_eq(clock_go(formats[_i].ns, text), formats[_i].go);
}
END_TEST

static const struct {
	const char *text;
	uint64_t ns;
} good[] = {
	{"2026-11-21T23:17:36+02:00", AT * NS_PER_SECOND},
	{"2026-11-21T15:47:36.25-05:30", AT * NS_PER_SECOND + 250000000},
	{"2026-11-21t21:17:36.1234567891z", AT * NS_PER_SECOND + 123456789},
	{"0001-01-01T00:00:00Z", 0},
	{"2024-02-29T00:00:00Z", UINT64_C(1709164800) * NS_PER_SECOND},
};

START_TEST(parses_zones_and_fractions)
{
	uint64_t ns = 7;

	ck_assert_int_eq(clock_parse_rfc3339(good[_i].text, &ns), 0);
	ck_assert_uint_eq(ns, good[_i].ns);
}
END_TEST

static const char *const bad[] = {
	"", "2026-11-21", "2026-11-21T21:17:36", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z",
	"2026-11-21T24:00:00Z", "2026-11-21T21:17:36.Z", "2026-11-21T21:17:36Zx",
	"2026-11-21T21:17:36+0200", "26-11-21T21:17:36Z", "9999-01-01T00:00:00Z",
};

START_TEST(refuses_other_times_and_leaves_output_alone)
{
	uint64_t ns = 7;

	ck_assert_int_eq(clock_parse_rfc3339(bad[_i], &ns), -EINVAL);
	ck_assert_uint_eq(ns, 7);
}
END_TEST

static const struct {
	const char *text;
	uint64_t ns;
} durations[] = {
	{"0", 0}, {"10s", 10 * NS_PER_SECOND}, {"1h30m", 5400 * NS_PER_SECOND}, {"1.5ms", 1500000},
	{"500us", 500000}, {"2\xc2\xb5s", 2000}, {"7ns", 7}, {".5s", 500000000},
	{"1.25h", 4500 * NS_PER_SECOND}, {"0.1s", 100000000}, {"1h0m0.000000001s", 3600 * NS_PER_SECOND + 1},
};

START_TEST(parses_durations)
{
	uint64_t ns = 1;

	ck_assert_int_eq(clock_parse_duration(durations[_i].text, &ns), 0);
	ck_assert_uint_eq(ns, durations[_i].ns);
}
END_TEST

static const char *const bad_durations[] = {
	"", "10", "s", "-1s", "1x", "1 s", "1s ", ".s", "1h30", "1d", "99999999999999999999s",
	"9999999h", "1e3s",
};

START_TEST(refuses_other_durations)
{
	uint64_t ns = 7;

	ck_assert_int_eq(clock_parse_duration(bad_durations[_i], &ns), -EINVAL);
	ck_assert_uint_eq(ns, 7);
}
END_TEST

static const struct {
	const char *text;
	uint64_t ns;
} points[] = {
	{"2026-11-21T21:17:36Z", AT * NS_PER_SECOND},
	{"1795295856", AT * NS_PER_SECOND},
	{"1795295856.5", AT * NS_PER_SECOND + 500000000},
	{"10m", (AT - 600) * NS_PER_SECOND},
	/* the zone of this test is two hours east */
	{"2026-11-21T23:17:36", AT * NS_PER_SECOND},
	{"2026-11-21T23:17", (AT - 36) * NS_PER_SECOND},
	{"2026-11-22", (AT + 2544) * NS_PER_SECOND},
};

START_TEST(parses_points_in_time)
{
	uint64_t ns = 1;

	ck_assert_int_eq(setenv("TZ", "EAST-2", 1), 0);
	tzset();
	ck_assert_int_eq(clock_parse_point(points[_i].text, AT * NS_PER_SECOND, &ns), 0);
	ck_assert_uint_eq(ns, points[_i].ns);
	ck_assert_int_eq(clock_parse_point("yesterday", AT, &ns), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("clock");
	TCase *tcase = tcase_create("clock");

	tcase_add_loop_test(tcase, formats_and_parses_back, 0, ARRAY_LEN(formats));
	tcase_add_loop_test(tcase, parses_zones_and_fractions, 0, ARRAY_LEN(good));
	tcase_add_loop_test(tcase, refuses_other_times_and_leaves_output_alone, 0, ARRAY_LEN(bad));
	tcase_add_loop_test(tcase, parses_durations, 0, ARRAY_LEN(durations));
	tcase_add_loop_test(tcase, refuses_other_durations, 0, ARRAY_LEN(bad_durations));
	tcase_add_loop_test(tcase, parses_points_in_time, 0, ARRAY_LEN(points));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
