/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_unix_send.c - terminals and listeners handed over through real sockets */
#include "coracle/base/clock.h"
#include "coracle/base/fd.h"
#include "coracle/oci/runtime.h"
#include "coracle/runtime/console.h"
#include "coracle/runtime/listener.h"

#include "../../src/runtime/unix_send.h"
#include "scratch.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "suite.h"

#define SHORT_MS  200
#define BIG_BYTES (4u << 20)

/* A listening socket below the scratch directory; path out: owned. */
static int listen_at(const struct scratch *scratch, const char *name, int type, char **path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	(void) snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", scratch->fd, name);
	ck_assert_int_eq(bind(fd, (struct sockaddr *) &address, sizeof address), 0);
	if (type != SOCK_DGRAM)
		ck_assert_int_eq(listen(fd, 0), 0);
	*path = xprintf("%s/%s", scratch->path, name);
	return fd;
}

/* What came on the next connection, until its end. */
static char *receive(int listener, int *passed)
{
	AUTO_CLOSE int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	char *bytes = xcalloc(BIG_BYTES + 1, 1);
	size_t count = 0, length = 0;
	ssize_t n;

	ck_assert_int_ge(connection, 0);
	n = fd_receive(connection, bytes, BIG_BYTES, passed, 1, &count);
	ck_assert_uint_eq(count, 1);
	for (; n > 0; n = read(connection, bytes + length, BIG_BYTES - length))
		length += (size_t) n;
	ck_assert_int_eq(n, 0);
	return bytes;
}

static void check_same_file(int one, int other)
{
	struct stat first, second;

	ck_assert_int_eq(fstat(one, &first), 0);
	ck_assert_int_eq(fstat(other, &second), 0);
	ck_assert_uint_eq(first.st_ino, second.st_ino);
	ck_assert_uint_eq(first.st_dev, second.st_dev);
}

/* Connections that nobody accepts, until the next one would have to wait. */
static size_t fill_queue(const char *path, int *fds, size_t max)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t i;

	(void) snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	for (i = 0; i < max; i++) {
		fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (connect(fds[i], (struct sockaddr *) &address, sizeof address) < 0)
			break;
	}
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_uint_lt(i, max);
	return i;
}

START_TEST(console_gets_name_and_descriptor)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	AUTO_FREE char *path = NULL, *bytes = NULL;
	AUTO_CLOSE int listener = listen_at(&scratch, "console", SOCK_STREAM, &path);
	AUTO_CLOSE int passed = -1;
	struct error err = {0};

	ck_assert_msg(console_send(path, scratch.fd, "/dev/pts/7", &err) == 0, "%s", err.text);
	bytes = receive(listener, &passed);
	ck_assert_str_eq(bytes, "/dev/pts/7");
	check_same_file(passed, scratch.fd);
}
END_TEST

START_TEST(console_without_a_name_passes_its_descriptor)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	AUTO_FREE char *path = NULL, *bytes = NULL;
	AUTO_CLOSE int listener = listen_at(&scratch, "console", SOCK_STREAM, &path);
	AUTO_CLOSE int passed = -1;
	struct error err = {0};

	ck_assert_int_eq(console_send(path, scratch.fd, "", &err), 0);
	bytes = receive(listener, &passed);
	check_same_file(passed, scratch.fd);
}
END_TEST

START_TEST(path_may_be_longer_than_sun_path)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	AUTO_FREE char *name = xprintf("%0200d", 0), *path = NULL, *full = NULL, *bytes = NULL;
	AUTO_CLOSE int listener = listen_at(&scratch, "s", SOCK_STREAM, &path);
	AUTO_CLOSE int passed = -1;
	struct error err = {0};

	ck_assert_int_eq(renameat(scratch.fd, "s", scratch.fd, name), 0);
	full = xprintf("%s/%s", scratch.path, name);
	ck_assert_msg(console_send(full, scratch.fd, "x", &err) == 0, "%s", err.text);
	bytes = receive(listener, &passed);
	ck_assert_str_eq(bytes, "x");
}
END_TEST

START_TEST(listener_gets_the_process_state)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	AUTO_FREE char *path = NULL, *bytes = NULL;
	AUTO_CLOSE int listener = listen_at(&scratch, "agent", SOCK_STREAM, &path);
	AUTO_CLOSE int passed = -1;
	struct error err = {0};

	ck_assert_msg(runtime_listener_send(path, _i ? "a \"word\"" : NULL, "{\"id\":\"one\",\"pid\":5}", 42,
	                                    scratch.fd, &err) == 0, "%s", err.text);
	bytes = receive(listener, &passed);
	ck_assert_str_eq(bytes, _i ? "{\"ociVersion\":\"" OCI_RUNTIME_VERSION "\",\"fds\":[\"seccompFd\"],\"pid\":42,"
	                             "\"metadata\":\"a \\\"word\\\"\",\"state\":{\"id\":\"one\",\"pid\":5}}"
	                           : "{\"ociVersion\":\"" OCI_RUNTIME_VERSION "\",\"fds\":[\"seccompFd\"],\"pid\":42,"
	                             "\"state\":{\"id\":\"one\",\"pid\":5}}");
	check_same_file(passed, scratch.fd);
}
END_TEST

START_TEST(listener_refuses_a_broken_state)
{
	struct error err = {0};

	ck_assert_int_eq(runtime_listener_send("/nonexistent", NULL, "{", 1, 0, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "seccomp listener /nonexistent: the state to send: "));
}
END_TEST

enum wrong { WRONG_ABSENT, WRONG_FILE, WRONG_DATAGRAM, WRONG_CLOSED, WRONG_COUNT };

static const struct {
	const char *words;
	int result;
} wrongs[] = {
	[WRONG_ABSENT] = {": No such file or directory", -ENOENT},
	[WRONG_FILE] = {": is not a socket: give the path of one that a program listens on", -EINVAL},
	[WRONG_DATAGRAM] = {": is not a stream socket: its program must listen with SOCK_STREAM", -EPROTOTYPE},
	[WRONG_CLOSED] = {": nobody listens on it: start the program that serves it first", -ECONNREFUSED},
};

START_TEST(wrong_sockets_are_named)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	AUTO_FREE char *path = xprintf("%s/s", scratch.path), *made = NULL, *words = NULL;
	AUTO_CLOSE int fd = -1;
	struct error err = {0};

	if (_i == WRONG_FILE)
		scratch_file(&scratch, "s", "");
	if (_i == WRONG_DATAGRAM)
		fd = listen_at(&scratch, "s", SOCK_DGRAM, &made);
	if (_i == WRONG_CLOSED)
		(void) close(listen_at(&scratch, "s", SOCK_STREAM, &made));
	words = xprintf("console socket %s%s", path, wrongs[_i].words);
	ck_assert_int_eq(console_send(path, 0, "x", &err), wrongs[_i].result);
	ck_assert_str_eq(err.text, words);
}
END_TEST

START_TEST(a_full_queue_is_waited_for_but_not_for_ever)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	AUTO_FREE char *path = NULL, *words = NULL;
	AUTO_CLOSE int listener = listen_at(&scratch, "s", SOCK_STREAM, &path);
	struct unix_send to = {.what = "console socket", .path = path, .timeout_ms = SHORT_MS};
	struct error err = {0};
	uint64_t start;
	int fds[8];

	(void) memset(fds, -1, sizeof fds);
	ck_assert_uint_gt(fill_queue(path, fds, ARRAY_LEN(fds)), 0);
	ck_assert_int_ge(listener, 0);
	start = clock_monotonic();
	ck_assert_int_eq(unix_send(&to, "x", 1, 0, &err), -ETIMEDOUT);
	ck_assert_uint_ge(clock_monotonic() - start, SHORT_MS * UINT64_C(1000000));
	words = xprintf("console socket %s: did not answer within 0.2 s: the program that serves it accepts no "
	                "connections", path);
	ck_assert_str_eq(err.text, words);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		auto_close(&fds[i]);
}
END_TEST

START_TEST(a_queue_that_empties_lets_us_in)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	AUTO_FREE char *path = NULL;
	AUTO_CLOSE int listener = listen_at(&scratch, "s", SOCK_STREAM, &path);
	struct error err = {0};
	int fds[8], status;
	size_t waiting;
	pid_t pid;

	(void) memset(fds, -1, sizeof fds);
	waiting = fill_queue(path, fds, ARRAY_LEN(fds));
	pid = fork();
	if (pid == 0) {
		int connection = -1, passed;
		char byte = 0;

		/* first come, first served: ours is behind those of fill_queue() */
		for (size_t i = 0; i <= waiting; i++)
			connection = accept(listener, NULL, NULL);
		CHECK(connection >= 0);
		CHECK(fd_receive(connection, &byte, 1, &passed, 1, NULL) == 1 && byte == 'y');
		_exit(0);
	}
	ck_assert_msg(console_send(path, scratch.fd, "y", &err) == 0, "%s", err.text);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		auto_close(&fds[i]);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(much_data_arrives_whole)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	AUTO_FREE char *path = NULL, *annotation = xcalloc(BIG_BYTES / 2, 1), *state = NULL, *bytes = NULL;
	AUTO_CLOSE int listener = listen_at(&scratch, "s", SOCK_STREAM, &path);
	AUTO_CLOSE int passed = -1;
	int status;
	pid_t pid;

	(void) memset(annotation, 'x', BIG_BYTES / 2 - 1);
	state = xprintf("{\"annotation\":\"%s\"}", annotation);
	pid = fork();
	if (pid == 0) {
		struct error err = {0};

		CHECK(runtime_listener_send(path, NULL, state, 1, scratch.fd, &err) == 0);
		_exit(0);
	}
	bytes = receive(listener, &passed);
	ck_assert_uint_eq(strlen(bytes),
	                  strlen(state) + strlen("{\"ociVersion\":\"" OCI_RUNTIME_VERSION "\",\"fds\":[\"seccompFd\"],\"pid\":1,\"state\":}"));
	ck_assert_str_eq(bytes + strlen(bytes) - 4, "x\"}}");
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(whoever_does_not_read_is_given_up)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	AUTO_FREE char *path = NULL, *bytes = xcalloc(BIG_BYTES, 1);
	AUTO_CLOSE int listener = listen_at(&scratch, "s", SOCK_STREAM, &path);
	struct unix_send to = {.what = "seccomp listener", .path = path, .timeout_ms = SHORT_MS};
	struct error err = {0};

	ck_assert_int_ge(listener, 0);
	ck_assert_int_eq(unix_send(&to, bytes, BIG_BYTES, 0, &err), -ETIMEDOUT);
	ck_assert_ptr_nonnull(strstr(err.text, ": took no more data within 0.2 s"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("unix_send");
	TCase *tcase = tcase_create("unix_send");

	tcase_add_test(tcase, console_gets_name_and_descriptor);
	tcase_add_test(tcase, console_without_a_name_passes_its_descriptor);
	tcase_add_test(tcase, path_may_be_longer_than_sun_path);
	tcase_add_loop_test(tcase, listener_gets_the_process_state, 0, 2);
	tcase_add_test(tcase, listener_refuses_a_broken_state);
	tcase_add_loop_test(tcase, wrong_sockets_are_named, 0, WRONG_COUNT);
	tcase_add_test(tcase, a_full_queue_is_waited_for_but_not_for_ever);
	tcase_add_test(tcase, a_queue_that_empties_lets_us_in);
	tcase_add_test(tcase, much_data_arrives_whole);
	tcase_add_test(tcase, whoever_does_not_read_is_given_up);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
