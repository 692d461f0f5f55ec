/* SPDX-License-Identifier: GPL-2.0-or-later */
/* print.c - standard output and standard error of the command line */
#include "coracle/cli/command.h"

#include "coracle/base/path.h"

#include <stdarg.h>
#include <string.h>

/* Belongs to main(): set once from argv[0] before anything is printed. */
static const char *program = "coracle";

void print_set_program(const char *argv0)
{
	static const char *const known[] = {"docker", "podman"};
	const char *base = argv0 ? path_base(argv0) : "";

	program = "coracle";
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(base, known[i]) == 0)
			program = known[i];
}

const char *print_program(void)
{
	return program;
}

bool print_is_docker(void)
{
	return strcmp(program, "docker") == 0;
}

void print_line(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void) vfprintf(stdout, format, args);
	va_end(args);
	(void) putc('\n', stdout);
}

/* One write, so that lines of several processes do not mix. */
static void PRINTF(2, 0) print_note(const char *mark, const char *format, va_list args)
{
	char line[2300];
	int head = snprintf(line, sizeof line, "%s: %s", program, mark);
	size_t room = sizeof line - (size_t) head - 1;
	int body = vsnprintf(line + head, room, format, args);
	size_t len = (size_t) head + (body < 0 ? 0 : MIN((size_t) body, room - 1));

	line[len] = '\n';
	/* What was printed before comes first; nobody can be told when standard error is closed. */
	(void) fflush(stdout);
	(void) !fwrite(line, 1, len + 1, stderr);
}

void print_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_note("", format, args);
	va_end(args);
}

void print_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_note("warning: ", format, args);
	va_end(args);
}

int print_finish(void)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	return errno ? -errno : -EIO;
}
