/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_challenge.c - WWW-Authenticate: what is of the grammar is understood, the rest refused */
#include "coracle/base/alloc.h"
#include "coracle/base/text.h"
#include "coracle/registry/challenge.h"

#include <check.h>
#include <string.h>

#include "suite.h"

static const struct {
	const char *value;
	const char *shown; /* "scheme[token]{key=value;...}" of each */
} good[] = {
	{"Basic", "basic[]{}"},
	{"Basic realm=\"a b, c\"", "basic[]{realm=a b, c;}"},
	{"Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\","
	 "scope=\"repository:library/debian:pull,push\"",
	 "bearer[]{realm=https://auth.docker.io/token;service=registry.docker.io;scope=repository:library/debian:pull,push;}"},
	{"BEARER Realm=x , SERVICE = y", "bearer[]{realm=x;service=y;}"},
	{"Negotiate", "negotiate[]{}"},
	{"Negotiate YWJj==, Basic realm=\"x\"", "negotiate[YWJj==]{}basic[]{realm=x;}"},
	{"Negotiate, NTLM, Basic realm=x", "negotiate[]{}ntlm[]{}basic[]{realm=x;}"},
	{"Basic realm=x, Bearer realm=y, error=\"invalid_token\", Digest realm=z",
	 "basic[]{realm=x;}bearer[]{realm=y;error=invalid_token;}digest[]{realm=z;}"},
	{"Basic realm=\"say \\\"hello\\\" \\\\ there\"", "basic[]{realm=say \"hello\" \\ there;}"},
	{", ,Basic realm=x,, ,", "basic[]{realm=x;}"},
	{"Bearer realm=https://h/t?a=b,service=s", "bearer[]{realm=https://h/t?a=b;service=s;}"},
	{"Bearer realm=\"\"", "bearer[]{realm=;}"},
	{"Basic realm=one, realm=two", "basic[]{realm=one;}"},
	/* by the grammar these are token68 */
	{"Basic realm", "basic[realm]{}"},
	{"Basic realm=,", "basic[realm=]{}"},
	{"Bearer\trealm=x", "bearer[]{realm=x;}"},
};

static const char *const bad[] = {
	"", " ", ",", "\"Basic\"", "Basic realm=\"x", "Basic realm=\"x\\", "Basic realm=\"x\" y",
	"Basic realm=\"x\"y=z", "Basic =x", "Basic@x", "Basic realm=x y=z", "B\x01",
	"Basic realm=\"x\"\"y\"", "=", "Basic realm:x, a=b",
};

static char *show(const struct list *challenges)
{
	struct text text = TEXT_INIT(10000);

	LIST_EACH(struct challenge, challenge, challenges) {
		ck_assert_int_eq(text_printf(&text, "%s[%s]{", challenge->scheme, challenge->token ? challenge->token : ""), 0);
		for (size_t i = 0; i < challenge->parameters.count; i++)
			ck_assert_int_eq(text_printf(&text, "%s=%s;", challenge->parameters.items[i].key,
			                             challenge->parameters.items[i].value), 0);
		ck_assert_int_eq(text_add(&text, "}"), 0);
	}
	return text_take(&text);
}

START_TEST(reads_schemes_and_parameters)
{
	AUTO_CHALLENGES struct list challenges = {0};

	ck_assert_int_eq(challenge_parse(good[_i].value, strlen(good[_i].value), &challenges), 0);
	AUTO_FREE char *shown = show(&challenges);

	ck_assert_str_eq(shown, good[_i].shown);
}
END_TEST

START_TEST(refuses_and_leaves_output_alone)
{
	struct list challenges = {0};

	ck_assert_msg(challenge_parse(bad[_i], strlen(bad[_i]), &challenges) == -EINVAL, "\"%s\"", bad[_i]);
	ck_assert_ptr_null(challenges.items);
	ck_assert_uint_eq(challenges.count, 0);
}
END_TEST

START_TEST(reads_no_further_than_the_length)
{
	AUTO_CHALLENGES struct list challenges = {0};
	struct list none = {0};

	ck_assert_int_eq(challenge_parse("Basic realm=xyz", 13, &challenges), 0);
	ck_assert_str_eq(pairs_get(&challenge_find(&challenges, "basic")->parameters, "realm"), "x");
	ck_assert_int_eq(challenge_parse("Basic realm=\"x\0y\"", 17, &none), -EINVAL);
}
END_TEST

START_TEST(is_bounded)
{
	AUTO_TEXT struct text many = TEXT_INIT(100000), long_one = TEXT_INIT(100000), parameters = TEXT_INIT(100000);
	struct list challenges = {0};

	ck_assert_int_eq(text_add(&parameters, "Basic "), 0);
	for (int i = 0; i < CHALLENGES_MAX + 1; i++)
		ck_assert_int_eq(text_printf(&many, "Basic realm=x%d, ", i), 0);
	for (int i = 0; i < CHALLENGE_PARAMETERS_MAX + 1; i++)
		ck_assert_int_eq(text_printf(&parameters, "p%d=x, ", i), 0);
	for (int i = 0; i <= CHALLENGE_MAX_BYTES; i++)
		ck_assert_int_eq(text_add_char(&long_one, 'x'), 0);
	ck_assert_int_eq(challenge_parse(many.data, many.length, &challenges), -E2BIG);
	ck_assert_int_eq(challenge_parse(long_one.data, long_one.length, &challenges), -E2BIG);
	ck_assert_int_eq(challenge_parse(parameters.data, parameters.length, &challenges), -E2BIG);
	ck_assert_uint_eq(challenges.count, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("challenge");
	TCase *tcase = tcase_create("parse");

	tcase_add_loop_test(tcase, reads_schemes_and_parameters, 0, ARRAY_LEN(good));
	tcase_add_loop_test(tcase, refuses_and_leaves_output_alone, 0, ARRAY_LEN(bad));
	tcase_add_test(tcase, reads_no_further_than_the_length);
	tcase_add_test(tcase, is_bounded);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
