/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_user.c - --user against any passwd and group text
 *
 * The first line is the option; then comes passwd, a line "--", and group.
 */
#include "coracle/base/alloc.h"
#include "coracle/parse/parse.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *) data, size);
	char *passwd = strchr(text, '\n');
	char *group = passwd ? strstr(passwd, "\n--\n") : NULL;
	struct user user = {0};
	struct error err = {0};
	uint32_t gid = 0;

	if (passwd)
		*passwd++ = '\0';
	if (group) {
		*group = '\0';
		group += 4;
	}
	if (parse_user(text, passwd, group, &user, &err) < 0) {
		require(*err.text && !user.home && !user.name);
	} else {
		require(user.home && *user.home == '/');
		require(user.uid != UINT32_MAX && user.gid != UINT32_MAX);
		require(user.group_count <= ARRAY_LEN(user.groups));
		/* root is who asks for root by number or by nothing, or has a line that says so */
		require(user.uid != 0 || user.name || strspn(text, "0") == strcspn(text, ":"));
		user_done(&user);
	}
	err = (struct error){0};
	require(parse_group(text, group, &gid, &err) == 0 ? gid != UINT32_MAX : *err.text != '\0');
	return 0;
}
