/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_toml.c - the rules of TOML 1.0 (toml.io/en/v1.0.0), section by section */
#include "coracle/base/alloc.h"
#include "coracle/conf/toml.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "suite.h"

/* what the text is as compact JSON with its keys sorted; \x27 stands for a single quote where it is clearer */
static const struct {
	const char *toml, *json;
} good[] = {
	/* document, comments, keys */
	{"", "{}"},
	{"\xef\xbb\xbf" "a=1", "{\"a\":1}"},
	{"# whole line\nkey = 'v' # end\n", "{\"key\":\"v\"}"},
	{"a = 1\r\nb = 2\r\n", "{\"a\":1,\"b\":2}"},
	{"bare_key-1 = 1\n1234 = 2\n", "{\"1234\":2,\"bare_key-1\":1}"},
	{"\"127.0.0.1\" = 1\n'k \"q\"' = 2\n\"\" = 3\n", "{\"\":3,\"127.0.0.1\":1,\"k \\\"q\\\"\":2}"},
	{"a.b = 1\na . \"c.d\" = 2\n3.14 = 'x'\n", "{\"3\":{\"14\":\"x\"},\"a\":{\"b\":1,\"c.d\":2}}"},
	/* strings */
	{"s = \"\\b\\t\\n\\f\\r\\\"\\\\\\u00e9\\U0001F600\"", "{\"s\":\"\\b\\t\\n\\f\\r\\\"\\\\\xc3\xa9\xf0\x9f\x98\x80\"}"},
	{"s = \"\"\"\nOne\nTwo\"\"\"", "{\"s\":\"One\\nTwo\"}"},
	{"s = \"\"\"\\\n   a \\  \n\n   b\\\n   \"\"\"", "{\"s\":\"a b\"}"},
	{"s = \"\"\"He said \"hi\".\"\"\"\"", "{\"s\":\"He said \\\"hi\\\".\\\"\"}"},
	{"s = \"\"\"\"\"two\"\"\"\"\"", "{\"s\":\"\\\"\\\"two\\\"\\\"\"}"},
	{"s = 'C:\\x\\n'", "{\"s\":\"C:\\\\x\\\\n\"}"},
	{"s = '''\nraw\n \\ it's'''''", "{\"s\":\"raw\\n \\\\ it's''\"}"},
	{"s = ''\nt = \"\"\nu = \"\"\"\"\"\"\n", "{\"s\":\"\",\"t\":\"\",\"u\":\"\"}"},
	/* integers, floats, booleans */
	{"a=+99\nb=-17\nc=0\nd=-0\ne=1_000\nf=5_3_4", "{\"a\":99,\"b\":-17,\"c\":0,\"d\":0,\"e\":1000,\"f\":534}"},
	{"a=0xDEAD_beef\nb=0o0755\nc=0b1101_0\n", "{\"a\":3735928559,\"b\":493,\"c\":26}"},
	{"a=9223372036854775807\nb=-9223372036854775808", "{\"a\":9223372036854775807,\"b\":-9223372036854775808}"},
	{"a=+1.5\nb=-0.25\nc=5e+2\nd=2E-1\ne=6.5e0\nf=2_2.5_0", "{\"a\":1.5,\"b\":-0.25,\"c\":500.0,\"d\":0.20000000000000001,\"e\":6.5,\"f\":22.5}"},
	{"a=inf\nb=+inf\nc=-inf\nd=nan\ne=-nan", "{\"a\":\"inf\",\"b\":\"inf\",\"c\":\"-inf\",\"d\":\"nan\",\"e\":\"nan\"}"},
	{"a=true\nb=false", "{\"a\":true,\"b\":false}"},
	/* dates and times stay as they are written */
	{"a=1979-05-27T07:32:00Z\nb=1979-05-27 00:32:00.999999-07:00\nc=1979-05-27t07:32:00\nd=1979-05-27 # x\ne=07:32:00.5\nf=2000-02-29",
	 "{\"a\":\"1979-05-27T07:32:00Z\",\"b\":\"1979-05-27 00:32:00.999999-07:00\",\"c\":\"1979-05-27t07:32:00\","
	 "\"d\":\"1979-05-27\",\"e\":\"07:32:00.5\",\"f\":\"2000-02-29\"}"},
	/* arrays */
	{"a=[]\nb=[1,2,]\nc=[ [1], ['x', {y=1}] , 1.5,\n# c\n true\n]", "{\"a\":[],\"b\":[1,2],\"c\":[[1],[\"x\",{\"y\":1}],1.5,true]}"},
	/* tables */
	{"[t]\n[t2]\nk=1", "{\"t\":{},\"t2\":{\"k\":1}}"},
	{"[ a . \"b.c\" . 'd' ] # x\nk=1", "{\"a\":{\"b.c\":{\"d\":{\"k\":1}}}}"},
	{"[x.y.z.w]\n[x]\nk=1", "{\"x\":{\"k\":1,\"y\":{\"z\":{\"w\":{}}}}}"},
	{"[fruit]\napple.color=1\napple.taste.sweet=true\n[fruit.apple.texture]\nsmooth=true",
	 "{\"fruit\":{\"apple\":{\"color\":1,\"taste\":{\"sweet\":true},\"texture\":{\"smooth\":true}}}}"},
	/* inline tables */
	{"a={}\nb={x=1,y.z='q'}\nc={ d = { e = [ {f=1} ] } }", "{\"a\":{},\"b\":{\"x\":1,\"y\":{\"z\":\"q\"}},\"c\":{\"d\":{\"e\":[{\"f\":1}]}}}"},
	/* arrays of tables */
	{"[[p]]\nn=1\n[[p]]\n[[p]]\nn=3", "{\"p\":[{\"n\":1},{},{\"n\":3}]}"},
	{"[[f]]\nn=1\n[f.p]\nc=1\n[[f.v]]\nn=1\n[[f.v]]\nn=2\n[[f]]\n[[f.v]]\nn=3",
	 "{\"f\":[{\"n\":1,\"p\":{\"c\":1},\"v\":[{\"n\":1},{\"n\":2}]},{\"v\":[{\"n\":3}]}]}"},
};

START_TEST(reads_what_the_specification_allows)
{
	struct error err = {0};
	AUTO_JSON json_t *json = toml_parse(good[_i].toml, strlen(good[_i].toml), &err);
	AUTO_FREE char *text = NULL;

	ck_assert_msg(json != NULL, "%s: %s", good[_i].toml, err.text);
	text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(17));
	ck_assert_str_eq(text, good[_i].json);
}
END_TEST

static const struct {
	const char *toml, *error; /* error: how it begins, or a part of it behind a star */
} bad[] = {
	/* document */
	{"a = 1\nb = \xff\n", "line 2: not UTF-8"},
	{"# \xed\xa0\x80", "line 1: not UTF-8"},
	{"# \xc0\x80", "line 1: not UTF-8"},
	{"a = 1\n\n# \x01", "line 3: the control character 0x01"},
	{"a = 'x\x7f'", "line 1: the control character 0x7f"},
	{"a = 1\rb = 2", "line 1: the control character 0x0d"},
	{"a = 1 b = 2", "line 1: unexpected \"b\""},
	{"a = 1\n]", "line 2: a key is missing"},
	/* keys */
	{"a", "line 1: \"=\" is missing behind the key \"a\""},
	{"= 1", "line 1: a key is missing"},
	{"a. = 1", "line 1: a key is missing"},
	{"a =", "line 1: a value is missing"},
	{"a = # c\n", "line 1: a value is missing"},
	{"\xc3\xa9 = 1", "line 1: a key is missing"},
	{"\"\"\"a\"\"\" = 1", "line 1: a key is quoted once"},
	{"'''a''' = 1", "line 1: a key is quoted once"},
	{"a = 1\na = 2", "line 2: \"a\" is given twice"},
	{"a = 1\n\"a\" = 2", "line 2: \"a\" is given twice"},
	{"a = 1\na.b = 2", "line 2: \"a\" is given already"},
	{"a.b.c = 1\na.b = 2", "line 2: \"b\" is given twice"},
	/* strings */
	{"a = \"x\ny\"", "line 1: a string does not end in its line"},
	{"a = 'x", "line 1: a string does not end in its line"},
	{"\na = \"\"\"x\n\n", "line 4: the string that begins in line 2 does not end"},
	{"a = '''x''", "line 1: the string that begins in line 1 does not end"},
	{"a = \"\\e\"", "line 1: unknown escape"},
	{"a = \"\\x41\"", "line 1: unknown escape"},
	{"a = \"\\u12g4\"", "line 1: \\u wants 4"},
	{"a = \"\\U0001F60\"", "line 1: \\U wants 8"},
	{"a = \"\\ud800\"", "line 1: \\ud800 is not a character"},
	{"a = \"\\U00110000\"", "line 1: \\u110000 is not a character"},
	{"a = \"\\u0000\"", "line 1: a NUL"},
	{"a = \"x\\ y\"", "line 1: unknown escape"},
	{"a = \"\"\"x\\ y\"\"\"", "line 1: unknown escape"},
	{"a = '''''''''", "line 1: unexpected \"'\""},
	/* numbers */
	{"a = 01", "line 1: \"01\" is not a value"},
	{"a = -01", "line 1: \"-01\" is not a value"},
	{"a = 1__0", "line 1: \"1__0\" is not a number"},
	{"a = _1", "line 1: \"_1\" is not a value"},
	{"a = 1_", "line 1: \"1_\" is not a number"},
	{"a = 0x_1", "line 1: \"0x_1\" is not a value"},
	{"a = +0x1", "line 1: \"+0x1\" is not a value"},
	{"a = 0X1", "line 1: \"0X1\" is not a value"},
	{"a = 0b2", "line 1: \"0b2\" is not a value"},
	{"a = 0o8", "line 1: \"0o8\" is not a value"},
	{"a = 0x", "line 1: \"0x\" is not a value"},
	{"a = 9223372036854775808", "line 1: the number 9223372036854775808 is out of range"},
	{"a = -9223372036854775809", "line 1: the number -9223372036854775809 is out of range"},
	{"a = .7", "line 1: \".7\" is not a value"},
	{"a = 7.", "line 1: \"7.\" is not a value"},
	{"a = 3.e2", "line 1: \"3.e2\" is not a value"},
	{"a = 03.1", "line 1: \"03.1\" is not a value"},
	{"a = 1e", "line 1: \"1e\" is not a value"},
	{"a = 1._5", "line 1: \"1._5\" is not a number"},
	{"a = 1e999", "line 1: the number 1e999 is out of range"},
	{"a = True", "line 1: \"True\" is not a value: strings stand in quotes"},
	{"a = Inf", "line 1: \"Inf\" is not a value"},
	{"a = docker.io", "line 1: \"docker.io\" is not a value: strings stand in quotes"},
	/* dates */
	{"a = 1979-13-01", "line 1: \"1979-13-01\" is not a date"},
	{"a = 1979-02-29", "line 1: \"1979-02-29\" is not a date"},
	{"a = 1900-02-29", "line 1: \"1900-02-29\" is not a date"},
	{"a = 1979-5-27", "line 1: \"1979-5-27\" is not a date"},
	{"a = 1979-05-27T24:00:00", "line 1: \"1979-05-27T24:00:00\" is not a date"},
	{"a = 1979-05-27T07:32", "line 1: \"1979-05-27T07:32\" is not a date"},
	{"a = 1979-05-27T07:32:00+25:00", "line 1: \"1979-05-27T07:32:00+25:00\" is not a date"},
	{"a = 07:32:00Z", "line 1: \"07:32:00Z\" is not a date"},
	{"a = 07:32:00.", "line 1: \"07:32:00.\" is not a date"},
	/* arrays */
	{"a = [1 2]", "line 1: \",\" or \"]\" is missing in the array that begins in line 1"},
	{"a = [1,\n\n", "line 3: a value is missing"},
	{"a = [,]", "line 1: a value is missing"},
	{"a = [1,,2]", "line 1: a value is missing"},
	/* tables */
	{"[]", "line 1: a key is missing"},
	{"[a", "line 1: \"]\" is missing"},
	{"[a]]", "line 1: unexpected \"]\""},
	{"[a] b = 1", "line 1: unexpected \"b\""},
	{"[[a]", "line 1: \"]]\" is missing"},
	{"[a..b]", "line 1: a key is missing"},
	{"[a]\n[a]", "line 2: \"a\" is given twice"},
	{"[a]\nb = 1\n[a.b]", "line 3: \"b\" is given twice"},
	{"[a]\nb = 1\n[a.b.c]", "line 3: \"b\" is given already"},
	{"[fruit]\napple.color=1\n[fruit.apple]", "line 3: \"apple\" is given twice"},
	{"[fruit]\napple.taste.sweet=1\n[fruit.apple.taste]", "line 3: \"taste\" is given twice"},
	{"[a.b.c]\nz=9\n[a]\nb.c.t=1", "line 4: \"b\" is given already"},
	{"a = {x=1}\na.y = 2", "line 2: \"a\" is given already"},
	{"a = {x=1}\n[a.y]", "line 2: \"a\" is given already"},
	{"a = {b={x=1}, b.y=2}", "line 1: \"b\" is given already"},
	{"a = {x=1, x=2}", "line 1: \"x\" is given twice"},
	{"a = {x=1,}", "line 1: a key is missing"},
	{"a = {x=1\n}", "line 1: \",\" or \"}\" is missing"},
	{"a = {,}", "line 1: a key is missing"},
	/* arrays of tables */
	{"a = []\n[[a]]", "line 2: \"a\" is given already and is not an array of tables"},
	{"[a]\n[[a]]", "line 2: \"a\" is given already and is not an array of tables"},
	{"[[a]]\n[a]", "line 2: \"a\" is an array of tables"},
	{"[a.b]\n[[a]]", "line 2: \"a\" is given already and is not an array of tables"},
	{"[[f]]\n[[f.v]]\n[f.v]", "line 3: \"v\" is an array of tables"},
	{"[[a.b]]\n[a]\nb.y=2", "line 3: \"b\" is given already"},
};

START_TEST(refuses_what_it_forbids_and_names_the_line)
{
	struct error err = {0};
	AUTO_JSON json_t *json = toml_parse(bad[_i].toml, strlen(bad[_i].toml), &err);

	ck_assert_msg(json == NULL, "%s", bad[_i].toml);
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_msg(!strncmp(err.text, bad[_i].error, strlen(bad[_i].error)), "%s: %s", bad[_i].toml, err.text);
}
END_TEST

START_TEST(needs_no_nul_behind_the_text_and_refuses_one_in_it)
{
	static const char text[] = {'a', '=', '1', '2', '3'};
	struct error err = {0};
	AUTO_JSON json_t *json = toml_parse(text, 4, &err);

	ck_assert_int_eq(json_integer_value(json_object_get(json, "a")), 12);
	ck_assert_ptr_null(toml_parse("a='\0'", 6, &err));
	ck_assert_ptr_null(toml_parse("a=1\0", 4, &err));
}
END_TEST

/* nested - count times open, then close */
static char *nested(const char *before, char open, char close, size_t count)
{
	size_t start = strlen(before);
	char *text = xcalloc(start + 2 * count + 1, 1);

	memcpy(text, before, start);
	memset(text + start, open, count);
	memset(text + start + count, close, close ? count : 0);
	return text;
}

START_TEST(refuses_depth_without_end)
{
	AUTO_FREE char *most = nested("a=", '[', ']', TOML_MAX_LEVELS);
	AUTO_FREE char *more = nested("a=", '[', ']', TOML_MAX_LEVELS + 1);
	AUTO_FREE char *many = nested("a=", '[', '\0', 100000);
	AUTO_TEXTS struct texts parts = {0};
	AUTO_FREE char *key = NULL;
	struct error err = {0};
	AUTO_JSON json_t *json = toml_parse(most, strlen(most), &err);

	ck_assert_ptr_nonnull(json);
	ck_assert_ptr_null(toml_parse(more, strlen(more), &err));
	ck_assert_ptr_nonnull(strstr(err.text, "in each other"));
	ck_assert_ptr_null(toml_parse(many, strlen(many), &err));
	for (int i = 0; i <= TOML_MAX_LEVELS; i++)
		texts_add(&parts, "k");
	texts_add(&parts, "k=1");
	key = texts_join(&parts, ".");
	ck_assert_ptr_null(toml_parse(key, strlen(key), &err));
	ck_assert_ptr_nonnull(strstr(err.text, "parts"));
}
END_TEST

START_TEST(refuses_more_than_the_limit)
{
	AUTO_FREE char *text = xcalloc(TOML_MAX_BYTES + 2, 1);
	struct error err = {0};
	AUTO_JSON json_t *json = NULL;

	memset(text, '\n', TOML_MAX_BYTES + 1);
	json = toml_parse(text, TOML_MAX_BYTES, &err);
	ck_assert_ptr_nonnull(json);
	ck_assert_ptr_null(toml_parse(text, TOML_MAX_BYTES + 1, &err));
	ck_assert_str_eq(err.text, "larger than 1048576 bytes");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("toml");
	TCase *tcase = tcase_create("toml");

	tcase_add_loop_test(tcase, reads_what_the_specification_allows, 0, ARRAY_LEN(good));
	tcase_add_loop_test(tcase, refuses_what_it_forbids_and_names_the_line, 0, ARRAY_LEN(bad));
	tcase_add_test(tcase, needs_no_nul_behind_the_text_and_refuses_one_in_it);
	tcase_add_test(tcase, refuses_depth_without_end);
	tcase_add_test(tcase, refuses_more_than_the_limit);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
