/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parse_log.c - the value of --log-opt; podman-run(1) */
#include "coracle/parse/parse.h"

#include "coracle/base/alloc.h"
#include "coracle/base/number.h"

#include <string.h>

#include "parse_refuse.h"

#define LOG_FILES_MAX 1000

static int read_size(const char *value, struct record *out, struct error *err)
{
	uint64_t size = 0;

	/* "no bound" must be told from "not given", which is 0; JSON's integers end here too */
	if (strcmp(value, "-1") == 0)
		size = INT64_MAX;
	else if (number_parse_size(value, &size) < 0 || size == 0 || size > INT64_MAX)
		return error_set(err, ERROR_INVALID, "\"%.40s\" is not a size such as 10m, nor -1",
		                 value);
	out->log_max_size = size;
	return 0;
}

static int read_files(const char *value, struct record *out, struct error *err)
{
	if (number_parse_uint(value, 1, LOG_FILES_MAX, &out->log_max_files) < 0)
		return error_set(err, ERROR_INVALID, "\"%.40s\" is not a number of files from 1 to %d",
		                 value, LOG_FILES_MAX);
	return 0;
}

static int read_tag(const char *value, struct record *out, struct error *err UNUSED)
{
	text_replace(&out->log_tag, value);
	return 0;
}

static int read_path(const char *value, struct record *out, struct error *err)
{
	if (*value != '/')
		return error_set(err, ERROR_INVALID, "the path \"%.200s\" is not absolute", value);
	text_replace(&out->log_path, value);
	return 0;
}

static const struct {
	const char *name;
	int (*read)(const char *value, struct record *out, struct error *err);
} log_options[] = {
	{"max-size", read_size},
	{"max-file", read_files},
	{"tag", read_tag},
	{"path", read_path},
};

static int read_option(const char *text, struct record *out, struct error *err)
{
	size_t name = strcspn(text, "=");
	int r = parse_text(text, 4096, err);

	if (r < 0)
		return r;
	if (text[name] == '\0')
		return error_set(err, ERROR_INVALID, "it has no \"=\"");
	for (size_t i = 0; i < ARRAY_LEN(log_options); i++)
		if (strlen(log_options[i].name) == name &&
		    memcmp(log_options[i].name, text, name) == 0)
			return log_options[i].read(text + name + 1, out, err);
	return error_set(err, ERROR_INVALID, "\"%.*s\" is not max-size, max-file, tag or path",
	                 (int) MIN(name, 40), text);
}

int parse_log_opt(const char *text, struct record *out, struct error *err)
{
	int r = read_option(text, out, err);

	return r < 0 ? parse_refuse(err, r, "log option", text, "max-size=10m") : 0;
}
