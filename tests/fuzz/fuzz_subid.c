/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_subid.c - any text as /etc/subuid: ranges stay ids, and a second reading finds the same */
#include "coracle/base/alloc.h"
#include "coracle/userns/subid.h"

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
	struct id_range few[2], all[USERNS_RANGES_MAX];
	size_t count = subid_parse(text, "ann", 1000, all, USERNS_RANGES_MAX);

	require(count <= USERNS_RANGES_MAX);
	for (size_t i = 0; i < count; i++) {
		require(all[i].count > 0 && all[i].outside < UINT32_MAX);
		require(all[i].outside + all[i].count <= UINT32_MAX);
	}
	require(subid_parse(text, "ann", 1000, few, ARRAY_LEN(few)) == MIN(count, ARRAY_LEN(few)));
	require(count == 0 || few[0].outside == all[0].outside);
	return 0;
}
