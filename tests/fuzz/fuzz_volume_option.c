/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_volume_option.c - whatever -v, --mount and --tmpfs are given, a mount read is a sound one */
#include "coracle/base/alloc.h"
#include "coracle/base/path.h"
#include "coracle/parse/parse.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check(int r, struct record_mount *mount, const struct error *err)
{
	AUTO_FREE char *clean = NULL;

	if (r < 0) {
		require(*err->text && !mount->type && !mount->target && !mount->options.count);
		return;
	}
	clean = path_clean(mount->target);
	require(*mount->target == '/' && mount->target[1] && strcmp(clean, mount->target) == 0);
	require(strcmp(mount->type, "bind") != 0 || *mount->source == '/');
	require(mount->anonymous == (strcmp(mount->type, "volume") == 0 && !*mount->source));
	require(!mount->subpath || *mount->subpath != '/');
	fields_done(record_mount_fields, mount);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *) data, size);
	struct record_mount mount = {0};
	struct error err = {0};

	check(parse_volume(text, "/home/me", &mount, &err), &mount, &err);
	err = (struct error){0};
	check(parse_mount(text, "/home/me", &mount, &err), &mount, &err);
	err = (struct error){0};
	check(parse_tmpfs(text, &mount, &err), &mount, &err);
	return 0;
}
