/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log.c - lines for whoever calls the runtime command; see log.h */
#include "coracle/lifecycle/log.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/fd.h"
#include "coracle/base/file.h"
#include "coracle/base/json.h"
#include "coracle/base/text.h"

#include <fcntl.h>
#include <string.h>

#define LINE_MAX_BYTES (64 << 10)

struct line { char *msg, *level, *time; };

static const struct field line_fields[] = {
	FIELD_TEXT("msg", struct line, msg, .keep = true),
	FIELD_TEXT("level", struct line, level),
	FIELD_TEXT("time", struct line, time),
	FIELD_END,
};

static const char *const level_names[] = {
	[LIFECYCLE_LOG_ERROR] = "error",
	[LIFECYCLE_LOG_WARNING] = "warning",
	[LIFECYCLE_LOG_DEBUG] = "debug",
};

/* the only state of the module, set once by main() */
static struct {
	int fd; /* -1: standard error */
	bool json;
	enum lifecycle_log_level most;
	bool is_stderr; /* the lines are not said twice */
} log_state = {.fd = -1, .most = LIFECYCLE_LOG_WARNING};

int lifecycle_log_open(const char *path, const char *format, enum lifecycle_log_level most, struct error *err)
{
	bool json = format && strcmp(format, "json") == 0;
	int fd = -1;

	if (format && !json && strcmp(format, "text") != 0)
		return error_set(err, ERROR_INVALID, "--log-format \"%.40s\" is unknown: use text or json", format);
	/* symlinks in every /dev; what they name is open already */
	if (path && (strcmp(path, "/dev/stderr") == 0 || strcmp(path, "/dev/stdout") == 0)) {
		fd = fd_copy(path[8] == 'e' ? STDERR_FILENO : STDOUT_FILENO);
		if (fd < 0)
			return error_errno(err, -fd, "--log %s", path);
	} else if (path) {
		fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0600);
		/* O_NONBLOCK: a FIFO in its place stops nobody */
		if (fd < 0 && errno == ENXIO)
			return error_set(err, ERROR_INVALID, "--log %s: nobody reads from there: give a file", path);
		if (fd < 0 && errno == ELOOP)
			return error_set(err, ERROR_INVALID, "--log %s: is a symbolic link: give the file itself", path);
		if (fd < 0)
			return error_errno(err, errno, "--log %s", path);
	}
	lifecycle_log_close();
	log_state.fd = fd;
	log_state.json = json;
	log_state.is_stderr = path && strcmp(path, "/dev/stderr") == 0;
	log_state.most = most;
	return 0;
}

void lifecycle_log_close(void)
{
	if (log_state.fd >= 0)
		(void) close(log_state.fd);
	log_state.fd = -1;
	log_state.json = log_state.is_stderr = false;
	log_state.most = LIFECYCLE_LOG_WARNING;
}

static void add_json(const char *level, const char *time, const char *text, struct text *out)
{
	AUTO_FREE char *msg = xstrndup(text, LINE_MAX_BYTES / 8), *written = NULL;
	struct line line = {
		.msg = msg,
		.level = (char *) (uintptr_t) level,
		.time = (char *) (uintptr_t) time,
	};
	AUTO_JSON json_t *json = NULL, *valid = json_string(msg);

	/* a path may hold any bytes, JSON may not */
	if (!valid)
		for (char *at = msg; *at; at++)
			if ((unsigned char) *at >= 0x80)
				*at = '?';
	json = json_write(line_fields, &line);
	written = json_text(json, JSON_COMPACT);
	(void) text_printf(out, "%s\n", written);
}

/* As logfmt readers want it: one line, the message in quotes. */
static void add_text(const char *level, const char *time, const char *text, struct text *out)
{
	(void) text_printf(out, "time=\"%s\" level=%s msg=\"", time, level);
	for (; *text && out->length < LINE_MAX_BYTES / 2; text++) {
		if (*text == '"' || *text == '\\')
			(void) text_add_char(out, '\\');
		if (*text == '\n')
			(void) text_add(out, "\\n");
		else
			(void) text_add_char(out, *text);
	}
	(void) text_add(out, "\"\n");
}

void lifecycle_log(enum lifecycle_log_level level, const char *text)
{
	AUTO_TEXT struct text line = TEXT_INIT(LINE_MAX_BYTES);
	char time[CLOCK_TEXT_SIZE];

	if (level > log_state.most)
		return;
	/* a log that can't be written must not stop anybody */
	if (log_state.fd >= 0 && (!log_state.json || level == LIFECYCLE_LOG_ERROR || log_state.most == LIFECYCLE_LOG_DEBUG)) {
		(void) clock_rfc3339(clock_now(), time);
		(log_state.json ? add_json : add_text)(level_names[level], time, text, &line);
		(void) !write_all(log_state.fd, text_string(&line), line.length);
		text_clear(&line);
	}
	if (log_state.is_stderr || (log_state.fd >= 0 && level != LIFECYCLE_LOG_ERROR))
		return;
	(void) text_printf(&line, "coracle-runtime: %.*s\n", LINE_MAX_BYTES / 2, text);
	(void) !write_all(STDERR_FILENO, text_string(&line), line.length);
}
