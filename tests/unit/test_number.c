/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_number.c - strict numbers and sizes */
#include "coracle/base/number.h"

#include <check.h>

#include "suite.h"

static const struct {
	const char *text;
	int result;
	uint64_t value;
} uints[] = {
	{"0", 0, 0}, {"007", 0, 7}, {"18446744073709551615", 0, UINT64_MAX},
	{"18446744073709551616", -ERANGE, 0}, {"", -EINVAL, 0}, {"-1", -EINVAL, 0},
	{"+1", -EINVAL, 0}, {" 1", -EINVAL, 0}, {"1 ", -EINVAL, 0}, {"0x1", -EINVAL, 0},
};

START_TEST(parses_uint)
{
	uint64_t value = 99;

	ck_assert_int_eq(number_parse_uint(uints[_i].text, 0, UINT64_MAX, &value), uints[_i].result);
	ck_assert_uint_eq(value, uints[_i].result ? 99 : uints[_i].value);
}
END_TEST

static const struct {
	const char *text;
	int result;
	int64_t value;
} ints[] = {
	{"0", 0, 0}, {"-0", 0, 0}, {"-12", 0, -12}, {"9223372036854775807", 0, INT64_MAX},
	{"-9223372036854775808", 0, INT64_MIN}, {"9223372036854775808", -ERANGE, 0},
	{"-9223372036854775809", -ERANGE, 0}, {"--1", -EINVAL, 0}, {"-", -EINVAL, 0},
};

START_TEST(parses_int)
{
	int64_t value = 99;

	ck_assert_int_eq(number_parse_int(ints[_i].text, INT64_MIN, INT64_MAX, &value), ints[_i].result);
	ck_assert_int_eq(value, ints[_i].result ? 99 : ints[_i].value);
}
END_TEST

START_TEST(keeps_to_the_range)
{
	uint64_t u = 99;
	int64_t i = 99;

	ck_assert_int_eq(number_parse_uint("65536", 1, 65535, &u), -ERANGE);
	ck_assert_int_eq(number_parse_uint("0", 1, 65535, &u), -ERANGE);
	ck_assert_int_eq(number_parse_uint("65535", 1, 65535, &u), 0);
	ck_assert_int_eq(number_parse_int("-1001", -1000, 1000, &i), -ERANGE);
	ck_assert_int_eq(number_parse_int("-1000", -1000, 1000, &i), 0);
}
END_TEST

static const struct {
	const char *text;
	int result;
	uint64_t value;
} sizes[] = {
	{"1024", 0, 1024}, {"100b", 0, 100}, {"64m", 0, 64 << 20}, {"64M", 0, 64 << 20},
	{"1g", 0, 1 << 30}, {"512k", 0, 512 << 10}, {"512kb", 0, 512 << 10}, {"512KiB", 0, 512 << 10},
	{"1.5GiB", 0, UINT64_C(3) << 29}, {".5k", 0, 512}, {"2t", 0, UINT64_C(2) << 40},
	{"1.5p", 0, UINT64_C(3) << 49}, {"0.1k", 0, 102}, {"0", 0, 0},
	{"", -EINVAL, 0}, {"m", -EINVAL, 0}, {"1x", -EINVAL, 0}, {"-1", -EINVAL, 0},
	{"1 m", -EINVAL, 0}, {"1mm", -EINVAL, 0}, {"1.m", -EINVAL, 0}, {"1ib", -EINVAL, 0},
	{"99999999p", -ERANGE, 0},
};

START_TEST(parses_size)
{
	uint64_t value = 99;

	ck_assert_int_eq(number_parse_size(sizes[_i].text, &value), sizes[_i].result);
	ck_assert_uint_eq(value, sizes[_i].result ? 99 : sizes[_i].value);
}
END_TEST

static const struct {
	const char *text;
	int result;
	uint64_t value;
} decimals[] = {
	{"1.5", 0, 1500000000}, {"2", 0, 2000000000}, {".5", 0, 500000000}, {"0.000000001", 0, 1},
	{"0.10000000000", 0, 100000000}, {"0.0000000001", -EINVAL, 0}, {"1.", -EINVAL, 0},
	{"", -EINVAL, 0}, {"-1", -EINVAL, 0}, {"1e3", -EINVAL, 0}, {"99999999999999", -ERANGE, 0},
};

START_TEST(parses_decimal)
{
	uint64_t value = 99;

	ck_assert_int_eq(number_parse_decimal(decimals[_i].text, &value), decimals[_i].result);
	ck_assert_uint_eq(value, decimals[_i].result ? 99 : decimals[_i].value);
}
END_TEST

START_TEST(parses_octal)
{
	unsigned value = 99;

	ck_assert_int_eq(number_parse_octal("0755", 07777, &value), 0);
	ck_assert_uint_eq(value, 0755);
	ck_assert_int_eq(number_parse_octal("8", 07777, &value), -EINVAL);
	ck_assert_int_eq(number_parse_octal("", 07777, &value), -EINVAL);
	ck_assert_int_eq(number_parse_octal("10000", 07777, &value), -ERANGE);
	ck_assert_uint_eq(value, 0755);
}
END_TEST

START_TEST(parses_bool)
{
	bool value = true;

	ck_assert_int_eq(number_parse_bool("F", &value), 0);
	ck_assert(!value);
	ck_assert_int_eq(number_parse_bool("True", &value), 0);
	ck_assert(value);
	ck_assert_int_eq(number_parse_bool("yes", &value), -EINVAL);
	ck_assert_int_eq(number_parse_bool("", &value), -EINVAL);
	ck_assert_int_eq(number_parse_bool("tRUE", &value), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("number");
	TCase *tcase = tcase_create("number");

	tcase_add_loop_test(tcase, parses_uint, 0, ARRAY_LEN(uints));
	tcase_add_loop_test(tcase, parses_int, 0, ARRAY_LEN(ints));
	tcase_add_test(tcase, keeps_to_the_range);
	tcase_add_loop_test(tcase, parses_size, 0, ARRAY_LEN(sizes));
	tcase_add_loop_test(tcase, parses_decimal, 0, ARRAY_LEN(decimals));
	tcase_add_test(tcase, parses_octal);
	tcase_add_test(tcase, parses_bool);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
