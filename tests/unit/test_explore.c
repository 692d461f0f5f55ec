/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_explore.c - steps and layers of images, tables of mounts, text that a terminal is shown */
#include "coracle/base/alloc.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "../../src/cli/visible.h"
#include "../../src/image/history.h"
#include "../../src/image/mount_table.h"
#include "suite.h"

/* --- history_steps: "x" a step with a layer, "-" one without; layers have the sizes 1, 2, 4... --- */

static const struct {
	const char *steps;
	size_t layers;
	const char *sizes; /* newest first */
} histories[] = {
	{"", 0, ""},
	{"", 3, "4 2 1 "},
	{"x", 1, "1 "},
	{"x-x", 2, "2 0 1 "},
	{"--", 0, "0 0 "},
	{"-x", 2, "2 1 0 "},   /* a layer that no step tells of lies on top */
	{"xxx", 1, "0 0 1 "},  /* more steps than layers */
	{"xx-xx-", 4, "0 8 4 0 2 1 "},
};

START_TEST(gives_each_step_its_layer)
{
	static const uint64_t sizes[] = {1, 2, 4, 8};
	struct image_config config = {0};
	struct image_steps steps = {0};
	char got[200] = "";

	for (const char *step = histories[_i].steps; *step; step++) {
		struct image_history *history = list_add(&config.history, sizeof *history);

		history->created_by = xprintf("%c", *step);
		history->empty_layer = *step == '-';
	}
	history_steps(&config, sizes, histories[_i].layers, &steps.steps);
	LIST_EACH(struct image_step, step, &steps.steps) {
		size_t used = strlen(got);

		(void) snprintf(got + used, sizeof got - used, "%u ", (unsigned) step->size);
		ck_assert_int_eq(step->top, used == 0);
	}
	ck_assert_str_eq(got, histories[_i].sizes);
	image_steps_done(&steps);
	fields_done(image_config_fields, &config);
}
END_TEST

/* --- mount_table_images --- */

#define HEX   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "f123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LINE(point) "156 131 0:41 / " point " ro,relatime - overlay coracle ro,lowerdir+=/x\n"

static const struct {
	const char *text, *top, *found;
} tables[] = {
	{"", "/d/mounts", ""},
	{LINE("/d/mounts/" HEX "/merged"), "/d/mounts", HEX},
	{LINE("/") LINE("/d/mounts/" HEX "/merged") LINE("/proc") LINE("/d/mounts/" OTHER "/merged"), "/d/mounts",
	 HEX "," OTHER},
	/* twice on the same place is one image */
	{LINE("/d/mounts/" HEX "/merged") LINE("/d/mounts/" HEX "/merged"), "/d/mounts", HEX},
	/* blanks, tabs, newlines and backslashes */
	{LINE("/a\\040b\\011c\\012d\\134e/mounts/" HEX "/merged"), "/a b\tc\nd\\e/mounts", HEX},
	{LINE("/a\\040/mounts/" HEX "/merged"), "/a\\040/mounts", ""},
	{LINE("/\\777\\8/mounts/" HEX "/merged"), "/\\777\\8/mounts", HEX},
	/* something else, somewhere else */
	{LINE("/d/mounts/" HEX), "/d/mounts", ""},
	{LINE("/d/mounts/" HEX "/merged/x"), "/d/mounts", ""},
	{LINE("/d/mounts/x" HEX "/merged"), "/d/mounts", ""},
	{LINE("/d/mounts/" HEX "/mergee"), "/d/mounts", ""},
	{LINE("/d/mounts2/" HEX "/merged"), "/d/mounts", ""},
	{LINE("/x/d/mounts/" HEX "/merged"), "/d/mounts", ""},
	{LINE("/d/mounts/0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef/merged"), "/d/mounts", ""},
	/* the root of the mount is another field */
	{"1 2 0:1 /d/mounts/" HEX "/merged /mnt ro - overlay x ro\n", "/d/mounts", ""},
	/* cut off */
	{"1 2 0:1 / /d/mounts/" HEX "/merged", "/d/mounts", HEX},
	{"1 2 0:1 /", "/d/mounts", ""},
	{"1 2\n\n \n    \\", "/d/mounts", ""},
};

START_TEST(finds_mounted_images)
{
	AUTO_TEXTS struct texts found = {0};
	AUTO_FREE char *text = xstrdup(tables[_i].text), *joined = NULL;

	mount_table_images(text, tables[_i].top, &found);
	joined = texts_join(&found, ",");
	ck_assert_str_eq(joined, tables[_i].found);
}
END_TEST

/* --- visible --- */

static const struct {
	const char *text, *name, *line;
} texts[] = {
	{"", "", ""},
	{"plain", "plain", "plain"},
	{"a\\b", "a\\b", "a\\b"},
	{"\x1b[31m", "\\x1b[31m", "?[31m"},
	{"a\n\t b\r", "a\\x0a\\x09 b\\x0d", "a b "},
	{"\x7f", "\\x7f", "?"},
	{"\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80"},
	/* C1: CSI as one character; and as a lone byte */
	{"\xc2\x9b" "31m", "\\xc2\\x9b31m", "??31m"},
	{"\x9b" "31m", "\\x9b31m", "?31m"},
	{"\xc2\xa0", "\xc2\xa0", "\xc2\xa0"},
	/* cut off, overlong, a surrogate, too large */
	{"x\xe2\x82", "x\\xe2\\x82", "x??"},
	{"\xc0\xaf", "\\xc0\\xaf", "??"},
	{"\xe0\x80\xaf", "\\xe0\\x80\\xaf", "???"},
	{"\xed\xa0\x80", "\\xed\\xa0\\x80", "???"},
	{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "????"},
	{"\xff\xfe", "\\xff\\xfe", "??"},
};

START_TEST(shows_terminals_nothing_that_steers_them)
{
	AUTO_FREE char *name = visible_name(texts[_i].text);
	AUTO_FREE char *line = visible_line(texts[_i].text);

	ck_assert_str_eq(name, texts[_i].name);
	ck_assert_str_eq(line, texts[_i].line);
}
END_TEST

START_TEST(cuts_between_characters)
{
	char text[] = "a\xc3\xbc\xe2\x82\xac";

	visible_cut(text, 99);
	ck_assert_str_eq(text, "a\xc3\xbc\xe2\x82\xac");
	visible_cut(text, 5);
	ck_assert_str_eq(text, "a\xc3\xbc");
	visible_cut(text, 3);
	ck_assert_str_eq(text, "a\xc3\xbc");
	visible_cut(text, 2);
	ck_assert_str_eq(text, "a");
	visible_cut(text, 0);
	ck_assert_str_eq(text, "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("explore");
	TCase *tcase = tcase_create("explore");

	tcase_add_loop_test(tcase, gives_each_step_its_layer, 0, (int) ARRAY_LEN(histories));
	tcase_add_loop_test(tcase, finds_mounted_images, 0, (int) ARRAY_LEN(tables));
	tcase_add_loop_test(tcase, shows_terminals_nothing_that_steers_them, 0, (int) ARRAY_LEN(texts));
	tcase_add_test(tcase, cuts_between_characters);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
