/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_manifest.c - image manifests and indexes: one document is never both */
#include "coracle/oci/image.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image_manifest manifest = {0};
	struct image_index index = {0};
	struct error err = {0};
	int is_manifest = image_manifest_parse((const char *) data, size, &manifest, &err);
	int is_index = image_index_parse((const char *) data, size, &index, &err);

	if (is_manifest == 0 && is_index == 0)
		abort();
	fields_done(image_manifest_fields, &manifest);
	fields_done(image_index_fields, &index);
	return 0;
}
