/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_root.c - nothing leaves the root, by openat2(2) and by the walk that stands in for it */
#include "coracle/sys/root.h"

#include "../../src/sys/root_walk.h"

#include "scratch.h"
#include "suite.h"

/* outside/ and root/ with links that try to get from one to the other */
static struct scratch make_tree(int *root_fd)
{
	static const struct {
		const char *target, *name;
	} links[] = {
		{"/outside", "root/absolute"},  {"../outside", "root/relative"},
		{"../../../..", "root/up"},     {"/etc/file", "root/inside"},
		{"loop", "root/loop"},          {"/new/file", "root/dangling"},
		{"etc/", "root/slash"},         {"a2", "root/a1"},
		{"etc", "root/a2"},             {"..", "root/etc/parent"},
		{"/proc/self/cwd", "root/magic"}, {"", NULL},
	};
	struct scratch scratch = scratch_new();

	ck_assert_int_eq(directory_make(scratch.fd, "outside", 0755), 0);
	ck_assert_int_eq(directory_make(scratch.fd, "root/etc/deep", 0755), 0);
	scratch_file(&scratch, "outside/secret", "secret");
	scratch_file(&scratch, "root/etc/file", "inside");
	for (size_t i = 0; links[i].name; i++)
		ck_assert_int_eq(symlinkat(links[i].target, scratch.fd, links[i].name), 0);
	*root_fd = openat(scratch.fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(*root_fd, 0);
	return scratch;
}

static const struct {
	const char *path;
	int flags, result; /* 0: opens */
} opens[] = {
	{"/etc/file", O_RDONLY, 0},
	{"etc//./file", O_RDONLY, 0},
	{"../../etc/file", O_RDONLY, 0},
	{"etc/deep/../file", O_RDONLY, 0},
	{"inside", O_RDONLY, 0},
	{"a1/file", O_RDONLY, 0},
	{"slash", O_RDONLY | O_DIRECTORY, 0},
	{"up/etc/file", O_RDONLY, 0},
	{"etc/parent/inside", O_RDONLY, 0},
	{"/", O_RDONLY | O_DIRECTORY, 0},
	{"..", O_PATH, 0},
	{"inside", O_PATH | O_NOFOLLOW, 0},
	{"etc", O_PATH, 0},
	{"etc/", O_PATH | O_NOFOLLOW, 0},
	{"", O_RDONLY, -ENOENT},
	{"absolute/secret", O_RDONLY, -ENOENT},
	{"relative/secret", O_RDONLY, -ENOENT},
	{"up/outside/secret", O_RDONLY, -ENOENT},
	{"../outside/secret", O_RDONLY, -ENOENT},
	{"dangling", O_RDONLY, -ENOENT},
	{"none/file", O_RDONLY, -ENOENT},
	{"loop", O_RDONLY, -ELOOP},
	{"loop/x", O_RDONLY, -ELOOP},
	{"inside", O_RDONLY | O_NOFOLLOW, -ELOOP},
	{"etc/file/x", O_RDONLY, -ENOTDIR},
	{"etc/file/", O_RDONLY, -ENOTDIR},
	{"etc/file", O_RDONLY | O_DIRECTORY, -ENOTDIR},
	{"etc", O_WRONLY, -EISDIR},
	{"etc/file", O_WRONLY | O_CREAT | O_EXCL, -EEXIST},
	{"dangling", O_WRONLY | O_CREAT | O_EXCL, -EEXIST},
	{"etc", O_WRONLY | O_CREAT | O_EXCL, -EEXIST},
	{"etc/new/", O_WRONLY | O_CREAT, -EISDIR},
	{"etc/new", O_WRONLY | O_CREAT, 0},
	{"dangling", O_WRONLY | O_CREAT, -ENOENT}, /* new/ is missing */
	{"absolute", O_WRONLY | O_CREAT, 0},       /* makes root/outside */
};

static void check_open(int (*open_in)(int, const char *, int, mode_t), size_t i)
{
	int root_fd;
	AUTO_SCRATCH struct scratch scratch = make_tree(&root_fd);
	AUTO_CLOSE int root = root_fd;
	int fd = open_in(root, opens[i].path, opens[i].flags, 0600);

	ck_assert_msg(MIN(fd, 0) == opens[i].result, "%s: %s instead of %s", opens[i].path,
	              strerror(fd < 0 ? -fd : 0), strerror(-opens[i].result));
	if (fd >= 0) {
		ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
		(void) close(fd);
	}
	ck_assert(!scratch_has(&scratch, "outside/new"));
	ck_assert(!scratch_has(&scratch, "new"));
}

START_TEST(kernel_opens_only_what_is_inside)
{
	check_open(root_open, (size_t) _i);
}
END_TEST

START_TEST(walk_opens_the_same)
{
	check_open(walk_open, (size_t) _i);
}
END_TEST

START_TEST(magic_links_are_refused_both_ways)
{
	AUTO_CLOSE int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	ck_assert_int_eq(root_open(root, "proc/self/root/etc", O_PATH, 0), -ELOOP);
	ck_assert_int_eq(walk_open(root, "proc/self/root/etc", O_PATH, 0), -ELOOP);
	ck_assert_int_eq(walk_open(root, "proc/self/fd/0", O_PATH, 0), -ELOOP);
	fd = walk_open(root, "proc/self/status", O_RDONLY, 0);
	ck_assert_int_ge(fd, 0);
	(void) close(fd);
}
END_TEST

START_TEST(directories_are_made_inside_through_symlinks)
{
	int root_fd;
	AUTO_SCRATCH struct scratch scratch = make_tree(&root_fd);
	AUTO_CLOSE int root = root_fd;
	AUTO_CLOSE int made = root_make_directory(root, "absolute/../x/y/../z", 0755);
	AUTO_CLOSE int linked = root_make_directory(root, "relative/sub/", 0755);
	AUTO_CLOSE int again = root_make_directory(root, "/x/z", 0755);

	ck_assert_int_ge(made, 0);
	ck_assert_int_ge(linked, 0);
	ck_assert_int_ge(again, 0);
	ck_assert(scratch_has(&scratch, "root/x/z"));
	ck_assert(scratch_has(&scratch, "root/outside/sub"));
	ck_assert(!scratch_has(&scratch, "outside/sub"));
	ck_assert_int_eq(root_make_directory(root, "etc/file/d", 0755), -ENOTDIR);
	ck_assert_int_eq(root_make_directory(root, "etc/file", 0755), -ENOTDIR);
	ck_assert_int_eq(root_make_directory(root, "loop/d", 0755), -ELOOP);
}
END_TEST

START_TEST(files_are_made_inside_and_existing_ones_kept)
{
	int root_fd;
	AUTO_SCRATCH struct scratch scratch = make_tree(&root_fd);
	AUTO_CLOSE int root = root_fd;
	AUTO_CLOSE int made = root_make_file(root, "dangling", 0600);
	AUTO_CLOSE int kept = root_make_file(root, "inside", 0600);
	struct stat st;

	ck_assert_int_ge(made, 0);
	ck_assert_int_ge(kept, 0);
	ck_assert(scratch_has(&scratch, "root/new/file"));
	ck_assert_int_eq(fstat(kept, &st), 0);
	ck_assert_int_eq(st.st_size, 6);
	ck_assert_int_eq(root_make_file(root, "some/dir/", 0600), -EISDIR);
}
END_TEST

START_TEST(parent_and_name_are_told_without_following_the_last)
{
	static const char *const bad[] = {"", "/", ".", "a/..", "etc/.", "..//"};
	int root_fd;
	AUTO_SCRATCH struct scratch scratch = make_tree(&root_fd);
	AUTO_CLOSE int root = root_fd;
	AUTO_FREE char *name = NULL;
	AUTO_CLOSE int parent = root_open_parent(root, "a1/link//", 0, &name);
	struct stat st, etc;

	ck_assert_int_ge(parent, 0);
	ck_assert_str_eq(name, "link");
	ck_assert_int_eq(fstat(parent, &st), 0);
	ck_assert_int_eq(fstatat(scratch.fd, "root/etc", &etc, 0), 0);
	ck_assert_uint_eq(st.st_ino, etc.st_ino);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		char *none = NULL;

		ck_assert_int_eq(root_open_parent(root, bad[i], 0755, &none), -EINVAL);
		ck_assert_ptr_null(none);
	}
	free(TAKE_PTR(name));
	ck_assert_int_eq(root_open_parent(root, "p/q/r", 0, &name), -ENOENT);
	ck_assert_ptr_null(name);
	(void) close(parent);
	parent = root_open_parent(root, "p/q/r", 0755, &name);
	ck_assert_int_ge(parent, 0);
	ck_assert(scratch_has(&scratch, "root/p/q"));
	ck_assert(!scratch_has(&scratch, "root/p/q/r"));
}
END_TEST

START_TEST(reads_regular_files_only)
{
	int root_fd;
	AUTO_SCRATCH UNUSED struct scratch scratch = make_tree(&root_fd);
	AUTO_CLOSE int root = root_fd;
	AUTO_FREE char *text = NULL;
	char *none = NULL;
	size_t length;

	ck_assert_int_eq(mkfifoat(root, "fifo", 0600), 0);
	ck_assert_int_eq(root_read(root, "inside", 6, &text, &length), 0);
	ck_assert_str_eq(text, "inside");
	ck_assert_uint_eq(length, 6);
	ck_assert_int_eq(root_read(root, "inside", 5, &none, NULL), -EFBIG);
	ck_assert_int_eq(root_read(root, "fifo", 5, &none, NULL), -EINVAL);
	ck_assert_int_eq(root_read(root, "etc", 5, &none, NULL), -EISDIR);
	ck_assert_int_eq(root_read(root, "absolute/secret", 50, &none, NULL), -ENOENT);
	ck_assert_ptr_null(none);
}
END_TEST

static const struct {
	const char *path, *canonical;
} resolves[] = {
	{"inside", "/etc/file"}, {"a1/deep/../none", "/etc/none"}, {"/", "/"}, {"../..", "/"},
	{"absolute", "/outside"}, {"up/etc/", "/etc"}, {"etc/parent", "/"}, {"a1", "/etc"},
};

START_TEST(resolves_all_symlinks)
{
	int root_fd;
	AUTO_SCRATCH UNUSED struct scratch scratch = make_tree(&root_fd);
	AUTO_CLOSE int root = root_fd;
	AUTO_FREE char *canonical = NULL;

	ck_assert_int_eq(root_resolve(root, resolves[_i].path, &canonical), 0);
	ck_assert_str_eq(canonical, resolves[_i].canonical);
	ck_assert_int_eq(root_resolve(root, "none/none", &canonical), -ENOENT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("root");
	TCase *tcase = tcase_create("root");

	tcase_add_loop_test(tcase, kernel_opens_only_what_is_inside, 0, ARRAY_LEN(opens));
	tcase_add_loop_test(tcase, walk_opens_the_same, 0, ARRAY_LEN(opens));
	tcase_add_test(tcase, magic_links_are_refused_both_ways);
	tcase_add_test(tcase, directories_are_made_inside_through_symlinks);
	tcase_add_test(tcase, files_are_made_inside_and_existing_ones_kept);
	tcase_add_test(tcase, parent_and_name_are_told_without_following_the_last);
	tcase_add_test(tcase, reads_regular_files_only);
	tcase_add_loop_test(tcase, resolves_all_symlinks, 0, ARRAY_LEN(resolves));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
