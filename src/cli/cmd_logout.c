/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_logout.c - coracle logout: forget credentials (coracle-logout(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "coracle/conf/auth.h"
#include "credentials.h"

struct logout {
	bool all;
	char *authfile;
};

static const struct opt logout_opts[] = {
	OPT_FLAG('a', "all", struct logout, all, "those for all registries"),
	OPT_TEXT(0, "authfile", struct logout, authfile, "FILE", "in this file", .complete = "file"),
	OPT_TEXT(0, "compat-auth-file", struct logout, authfile, "FILE", "in this file, of docker's kind: the same",
	         .complete = "file"),
	OPT_END,
};

static int logout_run(UNUSED struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct logout *request = data;
	AUTO_PLACES struct places places = {0};
	AUTO_TEXTS struct texts helpers = {0};
	AUTO_FREE char *key = credentials_key(operands->count ? operands->items[0] : NULL);
	struct auth_options options = {.places = &places, .file = request->authfile, .helpers = &helpers};
	int r;

	if (request->all && operands->count)
		return error_set(err, ERROR_INVALID, "--all and a registry: give one of them");
	places_find("", &places);
	r = credentials_helpers(&places, &helpers, err);
	if (r >= 0)
		r = auth_erase(&options, request->all ? NULL : key, NULL, err);
	/* docker has nothing against it */
	if (r == -ENOENT && print_is_docker()) {
		print_line("Not logged in to %s", key);
		return 0;
	}
	if (r < 0)
		return r;
	if (request->all)
		print_line("Removed login credentials for all registries");
	else
		print_line("Removed login credentials for %s", key);
	return 0;
}

const struct command cmd_logout = {
	.name = "logout",
	.group = "Registries",
	.summary = "forget the credentials for a registry",
	.operands = "[REGISTRY]",
	.example = "coracle logout quay.io\n"
	           "coracle logout --all",
	.opts = logout_opts,
	.request_size = sizeof(struct logout),
	.max_operands = 1,
	.run = logout_run,
};
