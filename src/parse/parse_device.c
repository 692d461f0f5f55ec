/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parse_device.c - the value of --device; podman-run(1) */
#include "coracle/parse/parse.h"

#include "coracle/base/alloc.h"
#include "coracle/base/path.h"

#include <string.h>

#include "parse_refuse.h"

/* Some of "rwm", each once. */
static bool is_permissions(const char *text)
{
	size_t length = strspn(text, "rwm");

	if (length == 0 || length > 3 || text[length])
		return false;
	for (size_t i = 0; i < length; i++)
		if (strchr(text + i + 1, text[i]))
			return false;
	return true;
}

static int read_path(const char *text, char **out, struct error *err)
{
	if (*text != '/')
		return error_set(err, ERROR_INVALID, "\"%.200s\" is not an absolute path", text);
	free(*out);
	*out = path_clean(text);
	if (strcmp(*out, "/") == 0)
		return error_set(err, ERROR_INVALID, "\"%.200s\" is not a device", text);
	return 0;
}

static int read_device(const char *text, struct record_device *device, struct error *err)
{
	AUTO_TEXTS struct texts parts = {0};
	const char *target, *permissions = "rwm";
	int r = parse_text(text, PARSE_TEXT_MAX, err);

	if (r < 0)
		return r;
	texts_split(&parts, text, ':');
	if (parts.count > 3)
		return error_set(err, ERROR_INVALID, "it has more than two colons");
	target = parts.items[0];
	if (parts.count == 2 && *parts.items[1] != '/')
		permissions = parts.items[1];
	else if (parts.count > 1)
		target = parts.items[1];
	if (parts.count == 3)
		permissions = parts.items[2];
	if (!is_permissions(permissions))
		return error_set(err, ERROR_INVALID,
		                 "\"%.40s\" is neither an absolute path nor some of r, w, m, each once",
		                 permissions);
	r = read_path(parts.items[0], &device->source, err);
	if (r == 0)
		r = read_path(target, &device->target, err);
	if (r < 0)
		return r;
	device->permissions = xstrdup(permissions);
	return 0;
}

int parse_device(const char *text, struct record_device *out, struct error *err)
{
	struct record_device device = {0};
	int r = read_device(text, &device, err);

	if (r < 0) {
		free(device.source);
		free(device.target);
		return parse_refuse(err, r, "device", text, "/dev/fuse:/dev/fuse:rwm");
	}
	*out = device;
	return 0;
}
