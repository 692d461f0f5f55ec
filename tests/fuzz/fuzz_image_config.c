/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_image_config.c - image configurations: what was read and written is read again */
#include "coracle/base/alloc.h"
#include "coracle/oci/image.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image_config config = {0}, again = {0};
	AUTO_JSON json_t *json = NULL;
	AUTO_FREE char *text = NULL;
	struct error err = {0};

	if (image_config_parse((const char *) data, size, &config, &err) < 0)
		return 0;
	for (size_t i = 0; i < config.config.env.count; i++)
		if (!strchr(config.config.env.items[i], '='))
			abort();
	json = json_write(image_config_fields, &config);
	text = json_text(json, JSON_COMPACT);
	if (strlen(text) < OCI_DOCUMENT_MAX_BYTES
	    && image_config_parse(text, strlen(text), &again, &err) < 0)
		abort();
	fields_done(image_config_fields, &config);
	fields_done(image_config_fields, &again);
	return 0;
}
