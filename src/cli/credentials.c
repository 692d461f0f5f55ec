/* SPDX-License-Identifier: GPL-2.0-or-later */
/* credentials.c - what login and logout have in common; see credentials.h */
#include "credentials.h"

#include "coracle/base/alloc.h"
#include "coracle/conf/registries.h"

#include <string.h>

char *credentials_key(const char *typed)
{
	static const char *const schemes[] = {"https://", "http://"};
	static const char *const hub[] = {"index.docker.io/v1", "index.docker.io", "registry-1.docker.io"};
	AUTO_FREE char *key = NULL;
	size_t length;

	if (!typed || !*typed)
		return xstrdup(CREDENTIALS_HUB);
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		if (strncmp(typed, schemes[i], strlen(schemes[i])) == 0)
			typed += strlen(schemes[i]);
	length = strlen(typed);
	while (length > 0 && typed[length - 1] == '/')
		length--;
	key = xstrndup(typed, length);
	for (size_t i = 0; i < ARRAY_LEN(hub); i++)
		if (strcmp(key, hub[i]) == 0)
			text_replace(&key, CREDENTIALS_HUB);
	return TAKE_PTR(key);
}

int credentials_helpers(const struct places *places, struct texts *out, struct error *err)
{
	AUTO_REGISTRIES struct registries registries = {0};
	int r = registries_read(places, &registries, err);

	if (r >= 0)
		texts_add_all(out, &registries.helpers);
	return r;
}

bool credentials_insecure(const struct places *places, const char *host)
{
	AUTO_REGISTRIES struct registries registries = {0};
	const struct registry_name name = {.registry = host, .path = "any", .tag = "latest"};
	struct list endpoints = {0};
	struct error ignored = {0};
	bool insecure = false;

	if (registries_read(places, &registries, &ignored) >= 0
	    && registries_endpoints(&registries, &name, &endpoints, &ignored) >= 0)
		LIST_EACH(struct registries_endpoint, endpoint, &endpoints)
			if (strcmp(endpoint->host, host) == 0)
				insecure = endpoint->insecure;
	registries_endpoints_done(&endpoints);
	return insecure;
}
