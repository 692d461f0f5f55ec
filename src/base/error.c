/* SPDX-License-Identifier: GPL-2.0-or-later */
/* error.c - errors in words; see error.h */
#include "coracle/base/error.h"

#include <stdio.h>
#include <string.h>

static const int kind_errno[] = {
	[ERROR_SYSTEM] = EIO,
	[ERROR_INVALID] = EINVAL,
	[ERROR_NOT_FOUND] = ENOENT,
	[ERROR_CONFLICT] = EBUSY,
	[ERROR_DENIED] = EACCES,
	[ERROR_UNSUPPORTED] = EOPNOTSUPP,
	[ERROR_NOT_EXECUTABLE] = ENOEXEC,
	[ERROR_NO_COMMAND] = ENOENT,
};

static enum error_kind kind_of_errno(int errnum)
{
	switch (errnum) {
	case EINVAL:
		return ERROR_INVALID;
	case ENOENT:
		return ERROR_NOT_FOUND;
	case EEXIST:
	case EBUSY:
		return ERROR_CONFLICT;
	case EACCES:
	case EPERM:
		return ERROR_DENIED;
	case ENOSYS:
	case EOPNOTSUPP:
		return ERROR_UNSUPPORTED;
	default:
		return ERROR_SYSTEM;
	}
}

/* Foreign text (paths, JSON keys) ends up here: no terminal escapes, one line only. */
static void make_plain(char *text)
{
	for (char *c = text; *c; c++)
		if ((unsigned char) *c < ' ' || *c == 0x7f)
			*c = '?';
}

int error_set(struct error *err, enum error_kind kind, const char *format, ...)
{
	va_list args;

	err->kind = kind;
	err->errnum = 0;
	va_start(args, format);
	(void) vsnprintf(err->text, sizeof err->text, format, args);
	va_end(args);
	make_plain(err->text);
	return -kind_errno[kind];
}

int error_errno(struct error *err, int errnum, const char *format, ...)
{
	size_t used;
	va_list args;

	va_start(args, format);
	(void) vsnprintf(err->text, sizeof err->text, format, args);
	va_end(args);
	used = strlen(err->text);
	(void) snprintf(err->text + used, sizeof err->text - used, ": %s", strerror(errnum));
	make_plain(err->text);
	err->kind = kind_of_errno(errnum);
	err->errnum = errnum;
	return -errnum;
}

int error_wrap(struct error *err, int r, const char *format, ...)
{
	char inner[sizeof err->text];
	size_t used;
	va_list args;

	(void) memcpy(inner, err->text, sizeof inner);
	va_start(args, format);
	(void) vsnprintf(err->text, sizeof err->text, format, args);
	va_end(args);
	used = strlen(err->text);
	(void) snprintf(err->text + used, sizeof err->text - used, ": %s", inner);
	make_plain(err->text);
	return r;
}
