/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_scp_side.c - the sides of image scp, and what ssh is started with */
#include <check.h>
#include <string.h>

#include "../../src/image/scp_side.h"
#include "suite.h"

static const struct {
	const char *text, *user, *host, *port, *image;
} good[] = {
	{"debian:12", NULL, NULL, NULL, "debian:12"},
	{"localhost:5000/x:y", NULL, NULL, NULL, "localhost:5000/x:y"},
	{"[::1]:5000/x", NULL, NULL, NULL, "[::1]:5000/x"},
	{"host::", NULL, "host", NULL, NULL},
	{"host::debian:12", NULL, "host", NULL, "debian:12"},
	{"ann@host.example:2222::a/b", "ann", "host.example", "2222", "a/b"},
	{"ann@example.com@host::a", "ann@example.com", "host", NULL, "a"},
	{"[fe80::1]:22::[::1]:5000/x", NULL, "fe80::1", "22", "[::1]:5000/x"},
	{"localhost::a", NULL, "localhost", NULL, "a"},
};

static const char *const bad[] = {
	"::a", "@host::a", "ann@::a", "-host::a", "-l@host::a", "a b::c", "a;b::c", "$(a)::b", "`a`::b", "a'b::c", "a%h::b",
	"host:::a", "host:0::a", "host:65536::a", "host:x::a", "[::1::a", "[]::a", "[x]::a", "[::1]x::a", "host/run::a",
	"root@localhost::a", "host::-a", "host::a b", "host::a;b", "host::a'b", "host::$a", "host::a\nb", "host::a::b", "h\xc3\xb6st::a",
};

static void equals(const char *actual, const char *wanted)
{
	ck_assert_msg(!actual == !wanted && (!wanted || strcmp(actual, wanted) == 0), "%s, not %s", actual ? actual : "none",
	              wanted ? wanted : "none");
}

START_TEST(takes_apart)
{
	AUTO_SCP_SIDE struct scp_side side = {0};
	struct error err = {0};

	ck_assert_msg(scp_side_parse(good[_i].text, &side, &err) == 0, "%s", err.text);
	equals(side.user, good[_i].user);
	equals(side.host, good[_i].host);
	equals(side.port, good[_i].port);
	equals(side.image, good[_i].image);
}
END_TEST

START_TEST(refuses_and_leaves_output_alone)
{
	struct scp_side side = {0};
	struct error err = {0};

	ck_assert_msg(scp_side_parse(bad[_i], &side, &err) < 0, "%s", bad[_i]);
	ck_assert(*err.text && !side.host && !side.image && !side.user && !side.port);
}
END_TEST

/* for login shells of every kind: single quotes in pairs, and nothing that one of them expands between them */
START_TEST(gives_ssh_one_quoted_line)
{
	AUTO_SCP_SIDE struct scp_side side = {0};
	AUTO_TEXTS struct texts save = {0}, load = {0};
	struct error err = {0};
	size_t quotes = 0;

	ck_assert_int_eq(scp_side_parse("ann@host:22::a/b:c", &side, &err), 0);
	scp_save_words(&side, _i & 1, _i & 2, &save);
	scp_load_words(&side, _i & 2, &load);
	ck_assert_uint_eq(save.count, 9);
	ck_assert_uint_eq(load.count, 9);
	ck_assert_str_eq(save.items[6], "--");
	ck_assert_str_eq(save.items[7], "host");
	ck_assert_ptr_null(strchr(save.items[8], '!'));
	ck_assert_ptr_null(strchr(load.items[8], '\n'));
	for (const char *at = save.items[8]; *at; at++)
		quotes += *at == '\'';
	ck_assert_uint_eq(quotes, 4);
	ck_assert_str_eq(strrchr(save.items[8], ' '), " 'a/b:c'");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scp_side");
	TCase *tcase = tcase_create("scp_side");

	tcase_add_loop_test(tcase, takes_apart, 0, ARRAY_LEN(good));
	tcase_add_loop_test(tcase, refuses_and_leaves_output_alone, 0, ARRAY_LEN(bad));
	tcase_add_loop_test(tcase, gives_ssh_one_quoted_line, 0, 4);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
