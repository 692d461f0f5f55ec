/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * auth_helper.c - the protocol of docker-credential-helpers: one word as argument, request on standard input,
 * answer (JSON, or on failure a line of text) on standard output
 */
#include "auth_helper.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/fd.h"
#include "coracle/base/spawn.h"
#include "coracle/base/text.h"
#include "coracle/sys/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#define ANSWER_MAX_BYTES (1u << 20)

/* what a helper of docker's says when it knows nothing of a server */
#define NOT_FOUND_ANSWER "credentials not found"

struct answer {
	struct text text;
	int status; /* 0..255, 128+n */
};

static void answer_done(struct answer *answer)
{
	if (answer->text.data)
		explicit_bzero(answer->text.data, answer->text.size);
	text_done(&answer->text);
}

static int find_program(const char *name, char **out, struct error *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	AUTO_FREE char *program = NULL;

	/* it comes from a file and becomes a program's name */
	if (!*name || name[strspn(name, allowed)] || strlen(name) > 100)
		return error_set(err, ERROR_INVALID, "\"%.100s\" is not the name of a credential helper", name);
	program = xprintf("docker-credential-%s", name);
	*out = spawn_find(program);
	if (*out)
		return 0;
	return error_set(err, ERROR_NOT_FOUND, "%s is not installed: install it, or take \"%s\" out of the configuration",
	                 program, name);
}

/* read_some - 0: more may come, 1: end */
static int read_some(int fd, struct text *into)
{
	char buffer[4096];
	ssize_t got = read(fd, buffer, sizeof buffer);
	int r = 0;

	if (got > 0)
		r = text_add_bytes(into, buffer, (size_t) got);
	else if (got == 0)
		r = 1;
	else if (errno != EAGAIN && errno != EINTR)
		r = -errno;
	explicit_bzero(buffer, sizeof buffer);
	return r;
}

/*
 * collect - until the program ends (a daemon that it leaves behind may keep the pipe open), or its output without pidfd
 *
 * Returns 0, -ETIMEDOUT, -E2BIG, -EINTR when stop_fd is readable, or another negative errno.
 */
static int collect(int fd, int pidfd, int stop_fd, unsigned seconds, struct text *into)
{
	uint64_t end = clock_monotonic() + seconds * NS_PER_SECOND;

	for (;;) {
		struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = pidfd, .events = POLLIN},
		                       {.fd = stop_fd, .events = POLLIN}};
		uint64_t now = clock_monotonic();
		int ready, r;

		if (now >= end)
			return -ETIMEDOUT;
		ready = poll(fds, ARRAY_LEN(fds), (int) ((end - now) / 1000000) + 1);
		if (ready < 0 && errno != EINTR)
			return -errno;
		if (ready <= 0)
			continue;
		if (fds[2].revents)
			return -EINTR;
		r = fds[0].revents ? read_some(fd, into) : 0;
		if (r < 0)
			return r;
		if (r > 0)
			fd = -1;
		if ((fd < 0 && pidfd < 0) || (!fds[0].revents && fds[1].revents))
			return 0;
	}
}

static int run_program(const char *program, const char *word, const void *input, size_t length, unsigned seconds,
                       int stop_fd, struct answer *answer, struct error *err)
{
	const char *const argv[] = {program, word, NULL};
	AUTO_CLOSE int in = fd_memory("request", input, length);
	AUTO_CLOSE int out = -1, write_end = -1, pidfd = -1;
	int ends[2], status, r;
	pid_t pid;

	if (in < 0)
		return error_errno(err, -in, "%s", program);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, errno, "%s", program);
	out = ends[0];
	write_end = ends[1];
	pid = spawn_start(&(struct spawn) {.program = program, .argv = argv, .stdio = {in, write_end, -1},
	                                   .death_signal = SIGKILL}, &pidfd, err);
	if (pid < 0)
		return (int) pid;
	auto_close(&write_end);
	write_end = -1;
	r = collect(out, pidfd, stop_fd, seconds, &answer->text);
	if (r < 0)
		/* not yet waited for: the number is still its own */
		(void) kill(pid, SIGKILL);
	if (spawn_wait(pid, &status) < 0)
		status = 0;
	answer->status = process_exit_code(status);
	if (r == -ETIMEDOUT)
		return error_set(err, ERROR_SYSTEM, "%s %s gave no answer within %u seconds", program, word, seconds);
	return r < 0 ? error_errno(err, -r, "%s %s", program, word) : 0;
}

static int run(const char *name, const char *word, const void *input, size_t length, unsigned seconds, int stop_fd,
               struct answer *answer, struct error *err)
{
	AUTO_FREE char *program = NULL;
	int r = find_program(name, &program, err);

	answer->text.max = ANSWER_MAX_BYTES;
	return r < 0 ? r : run_program(program, word, input, length, seconds, stop_fd, answer, err);
}

/* refused - it failed: 0 when it merely knows nothing, else err; its words are told only where they can't be secret */
static int refused(const char *name, const char *word, const char *server, const struct answer *answer, bool tell,
                   struct error *err)
{
	const char *said = text_string(&answer->text);

	tell = tell && *said != '{';
	if (strstr(said, NOT_FOUND_ANSWER))
		return 0;
	return error_set(err, ERROR_SYSTEM, "docker-credential-%s %s failed for %s with status %d%s%.*s", name, word, server,
	                 answer->status, tell && *said ? ": " : "", tell ? (int) MIN(strcspn(said, "\r\n"), 300) : 0, said);
}

int auth_helper_get(const char *name, const char *server, unsigned seconds, int stop_fd, char **username, char **secret,
                    struct error *err)
{
	AUTO(answer_done) struct answer answer = {0};
	AUTO_JSON json_t *json = NULL;
	const char *user, *word;
	int r = run(name, "get", server, strlen(server), seconds, stop_fd, &answer, err);

	if (r < 0)
		return r;
	if (answer.status != 0)
		/* a failure of "get" has printed no credentials, docker's tools show it as well */
		return refused(name, "get", server, &answer, true, err);
	json = json_loadb(text_string(&answer.text), answer.text.length, 0, NULL);
	user = json_string_value(json_object_get(json, "Username"));
	word = json_string_value(json_object_get(json, "Secret"));
	if (!user || !word)
		return error_set(err, ERROR_INVALID, "docker-credential-%s get: the answer for %s is not JSON with Username and"
		                 " Secret", name, server);
	if (!*user && !*word)
		return 0;
	*username = xstrdup(user);
	*secret = xstrdup(word);
	return 1;
}

int auth_helper_store(const char *name, const char *server, const char *username, const char *secret, unsigned seconds,
                      struct error *err)
{
	AUTO(answer_done) struct answer answer = {0};
	AUTO_JSON json_t *json = json_pack("{s:s, s:s, s:s}", "ServerURL", server, "Username", username, "Secret", secret);
	char *text = json ? json_text(json, JSON_COMPACT) : NULL;
	int r;

	if (!text)
		return error_set(err, ERROR_INVALID, "the user name or password is not UTF-8");
	r = run(name, "store", text, strlen(text), seconds, -1, &answer, err);
	explicit_bzero(text, strlen(text));
	free(text);
	if (r < 0)
		return r;
	if (answer.status == 0)
		return 0;
	r = refused(name, "store", server, &answer, false, err);
	return r < 0 ? r : error_set(err, ERROR_SYSTEM, "docker-credential-%s store failed for %s", name, server);
}

int auth_helper_erase(const char *name, const char *server, unsigned seconds, struct error *err)
{
	AUTO(answer_done) struct answer answer = {0};
	int r = run(name, "erase", server, strlen(server), seconds, -1, &answer, err);

	if (r < 0)
		return r;
	return answer.status == 0 ? 1 : refused(name, "erase", server, &answer, false, err);
}

int auth_helper_list(const char *name, unsigned seconds, struct texts *servers, struct error *err)
{
	AUTO(answer_done) struct answer answer = {0};
	AUTO_JSON json_t *json = NULL;
	const char *server;
	json_t *user;
	int r = run(name, "list", "", 0, seconds, -1, &answer, err);

	if (r < 0)
		return r;
	if (answer.status != 0)
		return refused(name, "list", "all registries", &answer, true, err);
	json = json_loadb(text_string(&answer.text), answer.text.length, 0, NULL);
	if (!json_is_object(json))
		return error_set(err, ERROR_INVALID, "docker-credential-%s list: the answer is not a JSON object", name);
	json_object_foreach(json, server, user)
		texts_add(servers, server);
	return 0;
}
