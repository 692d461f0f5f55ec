/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_log_line.c - a line of a log file in either format */
#include "coracle/base/alloc.h"

#include <string.h>

#include "../../src/container/log_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(enum log_format format, const uint8_t *data, size_t size)
{
	AUTO_FREE char *line = size ? xmemdup(data, size) : xcalloc(1, 1);
	struct log_entry entry = {0};

	if (log_line_parse(format, line, size, &entry) < 0) {
		if (entry.bytes)
			abort();
		return;
	}
	/* what it says lies within the line */
	if (entry.bytes < line || entry.bytes + entry.length > line + size || entry.stream < 1 || entry.stream > 2)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check(LOG_JSON, data, size);
	check(LOG_K8S, data, size);
	return 0;
}
