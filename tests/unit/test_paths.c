/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_paths.c - every shell of a user finds the same directories */
#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/path.h"
#include "coracle/conf/paths.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "suite.h"

static char top[] = "/tmp/coracle-paths.XXXXXX";
static char *home, *run, *other;
static struct paths paths;
static struct error err;

static void setup(void)
{
	(void) snprintf(top + strlen(top) - 6, 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	home = xprintf("%s/home", top);
	run = xprintf("%s/run", top);
	other = xprintf("%s/other", top);
	ck_assert_int_eq(mkdir(home, 0700), 0);
	ck_assert_int_eq(mkdir(run, 0700), 0);
	ck_assert_int_eq(mkdir(other, 0700), 0);
	(void) clearenv();
	(void) setenv("HOME", home, 1);
	(void) setenv("XDG_RUNTIME_DIR", run, 1);
	paths = (struct paths) {.data_fd = -1, .runtime_fd = -1};
}

static void teardown(void)
{
	paths_done(&paths);
	ck_assert_int_eq(tree_remove(AT_FDCWD, top), 0);
	free(home);
	free(run);
	free(other);
}

static void reopen(void)
{
	paths_done(&paths);
	ck_assert_msg(paths_open(&paths, &err) == 0, "%s", err.text);
}

static void expect(const char *path, const char *parent, const char *below)
{
	AUTO_FREE char *wanted = xprintf("%s/%s", parent, below);

	ck_assert_str_eq(path, wanted);
}

START_TEST(makes_both_directories_closed_to_others)
{
	struct stat st;

	reopen();
	expect(paths.data, home, ".local/share/coracle");
	expect(paths.runtime, run, "coracle");
	ck_assert_int_eq(fstat(paths.data_fd, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0700);
	ck_assert_int_eq(fstat(paths.runtime_fd, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0700);
}
END_TEST

static const struct {
	const char *name, *value; /* %s: top */
	const char *data, *runtime;
} variables[] = {
	{"XDG_DATA_HOME", "%s/other", "other/coracle", "run/coracle"},
	{"XDG_DATA_HOME", "relative", "home/.local/share/coracle", "run/coracle"},
	{"CORACLE_ROOT", "%s/other/deep//root/", "other/deep/root", "run/coracle"},
	{"CORACLE_RUNROOT", "%s/other/run", "home/.local/share/coracle", "other/run"},
};

START_TEST(follows_the_environment)
{
	char value[256];

	if (strchr(variables[_i].value, '%'))
		(void) snprintf(value, sizeof value, "%s%s", top, variables[_i].value + 2);
	else
		(void) snprintf(value, sizeof value, "%s", variables[_i].value);
	(void) setenv(variables[_i].name, value, 1);
	reopen();
	expect(paths.data, top, variables[_i].data);
	expect(paths.runtime, top, variables[_i].runtime);
}
END_TEST

START_TEST(finds_the_runtime_directory_in_use_from_a_bare_shell)
{
	reopen();
	(void) unsetenv("XDG_RUNTIME_DIR");
	reopen();
	expect(paths.runtime, run, "coracle");
	(void) setenv("XDG_RUNTIME_DIR", other, 1);
	reopen();
	expect(paths.runtime, run, "coracle");
}
END_TEST

START_TEST(chooses_anew_when_the_runtime_directory_is_gone)
{
	reopen();
	ck_assert_int_eq(tree_remove(AT_FDCWD, run), 0);
	(void) setenv("XDG_RUNTIME_DIR", other, 1);
	reopen();
	expect(paths.runtime, other, "coracle");
	/* and that is what the first shell's kind finds from now on */
	ck_assert_int_eq(mkdir(run, 0700), 0);
	(void) setenv("XDG_RUNTIME_DIR", run, 1);
	reopen();
	expect(paths.runtime, other, "coracle");
}
END_TEST

START_TEST(own_choice_leaves_the_memory_alone)
{
	AUTO_FREE char *own = xprintf("%s/own", top);

	reopen();
	(void) setenv("CORACLE_RUNROOT", own, 1);
	reopen();
	ck_assert_str_eq(paths.runtime, own);
	(void) unsetenv("CORACLE_RUNROOT");
	reopen();
	expect(paths.runtime, run, "coracle");
}
END_TEST

static const char *const damaged[] = {"relative", "/nonexistent/x", "/etc/passwd", "/tmp/coracle-run-0/00000000"};

START_TEST(passes_over_a_damaged_memory)
{
	AUTO_FREE char *memory = xprintf("%s/.local/share/coracle/runtime", home);

	reopen();
	ck_assert_int_eq(unlink(memory), 0);
	ck_assert_int_eq(symlink(damaged[_i], memory), 0);
	reopen();
	expect(paths.runtime, run, "coracle");
}
END_TEST

START_TEST(takes_tmp_keyed_by_boot_when_there_is_nothing_else)
{
	AUTO_FREE char *usual = xprintf("/run/user/%u", (unsigned) geteuid());
	AUTO_FREE char *wanted = xprintf("/tmp/coracle-run-%u", (unsigned) geteuid());
	struct stat st;

	if (stat(usual, &st) == 0)
		(void) snprintf(wanted, strlen(wanted) + 1, "%s", usual);
	(void) unsetenv("XDG_RUNTIME_DIR");
	reopen();
	ck_assert_msg(path_is_below(paths.runtime, wanted), "%s", paths.runtime);
	ck_assert_uint_gt(strlen(paths.runtime), strlen(wanted) + 1);
}
END_TEST

START_TEST(says_what_is_in_the_way)
{
	AUTO_FREE char *file = xprintf("%s/file", top);

	ck_assert_int_eq(file_write(AT_FDCWD, file, "", 0, 0600, FILE_FAST), 0);
	(void) setenv("CORACLE_ROOT", file, 1);
	ck_assert_int_lt(paths_open(&paths, &err), 0);
	ck_assert_msg(strstr(err.text, "is not a directory") && strstr(err.text, "CORACLE_ROOT"), "%s",
	              err.text);
	(void) setenv("CORACLE_ROOT", geteuid() ? "/root/x" : "/proc/x", 1);
	ck_assert_int_lt(paths_open(&paths, &err), 0);
	ck_assert_msg(strstr(err.text, "CORACLE_ROOT") != NULL, "%s", err.text);
}
END_TEST

START_TEST(follows_a_link_of_the_callers_to_the_data_directory)
{
	AUTO_FREE char *link = xprintf("%s/.local/share/coracle", home), *real = realpath(other, NULL);
	struct stat st;

	ck_assert_int_eq(directory_make(AT_FDCWD, link, 0700), 0);
	ck_assert_int_eq(rmdir(link), 0);
	ck_assert_int_eq(symlink("nowhere", link), 0);
	ck_assert_int_eq(paths_open(&paths, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "is not a directory"));
	ck_assert_int_eq(unlink(link), 0);
	ck_assert_int_eq(symlink(other, link), 0);
	reopen();
	ck_assert_str_eq(paths.data, real);
	ck_assert_int_eq(fstatat(paths.data_fd, "runtime", &st, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert_int_eq(lstat(link, &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
}
END_TEST

START_TEST(two_first_commands_agree)
{
	enum { COMMANDS = 8 };
	pid_t pids[COMMANDS];
	int status;

	for (int i = 0; i < COMMANDS; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			AUTO_FREE char *mine = xprintf("%s/run%d", top, i);

			if (mkdir(mine, 0700) < 0 || setenv("XDG_RUNTIME_DIR", mine, 1) < 0)
				_exit(1);
			_exit(paths_open(&paths, &err) < 0 ? 2 : 10 + paths.runtime[strlen(top) + 4] - '0');
		}
		ck_assert_int_gt(pids[i], 0);
	}
	for (int i = 0, first = 0; i < COMMANDS; i++) {
		ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
		ck_assert(WIFEXITED(status));
		ck_assert_int_ge(WEXITSTATUS(status), 10);
		if (i == 0)
			first = WEXITSTATUS(status);
		ck_assert_int_eq(WEXITSTATUS(status), first);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("paths");
	TCase *tcase = tcase_create("paths");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, makes_both_directories_closed_to_others);
	tcase_add_loop_test(tcase, follows_the_environment, 0, ARRAY_LEN(variables));
	tcase_add_test(tcase, finds_the_runtime_directory_in_use_from_a_bare_shell);
	tcase_add_test(tcase, chooses_anew_when_the_runtime_directory_is_gone);
	tcase_add_test(tcase, own_choice_leaves_the_memory_alone);
	tcase_add_loop_test(tcase, passes_over_a_damaged_memory, 0, ARRAY_LEN(damaged));
	tcase_add_test(tcase, takes_tmp_keyed_by_boot_when_there_is_nothing_else);
	tcase_add_test(tcase, says_what_is_in_the_way);
	tcase_add_test(tcase, follows_a_link_of_the_callers_to_the_data_directory);
	tcase_add_test(tcase, two_first_commands_agree);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
