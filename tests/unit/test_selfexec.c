/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_selfexec.c - the internal program is this binary, protected, with descriptors in their places */
#include "coracle/base/selfexec.h"

#include "coracle/base/fd.h"

#include "scratch.h"

#include <sys/mman.h>

#include "suite.h"

#define INNER "test-inner"

/* What runs as the internal program: tell on stdout how it was started. */
static void inner(int argc, char **argv)
{
	char exe[200] = "";

	if (readlink("/proc/self/exe", exe, sizeof exe - 1) < 0)
		_exit(1);
	printf("%s %d %s %s %s\n", argv[0], argc, argc > 1 ? argv[1] : "-",
	       strncmp(exe, "/memfd:", 7) == 0 ? "copy" : "file",
	       selfexec_is_exposed() ? "exposed" : "safe");
	for (int fd = 3; fd < 9; fd++) {
		char byte = '-';

		if (fcntl(fd, F_GETFD) >= 0 && pread(fd, &byte, 1, 0) != 1)
			byte = '?';
		printf("%c", byte);
	}
	(void) fflush(stdout);
	_exit(0);
}

static int letter(const char *text)
{
	int fd = fd_memory("letter", text, 1);

	ck_assert_int_ge(fd, 3);
	return fd;
}

static char *start_and_read(struct selfexec *request)
{
	AUTO_CLOSE int output = memfd_create("output", MFD_CLOEXEC);
	struct error err = {0};
	char *text = NULL;
	int status = -1;
	pid_t pid;

	request->stdio[0] = request->stdio[2] = -1;
	request->stdio[1] = output;
	pid = selfexec_start(request, &err);
	ck_assert_msg(pid > 0, "%s", err.text);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(lseek(output, 0, SEEK_SET), 0);
	ck_assert_int_eq(file_read_fd(output, 4096, &text, NULL), 0);
	return text;
}

START_TEST(places_descriptors_whatever_their_numbers)
{
	/* a b c d hold 3.. as they come: handed on backwards every target is another's source */
	AUTO_CLOSE int a = letter("a");
	AUTO_CLOSE int b = letter("b");
	AUTO_CLOSE int c = letter("c");
	AUTO_CLOSE int d = letter("d");
	int fds[] = {c, -1, b, a};
	struct selfexec request = {.name = INNER, .request_fd = d, .fds = fds, .fd_count = 4};
	AUTO_FREE char *text = start_and_read(&request);

	ck_assert_ptr_nonnull(strstr(text, "\ndc-ba-"));
}
END_TEST

START_TEST(exposed_binary_runs_as_a_sealed_copy)
{
	struct selfexec request = {.name = INNER, .argument = "arg", .request_fd = -1};
	AUTO_FREE char *text = start_and_read(&request);
	AUTO_FREE char *expected =
		xprintf(INNER " 2 arg %s safe\n------", selfexec_is_exposed() ? "copy" : "file");

	ck_assert_str_eq(text, expected);
}
END_TEST

START_TEST(own_or_writable_binary_is_exposed)
{
	struct stat st;

	ck_assert_int_eq(stat("/proc/self/exe", &st), 0);
	ck_assert_int_eq(selfexec_is_exposed(), st.st_uid == geteuid() || (st.st_mode & 022) != 0);
}
END_TEST

int main(int argc, char **argv)
{
	Suite *suite = suite_create("selfexec");
	TCase *tcase = tcase_create("selfexec");

	if (strcmp(argv[0], INNER) == 0)
		inner(argc, argv);
	tcase_add_test(tcase, places_descriptors_whatever_their_numbers);
	tcase_add_test(tcase, exposed_binary_runs_as_a_sealed_copy);
	tcase_add_test(tcase, own_or_writable_binary_is_exposed);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
