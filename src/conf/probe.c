/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe.c - ask all questions, each in a child of its own
 *
 * A child may enter namespaces and mount; nothing of it stays. And a dead network file system can
 * hold a process for ever: after five seconds its question counts as unanswered and we go on.
 */
#include "coracle/conf/probe.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/file.h"
#include "coracle/base/number.h"
#include "coracle/base/text.h"

#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "probe_check.h"

#define ANSWER_SECONDS 5
#define ANSWER_MAX     65536

/* the state is an enum, which field rows do not know: make_answer and read_answer carry it */
const struct field probe_result_fields[] = {
	FIELD_TEXT("code", struct probe_result, code),
	FIELD_TEXT("title", struct probe_result, title),
	FIELD_TEXT("detail", struct probe_result, detail, .keep = true),
	FIELD_TEXT("effect", struct probe_result, effect, .keep = true),
	FIELD_TEXT("fix", struct probe_result, fix, .keep = true),
	FIELD_END,
};

static const struct probe_check *const tables[] = {
	probe_ids_checks, probe_storage_checks, probe_network_checks, probe_cgroup_checks, probe_session_checks,
};

const char *probe_state_name(enum probe_state state)
{
	switch (state) {
	case PROBE_OK:
		return "OK";
	case PROBE_DEGRADED:
		return "degraded";
	case PROBE_MISSING:
		return "missing";
	}
	return "missing";
}

void probe_ok(struct probe_result *out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	out->detail = xvprintf(format, args);
	va_end(args);
	out->state = PROBE_OK;
}

void probe_bad(struct probe_result *out, enum probe_state state, const char *effect, char *fix,
               const char *format, ...)
{
	va_list args;

	va_start(args, format);
	out->detail = xvprintf(format, args);
	va_end(args);
	out->state = state;
	out->effect = xstrdup(effect);
	out->fix = fix;
}

char *probe_user(void)
{
	const struct passwd *entry = getpwuid(getuid());

	return entry ? xstrdup(entry->pw_name) : xprintf("%u", (unsigned) getuid());
}

long long probe_number(const char *path, long long fallback)
{
	AUTO_FREE char *text = NULL;
	int64_t number;

	if (file_read(AT_FDCWD, path, 64, &text, NULL) < 0)
		return fallback;
	text[strcspn(text, "\n")] = '\0';
	return number_parse_int(text, INT64_MIN, INT64_MAX, &number) < 0 ? fallback : number;
}

static int write_map(const char *path, const char *text)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : write_all(fd, text, strlen(text));
}

int probe_enter_userns(void)
{
	AUTO_FREE char *uids = xprintf("0 %u 1", (unsigned) geteuid());
	AUTO_FREE char *gids = xprintf("0 %u 1", (unsigned) getegid());
	int r;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return -errno;
	r = write_map("/proc/self/setgroups", "deny");
	if (r >= 0)
		r = write_map("/proc/self/uid_map", uids);
	return r >= 0 ? write_map("/proc/self/gid_map", gids) : r;
}

static _Noreturn void child_main(const struct probe_check *check, const struct paths *paths, int answer_fd)
{
	struct probe_result result = {.code = xstrdup(check->code), .title = xstrdup(check->title)};
	AUTO_JSON json_t *json = NULL;
	AUTO_FREE char *bytes = NULL;

	(void) prctl(PR_SET_PDEATHSIG, SIGKILL);
	check->run(paths, &result);
	json = json_write(probe_result_fields, &result);
	(void) json_object_set_new(json, "state", json_integer(result.state));
	bytes = json_text(json, JSON_COMPACT);
	_exit(write_all(answer_fd, bytes, strlen(bytes)) < 0);
}

/* read_answer - until end of file, or until time is up */
static int read_answer(int fd, struct text *answer)
{
	uint64_t end = clock_monotonic() + ANSWER_SECONDS * NS_PER_SECOND;
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	char buffer[1024];

	for (;;) {
		uint64_t now = clock_monotonic();
		ssize_t n;

		if (now >= end || poll(&poll_fd, 1, (int) ((end - now) / 1000000) + 1) == 0)
			return -ETIMEDOUT;
		n = read(fd, buffer, sizeof buffer);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return 0;
		if (n > 0 && text_add_bytes(answer, buffer, (size_t) n) < 0)
			return -E2BIG;
	}
}

static int parse_answer(const struct text *answer, struct probe_result *out)
{
	struct error err = {0};
	AUTO_JSON json_t *json = json_parse(text_string(answer), answer->length, &err);
	json_int_t state;

	if (!json || json_read(json, probe_result_fields, out, &err) < 0)
		return -EINVAL;
	state = json_integer_value(json_object_get(json, "state"));
	out->state = state == PROBE_OK ? PROBE_OK : state == PROBE_DEGRADED ? PROBE_DEGRADED : PROBE_MISSING;
	return 0;
}

static void reap(pid_t pid, int answered)
{
	int status;

	if (answered < 0)
		(void) kill(pid, SIGKILL);
	/* one that hangs in the kernel is left to init: waiting for it would hang us too */
	while (waitpid(pid, &status, answered < 0 ? WNOHANG : 0) < 0 && errno == EINTR)
		;
}

static int ask(const struct probe_check *check, const struct paths *paths, struct probe_result *out)
{
	AUTO_TEXT struct text answer = TEXT_INIT(ANSWER_MAX);
	int fds[2], r;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		child_main(check, paths, fds[1]);
	r = pid < 0 ? -errno : 0;
	(void) close(fds[1]);
	if (r >= 0) {
		r = read_answer(fds[0], &answer);
		reap(pid, r);
	}
	(void) close(fds[0]);
	return r < 0 ? r : parse_answer(&answer, out);
}

static void unanswered(const struct probe_check *check, int r, struct probe_result *out)
{
	out->code = xstrdup(check->code);
	out->title = xstrdup(check->title);
	probe_bad(out, PROBE_DEGRADED, "it is unknown whether this works", xstrdup("coracle doctor"),
	          "no answer: %s", strerror(-r));
}

int probe_all(const struct paths *paths, struct list *out, struct error *err)
{
	(void) err; /* what cannot be found out is a finding too */
	/* a child must not print again what lies in our buffers */
	(void) fflush(NULL);
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		for (const struct probe_check *check = tables[i]; check->code; check++) {
			struct probe_result *result = list_add(out, sizeof *result);
			int r = ask(check, paths, result);

			if (r < 0)
				unanswered(check, r, result);
			if (!result->effect)
				result->effect = xstrdup("");
			if (!result->fix)
				result->fix = xstrdup("");
		}
	}
	return 0;
}

void probe_list_done(struct list *list)
{
	LIST_EACH(struct probe_result, result, list)
		fields_done(probe_result_fields, result);
	free(list->items);
	*list = (struct list) {0};
}
