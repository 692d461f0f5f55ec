/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_opts.c - the grammar of options, what rows refuse and ignore, and "did you mean" */
#include "coracle/cli/opts.h"

#include "coracle/base/alloc.h"

#include <check.h>
#include <string.h>

#include "suite.h"

struct sample {
	bool interactive, tty;
	struct opt_bool proxy;
	char *name, *host;
	struct opt_text entrypoint;
	struct texts env, hosts;
	int64_t number;
	uint64_t count;
	struct opt_int time;
	struct opt_uint retries;
};

static const struct opt shared[] = {
	OPT_GROUP("Shared"),
	OPT_OPT_FLAG(0, "sig-proxy", struct sample, proxy, "pass on signals"),
	OPT_OPT_INT('T', "time", struct sample, time, "SECONDS", "wait"),
	OPT_OPT_UINT(0, "retries", struct sample, retries, "N", "try again"),
	OPT_END,
};

static const struct opt rows[] = {
	OPT_FLAG('i', "interactive", struct sample, interactive, "keep open"),
	OPT_FLAG('t', "tty", struct sample, tty, "terminal"),
	OPT_TEXT(0, "name", struct sample, name, "NAME", "name"),
	OPT_TEXT('h', "hostname", struct sample, host, "NAME", "host name"),
	OPT_OPT_TEXT(0, "entrypoint", struct sample, entrypoint, "COMMAND", "first"),
	OPT_TEXTS('e', "env", struct sample, env, "NAME[=VALUE]", "variable"),
	OPT_TEXTS(0, "variable", struct sample, env, "NAME[=VALUE]", "the same", .hidden = true),
	OPT_LIST(0, "add-host", struct sample, hosts, "NAME:IP", "line"),
	OPT_INT('n', "number", struct sample, number, "N", "number"),
	OPT_UINT('c', "count", struct sample, count, "N", "count"),
	OPT_INCLUDE(shared),
	OPT_REFUSED('p', "pod", "NAME", "there are no pods"),
	OPT_REFUSED(0, "remote", NULL, "there is no server"),
	OPT_IGNORED(0, "authfile", "FILE", "nothing is downloaded"),
	OPT_IGNORED('s', "sync", NULL, "always so"),
	OPT_END,
};

/* one parse, released after each test */
static struct sample got;
static struct texts operands;
static struct error failure;
static bool help;

static void tear_down(void)
{
	opts_done(rows, &got);
	texts_done(&operands);
	memset(&got, 0, sizeof got);
	memset(&failure, 0, sizeof failure);
	help = false;
}

static int parse(const struct opt *table, enum opts_order order, const char *const *words)
{
	/* argv is not const, though nobody writes to it */
	return opts_parse(table, order, (char *const *) (uintptr_t) words, &got, &operands, &help, &failure);
}

#define PARSE(order, ...) parse(rows, order, (const char *[]){__VA_ARGS__, NULL})
#define ACCEPTS(...) ck_assert_int_eq(PARSE(OPTS_ANYWHERE, __VA_ARGS__), 0)

START_TEST(takes_a_value_from_the_same_word_or_the_next)
{
	ACCEPTS("--name=a", "--hostname", "b", "-eC=1", "-e", "D=2", "-e=E=3");
	ck_assert_str_eq(got.name, "a");
	ck_assert_str_eq(got.host, "b");
	ck_assert_uint_eq(got.env.count, 3);
	ck_assert_str_eq(got.env.items[0], "C=1");
	ck_assert_str_eq(got.env.items[1], "D=2");
	ck_assert_str_eq(got.env.items[2], "E=3");
}
END_TEST

START_TEST(takes_the_next_word_whatever_it_looks_like)
{
	ACCEPTS("--name", "--", "--env", "--tty", "-T", "-1", "-n", "-9223372036854775808", "-c", "0");
	ck_assert_str_eq(got.name, "--");
	ck_assert_str_eq(got.env.items[0], "--tty");
	ck_assert(!got.tty);
	ck_assert(got.time.set);
	ck_assert_int_eq(got.time.value, -1);
	ck_assert_int_eq(got.number, INT64_MIN);
	ck_assert_uint_eq(operands.count, 0);
}
END_TEST

START_TEST(takes_negative_numbers_behind_letter_and_equals)
{
	ACCEPTS("-T-1", "--number=-3");
	ck_assert_int_eq(got.time.value, -1);
	ck_assert_int_eq(got.number, -3);
}
END_TEST

START_TEST(takes_letters_in_groups)
{
	ACCEPTS("-ite", "A", "-tiT5");
	ck_assert(got.interactive);
	ck_assert(got.tty);
	ck_assert_str_eq(got.env.items[0], "A");
	ck_assert_int_eq(got.time.value, 5);
}
END_TEST

START_TEST(switches_flags_off)
{
	ACCEPTS("-it", "--tty=false", "-i=0", "--sig-proxy=false");
	ck_assert(!got.interactive);
	ck_assert(!got.tty);
	ck_assert(got.proxy.set);
	ck_assert(!got.proxy.value);
}
END_TEST

START_TEST(leaves_the_word_behind_a_flag_alone)
{
	ACCEPTS("--tty", "false", "-i", "true");
	ck_assert(got.tty);
	ck_assert(got.interactive);
	ck_assert_uint_eq(operands.count, 2);
	ck_assert_str_eq(operands.items[0], "false");
}
END_TEST

START_TEST(lets_the_last_value_win)
{
	ACCEPTS("--name", "a", "--name", "b", "--entrypoint=x", "--entrypoint=");
	ck_assert_str_eq(got.name, "b");
	ck_assert(got.entrypoint.set);
	ck_assert_str_eq(got.entrypoint.value, "");
}
END_TEST

START_TEST(keeps_commas_in_texts_and_splits_them_in_lists)
{
	ACCEPTS("-e", "A=1,2", "--add-host", "a:1,b:2", "--add-host=\"c,d\",\"say \"\"x\"\"\"", "--add-host=");
	ck_assert_uint_eq(got.env.count, 1);
	ck_assert_uint_eq(got.hosts.count, 4);
	ck_assert_str_eq(got.hosts.items[1], "b:2");
	ck_assert_str_eq(got.hosts.items[2], "c,d");
	ck_assert_str_eq(got.hosts.items[3], "say \"x\"");
}
END_TEST

START_TEST(keeps_empty_fields_of_lists)
{
	ACCEPTS("--add-host=a,,");
	ck_assert_uint_eq(got.hosts.count, 3);
	ck_assert_str_eq(got.hosts.items[2], "");
}
END_TEST

START_TEST(fills_one_member_from_an_option_and_its_alias)
{
	ACCEPTS("--env", "A", "--variable", "B");
	ck_assert_uint_eq(got.env.count, 2);
}
END_TEST

START_TEST(tells_given_numbers_from_absent_ones)
{
	ACCEPTS("--retries", "0");
	ck_assert(got.retries.set);
	ck_assert(!got.time.set);
}
END_TEST

START_TEST(finds_options_between_operands)
{
	ACCEPTS("a", "-i", "b", "-", "--", "-t", "--nope");
	ck_assert(got.interactive);
	ck_assert(!got.tty);
	ck_assert_uint_eq(operands.count, 5);
	ck_assert_str_eq(operands.items[2], "-");
	ck_assert_str_eq(operands.items[3], "-t");
}
END_TEST

START_TEST(stops_at_the_first_operand_of_run)
{
	ck_assert_int_eq(PARSE(OPTS_BEFORE_OPERANDS, "-i", "image", "-t", "--", "--help", "--nope"), 0);
	ck_assert(got.interactive);
	ck_assert(!got.tty);
	ck_assert(!help);
	ck_assert_uint_eq(operands.count, 5);
	ck_assert_str_eq(operands.items[2], "--");
}
END_TEST

START_TEST(drops_dashes_before_the_first_operand_only)
{
	ck_assert_int_eq(PARSE(OPTS_BEFORE_OPERANDS, "--", "-image", "--", "-t"), 0);
	ck_assert_uint_eq(operands.count, 3);
	ck_assert_str_eq(operands.items[0], "-image");
	ck_assert_str_eq(operands.items[1], "--");
}
END_TEST

START_TEST(accepts_ignored_options_with_their_values)
{
	ACCEPTS("--authfile", "x", "--authfile=y", "-s", "--sync=false", "z");
	ck_assert_uint_eq(operands.count, 1);
}
END_TEST

START_TEST(shows_help_before_checking_the_rest)
{
	ACCEPTS("--help", "--nope");
	ck_assert(help);
}
END_TEST

static const struct opt no_h[] = {OPT_FLAG('i', "interactive", struct sample, interactive, "keep open"), OPT_END};

START_TEST(takes_h_for_help_only_where_no_row_has_it)
{
	ACCEPTS("-h", "box");
	ck_assert(!help);
	ck_assert_str_eq(got.host, "box");
	ck_assert_int_eq(parse(no_h, OPTS_ANYWHERE, (const char *[]){"-ih", NULL}), 0);
	ck_assert(help);
}
END_TEST

static const struct {
	const char *words[4];
	const char *error;
} bad[] = {
	{{"--nme", "x"}, "unknown option \"--nme\"; did you mean \"--name\"?"},
	{{"--nmae=x"}, "unknown option \"--nmae\"; did you mean \"--name\"?"},
	{{"--zzzzzz"}, "unknown option \"--zzzzzz\""},
	{{"--varible"}, "unknown option \"--varible\""}, /* never an alias that help does not show */
	{{"-x"}, "unknown option \"-x\""},
	{{"-itx"}, "unknown option \"-x\" in \"-itx\""},
	{{"---"}, "\"---\" is not an option; \"--\" alone ends the options"},
	{{"--=x"}, "\"--=x\" is not an option; \"--\" alone ends the options"},
	{{"--name"}, "option --name needs a value: --name NAME"},
	{{"-ie"}, "option --env needs a value: --env NAME[=VALUE]"},
	{{"--tty=maybe"}, "option --tty: \"maybe\" is not true or false"},
	{{"--sync=maybe"}, "option --sync: \"maybe\" is not true or false"},
	{{"--tty="}, "option --tty: \"\" is not true or false"},
	{{"-n", "1x"}, "option --number: \"1x\" is not a whole number"},
	{{"-n", "9223372036854775808"}, "option --number: \"9223372036854775808\" is not a whole number"},
	{{"-n", ""}, "option --number: \"\" is not a whole number"},
	{{"-c", "-1"}, "option --count: \"-1\" is not a whole number of at least 0"},
	{{"-c", " 1"}, "option --count: \" 1\" is not a whole number of at least 0"},
	{{"--add-host", "a\"b"}, "option --add-host: \"a\"b\" is not a list: a quote is out of place"},
	{{"--add-host", "\"ab"}, "option --add-host: \"\"ab\" is not a list: a quote is out of place"},
	{{"--add-host", "\"a\"b"}, "option --add-host: \"\"a\"b\" is not a list: a quote is out of place"},
	{{"--pod", "x"}, "option --pod: there are no pods"},
	{{"-p"}, "option --pod: there are no pods"},
	{{"--remote"}, "option --remote: there is no server"},
	{{"--remote=true"}, "option --remote: there is no server"},
};

START_TEST(refuses_with_one_line)
{
	ck_assert_int_eq(parse(rows, OPTS_ANYWHERE, bad[_i].words), -EINVAL);
	ck_assert_str_eq(failure.text, bad[_i].error);
}
END_TEST

START_TEST(lets_a_refused_switch_be_switched_off)
{
	ACCEPTS("--remote=false");
}
END_TEST

START_TEST(keeps_errors_short_for_long_words)
{
	char *word = xcalloc(3 << 20, 1);

	memset(word, 'x', (3 << 20) - 1);
	memcpy(word, "--", 2);
	ck_assert_int_eq(PARSE(OPTS_ANYWHERE, word), -EINVAL);
	ck_assert_uint_lt(strlen(failure.text), 400);
	memcpy(word, "-i", 2);
	ck_assert_int_eq(PARSE(OPTS_ANYWHERE, word), -EINVAL);
	ck_assert_uint_lt(strlen(failure.text), 400);
	free(word);
}
END_TEST

START_TEST(takes_very_many_words)
{
	enum { COUNT = 50000 };
	const char **words = xcalloc(2 * COUNT + 1, sizeof *words);

	for (size_t i = 0; i < COUNT; i++) {
		words[2 * i] = "-e";
		words[2 * i + 1] = "A=1";
	}
	ck_assert_int_eq(parse(rows, OPTS_ANYWHERE, words), 0);
	ck_assert_uint_eq(got.env.count, COUNT);
	free(words);
}
END_TEST

static int count_row(const struct opt *row, void *data)
{
	unsigned *seen = data;

	*seen += 1;
	return row->name && strcmp(row->name, "retries") == 0 ? 7 : 0;
}

START_TEST(visits_included_rows_and_stops_when_told)
{
	unsigned seen = 0;

	ck_assert_int_eq(opts_each(rows, count_row, &seen), 7);
	ck_assert_uint_eq(seen, 14);
}
END_TEST

static const struct {
	const char *typed, *wanted;
} near[] = {
	{"rnu", "run"},     {"run", "run"},   {"inspct", "inspect"}, {"isnpect", "inspect"}, {"attahc", "attach"},
	{"creat", "create"}, {"xyz", NULL},    {"r", NULL},           {"", NULL},             {"imagse", "images"},
	{"ps", "ps"},       {"sp", "ps"},     {"rn", "run"},         {"rmi", "rm"},        {"inspekd", "inspect"},
	{"inspxxx", NULL},
};

START_TEST(finds_the_nearest_word)
{
	static const char *const words[] = {"run", "rm", "ps", "inspect", "attach", "create", "images", "image"};
	const char *found = nearest(near[_i].typed, words, ARRAY_LEN(words));

	if (near[_i].wanted)
		ck_assert_pstr_eq(found, near[_i].wanted);
	else
		ck_assert_ptr_null(found);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("opts");
	TCase *tcase = tcase_create("opts");

	tcase_add_checked_fixture(tcase, NULL, tear_down);
	tcase_add_test(tcase, takes_a_value_from_the_same_word_or_the_next);
	tcase_add_test(tcase, takes_the_next_word_whatever_it_looks_like);
	tcase_add_test(tcase, takes_negative_numbers_behind_letter_and_equals);
	tcase_add_test(tcase, takes_letters_in_groups);
	tcase_add_test(tcase, switches_flags_off);
	tcase_add_test(tcase, leaves_the_word_behind_a_flag_alone);
	tcase_add_test(tcase, lets_the_last_value_win);
	tcase_add_test(tcase, keeps_commas_in_texts_and_splits_them_in_lists);
	tcase_add_test(tcase, keeps_empty_fields_of_lists);
	tcase_add_test(tcase, fills_one_member_from_an_option_and_its_alias);
	tcase_add_test(tcase, tells_given_numbers_from_absent_ones);
	tcase_add_test(tcase, finds_options_between_operands);
	tcase_add_test(tcase, stops_at_the_first_operand_of_run);
	tcase_add_test(tcase, drops_dashes_before_the_first_operand_only);
	tcase_add_test(tcase, accepts_ignored_options_with_their_values);
	tcase_add_test(tcase, shows_help_before_checking_the_rest);
	tcase_add_test(tcase, takes_h_for_help_only_where_no_row_has_it);
	tcase_add_loop_test(tcase, refuses_with_one_line, 0, (int) ARRAY_LEN(bad));
	tcase_add_test(tcase, lets_a_refused_switch_be_switched_off);
	tcase_add_test(tcase, keeps_errors_short_for_long_words);
	tcase_add_test(tcase, takes_very_many_words);
	tcase_add_test(tcase, visits_included_rows_and_stops_when_told);
	tcase_add_loop_test(tcase, finds_the_nearest_word, 0, (int) ARRAY_LEN(near));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
