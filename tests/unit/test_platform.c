/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_platform.c - which image fits which machine */
#include "coracle/oci/image.h"

#include <check.h>
#include <stdlib.h>

#include "suite.h"

static const struct {
	const char *text, *normal;
} good[] = {
	{"linux/amd64", "linux/amd64"},   {"linux/x86_64", "linux/amd64"}, {"amd64", "linux/amd64"},
	{"arm64", "linux/arm64"},         {"aarch64", "linux/arm64/v8"},   {"linux/arm64/v8", "linux/arm64/v8"},
	{"linux/arm/v6", "linux/arm/v6"}, {"armhf", "linux/arm/v7"},       {"Linux/AMD64", "linux/amd64"},
	{"windows/amd64", "windows/amd64"}, {"riscv64", "linux/riscv64"}, {"i686", "linux/386"},
};

START_TEST(normalises)
{
	struct platform platform = {0};
	struct error err = {0};
	char *text;

	ck_assert_msg(platform_parse(good[_i].text, &platform, &err) == 0, "%s", err.text);
	text = platform_text(&platform);
	ck_assert_str_eq(text, good[_i].normal);
	free(text);
	platform_done(&platform);
}
END_TEST

static const char *const bad[] = {"", "/", "linux/", "/amd64", "linux//v8", "a/b/c/d", "li nux/amd64", "linux/../x", "linux/amd64\n"};

START_TEST(refuses_and_leaves_output_alone)
{
	struct platform platform = {0}, zero = {0};
	struct error err = {0};

	ck_assert_msg(platform_parse(bad[_i], &platform, &err) == -EINVAL, "accepted: %s", bad[_i]);
	ck_assert_mem_eq(&platform, &zero, sizeof zero);
}
END_TEST

static const struct {
	const char *candidate, *wanted;
	bool matches;
} pairs[] = {
	{"linux/amd64", "linux/amd64", true},     {"linux/arm64", "linux/amd64", false},
	{"linux/arm64", "linux/arm64/v8", true},  {"linux/arm64/v8", "linux/arm64", true},
	{"linux/arm/v6", "linux/arm/v7", true},   {"linux/arm/v7", "linux/arm/v6", false},
	{"linux/arm", "linux/arm/v7", true},      {"linux/arm", "linux/arm/v6", false},
	{"windows/amd64", "linux/amd64", false},  {"linux/amd64/v3", "linux/amd64/v2", false},
	{"linux/amd64", "linux/amd64/v2", true},
};

START_TEST(matches_what_runs)
{
	struct platform candidate = {0}, wanted = {0};
	struct error err = {0};

	ck_assert_int_eq(platform_parse(pairs[_i].candidate, &candidate, &err), 0);
	ck_assert_int_eq(platform_parse(pairs[_i].wanted, &wanted, &err), 0);
	ck_assert_int_eq(platform_matches(&candidate, &wanted), pairs[_i].matches);
	platform_done(&candidate);
	platform_done(&wanted);
}
END_TEST

static const struct {
	const char *wanted, *candidates[5], *best;
} choices[] = {
	/* as Debian's index has them */
	{"linux/arm/v7", {"linux/arm/v5", "linux/arm/v7"}, "linux/arm/v7"},
	{"linux/arm/v7", {"linux/arm/v5", "linux/arm/v6", "linux/arm/v8"}, "linux/arm/v6"},
	{"linux/arm/v6", {"linux/arm/v7", "linux/arm/v5"}, "linux/arm/v5"},
	{"linux/arm", {"linux/arm/v6", "linux/arm/v8", "linux/arm/v7"}, "linux/arm/v7"},
	{"linux/arm", {"linux/arm/v8", "linux/arm/v5"}, "linux/arm/v5"},
	{"linux/amd64", {"linux/amd64/v3", "linux/amd64/v2", "linux/amd64"}, "linux/amd64"},
	{"linux/amd64", {"linux/amd64/v3", "linux/amd64/v2"}, "linux/amd64/v2"},
	{"linux/amd64/v3", {"linux/amd64", "linux/amd64/v2", "linux/amd64/v4"}, "linux/amd64/v2"},
	{"linux/arm64", {"linux/arm/v7", "linux/arm64/v9", "linux/arm64/v8"}, "linux/arm64/v8"},
	{"linux/mips64le", {"linux/mips64le/softfloat", "linux/mips64le"}, "linux/mips64le"},
	{"linux/riscv64", {"linux/amd64", "windows/riscv64"}, NULL},
};

START_TEST(the_variant_that_fits_best_has_the_highest_rank)
{
	AUTO(platform_done) struct platform wanted = {0};
	struct error err = {0};
	const char *best = NULL;
	unsigned most = 0;

	ck_assert_int_eq(platform_parse(choices[_i].wanted, &wanted, &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(choices[_i].candidates) && choices[_i].candidates[i]; i++) {
		AUTO(platform_done) struct platform candidate = {0};
		unsigned rank;

		ck_assert_int_eq(platform_parse(choices[_i].candidates[i], &candidate, &err), 0);
		rank = platform_rank(&candidate, &wanted);
		if (rank > most) {
			best = choices[_i].candidates[i];
			most = rank;
		}
	}
	ck_assert_pstr_eq(best, choices[_i].best);
}
END_TEST

START_TEST(this_machine_runs_its_own_images)
{
	const struct platform nothing = {0};

	ck_assert(platform_matches(platform_host(), platform_host()));
	ck_assert(!platform_matches(&nothing, platform_host()));
	ck_assert_ptr_eq(platform_host(), platform_host());
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("platform");
	TCase *tcase = tcase_create("platform");

	tcase_add_loop_test(tcase, normalises, 0, ARRAY_LEN(good));
	tcase_add_loop_test(tcase, refuses_and_leaves_output_alone, 0, ARRAY_LEN(bad));
	tcase_add_loop_test(tcase, matches_what_runs, 0, ARRAY_LEN(pairs));
	tcase_add_loop_test(tcase, the_variant_that_fits_best_has_the_highest_rank, 0, ARRAY_LEN(choices));
	tcase_add_test(tcase, this_machine_runs_its_own_images);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
