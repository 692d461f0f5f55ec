/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_auth.c - files of credentials of any bytes: complete credentials, or none of their parts */
#include "coracle/base/alloc.h"
#include "coracle/conf/auth.h"
#include "coracle/conf/policy.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void ask(const char *file, const uint8_t *data, size_t size, const char *registry, const char *path)
{
	AUTO_AUTH struct auth auth = {0};
	struct error err = {0};
	int r = auth_file_find(file, (const char *) data, size, registry, path, &auth, &err);

	require(r == 1 ? auth.source && (auth.identity_token || (auth.username && auth.password))
	               : !auth.username && !auth.password && !auth.identity_token);
	require(r >= 0 || !strncmp(err.text, file, strlen(file)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_POLICY struct policy policy = {0};
	struct error err = {0};

	ask("auth.json", data, size, "a.io", "x/y");
	ask("auth.json", data, size, "docker.io", NULL);
	ask(".dockercfg", data, size, "a.io", "x");
	/* the other JSON that is a user's */
	if (policy_parse("policy.json", (const char *) data, size, &policy, &err) == 0)
		(void) !policy_check_registry(&policy, &(struct registry_name) {"a.io", "x/y", "1", NULL}, &err);
	return 0;
}
