/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_table.c - columns line up as text/tabwriter's do, and lists print them */
#include "coracle/format/output.h"
#include "coracle/format/table.h"

#include <check.h>
#include <locale.h>
#include <string.h>

#include "suite.h"

static const struct {
	size_t min_width, padding;
	const char *lines, *expected;
} tables[] = {
	{12, 2, "ID\tNAME\n1\tweb\n", "ID          NAME\n1           web\n"},
	{12, 2, "CONTAINER ID\tNAME\n0123456789ab\tweb",
	 "CONTAINER ID  NAME\n0123456789ab  web\n"},
	{0, 1, "a\tb\tc\nlong\tx\ty\n", "a    b c\nlong x y\n"},
	/* the last cell is not padded, an empty one neither */
	{4, 1, "a\t\n", "a   \n"},
	/* a row with fewer cells ends the columns it lacks */
	{0, 1, "a\tb\nwide line\nlonger\tb\n", "a b\nwide line\nlonger b\n"},
	{0, 1, "a\tb\tc\nd\te\nf\tggg\th\n", "a b c\nd e\nf ggg h\n"},
	{12, 2, "\n\n", "\n\n"},
	{12, 2, "", ""},
	/* two columns of the terminal each, and a combining accent that takes none */
	{0, 1, "日本\tx\nabcd\ty\ne\xcc\x81\tz\n", "日本 x\nabcd y\ne\xcc\x81    z\n"},
	{0, 1, "\xff\tx\nab\ty\n", "\xff  x\nab y\n"},
};

START_TEST(aligns_columns)
{
	AUTO_TABLE struct table table;
	AUTO_TEXT struct text out = TEXT_INIT(1000);

	table_init(&table, tables[_i].min_width, tables[_i].padding);
	ck_assert_int_eq(table_add_lines(&table, tables[_i].lines, strlen(tables[_i].lines)), 0);
	ck_assert_int_eq(table_print(&table, &out), 0);
	ck_assert_str_eq(text_string(&out), tables[_i].expected);
}
END_TEST

START_TEST(cells_make_rows)
{
	AUTO_TABLE struct table table;
	AUTO_TEXT struct text out = TEXT_INIT(1000);

	table_init(&table, 0, 2);
	ck_assert_int_eq(table_add(&table, "a"), 0);
	ck_assert_int_eq(table_add(&table, "b"), 0);
	ck_assert_int_eq(table_end_row(&table), 0);
	ck_assert_int_eq(table_end_row(&table), 0);
	ck_assert_int_eq(table_add(&table, "c"), 0);
	ck_assert_int_eq(table_print(&table, &out), 0);
	ck_assert_str_eq(text_string(&out), "a  b\n\nc\n");
}
END_TEST

START_TEST(refuses_more_than_the_text_holds)
{
	AUTO_TABLE struct table table;
	AUTO_TEXT struct text out = TEXT_INIT(3);

	table_init(&table, 12, 2);
	ck_assert_int_eq(table_add(&table, "a"), 0);
	ck_assert_int_eq(table_add(&table, "b"), 0);
	ck_assert_int_eq(table_print(&table, &out), -E2BIG);
}
END_TEST

static const char rows_text[] =
	"[{\"ID\":\"1\",\"Names\":\"web\",\"Labels\":\"com.x.tier=front,b=2\",\"Tags\":[\"a\",\"b\"]},"
	"{\"ID\":\"2\",\"Names\":\"db\",\"Labels\":\"\",\"Tags\":[]}]";

static const struct template_caption captions[] = {
	{"ID", "CONTAINER ID"}, {"Names", "NAMES"}, {NULL, NULL}};

static const struct {
	const char *format, *quiet;
	bool no_heading;
	const char *expected;
} lists[] = {
	{NULL, NULL, false, "CONTAINER ID  NAMES\n1             web\n2             db\n"},
	{"", NULL, false, "CONTAINER ID  NAMES\n1             web\n2             db\n"},
	{"table", NULL, false, "CONTAINER ID  NAMES\n1             web\n2             db\n"},
	{NULL, NULL, true, "1           web\n2           db\n"},
	{NULL, "ID", false, "1\n2\n"},
	{"{{.Names}}", "ID", false, "web\ndb\n"},
	{"{{.Names}}\\n", NULL, false, "web\ndb\n"},
	{"{{.ID}}\\t{{.Names}}", NULL, false, "1\tweb\n2\tdb\n"},
	{"{{.ID}}{{printf \"\\n\"}}", NULL, false, "1\n2\n"},
	{"{{.ID}}\\t{{printf \"<\\n>\"}}", NULL, false, "1\t<\n>\n2\t<\n>\n"},
	{"table {{.Names}}\\t{{.ID}}", NULL, false,
	 "NAMES       CONTAINER ID\nweb         1\ndb          2\n"},
	{"table {{.Names}} {{.ID}}", NULL, false,
	 "NAMES       CONTAINER ID\nweb         1\ndb          2\n"},
	{"table {{.Names}} x{{.ID}}\\t.", NULL, false,
	 "NAMES xCONTAINER ID  .\nweb x1               .\ndb x2                .\n"},
	{"table {{.ID}}\\t{{.Label \"com.x.tier\"}}", NULL, false,
	 "CONTAINER ID  TIER\n1             front\n2             \n"},
	{"table {{json .ID}}\\t{{len .Tags}}\\t{{join .Tags \",\"}}", NULL, false,
	 "CONTAINER ID  TAGS        TAGS\n\"1\"           2           a,b\n\"2\"           0           \n"},
	{"{{json .}}", NULL, false,
	 "{\"ID\":\"1\",\"Names\":\"web\",\"Labels\":\"com.x.tier=front,b=2\",\"Tags\":[\"a\",\"b\"]}\n"
	 "{\"ID\":\"2\",\"Names\":\"db\",\"Labels\":\"\",\"Tags\":[]}\n"},
	{"json", NULL, false, "[\n    {\n        \"Id\": 1\n    },\n    {}\n]\n"},
};

START_TEST(lists_in_every_format)
{
	AUTO_TEXT struct text out = TEXT_INIT(10000);
	struct error err = {0};
	AUTO_JSON json_t *rows = json_parse(rows_text, strlen(rows_text), &err);
	AUTO_JSON json_t *typed = json_pack("[{s:i}, {}]", "Id", 1);
	struct output_list request = {
		.rows = rows,
		.typed = typed,
		.format = lists[_i].format,
		.table = "table {{.ID}}\\t{{.Names}}",
		.captions = captions,
		.quiet = lists[_i].quiet,
		.no_heading = lists[_i].no_heading,
	};

	ck_assert_int_eq(output_list_text(&request, &out, &err), 0);
	ck_assert_str_eq(text_string(&out), lists[_i].expected);
}
END_TEST

START_TEST(bad_templates_fail_also_without_rows)
{
	AUTO_TEXT struct text out = TEXT_INIT(10000);
	struct error err = {0};
	AUTO_JSON json_t *rows = json_array();
	struct output_list request = {.rows = rows, .format = "{{.ID", .table = "table {{.ID}}"};

	ck_assert_int_eq(output_list_text(&request, &out, &err), -EINVAL);
	ck_assert_str_eq(err.text, "template parsing error: template: :1:5: unclosed action");
	ck_assert_uint_eq(out.length, 0);
}
END_TEST

START_TEST(nothing_comes_out_when_a_later_row_fails)
{
	struct error err = {0};
	AUTO_JSON json_t *rows = json_pack("[{s:s}, {}]", "ID", "1");
	struct output_list request = {.rows = rows, .format = "{{.ID}}", .table = "table {{.ID}}"};
	char buffer[64] = "";
	FILE *out = fmemopen(buffer, sizeof buffer, "w");

	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(output_list(&request, out, &err), -EINVAL);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_str_eq(buffer, "");
}
END_TEST

START_TEST(inspect_prints_json_or_one_run_an_object)
{
	AUTO_TEXT struct text document = TEXT_INIT(10000);
	AUTO_TEXT struct text lines = TEXT_INIT(10000);
	AUTO_TEXT struct text single = TEXT_INIT(10000);
	struct error err = {0};
	AUTO_JSON json_t *objects =
		json_pack("[{s:s, s:{s:s, s:s}, s:[]}, {s:s}]", "Id", "a", "Labels", "z", "1", "b",
	                  "<&>", "Args", "Id", "b");

	ck_assert_int_eq(output_object_text(objects, NULL, NULL, &document, &err), 0);
	ck_assert_str_eq(text_string(&document),
	                 "[\n    {\n        \"Id\": \"a\",\n        \"Labels\": {\n"
	                 "            \"b\": \"<&>\",\n            \"z\": \"1\"\n        },\n"
	                 "        \"Args\": []\n    },\n    {\n        \"Id\": \"b\"\n    }\n]\n");
	ck_assert_int_eq(output_object_text(objects, "{{println .Id}}", NULL, &lines, &err), 0);
	ck_assert_str_eq(text_string(&lines), "a\n\nb\n\n");
	ck_assert_int_eq(output_object_text(json_array_get(objects, 1), "{{json .}}", NULL, &single,
	                                    &err),
	                 0);
	ck_assert_str_eq(text_string(&single), "{\"Id\":\"b\"}\n");
}
END_TEST

START_TEST(inspect_keeps_the_objects_before_a_failure)
{
	AUTO_TEXT struct text out = TEXT_INIT(10000);
	struct error err = {0};
	AUTO_JSON json_t *objects = json_pack("[{s:s}, {}]", "Id", "a");

	ck_assert_int_eq(output_object_text(objects, "x{{.Id}}", NULL, &out, &err), -EINVAL);
	ck_assert_str_eq(text_string(&out), "xa\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("table");
	TCase *tcase = tcase_create("table");

	/* widths of characters need any UTF-8 locale; C.UTF-8 is in glibc and musl */
	(void) setlocale(LC_CTYPE, "C.UTF-8");
	tcase_add_loop_test(tcase, aligns_columns, 0, ARRAY_LEN(tables));
	tcase_add_test(tcase, cells_make_rows);
	tcase_add_test(tcase, refuses_more_than_the_text_holds);
	tcase_add_loop_test(tcase, lists_in_every_format, 0, ARRAY_LEN(lists));
	tcase_add_test(tcase, bad_templates_fail_also_without_rows);
	tcase_add_test(tcase, nothing_comes_out_when_a_later_row_fails);
	tcase_add_test(tcase, inspect_prints_json_or_one_run_an_object);
	tcase_add_test(tcase, inspect_keeps_the_objects_before_a_failure);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
