/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log.c - lines for developers; see log.h */
#include "coracle/base/log.h"

#include <stdarg.h>
#include <stdio.h>

/* the only state of the module, set once by main() */
static struct {
	int fd;
	enum log_level level;
} log_state = {.fd = STDERR_FILENO, .level = LOG_LEVEL_NONE};

void log_open(int fd, enum log_level level)
{
	log_state.fd = fd;
	log_state.level = level;
}

static PRINTF(2, 0) void log_line(enum log_level level, const char *format, va_list args)
{
	char line[2048] = "coracle: ";
	size_t used = sizeof "coracle: " - 1;
	int saved = errno;
	int n;

	if (log_state.level < level)
		return;
	/* one byte stays for the newline, so that a line is one write */
	n = vsnprintf(line + used, sizeof line - used - 1, format, args);
	if (n < 0)
		return;
	used += MIN((size_t) n, sizeof line - used - 2);
	line[used++] = '\n';
	/* a log that can't be written must not stop anybody */
	(void) !write(log_state.fd, line, used);
	errno = saved;
}

void log_debug(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_LEVEL_DEBUG, format, args);
	va_end(args);
}

void log_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_LEVEL_WARNING, format, args);
	va_end(args);
}
