/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_reference.c - names of images */
#include "coracle/image/reference.h"

#include <check.h>
#include <string.h>

#include "suite.h"

#define HEX64  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define DIGEST "sha256:" HEX64

static const struct parts {
	const char *text, *registry, *path, *tag, *digest;
} good[] = {
	{"debian", NULL, "debian", NULL, NULL},
	{"debian:12", NULL, "debian", "12", NULL},
	{"user/app:V1.0_x", NULL, "user/app", "V1.0_x", NULL},
	{"docker.io/debian", "docker.io", "library/debian", NULL, NULL},
	{"index.docker.io/debian", "docker.io", "library/debian", NULL, NULL},
	{"docker.io/user/app", "docker.io", "user/app", NULL, NULL},
	{"localhost/x", "localhost", "x", NULL, NULL},
	{"localhost:5000/x:y", "localhost:5000", "x", "y", NULL},
	{"localhost:5000", NULL, "localhost", "5000", NULL},
	{"quay.io/a/b/c:d@" DIGEST, "quay.io", "a/b/c", "d", DIGEST},
	{"x@" DIGEST, NULL, "x", NULL, DIGEST},
	{"[::1]:5000/x", "[::1]:5000", "x", NULL, NULL},
	{"[2001:db8::1]/x", "[2001:db8::1]", "x", NULL, NULL},
	{"HOST/x", "HOST", "x", NULL, NULL},
	{"a__b/c--d.e_f", NULL, "a__b/c--d.e_f", NULL, NULL},
	{"127.0.0.1/x:_", "127.0.0.1", "x", "_", NULL},
	{"deadbeef", NULL, "deadbeef", NULL, NULL},
};

static void equals(const char *actual, const char *wanted)
{
	if (wanted) {
		ck_assert_ptr_nonnull(actual);
		ck_assert_str_eq(actual, wanted);
	} else {
		ck_assert_ptr_null(actual);
	}
}

START_TEST(takes_apart)
{
	AUTO_REFERENCE struct reference reference = {0};
	struct error err = {0};

	ck_assert_msg(reference_parse(good[_i].text, &reference, &err) == 0, "%s", err.text);
	equals(reference.registry, good[_i].registry);
	equals(reference.path, good[_i].path);
	equals(reference.tag, good[_i].tag);
	equals(reference.digest, good[_i].digest);
}
END_TEST

static const char *const whole[] = {"debian", "debian:12", "quay.io/a/b:c", "x@" DIGEST, "h:1/x:y@" DIGEST};

START_TEST(puts_together_what_it_took_apart)
{
	AUTO_REFERENCE struct reference reference = {0};
	struct error err = {0};
	char *text;

	ck_assert_int_eq(reference_parse(whole[_i], &reference, &err), 0);
	text = reference_text(&reference);
	ck_assert_str_eq(text, whole[_i]);
	free(text);
}
END_TEST

static const char *const bad[] = {
	"", ":tag", "UPPER", "a b", "x:", "x:-y", "x:a/b:", "/x", "x/", "x//y", "-x", "x-", "x.", ".x", "x..y",
	"x___y", "x._y", "../x", "x/../y", "a.b/", "a.b:99999/x", "a.b:/x", "a.b:x/y", "[::1/x", "[]/x", "[g]/x",
	"-a.b/x", "a..b/x", "x@", "x@sha256:", "x@sha256:zz", "x@sha512:" HEX64, "x@" DIGEST "0", "x@../../y",
	"x@sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", HEX64, "@" DIGEST,
	"x\n", "x:y\n", "\xc3\xa9", "x%2f..", "docker://x", "host:", "x:" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
};

START_TEST(refuses_and_leaves_output_alone)
{
	struct reference reference = {0}, zero = {0};
	struct error err = {0};

	ck_assert_msg(reference_parse(bad[_i], &reference, &err) == -EINVAL, "accepted: %s", bad[_i]);
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_mem_eq(&reference, &zero, sizeof zero);
}
END_TEST

START_TEST(refuses_what_is_too_long)
{
	struct reference reference = {0};
	struct error err = {0};
	char text[600];

	(void) memset(text, 'a', sizeof text);
	text[255] = '\0';
	ck_assert_int_eq(reference_parse(text, &reference, &err), 0);
	reference_done(&reference);
	text[255] = 'a';
	text[256] = '\0';
	ck_assert_int_eq(reference_parse(text, &reference, &err), -EINVAL);
	text[256] = 'a';
	text[599] = '\0';
	ck_assert_int_eq(reference_parse(text, &reference, &err), -EINVAL);
}
END_TEST

static const struct {
	const char *text, *first, *second;
} candidates[] = {
	{"debian", "localhost/debian:latest", "docker.io/library/debian:latest"},
	{"debian:12", "localhost/debian:12", "docker.io/library/debian:12"},
	{"a/b", "localhost/a/b:latest", "docker.io/a/b:latest"},
	{"quay.io/a", "quay.io/a:latest", NULL},
	{"docker.io/a", "docker.io/library/a:latest", NULL},
	{"a@" DIGEST, "localhost/a@" DIGEST, "docker.io/library/a@" DIGEST},
};

START_TEST(tries_this_machine_and_then_docker)
{
	AUTO_REFERENCE struct reference reference = {0};
	AUTO_TEXTS struct texts names = {0};
	struct error err = {0};

	ck_assert_int_eq(reference_parse(candidates[_i].text, &reference, &err), 0);
	reference_candidates(&reference, &names);
	ck_assert_uint_eq(names.count, candidates[_i].second ? 2 : 1);
	ck_assert_str_eq(names.items[0], candidates[_i].first);
	if (candidates[_i].second)
		ck_assert_str_eq(names.items[1], candidates[_i].second);
}
END_TEST

static const struct {
	const char *full, *familiar;
} familiar[] = {
	{"docker.io/library/debian:12", "debian:12"},
	{"docker.io/a/b:c", "a/b:c"},
	{"quay.io/library/x:y", "quay.io/library/x:y"},
	{"localhost/x:y", "localhost/x:y"},
};

START_TEST(shortens_as_docker_does)
{
	char *text = reference_familiar(familiar[_i].full);

	ck_assert_str_eq(text, familiar[_i].familiar);
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reference");
	TCase *tcase = tcase_create("reference");

	tcase_add_loop_test(tcase, takes_apart, 0, ARRAY_LEN(good));
	tcase_add_loop_test(tcase, puts_together_what_it_took_apart, 0, ARRAY_LEN(whole));
	tcase_add_loop_test(tcase, refuses_and_leaves_output_alone, 0, ARRAY_LEN(bad));
	tcase_add_test(tcase, refuses_what_is_too_long);
	tcase_add_loop_test(tcase, tries_this_machine_and_then_docker, 0, ARRAY_LEN(candidates));
	tcase_add_loop_test(tcase, shortens_as_docker_does, 0, ARRAY_LEN(familiar));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
