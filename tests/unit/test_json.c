/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_json.c - one table reads, writes, copies and frees; errors name the path */
#include "coracle/base/json.h"

#include <check.h>
#include <string.h>

#include "suite.h"

struct inner { char *name; bool on; };
struct outer {
	char *text;
	bool flag, kept;
	int64_t number;
	uint64_t size;
	struct opt_bool maybe;
	struct opt_uint limit;
	struct texts words;
	struct pairs labels;
	struct uints ids;
	struct inner held;
	struct inner *pointed;
	struct list items;
	json_t *raw;
};

static const struct field inner_fields[] = {
	FIELD_TEXT("name", struct inner, name, .required = true),
	FIELD_BOOL("on", struct inner, on),
	FIELD_END,
};
static const struct field held_fields[] = {
	FIELD_TEXT("name", struct inner, name),
	FIELD_END,
};
static const struct field outer_fields[] = {
	FIELD_TEXT("text", struct outer, text),
	FIELD_BOOL("flag", struct outer, flag),
	FIELD_BOOL("kept", struct outer, kept, .keep = true),
	FIELD_INT("number", struct outer, number),
	FIELD_UINT("size", struct outer, size),
	FIELD_OPT_BOOL("maybe", struct outer, maybe),
	FIELD_OPT_UINT("limit", struct outer, limit),
	FIELD_TEXTS("words", struct outer, words),
	FIELD_PAIRS("labels", struct outer, labels),
	FIELD_UINTS("ids", struct outer, ids),
	FIELD_STRUCT("held", struct outer, held, struct inner, held_fields),
	FIELD_STRUCT_PTR("pointed", struct outer, pointed, struct inner, inner_fields),
	FIELD_LIST("items", struct outer, items, struct inner, inner_fields),
	FIELD_RAW("raw", struct outer, raw),
	FIELD_END,
};

static int read_text(const char *text, struct outer *outer, struct error *err)
{
	AUTO_JSON json_t *json = json_parse(text, strlen(text), err);

	return json ? json_read(json, outer_fields, outer, err) : -EINVAL;
}

static const char full[] =
	"{\"text\":\"t\",\"flag\":true,\"kept\":false,\"number\":-5,\"size\":7,\"maybe\":false,"
	"\"limit\":0,\"words\":[\"a\",\"b\"],\"labels\":{\"k\":\"v\"},\"ids\":[1,2],"
	"\"held\":{\"name\":\"h\"},\"pointed\":{\"name\":\"p\",\"on\":true},"
	"\"items\":[{\"name\":\"i\"},{\"name\":\"j\"},{\"name\":\"k\"}],\"raw\":[null,1.5]}";

static void check_writes(const struct outer *outer, const char *expected)
{
	AUTO_JSON json_t *json = json_write(outer_fields, outer);
	AUTO_FREE char *text = json_text(json, JSON_COMPACT);

	ck_assert_str_eq(text, expected);
}

START_TEST(writes_what_it_read)
{
	struct outer outer = {0}, copy = {0};
	struct error err = {0};

	ck_assert_int_eq(read_text(full, &outer, &err), 0);
	ck_assert_int_eq(outer.number, -5);
	ck_assert(outer.limit.set && outer.limit.value == 0);
	ck_assert_uint_eq(outer.items.count, 3);
	ck_assert_str_eq(LIST_AT(struct inner, &outer.items, 2)->name, "k");
	check_writes(&outer, full);
	fields_copy(outer_fields, &outer, &copy);
	fields_done(outer_fields, &outer);
	check_writes(&copy, full);
	fields_done(outer_fields, &copy);
	ck_assert_ptr_null(copy.text);
	ck_assert_uint_eq(copy.items.count, 0);
}
END_TEST

START_TEST(leaves_out_what_is_empty)
{
	struct outer outer = {0};

	check_writes(&outer, "{\"kept\":false}");
}
END_TEST

START_TEST(null_and_unknown_keys_count_as_absent)
{
	struct outer outer = {0};
	struct error err = {0};

	ck_assert_int_eq(read_text("{\"text\":null,\"other\":1,\"limit\":null}", &outer, &err), 0);
	ck_assert_ptr_null(outer.text);
	ck_assert(!outer.limit.set);
}
END_TEST

static const struct {
	const char *text, *error;
} bad[] = {
	{"[]", "is not a JSON object"},
	{"{\"text\":1}", "\"text\" is not a string"},
	{"{\"text\":\"a\\u0000b\"}", "line 1: not JSON: \\u0000 is not allowed without JSON_ALLOW_NUL near '\"a\\u0000b\"'"},
	{"{\"flag\":0}", "\"flag\" is not true or false"},
	{"{\"size\":-1}", "\"size\" is not a number from 0 up"},
	{"{\"number\":1.5}", "\"number\" is not a whole number"},
	{"{\"words\":[\"a\",2]}", "\"words\"[1] is not a string"},
	{"{\"labels\":{\"k\":2}}", "\"labels\": \"k\" is not a string"},
	{"{\"pointed\":{}}", "\"pointed\": \"name\" is missing"},
	{"{\"items\":[{\"name\":\"a\"},{\"name\":\"b\",\"on\":3}]}",
	 "\"items\"[1]: \"on\" is not true or false"},
	{"{\"items\":[1]}", "\"items\"[0] is not an object"},
};

START_TEST(names_the_path_of_what_is_wrong_and_frees_the_rest)
{
	struct outer outer = {0};
	struct error err = {0};

	ck_assert_int_eq(read_text(bad[_i].text, &outer, &err), -EINVAL);
	ck_assert_str_eq(err.text, bad[_i].error);
	ck_assert_ptr_null(outer.pointed);
	ck_assert_ptr_null(outer.items.items);
	ck_assert_ptr_null(outer.words.items);
}
END_TEST

static const char *const broken[] = {"", "{", "{}x", "{\"a\":1,\"a\":2}", "nul"};

START_TEST(refuses_what_is_not_exactly_one_document)
{
	struct error err = {0};

	ck_assert_ptr_null(json_parse(broken[_i], strlen(broken[_i]), &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
}
END_TEST

START_TEST(keeps_strings_that_are_not_utf8_readable)
{
	struct outer outer = {.text = (char *) (uintptr_t) "a\xff""b"};

	check_writes(&outer, "{\"text\":\"a?b\",\"kept\":false}");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json");
	TCase *tcase = tcase_create("json");

	tcase_add_test(tcase, writes_what_it_read);
	tcase_add_test(tcase, leaves_out_what_is_empty);
	tcase_add_test(tcase, null_and_unknown_keys_count_as_absent);
	tcase_add_loop_test(tcase, names_the_path_of_what_is_wrong_and_frees_the_rest, 0, ARRAY_LEN(bad));
	tcase_add_loop_test(tcase, refuses_what_is_not_exactly_one_document, 0, ARRAY_LEN(broken));
	tcase_add_test(tcase, keeps_strings_that_are_not_utf8_readable);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
