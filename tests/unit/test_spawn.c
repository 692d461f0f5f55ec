/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_spawn.c - children get what they were given and nothing else */
#include "coracle/base/spawn.h"

#include "coracle/base/fd.h"

#include "scratch.h"

#include <signal.h>
#include <sys/mman.h>

#include "suite.h"

static const struct {
	const char *script;
	int status;
	const char *output;
} scripts[] = {
	{"echo out; echo err >&2", 0, "out\nerr\n"},
	{"exit 7", 7, ""},
	{"kill -9 $$", 128 + 9, ""},
	{"cat", 0, ""},
	{"printf 123456789012345678901", 0, "12345678901234567890"},
};

START_TEST(run_gives_status_and_bounded_output)
{
	const char *argv[] = {"sh", "-c", scripts[_i].script, NULL};
	AUTO_FREE char *output = NULL;
	struct error err = {0};

	ck_assert_int_eq(spawn_run(argv, 20, &output, &err), scripts[_i].status);
	ck_assert_str_eq(output, scripts[_i].output);
}
END_TEST

START_TEST(words_what_cannot_be_executed)
{
	const char *missing[] = {"/nonexistent/prog", NULL};
	const char *unknown[] = {"no-such-program-here", NULL};
	const char *directory[] = {"/", NULL};
	struct error err = {0};

	ck_assert_int_eq(spawn_run(missing, 0, NULL, &err), -ENOENT);
	ck_assert_str_eq(err.text, "/nonexistent/prog: cannot execute: No such file or directory");
	ck_assert_int_eq(spawn_run(directory, 0, NULL, &err), -EACCES);
	ck_assert_int_eq(spawn_run(unknown, 0, NULL, &err), -ENOENT);
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* no zombie stays */
}
END_TEST

START_TEST(only_kept_descriptors_pass)
{
	const char *argv[] = {"sh", "-c", "cat /dev/fd/20 && test ! -e /dev/fd/30", NULL};
	AUTO_CLOSE int memory = fd_memory("kept", "kept text", 9);
	AUTO_CLOSE int kept = fcntl(memory, F_DUPFD_CLOEXEC, 20);
	AUTO_CLOSE int lost = fcntl(memory, F_DUPFD, 30); /* not close-on-exec */
	AUTO_CLOSE int output = memfd_create("output", MFD_CLOEXEC);
	AUTO_FREE char *text = NULL;
	struct spawn spawn = {.argv = argv, .stdio = {-1, output, -1}, .keep = &kept, .keep_count = 1};
	struct error err = {0};
	int status, pidfd = -2;
	pid_t pid;

	ck_assert_int_eq(kept, 20);
	ck_assert_int_eq(lost, 30);
	pid = spawn_start(&spawn, &pidfd, &err);
	ck_assert_int_gt(pid, 0);
	ck_assert_int_ge(pidfd, 0);
	(void) close(pidfd);
	ck_assert_int_eq(spawn_wait(pid, &status), 0);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(lseek(output, 0, SEEK_SET), 0);
	ck_assert_int_eq(file_read_fd(output, 4096, &text, NULL), 0);
	ck_assert_str_eq(text, "kept text");
	/* ours is as before */
	ck_assert_int_eq(fcntl(kept, F_GETFD), FD_CLOEXEC);
}
END_TEST

START_TEST(standard_streams_may_be_swapped)
{
	const char *argv[] = {
		"sh", "-c", "one=$(readlink /proc/$$/fd/1) two=$(readlink /proc/$$/fd/2);"
		"echo \"$one $two\" >&0", NULL};
	int saved[2] = {fd_copy(1), fd_copy(2)};
	AUTO_CLOSE int one = memfd_create("one", MFD_CLOEXEC);
	AUTO_CLOSE int two = memfd_create("two", MFD_CLOEXEC);
	AUTO_CLOSE int output = memfd_create("output", MFD_CLOEXEC);
	struct spawn spawn = {.argv = argv, .stdio = {output, 2, 1}};
	AUTO_FREE char *text = NULL;
	struct error err = {0};
	int status = -1;
	pid_t pid;

	(void) dup2(one, 1);
	(void) dup2(two, 2);
	pid = spawn_start(&spawn, NULL, &err);
	(void) dup2(saved[0], 1);
	(void) dup2(saved[1], 2);
	(void) close(saved[0]);
	(void) close(saved[1]);
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(spawn_wait(pid, &status), 0);
	ck_assert_int_eq(lseek(output, 0, SEEK_SET), 0);
	ck_assert_int_eq(file_read_fd(output, 4096, &text, NULL), 0);
	ck_assert_str_eq(text, "/memfd:two (deleted) /memfd:one (deleted)\n");
}
END_TEST

START_TEST(signals_are_reset_in_the_child_only)
{
	const char *argv[] = {"grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status", NULL};
	AUTO_FREE char *output = NULL;
	struct error err = {0};
	sigset_t blocked, now;

	(void) signal(SIGPIPE, SIG_IGN);
	(void) sigemptyset(&blocked);
	(void) sigaddset(&blocked, SIGUSR1);
	(void) sigprocmask(SIG_BLOCK, &blocked, NULL);
	ck_assert_int_eq(spawn_run(argv, 200, &output, &err), 0);
	(void) sigprocmask(SIG_UNBLOCK, &blocked, &now);
	ck_assert_str_eq(output, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
	ck_assert(sigismember(&now, SIGUSR1) == 1);
	ck_assert(signal(SIGPIPE, SIG_DFL) == SIG_IGN);
}
END_TEST

START_TEST(a_descriptor_can_be_executed)
{
	const char *argv[] = {"renamed", "-c", "test \"$X\" = y", NULL};
	const char *envp[] = {"X=y", NULL};
	AUTO_CLOSE int fd = open("/bin/sh", O_PATH | O_CLOEXEC);
	struct spawn spawn = {.argv = argv, .envp = envp, .stdio = {-1, -1, -1}, .exec_fd = fd,
	                      .exec_fd_set = true, .new_session = true, .death_signal = SIGKILL};
	struct error err = {0};
	int status;
	pid_t pid = spawn_start(&spawn, NULL, &err);

	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(spawn_wait(pid, &status), 0);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(find_takes_path_first_and_only_programs)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	AUTO_FREE char *saved = xstrdup(getenv("PATH"));
	AUTO_FREE char *expected = xprintf("%s/sh", scratch.path);
	AUTO_FREE char *found = NULL, *elsewhere = NULL;

	ck_assert_int_eq(setenv("PATH", scratch.path, 1), 0);
	scratch_file(&scratch, "sh", "");
	elsewhere = spawn_find("sh"); /* ours is not executable yet */
	ck_assert_int_eq(fchmodat(scratch.fd, "sh", 0755, 0), 0);
	found = spawn_find("sh");
	ck_assert_int_eq(setenv("PATH", saved, 1), 0);
	ck_assert_str_eq(found, expected);
	ck_assert_ptr_nonnull(elsewhere);
	ck_assert_str_ne(elsewhere, expected);
	ck_assert_ptr_null(spawn_find("no-such-program-here"));
	ck_assert_ptr_null(spawn_find(""));
	ck_assert_ptr_null(spawn_find("../bin/sh"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spawn");
	TCase *tcase = tcase_create("spawn");

	tcase_add_loop_test(tcase, run_gives_status_and_bounded_output, 0, ARRAY_LEN(scripts));
	tcase_add_test(tcase, words_what_cannot_be_executed);
	tcase_add_test(tcase, only_kept_descriptors_pass);
	tcase_add_test(tcase, standard_streams_may_be_swapped);
	tcase_add_test(tcase, signals_are_reset_in_the_child_only);
	tcase_add_test(tcase, a_descriptor_can_be_executed);
	tcase_add_test(tcase, find_takes_path_first_and_only_programs);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
