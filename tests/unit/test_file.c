/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_file.c - whole files and trees */
#include "coracle/base/file.h"

#include "scratch.h"
#include "suite.h"

START_TEST(reads_back_what_it_wrote)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	AUTO_FREE char *text = NULL;
	size_t length;
	struct stat st;

	ck_assert_int_eq(file_write(scratch.fd, "f", "a\0b", 3, 0640, FILE_DURABLE), 0);
	ck_assert_int_eq(file_read(scratch.fd, "f", 3, &text, &length), 0);
	ck_assert_uint_eq(length, 3);
	ck_assert_mem_eq(text, "a\0b", 4);
	ck_assert_int_eq(fstatat(scratch.fd, "f", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 0737, 0600);
}
END_TEST

START_TEST(write_replaces_and_leaves_no_temporary_file)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	AUTO_TEXTS struct texts names = {0};

	scratch_file(&scratch, "f", "old");
	scratch_file(&scratch, "f", "new");
	ck_assert_int_lt(file_write(scratch.fd, "none/f", "x", 1, 0600, FILE_FAST), 0);
	ck_assert_int_eq(mkdirat(scratch.fd, "d", 0700), 0);
	ck_assert_int_eq(file_write(scratch.fd, "d", "x", 1, 0600, FILE_FAST), -EISDIR);
	ck_assert_int_eq(directory_list(scratch.fd, ".", &names), 0);
	ck_assert_uint_eq(names.count, 2);
	ck_assert_str_eq(names.items[0], "d");
	ck_assert_str_eq(names.items[1], "f");
}
END_TEST

START_TEST(refuses_what_is_too_large_or_no_file)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	char *text = NULL;

	scratch_file(&scratch, "f", "four");
	ck_assert_int_eq(mkfifoat(scratch.fd, "fifo", 0600), 0);
	ck_assert_int_eq(file_read(scratch.fd, "f", 3, &text, NULL), -EFBIG);
	ck_assert_int_eq(file_read(scratch.fd, "none", 3, &text, NULL), -ENOENT);
	ck_assert_int_eq(file_read(scratch.fd, "fifo", 3, &text, NULL), -EINVAL);
	ck_assert_int_eq(file_read(scratch.fd, ".", 3, &text, NULL), -EISDIR);
	ck_assert_ptr_null(text);
}
END_TEST

START_TEST(reads_files_of_unknown_size)
{
	AUTO_FREE char *text = NULL;
	size_t length = 0;

	ck_assert_int_eq(file_read(AT_FDCWD, "/proc/self/status", 1 << 20, &text, &length), 0);
	ck_assert_uint_gt(length, 0);
	ck_assert_uint_eq(strlen(text), length);
}
END_TEST

START_TEST(json_errors_begin_with_the_path)
{
	static const struct field none[] = {FIELD_END};
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	struct error err = {0};
	int into = 0;

	scratch_file(&scratch, "bad.json", "[]");
	ck_assert_int_eq(file_read_json(scratch.fd, "bad.json", 100, none, &into, &err), -EINVAL);
	ck_assert_str_eq(err.text, "bad.json: is not a JSON object");
	ck_assert_int_eq(file_read_json(scratch.fd, "no.json", 100, none, &into, &err), -ENOENT);
	ck_assert_str_eq(err.text, "no.json: No such file or directory");
}
END_TEST

START_TEST(makes_all_directories_of_a_path)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();

	ck_assert_int_eq(directory_make(scratch.fd, "a/b/c", 0700), 0);
	ck_assert_int_eq(directory_make(scratch.fd, "a/b/c", 0700), 0);
	ck_assert(scratch_has(&scratch, "a/b/c"));
	scratch_file(&scratch, "f", "");
	ck_assert_int_eq(directory_make(scratch.fd, "f/x", 0700), -ENOTDIR);
}
END_TEST

START_TEST(tree_remove_takes_all_but_follows_no_symlink)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();

	ck_assert_int_eq(directory_make(scratch.fd, "keep", 0700), 0);
	scratch_file(&scratch, "keep/f", "");
	ck_assert_int_eq(directory_make(scratch.fd, "t/a/b", 0700), 0);
	scratch_file(&scratch, "t/a/b/f", "");
	ck_assert_int_eq(symlinkat("../../keep", scratch.fd, "t/a/link"), 0);
	ck_assert_int_eq(fchmodat(scratch.fd, "t/a/b", 0, 0), 0);
	ck_assert_int_eq(fchmodat(scratch.fd, "t/a", 0500, 0), 0);
	ck_assert_int_eq(tree_remove(scratch.fd, "t"), 0);
	ck_assert(!scratch_has(&scratch, "t"));
	ck_assert(scratch_has(&scratch, "keep/f"));
	ck_assert_int_eq(tree_remove(scratch.fd, "t"), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("file");
	TCase *tcase = tcase_create("file");

	tcase_add_test(tcase, reads_back_what_it_wrote);
	tcase_add_test(tcase, write_replaces_and_leaves_no_temporary_file);
	tcase_add_test(tcase, refuses_what_is_too_large_or_no_file);
	tcase_add_test(tcase, reads_files_of_unknown_size);
	tcase_add_test(tcase, json_errors_begin_with_the_path);
	tcase_add_test(tcase, makes_all_directories_of_a_path);
	tcase_add_test(tcase, tree_remove_takes_all_but_follows_no_symlink);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
