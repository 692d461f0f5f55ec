/* SPDX-License-Identifier: GPL-2.0-or-later */
/* name.c - full names from what users and archives say */
#include "name.h"

#include "coracle/base/alloc.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

int name_full(const char *text, enum name_home home, char **out, struct error *err)
{
	AUTO_REFERENCE struct reference reference = {0};
	AUTO_TEXTS struct texts candidates = {0};
	int r = reference_parse(text, &reference, err);

	if (r < 0)
		return r;
	if (reference.digest)
		return error_set(err, ERROR_INVALID,
		                 "image name \"%.300s\": a digest can't be given to an image", text);
	reference_candidates(&reference, &candidates);
	*out = xstrdup(candidates.items[home == NAME_HUB ? candidates.count - 1 : 0]);
	return 0;
}

char *name_repository(const char *full, char **tag)
{
	size_t length = strcspn(full, "@");
	AUTO_FREE char *plain = xstrndup(full, length);
	char *slash = strrchr(plain, '/');
	char *colon = strchr(slash ? slash : plain, ':');

	if (colon)
		*colon = '\0';
	if (tag)
		*tag = colon ? xstrdup(colon + 1) : NULL;
	return TAKE_PTR(plain);
}

size_t name_transport(const char *text)
{
	static const char *const transports[] = {"dir", "docker-archive", "docker-daemon", "oci", "oci-archive",
	                                         "containers-storage", "ostree", "sif", "tarball"};
	size_t length = strcspn(text, ":/");
	const char *place = text + length + 1;

	if (text[length] != ':' || (isdigit((unsigned char) *place) && place[strspn(place, "0123456789")] == '/'))
		return 0; /* of HOST:PORT/NAME the latter */
	for (size_t i = 0; i < ARRAY_LEN(transports); i++)
		if (strlen(transports[i]) == length && strncmp(text, transports[i], length) == 0)
			return strchr(transports[i], '-') || !*place || strchr(place, '/') || access(place, F_OK) == 0 ? length : 0;
	return 0;
}
