/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_package.c - files put into archives and directories that appear when they are complete */
#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/path.h"
#include "coracle/store/tar.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../../src/image/package.h"
#include "suite.h"

static char folder[] = "/tmp/coracle-package.XXXXXX";
static struct error err;

static char *beside(const char *name)
{
	return path_join(folder, name);
}

static struct package begin(const char *path, enum package_kind kind)
{
	struct package package;

	ck_assert_int_eq(package_create(path, kind, &package, &err), 0);
	return package;
}

static size_t files_in_folder(void)
{
	AUTO_TEXTS struct texts names = {0};

	ck_assert_int_eq(directory_list(AT_FDCWD, folder, &names), 0);
	return names.count;
}

/* header_is - the block at offset begins a file of this name and size */
static void header_is(const char *archive, size_t offset, const char *name, unsigned long long size)
{
	char octal[12];

	ck_assert_str_eq(archive + offset, name);
	(void) snprintf(octal, sizeof octal, "%011llo", size);
	ck_assert_str_eq(archive + offset + 124, octal);
	ck_assert_str_eq(archive + offset + 257, "ustar");
}

START_TEST(files_of_known_size_are_written_side_by_side)
{
	AUTO_FREE char *path = beside("a.tar");
	AUTO_FREE char *bytes = NULL;
	struct package package = begin(path, PACKAGE_ARCHIVE);
	struct package_file one, two;
	size_t length;

	ck_assert_int_eq(package_file_begin(&package, "one", 3, &one, &err), 0);
	ck_assert_int_eq(package_file_begin(&package, "two", 513, &two, &err), 0);
	for (int i = 0; i < 513; i++)
		ck_assert_int_eq(package_file_write(&two, "x", 1, &err), 0);
	ck_assert_int_eq(package_file_end(&two, "two", &err), 0);
	ck_assert_int_eq(package_file_write(&one, "abc", 3, &err), 0);
	ck_assert_int_eq(package_file_end(&one, "one", &err), 0);
	ck_assert_uint_eq(files_in_folder(), 0); /* no name before the end */
	ck_assert_int_eq(package_finish(&package, &err), 0);
	package_done(&package);
	ck_assert_int_eq(file_read(AT_FDCWD, path, 1 << 20, &bytes, &length), 0);
	ck_assert_uint_eq(length, 512 + 512 + 512 + 1024 + 1024);
	header_is(bytes, 0, "one", 3);
	ck_assert_str_eq(bytes + 512, "abc");
	header_is(bytes, 1024, "two", 513);
	ck_assert_int_eq(bytes[1536 + 512], 'x');
	ck_assert_int_eq(bytes[1536 + 513], '\0');
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(files_of_unknown_size_may_be_open_at_once)
{
	AUTO_FREE char *path = beside("b.tar");
	AUTO_FREE char *bytes = NULL;
	struct package package = begin(path, PACKAGE_ARCHIVE);
	struct package_file one, two;
	size_t length;

	ck_assert_int_eq(package_file_begin(&package, NULL, PACKAGE_SIZE_UNKNOWN, &one, &err), 0);
	ck_assert_int_eq(package_file_begin(&package, NULL, PACKAGE_SIZE_UNKNOWN, &two, &err), 0);
	ck_assert_int_eq(package_file_write(&two, "second", 6, &err), 0);
	ck_assert_int_eq(package_file_write(&one, "first", 5, &err), 0);
	ck_assert_int_eq(package_file_end(&one, "1", &err), 0);
	ck_assert_int_eq(package_file_end(&two, "2", &err), 0);
	ck_assert_int_eq(package_finish(&package, &err), 0);
	package_done(&package);
	ck_assert_int_eq(file_read(AT_FDCWD, path, 1 << 20, &bytes, &length), 0);
	header_is(bytes, 0, "1", 5);
	ck_assert_str_eq(bytes + 512, "first");
	header_is(bytes, 1024, "2", 6);
	ck_assert_str_eq(bytes + 1536, "second");
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(what_is_not_finished_leaves_the_old_file_alone)
{
	AUTO_FREE char *path = beside("c.tar");
	AUTO_FREE char *bytes = NULL;
	struct package package;

	ck_assert_int_eq(file_write(AT_FDCWD, path, "old", 3, 0600, FILE_FAST), 0);
	package = begin(path, PACKAGE_ARCHIVE);
	ck_assert_int_eq(package_put(&package, "x", "new", 3, &err), 0);
	package_done(&package);
	ck_assert_uint_eq(files_in_folder(), 1);
	ck_assert_int_eq(file_read(AT_FDCWD, path, 10, &bytes, NULL), 0);
	ck_assert_str_eq(bytes, "old");
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(a_directory_that_was_made_here_goes_with_a_failure)
{
	AUTO_FREE char *path = beside("d");
	struct package package = begin(path, PACKAGE_DIRECTORY);

	ck_assert_int_eq(package_put(&package, "x", "new", 3, &err), 0);
	ck_assert(package_has(&package, "x", 3));
	ck_assert(!package_has(&package, "x", 4));
	package_done(&package);
	ck_assert_uint_eq(files_in_folder(), 0);
	/* one that was there before stays, with what is in it */
	ck_assert_int_eq(mkdir(path, 0700), 0);
	package = begin(path, PACKAGE_DIRECTORY);
	ck_assert_int_eq(package_put(&package, "x", "new", 3, &err), 0);
	ck_assert_int_eq(package_put(&package, "x", "newer", 5, &err), 0);
	package_done(&package);
	package = begin(path, PACKAGE_DIRECTORY);
	ck_assert(package_has(&package, "x", 5));
	package_done(&package);
	ck_assert_int_eq(tree_remove(AT_FDCWD, path), 0);
}
END_TEST

START_TEST(more_or_fewer_bytes_than_said_are_an_error)
{
	AUTO_FREE char *path = beside("e.tar");
	struct package package = begin(path, PACKAGE_ARCHIVE);
	struct package_file file;

	ck_assert_int_eq(package_file_begin(&package, "x", 3, &file, &err), 0);
	ck_assert_int_eq(package_file_write(&file, "abcd", 4, &err), -EBADMSG);
	ck_assert_int_eq(package_file_write(&file, "ab", 2, &err), 0);
	ck_assert_int_eq(package_file_end(&file, "x", &err), -EBADMSG);
	package_file_done(&file);
	package_done(&package);
	ck_assert_uint_eq(files_in_folder(), 0);
}
END_TEST

START_TEST(sizes_beyond_octal_digits_are_in_base_256)
{
	const struct tar_header header = {.path = "x", .type = '0', .mode = 0644, .size = UINT64_C(0x300000201)};
	char block[TAR_BLOCK];

	tar_header_fill(&header, block);
	ck_assert_mem_eq(block + 124, "\x80\0\0\0\0\0\0\x03\0\0\x02\x01", 12);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("package");
	TCase *tcase = tcase_create("package");
	int status;

	if (!mkdtemp(folder))
		return 1;
	tcase_add_test(tcase, files_of_known_size_are_written_side_by_side);
	tcase_add_test(tcase, files_of_unknown_size_may_be_open_at_once);
	tcase_add_test(tcase, what_is_not_finished_leaves_the_old_file_alone);
	tcase_add_test(tcase, a_directory_that_was_made_here_goes_with_a_failure);
	tcase_add_test(tcase, more_or_fewer_bytes_than_said_are_an_error);
	tcase_add_test(tcase, sizes_beyond_octal_digits_are_in_base_256);
	suite_add_tcase(suite, tcase);
	status = suite_run(suite);
	(void) rmdir(folder);
	return status;
}
