/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_scope_property.c - values of org.systemd.property annotations: GVariant text of an untrusted configuration */
#include "../../src/runtime/cgroup_bus.h"

#include "coracle/base/alloc.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *) data, size);
	AUTO_PROPERTY struct property property = {0};

	if (property_parse(text, &property) >= 0 && (!strchr("bynqiuxtdsog", property.type) || (!property.array && property.values.count != 1)))
		abort();
	return 0;
}
