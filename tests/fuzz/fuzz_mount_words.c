/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_mount_words.c - whatever the options of a mount in config.json are, what they come to is sound */
#include "../../src/runtime/plan_mounts.h"

#include "coracle/base/alloc.h"

#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_map(const char *map)
{
	struct oci_id_mapping mapping = {.container_id = 1, .host_id = 2, .size = 1000};
	const struct list mappings = {.items = &mapping, .count = 1};
	AUTO_TEXTS struct texts uids = {0};
	AUTO_TEXTS struct texts gids = {0};
	int r = idmap_read(map, &mappings, &mappings, &uids, &gids);

	require(r == 0 || r == -EINVAL);
	for (size_t i = 0; i < uids.count; i++)
		require(strspn(uids.items[i], "0123456789 ") == strlen(uids.items[i]));
}

/* one option a line */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *) data, size);
	struct oci_mount mount = {.destination = text};
	AUTO_WORDS struct words words = WORDS_INIT;
	struct error err = {0};
	int r;

	texts_split(&mount.options, text, '\n');
	r = words_read(&mount, &words, &err);
	require(r == 0 || (r == -EINVAL && *err.text));
	/* mount_setattr(2) refuses what is to be set and cleared at once, but for the access times */
	require((words.set & words.clear & ~(uint64_t) MOUNT_ATTR__ATIME) == 0);
	require((words.set_all & words.clear_all & ~(uint64_t) MOUNT_ATTR__ATIME) == 0);
	require(r < 0 || !words.data.length == !words.unknown);
	if (words.map)
		check_map(words.map);
	texts_done(&mount.options);
	return 0;
}
