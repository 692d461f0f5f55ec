/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_registries.c - registries.conf of any bytes, and what it makes of names */
#include "coracle/base/alloc.h"
#include "coracle/conf/registries.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void ask(const struct registries *registries, const struct registry_name *name)
{
	AUTO(registries_endpoints_done) struct list list = {0};
	AUTO_TEXTS struct texts names = {0};
	struct error err = {0};
	int r = registries_endpoints(registries, name, &list, &err);

	require(r < 0 ? *err.text && list.count == 0 : list.count > 0);
	LIST_EACH(struct registries_endpoint, endpoint, &list) {
		require(*endpoint->host && !strpbrk(endpoint->host, "/ \"\\\n@") && *endpoint->path);
		require(*endpoint->path != '/' && !strstr(endpoint->path, "..") && !strpbrk(endpoint->path, " \n:@?#%"));
		/* the last one is the registry itself */
		require(endpoint->is_mirror == (endpoint != LIST_AT(struct registries_endpoint, &list, list.count - 1)));
	}
	r = registries_candidates(registries, "debian", &names, NULL, &err);
	require(r < 0 ? *err.text != '\0' : names.count > 0);
	for (size_t i = 0; r == 0 && i < names.count; i++)
		require(strchr(names.items[i], '/') && *names.items[i] != '/');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_REGISTRIES struct registries registries = {0};
	struct error err = {0};
	size_t half = size / 2;

	/* one over the other: merging must not mix them up */
	(void) !registries_add(&registries, "first", (const char *) data, size, &err);
	require(registries_add(&registries, "second", (const char *) data + half, size - half, &err) == 0
	        || !strncmp(err.text, "second: ", 8));
	ask(&registries, &(struct registry_name) {"docker.io", "library/debian", "latest", NULL});
	ask(&registries, &(struct registry_name) {"a.example.com:5000", "x/y", NULL, "sha256:00"});
	ask(&registries, &(struct registry_name) {"[::1]:5000", "x", NULL, NULL});
	return 0;
}
