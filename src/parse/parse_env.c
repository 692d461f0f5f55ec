/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parse_env.c - files of --env-file and --label-file, and the value of --entrypoint */
#include "coracle/parse/parse.h"

#include "coracle/base/alloc.h"

#include <string.h>

#include "parse_refuse.h"

#define ENV_FILE_MAX   (1 << 20) /* execve(2) takes 2 MiB of arguments and environment together */
#define ENV_LINE_MAX   (128 << 10) /* execve(2), MAX_ARG_STRLEN */
#define ENV_LINES_MAX  16384
#define ENTRYPOINT_MAX (128 << 10)
#define BLANKS         " \t\v\f\r"

/* "KEY=value" with all of the value, "KEY" through lookup, or nothing. */
static int read_line(const char *line, const char *(*lookup)(const char *key), struct texts *out,
                     struct error *err)
{
	const char *value;
	size_t key;

	line += strspn(line, BLANKS);
	if (*line == '\0' || *line == '#')
		return 0;
	key = strcspn(line, "=");
	if (key == 0)
		return error_set(err, ERROR_INVALID,
		                 "no name stands before the \"=\"; write it as KEY=value");
	if (strcspn(line, BLANKS) < key)
		return error_set(err, ERROR_INVALID,
		                 "the name \"%.*s\" holds a blank; write it as KEY=value",
		                 (int) MIN(key, 100), line);
	if (line[key] == '=' || !lookup) {
		texts_add(out, line);
		return 0;
	}
	if (line[key - 1] == '*')
		return error_set(err, ERROR_UNSUPPORTED,
		                 "\"%.100s\": a name with \"*\" is not supported; write each as KEY",
		                 line);
	value = lookup(line);
	if (value)
		texts_printf(out, "%s=%s", line, value);
	return 0;
}

int parse_env_file(const char *bytes, size_t length, const char *file_name,
                   const char *(*lookup)(const char *key), struct texts *out, struct error *err)
{
	AUTO_TEXTS struct texts lines = {0};
	size_t at = 0;

	if (length > ENV_FILE_MAX) {
		int r = error_set(err, ERROR_INVALID, "has more than %d bytes; split it",
		                  ENV_FILE_MAX);

		return error_wrap(err, r, "%.200s", file_name);
	}
	/* the byte order mark that some editors put first */
	if (length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
		at = 3;
	for (unsigned number = 1; at < length; number++) {
		const char *newline = memchr(bytes + at, '\n', length - at);
		size_t end = newline ? (size_t) (newline - bytes) : length;
		size_t size = end - at - (end > at && bytes[end - 1] == '\r');
		/* jansson takes UTF-8 only, and so does a record */
		AUTO_JSON json_t *readable = json_stringn(bytes + at, size);
		AUTO_FREE char *line = NULL;
		int r = 0;

		if (!readable || memchr(bytes + at, '\0', size))
			r = error_set(err, ERROR_INVALID, "is not UTF-8 text; convert it with iconv");
		else if (size >= ENV_LINE_MAX || lines.count >= ENV_LINES_MAX)
			r = error_set(err, ERROR_INVALID, "more than %s; shorten the file",
			              size >= ENV_LINE_MAX ? "131071 bytes" : "16384 variables");
		if (r == 0) {
			line = xstrndup(bytes + at, size);
			r = read_line(line, lookup, &lines, err);
		}
		if (r < 0)
			return error_wrap(err, r, "%.200s: line %u", file_name, number);
		at = end + 1;
	}
	texts_add_all(out, &lines);
	return 0;
}

struct entrypoint {
	struct texts words;
};

static const struct field entrypoint_fields[] = {
	FIELD_TEXTS("list", struct entrypoint, words),
	FIELD_END,
};

static int read_entrypoint(const char *text, struct texts *out, struct error *err)
{
	size_t length = strnlen(text, ENTRYPOINT_MAX + 1);
	AUTO_JSON json_t *json = NULL;
	AUTO_JSON json_t *holder = NULL;
	struct entrypoint entrypoint = {0};
	int r;

	if (length > ENTRYPOINT_MAX)
		return error_set(err, ERROR_INVALID, "it is longer than %d bytes", ENTRYPOINT_MAX);
	if (length == 0)
		return 0;
	/* "[" is also a program, test(1) */
	if (text[0] != '[' || text[length - 1] != ']') {
		texts_add(out, text);
		return 0;
	}
	json = json_parse(text, length, err);
	if (!json)
		return -EINVAL;
	holder = json_object();
	(void) json_object_set(holder, "list", json);
	r = json_read(holder, entrypoint_fields, &entrypoint, err);
	if (r < 0)
		return r;
	texts_add_all(out, &entrypoint.words);
	texts_done(&entrypoint.words);
	return 0;
}

int parse_entrypoint(const char *text, struct texts *out, struct error *err)
{
	int r = read_entrypoint(text, out, err);

	return r < 0 ? parse_refuse(err, r, "entrypoint", text, "[\"/bin/sh\",\"-c\"]") : 0;
}
