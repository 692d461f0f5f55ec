/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_part.c - downloads go on where they ended, whoever was killed, and are done once */
#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/store/part.h"
#include "coracle/store/stream.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "scratch.h"
#include "suite.h"
#include "tar_maker.h"

#define BLOB_BYTES 9000000

static char folder[64];
static struct paths paths;
static struct store *store;
static char *blob; /* a tar with one file */
static size_t blob_length;
static char blob_digest[DIGEST_TEXT_SIZE];

static void setup(void)
{
	AUTO_TEXT struct text tar = TEXT_INIT(2 * BLOB_BYTES);
	AUTO_FREE char *content = xcalloc(1, BLOB_BYTES + 1);
	struct tar_entry entry = {"f", '0', .content = content};
	struct error err = {0};

	(void) snprintf(folder, sizeof folder, "/tmp/coracle-part-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	paths.data_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_msg(store_open(&paths, &store, &err) == 0, "%s", err.text);
	for (size_t i = 0; i < BLOB_BYTES; i++)
		content[i] = (char) ('a' + (i * i / 7) % 26);
	tar_add(&tar, &entry);
	tar_end(&tar);
	blob_length = tar.length;
	blob = text_take(&tar);
	ck_assert_int_eq(digest_bytes(blob, blob_length, blob_digest, &err), 0);
}

static void teardown(void)
{
	free(blob);
	store_close(store);
	(void) close(paths.data_fd);
	(void) !tree_remove(AT_FDCWD, folder);
}

static struct part opened(void)
{
	struct part part = PART_INIT;
	struct error err = {0};

	CHECK(part_open(store, blob_digest, blob_length, LOCK_TRY, &part, &err) == 0);
	return part;
}

static void write_until(struct part *part, uint64_t end)
{
	struct error err = {0};

	CHECK(part_write(part, blob + part->offset, (size_t) (end - part->offset), &err) == 0);
}

static size_t files(void)
{
	AUTO_TEXTS struct texts names = {0};
	int r = directory_list(store_fd(store), "parts", &names);

	ck_assert(r == 0 || r == -ENOENT);
	return names.count;
}

static char *part_file(const char *suffix)
{
	return xprintf("parts/%s%s", digest_hex(blob_digest), suffix);
}

/* another_boot - what the mark says comes from before a restart of the machine */
static void another_boot(uint64_t on_disk)
{
	AUTO_FREE char *path = part_file(".mark");
	AUTO_FREE char *text = xprintf("00000000-0000-0000-0000-000000000000 %llu\n", (unsigned long long) on_disk);

	ck_assert_int_eq(file_write(store_fd(store), path, text, strlen(text), 0600, FILE_FAST), 0);
}

START_TEST(goes_on_where_it_ended)
{
	struct part part = opened();
	struct error err = {0};

	ck_assert_uint_eq(part.offset, 0);
	write_until(&part, 1000);
	part_abandon(&part, PART_KEEP);
	ck_assert_int_eq(part.fd, -1);
	part = opened();
	ck_assert_uint_eq(part.offset, 1000);
	ck_assert_int_eq(part_progress(store, blob_digest), 1000);
	ck_assert_int_eq(part_check(&part, &err), -EBADMSG);
	write_until(&part, blob_length);
	ck_assert_msg(part_check(&part, &err) == 0, "%s", err.text);
	part_complete(&part);
	ck_assert_uint_eq(files(), 0);
	ck_assert_int_eq(part_progress(store, blob_digest), -ENOENT);
}
END_TEST

START_TEST(a_killed_process_loses_nothing)
{
	struct part part;
	int pipe_fds[2], status;
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		part = opened();
		write_until(&part, 123456);
		(void) !write(pipe_fds[1], "x", 1);
		for (;;)
			(void) pause();
	}
	ck_assert_int_eq(read(pipe_fds[0], &byte, 1), 1);
	/* while it lives nobody else downloads */
	{
		struct part other = PART_INIT;
		struct error err = {0};

		ck_assert_int_eq(part_open(store, blob_digest, blob_length, LOCK_TRY, &other, &err), -EWOULDBLOCK);
		ck_assert_int_eq(part_progress(store, blob_digest), 123456);
	}
	(void) kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	part = opened();
	ck_assert_uint_eq(part.offset, 123456);
	part_abandon(&part, PART_DROP);
	ck_assert_uint_eq(files(), 0);
	(void) close(pipe_fds[0]);
	(void) close(pipe_fds[1]);
}
END_TEST

START_TEST(random_kills_never_cost_more_than_the_rest)
{
	struct error err = {0};
	uint64_t before = 0;
	struct part part;

	for (int i = 0; i < 30; i++) {
		pid_t pid = fork();
		int status;

		ck_assert_int_ge(pid, 0);
		if (pid == 0) {
			part = opened();
			while (part.offset < part.size)
				write_until(&part, MIN(part.offset + 97, part.size));
			_exit(0);
		}
		(void) poll(NULL, 0, i % 7);
		(void) kill(pid, SIGKILL);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		part = opened();
		ck_assert_uint_ge(part.offset, before);
		before = part.offset;
		part_close(&part);
	}
	part = opened();
	write_until(&part, blob_length);
	ck_assert_msg(part_check(&part, &err) == 0, "%s", err.text);
	part_complete(&part);
}
END_TEST

START_TEST(after_a_restart_only_what_was_on_disk_counts)
{
	struct part part = opened();
	struct error err = {0};

	write_until(&part, 5000);
	part_close(&part);
	another_boot(2000);
	part = opened();
	ck_assert_uint_eq(part.offset, 2000);
	/* and of this boot all of it */
	write_until(&part, 2500);
	part_close(&part);
	part = opened();
	ck_assert_uint_eq(part.offset, 2500);
	part_close(&part);
	/* a mark may be newer than a file that the file system cut */
	another_boot(1 << 20);
	part = opened();
	ck_assert_uint_eq(part.offset, 2500);
	write_until(&part, blob_length);
	ck_assert_msg(part_check(&part, &err) == 0, "%s", err.text);
	part_complete(&part);
}
END_TEST

START_TEST(kept_parts_survive_a_restart_whole)
{
	AUTO_FREE char *path = part_file(".mark"), *text = NULL;
	struct part part = opened();

	write_until(&part, 5000);
	part_abandon(&part, PART_KEEP);
	ck_assert_int_eq(file_read(store_fd(store), path, 1000, &text, NULL), 0);
	ck_assert_ptr_nonnull(strstr(text, " 5000\n"));
}
END_TEST

static const struct mark { const char *text; uint64_t wanted; } marks[] = {
	{"", 0}, {"nonsense\n", 0}, {"nonsense 7x\n", 0}, {"nonsense -1\n", 0}, {"nonsense 99999999999999999999\n", 0},
	{"nonsense 400\n", 400}, {"nonsense 9000\n", 1000}, {NULL, 0},
};

START_TEST(nothing_is_trusted_without_a_good_mark)
{
	AUTO_FREE char *path = part_file(".mark");
	struct part part = opened();

	write_until(&part, 1000);
	part_close(&part);
	if (marks[_i].text)
		ck_assert_int_eq(file_write(store_fd(store), path, marks[_i].text, strlen(marks[_i].text), 0600, FILE_FAST), 0);
	else
		ck_assert_int_eq(unlinkat(store_fd(store), path, 0), 0);
	part = opened();
	ck_assert_uint_eq(part.offset, marks[_i].wanted);
	part_close(&part);
}
END_TEST

START_TEST(more_than_announced_is_refused)
{
	struct part part = opened();
	struct error err = {0};

	write_until(&part, blob_length);
	ck_assert_int_eq(part_write(&part, "x", 1, &err), -EBADMSG);
	ck_assert_uint_eq(part.offset, blob_length);
	part_close(&part);
	/* the same digest with another size: one of the two is a lie, and what is there is of no use */
	ck_assert_int_eq(part_open(store, blob_digest, 10, LOCK_TRY, &part, &err), 0);
	ck_assert_uint_eq(part.offset, 0);
	part_close(&part);
}
END_TEST

START_TEST(wrong_content_is_found_out)
{
	struct part part = opened();
	struct error err = {0};

	ck_assert_int_eq(part_write(&part, "wrong", 5, &err), 0);
	write_until(&part, blob_length);
	ck_assert_int_eq(part_check(&part, &err), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(err.text, blob_digest));
	part_abandon(&part, PART_DROP);
	ck_assert_uint_eq(files(), 0);
}
END_TEST

/* fetch - what a pull does with a blob; exit status 0: downloaded, 3: found there after waiting */
static int fetch(void)
{
	struct layer_stream stream = LAYER_STREAM_INIT;
	struct layer_info info = {0};
	struct part part = PART_INIT;
	struct error err = {0};

	if (part_open(store, blob_digest, blob_length, LOCK_WAIT, &part, &err) < 0)
		return 1;
	/* plain: the digest is the diff id and the chain id */
	if (layer_exists(store, blob_digest)) {
		part_abandon(&part, PART_DROP);
		return 3;
	}
	while (part.offset < part.size)
		write_until(&part, MIN(part.offset + 100000, part.size));
	stream.fd = part_read(&part, &err);
	stream.length = part.size;
	stream.exact = true;
	stream.digest = blob_digest;
	if (layer_unpack_stream(store, &stream, &info, &err) < 0)
		return 2;
	part_complete(&part);
	return 0;
}

START_TEST(two_processes_do_the_work_once)
{
	int results[4] = {0};

	for (size_t i = 0; i < 4; i++) {
		pid_t pid = fork();

		ck_assert_int_ge(pid, 0);
		if (pid == 0)
			_exit(fetch());
	}
	for (size_t i = 0; i < 4; i++) {
		int status;

		ck_assert_int_gt(wait(&status), 0);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) < 4);
		results[WEXITSTATUS(status)]++;
	}
	ck_assert_int_eq(results[0], 1);
	ck_assert_int_eq(results[3], 3);
	ck_assert(layer_exists(store, blob_digest));
	ck_assert_uint_eq(files(), 0);
}
END_TEST

START_TEST(another_process_follows_a_download)
{
	struct layer_stream stream = LAYER_STREAM_INIT;
	struct part part = opened();
	struct layer_info info = {0};
	struct error err = {0};
	int status;
	pid_t pid;

	write_until(&part, 100);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		while (part.offset < part.size) {
			write_until(&part, MIN(part.offset + 100000, part.size));
			(void) poll(NULL, 0, 1);
		}
		_exit(0);
	}
	part_close(&part);
	stream.fd = part_follow(store, blob_digest);
	ck_assert_int_ge(stream.fd, 0);
	stream.grows = true;
	stream.length = blob_length;
	stream.exact = true;
	stream.digest = blob_digest;
	ck_assert_msg(layer_unpack_stream(store, &stream, &info, &err) == 0, "%s", err.text);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(layer_exists(store, blob_digest));
	(void) close(stream.fd);
	fields_done(layer_info_fields, &info);
	/* nobody holds it any longer */
	ck_assert_int_eq(part_follow(store, blob_digest), -ESTALE);
}
END_TEST

/* given_back - a whole part whose reader has worked up that much and was killed */
static void given_back(uint64_t end)
{
	struct part part = opened();
	struct error err = {0};
	uint64_t given = 0;
	int fd;

	write_until(&part, blob_length);
	fd = part_read(&part, &err);
	ck_assert_int_ge(fd, 0);
	part_give_back(fd, &given, end / 2);
	part_give_back(fd, &given, end);
	ck_assert_uint_eq(given, end - end % PART_UNIT);
	(void) close(fd);
	part_close(&part);
}

static void fill_until(struct part *part, uint64_t end)
{
	struct error err = {0};
	int r = part_fill(part, blob + part->gap, (size_t) (end - part->gap), &err);

	ck_assert_msg(r == 0, "%s", err.text);
}

START_TEST(what_was_given_back_is_a_gap_to_fill)
{
	struct error err = {0};
	struct part part;

	given_back(2 * PART_UNIT + 1000);
	part = opened();
	ck_assert_uint_eq(part.offset, blob_length);
	ck_assert_uint_eq(part.gap, 0);
	ck_assert_uint_eq(part.gap_end, 2 * PART_UNIT);
	ck_assert_int_eq(part_check(&part, &err), -EBADMSG);
	/* killed while it is filled: only whole units count */
	fill_until(&part, PART_UNIT + 1234567);
	part_close(&part);
	part = opened();
	ck_assert_uint_eq(part.gap, PART_UNIT);
	ck_assert_uint_eq(part.gap_end, 2 * PART_UNIT);
	fill_until(&part, PART_UNIT + 7);
	ck_assert_int_eq(part_fill(&part, blob, PART_UNIT, &err), -EBADMSG);
	fill_until(&part, 2 * PART_UNIT);
	ck_assert_uint_eq(part.gap_end, 0);
	ck_assert_msg(part_check(&part, &err) == 0, "%s", err.text);
	part_complete(&part);
	ck_assert_uint_eq(files(), 0);
}
END_TEST

START_TEST(a_gap_and_a_lost_end_are_both_fetched)
{
	struct error err = {0};
	struct part part;

	given_back(PART_UNIT);
	another_boot(2 * PART_UNIT);
	part = opened();
	ck_assert_uint_eq(part.gap_end, PART_UNIT);
	ck_assert_uint_eq(part.offset, 2 * PART_UNIT);
	fill_until(&part, PART_UNIT);
	write_until(&part, blob_length);
	ck_assert_msg(part_check(&part, &err) == 0, "%s", err.text);
	part_close(&part);
	/* nothing but a gap: as if there were no part */
	given_back(2 * PART_UNIT);
	another_boot(PART_UNIT + 5);
	part = opened();
	ck_assert_uint_eq(part.offset, 0);
	ck_assert_uint_eq(part.gap_end, 0);
	part_complete(&part);
}
END_TEST

START_TEST(sweeping_spares_what_is_held_or_new)
{
	struct part part = opened();
	struct error err = {0};
	uint64_t freed = 99;
	AUTO_FREE char *path = part_file(""), *mark = part_file(".mark");
	struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};

	write_until(&part, 100000);
	ck_assert_int_eq(part_sweep(store, 0, &freed, &err), 0);
	ck_assert_uint_eq(freed, 0);
	ck_assert_uint_eq(files(), 2);
	part_close(&part);
	ck_assert_int_eq(part_sweep(store, 3600, &freed, &err), 0);
	ck_assert_uint_eq(files(), 2);
	ck_assert_int_eq(utimensat(store_fd(store), path, old, 0), 0);
	ck_assert_int_eq(part_sweep(store, 3600, &freed, &err), 0);
	ck_assert_uint_ge(freed, 100000);
	ck_assert_uint_eq(files(), 0);
	/* a mark alone goes too */
	ck_assert_int_eq(file_write(store_fd(store), mark, "x", 1, 0600, FILE_FAST), 0);
	ck_assert_int_eq(part_sweep(store, 0, &freed, &err), 0);
	ck_assert_uint_eq(files(), 0);
}
END_TEST

START_TEST(names_that_are_no_digests_are_refused)
{
	static const char *const bad[] = {"", "sha256:", "sha256:../../x", "md5:0123"};
	struct part part = PART_INIT;
	struct error err = {0};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ck_assert_int_eq(part_open(store, bad[i], 1, LOCK_TRY, &part, &err), -EINVAL);
		ck_assert_int_eq(part_follow(store, bad[i]), -EINVAL);
		ck_assert_int_eq(part_progress(store, bad[i]), -EINVAL);
	}
	ck_assert_int_eq(part.fd, -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("part");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, goes_on_where_it_ended);
	tcase_add_test(tcase, a_killed_process_loses_nothing);
	tcase_add_test(tcase, random_kills_never_cost_more_than_the_rest);
	tcase_add_test(tcase, after_a_restart_only_what_was_on_disk_counts);
	tcase_add_test(tcase, kept_parts_survive_a_restart_whole);
	tcase_add_loop_test(tcase, nothing_is_trusted_without_a_good_mark, 0, ARRAY_LEN(marks));
	tcase_add_test(tcase, more_than_announced_is_refused);
	tcase_add_test(tcase, wrong_content_is_found_out);
	tcase_add_test(tcase, two_processes_do_the_work_once);
	tcase_add_test(tcase, another_process_follows_a_download);
	tcase_add_test(tcase, what_was_given_back_is_a_gap_to_fill);
	tcase_add_test(tcase, a_gap_and_a_lost_end_are_both_fetched);
	tcase_add_test(tcase, sweeping_spares_what_is_held_or_new);
	tcase_add_test(tcase, names_that_are_no_digests_are_refused);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
