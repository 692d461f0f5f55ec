/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_monitor_log.c - what the program writes becomes lines of a log, and the log stays small */
#include "../../src/monitor/monitor_private.h"

#include "scratch.h"
#include "suite.h"

#define LINE 16384

struct fixture {
	struct record record;
	struct log log;
};

static void begin(struct fixture *fixture, const struct scratch *scratch, const char *driver)
{
	struct error err = {0};

	fixture->record.log_driver = (char *) (uintptr_t) driver;
	ck_assert_msg(log_file_open(&fixture->log, scratch->fd, &fixture->record, &err) == 0, "%s", err.text);
}

static void put(struct fixture *fixture, int stream, const char *text)
{
	log_file_write(&fixture->log, stream, text, strlen(text));
}

static char *contents(const struct scratch *scratch, const char *name)
{
	char *text = NULL;

	ck_assert_msg(file_read(scratch->fd, name, 8 << 20, &text, NULL) == 0, "%s", name);
	return text;
}

static size_t lines_of(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

/* The nth line of a json-file as an object; every line must be one. */
static json_t *line(const char *text, size_t n)
{
	struct error err = {0};
	json_t *json;

	while (n--)
		text = strchr(text, '\n') + 1;
	json = json_parse(text, strcspn(text, "\n"), &err);
	ck_assert_msg(json != NULL, "%s: %s", err.text, text);
	return json;
}

static const char *member(const json_t *json, const char *key)
{
	return json_string_value(json_object_get(json, key));
}

START_TEST(a_line_is_an_entry)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	struct fixture fixture = {0};

	begin(&fixture, &scratch, "json-file");
	put(&fixture, 0, "one\ntwo\n");
	put(&fixture, 1, "bad\n");
	put(&fixture, 0, "\n");
	{
		AUTO_FREE char *text = contents(&scratch, "log.json");
		AUTO_JSON json_t *second = line(text, 1), *third = line(text, 2), *fourth = line(text, 3);

		ck_assert_uint_eq(lines_of(text), 4);
		ck_assert_str_eq(member(second, "log"), "two\n");
		ck_assert_str_eq(member(second, "stream"), "stdout");
		ck_assert_str_eq(member(third, "stream"), "stderr");
		ck_assert_str_eq(member(fourth, "log"), "\n");
		ck_assert_ptr_nonnull(strstr(member(second, "time"), "Z"));
		ck_assert_ptr_null(json_object_get(second, "attrs"));
	}
	log_file_close(&fixture.log);
}
END_TEST

START_TEST(pieces_of_a_line_are_put_together)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	struct fixture fixture = {0};

	begin(&fixture, &scratch, "json-file");
	put(&fixture, 0, "a");
	put(&fixture, 1, "x");
	put(&fixture, 0, "b");
	put(&fixture, 0, "c\nd");
	put(&fixture, 1, "y\n");
	log_file_close(&fixture.log);
	AUTO_FREE char *text = contents(&scratch, "log.json");
	AUTO_JSON json_t *first = line(text, 0), *second = line(text, 1), *last = line(text, 2);

	ck_assert_str_eq(member(first, "log"), "abc\n");
	ck_assert_str_eq(member(second, "log"), "xy\n");
	/* what has no end of line at the end is written without one */
	ck_assert_str_eq(member(last, "log"), "d");
	ck_assert_uint_eq(lines_of(text), 3);
}
END_TEST

static const struct {
	const char *bytes, *json;
} escapes[] = {
	{"\"\\\n", "\"log\":\"\\\"\\\\\\n\""},
	{"a\tb\rc\n", "\"log\":\"a\\tb\\rc\\n\""},
	{"\x1b[1m\x7f\x01\n", "\"log\":\"\\u001b[1m\\u007f\\u0001\\n\""},
	{"sm\xc3\xb8rrebr\xc3\xb8""d\n", "\"log\":\"sm\xc3\xb8rrebr\xc3\xb8""d\\n\""},
	{"/slash\n", "\"log\":\"/slash\\n\""},
};

START_TEST(special_characters_are_escaped)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	struct fixture fixture = {0};

	begin(&fixture, &scratch, "json-file");
	put(&fixture, 0, escapes[_i].bytes);
	log_file_close(&fixture.log);
	AUTO_FREE char *text = contents(&scratch, "log.json");
	AUTO_JSON json_t *first = line(text, 0);

	ck_assert_msg(strstr(text, escapes[_i].json) != NULL, "%s", text);
	ck_assert_str_eq(member(first, "log"), escapes[_i].bytes);
}
END_TEST

START_TEST(a_nul_is_not_the_end)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	struct fixture fixture = {0};

	begin(&fixture, &scratch, "json-file");
	log_file_write(&fixture.log, 0, "a\0b\n", 4);
	log_file_close(&fixture.log);
	AUTO_FREE char *text = contents(&scratch, "log.json");

	ck_assert_ptr_nonnull(strstr(text, "\"log\":\"a\\u0000b\\n\""));
}
END_TEST

START_TEST(the_other_format_is_that_of_kubernetes)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	struct fixture fixture = {0};
	const char *at;

	begin(&fixture, &scratch, "k8s-file");
	put(&fixture, 0, "whole\npart");
	log_file_close(&fixture.log);
	AUTO_FREE char *text = contents(&scratch, "log");

	at = strchr(text, ' ');
	ck_assert_int_eq(strncmp(at, " stdout F whole\n", 16), 0);
	at = strchr(strchr(text, '\n'), ' ');
	ck_assert_str_eq(at, " stdout P part\n");
}
END_TEST

START_TEST(a_long_line_is_cut_into_parts)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	AUTO_FREE char *bytes = xcalloc(1, 2 * LINE + 12);
	struct fixture fixture = {0};

	(void) memset(bytes, 'x', 2 * LINE + 10);
	bytes[2 * LINE + 10] = '\n';
	begin(&fixture, &scratch, "json-file");
	put(&fixture, 0, bytes);
	log_file_close(&fixture.log);
	AUTO_FREE char *text = contents(&scratch, "log.json");
	AUTO_JSON json_t *first = line(text, 0), *last = line(text, 2);

	ck_assert_uint_eq(lines_of(text), 3);
	ck_assert_uint_eq(strlen(member(first, "log")), LINE);
	ck_assert_str_eq(member(last, "log"), "xxxxxxxxxx\n");
}
END_TEST

START_TEST(a_line_of_just_that_length_is_one_entry)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	AUTO_FREE char *bytes = xcalloc(1, LINE + 2);
	struct fixture fixture = {0};

	(void) memset(bytes, 'x', LINE);
	bytes[LINE] = '\n';
	begin(&fixture, &scratch, "json-file");
	put(&fixture, 0, bytes);
	log_file_close(&fixture.log);
	AUTO_FREE char *text = contents(&scratch, "log.json");
	AUTO_JSON json_t *first = line(text, 0);

	ck_assert_uint_eq(lines_of(text), 1);
	ck_assert_uint_eq(strlen(member(first, "log")), LINE + 1);
}
END_TEST

START_TEST(a_tag_is_in_every_line)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	struct fixture fixture = {.record.log_tag = (char *) (uintptr_t) "web \"1\""};

	begin(&fixture, &scratch, "json-file");
	put(&fixture, 0, "one\ntwo\n");
	log_file_close(&fixture.log);
	AUTO_FREE char *text = contents(&scratch, "log.json");
	AUTO_JSON json_t *second = line(text, 1);

	ck_assert_str_eq(member(json_object_get(second, "attrs"), "tag"), "web \"1\"");
}
END_TEST

static const struct {
	unsigned files;
	const char *there, *gone; /* the oldest that is kept, the one after it */
} rotations[] = {
	{1, "log.json", "log.json.1"},
	{2, "log.json.1", "log.json.2"},
	{3, "log.json.2", "log.json.3"},
};

START_TEST(stays_within_its_files)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	struct fixture fixture = {.record = {.log_max_size = 1000, .log_max_files = rotations[_i].files}};

	begin(&fixture, &scratch, "json-file");
	for (unsigned i = 0; i < 200; i++) {
		AUTO_FREE char *text = xprintf("line %u\nmore\n", i);

		put(&fixture, 0, text);
	}
	log_file_close(&fixture.log);
	ck_assert(scratch_has(&scratch, rotations[_i].there));
	ck_assert(!scratch_has(&scratch, rotations[_i].gone));
	for (unsigned i = 0; i < rotations[_i].files; i++) {
		AUTO_FREE char *name = i ? xprintf("log.json.%u", i) : xstrdup("log.json");
		AUTO_FREE char *text = contents(&scratch, name);
		AUTO_JSON json_t *first = line(text, 0);

		/* no line is split over two files */
		ck_assert_uint_le(strlen(text), 1000);
		ck_assert_int_eq(text[strlen(text) - 1], '\n');
		ck_assert_ptr_nonnull(member(first, "log"));
	}
	{
		AUTO_FREE char *newest = contents(&scratch, "log.json");

		ck_assert_ptr_nonnull(strstr(newest, "line 199"));
	}
}
END_TEST

START_TEST(goes_on_in_the_file_of_the_last_run)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	struct fixture fixture = {.record = {.log_max_size = 200, .log_max_files = 2}};

	for (int i = 0; i < 2; i++) {
		begin(&fixture, &scratch, "json-file");
		put(&fixture, 0, "one\n");
		log_file_close(&fixture.log);
	}
	AUTO_FREE char *text = contents(&scratch, "log.json");

	ck_assert_uint_eq(lines_of(text), 2);
	begin(&fixture, &scratch, "json-file");
	/* its size counts what was there */
	put(&fixture, 0, "a line that does not fit behind those two any more\n");
	log_file_close(&fixture.log);
	ck_assert(scratch_has(&scratch, "log.json.1"));
}
END_TEST

START_TEST(other_drivers_write_nothing)
{
	static const char *const drivers[] = {"none", "passthrough"};
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	struct fixture fixture = {0};

	begin(&fixture, &scratch, drivers[_i]);
	put(&fixture, 0, "one\n");
	log_file_close(&fixture.log);
	ck_assert(!scratch_has(&scratch, "log.json"));
	ck_assert(!scratch_has(&scratch, "log"));
}
END_TEST

START_TEST(a_symlink_in_its_place_is_not_followed)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	struct fixture fixture = {.record.log_driver = (char *) (uintptr_t) "json-file"};
	struct error err = {0};

	scratch_file(&scratch, "victim", "");
	ck_assert_int_eq(symlinkat("victim", scratch.fd, "log.json"), 0);
	ck_assert_int_eq(log_file_open(&fixture.log, scratch.fd, &fixture.record, &err), -ELOOP);
	log_file_close(&fixture.log);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("monitor_log");
	TCase *tcase = tcase_create("monitor_log");

	tcase_add_test(tcase, a_line_is_an_entry);
	tcase_add_test(tcase, pieces_of_a_line_are_put_together);
	tcase_add_loop_test(tcase, special_characters_are_escaped, 0, ARRAY_LEN(escapes));
	tcase_add_test(tcase, a_nul_is_not_the_end);
	tcase_add_test(tcase, the_other_format_is_that_of_kubernetes);
	tcase_add_test(tcase, a_long_line_is_cut_into_parts);
	tcase_add_test(tcase, a_line_of_just_that_length_is_one_entry);
	tcase_add_test(tcase, a_tag_is_in_every_line);
	tcase_add_loop_test(tcase, stays_within_its_files, 0, ARRAY_LEN(rotations));
	tcase_add_test(tcase, goes_on_in_the_file_of_the_last_run);
	tcase_add_loop_test(tcase, other_drivers_write_nothing, 0, 2);
	tcase_add_test(tcase, a_symlink_in_its_place_is_not_followed);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
