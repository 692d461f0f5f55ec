/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_mount_table.c - tables of mounts, in which anybody's names occur: line 1 is the directory, the rest the table */
#include "coracle/base/alloc.h"
#include "coracle/base/id.h"

#include <string.h>

#include "../../src/image/mount_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *) data, size);
	AUTO_TEXTS struct texts found = {0};
	char *table = strchr(text, '\n');

	if (!table)
		return 0;
	*table++ = '\0';
	mount_table_images(table, text, &found);
	for (size_t i = 0; i < found.count; i++)
		if (strlen(found.items[i]) != ID_LENGTH || !id_is_hex(found.items[i]))
			abort();
	return 0;
}
