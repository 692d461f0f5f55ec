/* SPDX-License-Identifier: GPL-2.0-or-later */
/* copy_place.c - "oci:DIR:REF" and the like; see copy.h (containers-transports(5)) */
#include "coracle/base/alloc.h"

#include <string.h>

#include "copy_private.h"

static const struct {
	const char *prefix;
	enum copy_kind kind;
	bool has_reference;
} transports[] = {
	{"docker://", COPY_REGISTRY, false},
	{"containers-storage:", COPY_STORE, false},
	{"store:", COPY_STORE, false},
	{"oci:", COPY_OCI, true},
	{"oci-archive:", COPY_OCI_ARCHIVE, true},
	{"docker-archive:", COPY_DOCKER_ARCHIVE, true},
	{"dir:", COPY_DIRECTORY, false},
};

static const char *const transports_refused[] = {
	"docker-daemon:", "docker:", "sif:", "ostree:", "tarball:", "atomic:", "containers-storage:[", "https://", "http://",
};

void copy_place_done(struct copy_place *place)
{
	free(place->path);
	free(place->reference);
	*place = (struct copy_place) {0};
}

static bool begins(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static int check_known(const char *text, struct error *err)
{
	for (size_t i = 0; i < ARRAY_LEN(transports_refused); i++)
		if (begins(text, transports_refused[i]) && !begins(text, "docker://"))
			return error_set(err, ERROR_INVALID, "\"%.300s\" can't be copied from or to; there are: docker://NAME, "
			                 "oci:DIR, oci-archive:FILE, docker-archive:FILE, dir:DIR, and names in the store",
			                 text);
	return 0;
}

int copy_place_parse(const char *text, struct copy_place *out, struct error *err)
{
	enum copy_kind kind = COPY_STORE;
	bool has_reference = false;
	const char *rest = text;
	size_t length;
	int r = check_known(text, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_LEN(transports); i++) {
		if (!begins(text, transports[i].prefix))
			continue;
		kind = transports[i].kind;
		has_reference = transports[i].has_reference;
		rest = text + strlen(transports[i].prefix);
		break;
	}
	length = has_reference ? strcspn(rest, ":") : strlen(rest);
	if (length == 0)
		return error_set(err, ERROR_INVALID, "\"%.300s\" names no %s", text,
		                 kind == COPY_REGISTRY || kind == COPY_STORE ? "image" : "file or directory");
	out->kind = kind;
	out->path = xstrndup(rest, length);
	if (rest[length] == ':' && rest[length + 1])
		out->reference = xstrdup(rest + length + 1);
	return 0;
}
