/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_logs_read.c - what the monitor writes to a log is read back, over rotations, from the end, while it grows */
#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/text.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../../src/container/logs_read.h"
#include "../../src/monitor/monitor_private.h"
#include "scratch.h"
#include "suite.h"

static const char *const drivers[] = {"json-file", "k8s-file"};

struct fixture {
	struct scratch scratch;
	int fd; /* the scratch's */
	struct log log;
	struct record record;
	const char *name;
	enum log_format format;
};

static void set_up(struct fixture *fixture, int driver, uint64_t max_size, uint64_t max_files)
{
	struct error err = {0};

	*fixture = (struct fixture){
		.record = {.log_max_size = max_size, .log_max_files = max_files},
		.name = driver == 0 ? "log.json" : "log",
		.format = driver == 0 ? LOG_JSON : LOG_K8S,
	};
	fixture->scratch = scratch_new();
	fixture->fd = fixture->scratch.fd;
	text_replace(&fixture->record.log_driver, drivers[driver]);
	ck_assert_int_eq(log_file_open(&fixture->log, fixture->fd, &fixture->record, &err), 0);
}

static void tear_down(struct fixture *fixture)
{
	free(fixture->record.log_driver);
	scratch_done(&fixture->scratch);
}

static void write_lines(struct fixture *fixture, int first, int last)
{
	for (int i = first; i <= last; i++) {
		AUTO_FREE char *line = xprintf("line %d\n", i);

		log_file_write(&fixture->log, i % 2, line, strlen(line));
	}
}

static void open_reader(const struct fixture *fixture, struct log_reader *reader)
{
	struct error err = {0};

	ck_assert_int_eq(log_reader_open(reader, fixture->fd, fixture->name, fixture->format, &err), 0);
}

static void expect_lines(struct log_reader *reader, int first, int last)
{
	struct log_entry entry;

	for (int i = first; i <= last; i++) {
		AUTO_FREE char *line = xprintf("line %d", i);

		ck_assert_int_eq(log_reader_next(reader, &entry), 1);
		ck_assert_int_eq(entry.stream, i % 2 + 1);
		ck_assert_int_eq(entry.whole, true);
		ck_assert_uint_eq(entry.length, strlen(line));
		ck_assert_mem_eq(entry.bytes, line, entry.length);
	}
	ck_assert_int_eq(log_reader_next(reader, &entry), 0);
	ck_assert_uint_eq(reader->damaged, 0);
}

START_TEST(reads_all_rotated_files_in_order)
{
	AUTO_LOG_READER struct log_reader reader = LOG_READER_INIT;
	struct fixture fixture;

	set_up(&fixture, _i, 2000, 50);
	write_lines(&fixture, 1, 500);
	open_reader(&fixture, &reader);
	expect_lines(&reader, 1, 500);
	ck_assert_int_eq(faccessat(fixture.fd, _i ? "log.3" : "log.json.3", F_OK, 0), 0);
	log_file_close(&fixture.log);
	tear_down(&fixture);
}
END_TEST

START_TEST(follows_over_rotations)
{
	AUTO_LOG_READER struct log_reader reader = LOG_READER_INIT;
	struct fixture fixture;

	set_up(&fixture, _i, 2000, 50);
	open_reader(&fixture, &reader);
	expect_lines(&reader, 1, 0);
	for (int i = 1; i <= 1000; i += 100) {
		write_lines(&fixture, i, i + 99);
		expect_lines(&reader, i, i + 99);
	}
	log_file_close(&fixture.log);
	tear_down(&fixture);
}
END_TEST

START_TEST(begins_before_the_log_is_there)
{
	AUTO_LOG_READER struct log_reader reader = LOG_READER_INIT;
	struct fixture fixture;

	set_up(&fixture, _i, 0, 1);
	ck_assert_int_eq(unlinkat(fixture.fd, fixture.name, 0), 0);
	open_reader(&fixture, &reader);
	expect_lines(&reader, 1, 0);
	log_file_close(&fixture.log);
	struct error err = {0};
	ck_assert_int_eq(log_file_open(&fixture.log, fixture.fd, &fixture.record, &err), 0);
	write_lines(&fixture, 1, 3);
	expect_lines(&reader, 1, 3);
	log_file_close(&fixture.log);
	tear_down(&fixture);
}
END_TEST

static const struct {
	int lines;
	uint64_t tail;
} tails[] = {{0, 5}, {10, 0}, {10, 1}, {10, 10}, {10, 11}, {500, 3}, {500, 60}, {500, 499}, {500, UINT64_MAX}, {20000, 7000}};

START_TEST(begins_at_the_last_lines)
{
	for (int driver = 0; driver < 2; driver++) {
		AUTO_LOG_READER struct log_reader reader = LOG_READER_INIT;
		const struct log_range range = {0};
		struct fixture fixture;
		int lines = tails[_i].lines;

		set_up(&fixture, driver, (uint64_t) lines * 8, 100);
		write_lines(&fixture, 1, lines);
		open_reader(&fixture, &reader);
		log_reader_tail(&reader, tails[_i].tail, &range);
		expect_lines(&reader, tails[_i].tail < (uint64_t) lines ? lines - (int) tails[_i].tail + 1 : 1, lines);
		/* and goes on with what comes */
		write_lines(&fixture, lines + 1, lines + 100);
		expect_lines(&reader, lines + 1, lines + 100);
		log_file_close(&fixture.log);
		tear_down(&fixture);
	}
}
END_TEST

static char *collect(struct log_reader *reader, size_t *length)
{
	struct text out = TEXT_INIT(4 << 20);
	struct log_entry entry;

	while (log_reader_next(reader, &entry) == 1) {
		ck_assert_int_eq(text_add_bytes(&out, entry.bytes, entry.length), 0);
		if (entry.whole)
			ck_assert_int_eq(text_add_char(&out, '\n'), 0);
	}
	*length = out.length;
	return text_take(&out);
}

START_TEST(gives_back_every_byte)
{
	AUTO_LOG_READER struct log_reader reader = LOG_READER_INIT;
	AUTO_FREE char *bytes = xcalloc(300000, 1);
	AUTO_FREE char *back = NULL;
	struct fixture fixture;
	size_t length;

	/* all byte values, control characters in runs, lines of up to 100,000 bytes, no newline at the end */
	for (size_t i = 0; i < 300000; i++)
		bytes[i] = (char) (i < 100000 ? (i * 7 + i / 256) : i < 200000 ? '\x01' : 'x');
	set_up(&fixture, _i, 100000, 50);
	for (size_t i = 0; i < 300000; i += 30000)
		log_file_write(&fixture.log, 0, bytes + i, 30000);
	log_file_close(&fixture.log);
	open_reader(&fixture, &reader);
	back = collect(&reader, &length);
	ck_assert_uint_eq(length, 300000);
	ck_assert_mem_eq(back, bytes, length);
	ck_assert_uint_eq(reader.damaged, 0);
	tear_down(&fixture);
}
END_TEST

START_TEST(counts_a_long_line_once)
{
	AUTO_LOG_READER struct log_reader reader = LOG_READER_INIT;
	AUTO_FREE char *line = xcalloc(50001, 1);
	AUTO_FREE char *back = NULL;
	const struct log_range range = {0};
	struct fixture fixture;
	size_t length;

	(void) memset(line, 'x', 50000);
	line[50000] = '\n';
	set_up(&fixture, _i, 0, 1);
	log_file_write(&fixture.log, 0, "first\n", 6);
	log_file_write(&fixture.log, 0, line, 50001);
	log_file_write(&fixture.log, 0, "last", 4);
	log_file_close(&fixture.log);
	open_reader(&fixture, &reader);
	log_reader_tail(&reader, 2, &range);
	back = collect(&reader, &length);
	ck_assert_uint_eq(length, 50005);
	ck_assert_int_eq(strncmp(back + 49999, "x\nlast", 6), 0);
	tear_down(&fixture);
}
END_TEST

START_TEST(passes_over_damage)
{
	static const char text[] = "2026-11-21T21:18:10Z stdout F line 1\n"
				   "garbage\n"
				   "\n"
				   "2026-11-21T21:18:11Z stdout F line 2\n"
				   "2026-11-21T21:18:12Z stdo";
	AUTO_LOG_READER struct log_reader reader = LOG_READER_INIT;
	const struct log_range range = {0};
	struct log_entry entry;
	struct fixture fixture;

	set_up(&fixture, 1, 0, 1);
	ck_assert_int_eq(write_all(fixture.log.fd, text, sizeof text - 1), 0);
	open_reader(&fixture, &reader);
	log_reader_tail(&reader, 2, &range);
	ck_assert_int_eq(log_reader_next(&reader, &entry), 1);
	ck_assert_mem_eq(entry.bytes, "line 1", 6);
	ck_assert_int_eq(log_reader_next(&reader, &entry), 1);
	ck_assert_mem_eq(entry.bytes, "line 2", 6);
	ck_assert_uint_eq(reader.damaged, 2);
	/* the rest of a line may still come */
	ck_assert_int_eq(log_reader_next(&reader, &entry), 0);
	ck_assert_int_eq(log_reader_rest(&reader), true);
	ck_assert_int_eq(write_all(fixture.log.fd, "ut F line 3\n", 12), 0);
	ck_assert_int_eq(log_reader_next(&reader, &entry), 1);
	ck_assert_mem_eq(entry.bytes, "line 3", 6);
	log_file_close(&fixture.log);
	tear_down(&fixture);
}
END_TEST

START_TEST(passes_over_a_line_beyond_measure)
{
	AUTO_LOG_READER struct log_reader reader = LOG_READER_INIT;
	AUTO_FREE char *block = xcalloc(LOG_BUFFER_BYTES, 1);
	const struct log_range range = {0};
	struct log_entry entry;
	struct fixture fixture;

	(void) memset(block, 'x', LOG_BUFFER_BYTES);
	set_up(&fixture, 1, 0, 1);
	write_lines(&fixture, 1, 1);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(write_all(fixture.log.fd, block, LOG_BUFFER_BYTES), 0);
	ck_assert_int_eq(write_all(fixture.log.fd, "\n", 1), 0);
	write_lines(&fixture, 2, 2);
	open_reader(&fixture, &reader);
	if (_i)
		log_reader_tail(&reader, 2, &range);
	ck_assert_int_eq(log_reader_next(&reader, &entry), 1);
	ck_assert_mem_eq(entry.bytes, "line 1", 6);
	ck_assert_int_eq(log_reader_next(&reader, &entry), 1);
	ck_assert_mem_eq(entry.bytes, "line 2", 6);
	ck_assert_int_eq(log_reader_next(&reader, &entry), 0);
	ck_assert_uint_eq(reader.damaged, 1);
	log_file_close(&fixture.log);
	tear_down(&fixture);
}
END_TEST

START_TEST(never_blocks_on_what_is_no_file)
{
	AUTO_LOG_READER struct log_reader reader = LOG_READER_INIT;
	struct fixture fixture;
	struct error err = {0};

	set_up(&fixture, 0, 0, 1);
	log_file_close(&fixture.log);
	ck_assert_int_eq(unlinkat(fixture.fd, "log.json", 0), 0);
	ck_assert_int_eq(mkfifoat(fixture.fd, "log.json", 0600), 0);
	ck_assert_int_lt(log_reader_open(&reader, fixture.fd, "log.json", LOG_JSON, &err), 0);
	tear_down(&fixture);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("logs_read");
	TCase *tcase = tcase_create("logs_read");

	tcase_add_loop_test(tcase, reads_all_rotated_files_in_order, 0, ARRAY_LEN(drivers));
	tcase_add_loop_test(tcase, follows_over_rotations, 0, ARRAY_LEN(drivers));
	tcase_add_loop_test(tcase, begins_before_the_log_is_there, 0, ARRAY_LEN(drivers));
	tcase_add_loop_test(tcase, begins_at_the_last_lines, 0, ARRAY_LEN(tails));
	tcase_add_loop_test(tcase, gives_back_every_byte, 0, ARRAY_LEN(drivers));
	tcase_add_loop_test(tcase, counts_a_long_line_once, 0, ARRAY_LEN(drivers));
	tcase_add_test(tcase, passes_over_damage);
	tcase_add_loop_test(tcase, passes_over_a_line_beyond_measure, 0, 2);
	tcase_add_test(tcase, never_blocks_on_what_is_no_file);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
