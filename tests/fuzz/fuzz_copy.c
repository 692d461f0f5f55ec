/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_copy.c - a manifest or index changes its format, and back: what came out is a manifest of as many layers */
#include "coracle/base/alloc.h"

#include <stdlib.h>
#include <string.h>

#include "../../src/image/copy_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void change(const uint8_t *data, size_t size, const char *media_type, enum copy_format to, enum copy_format back)
{
	struct registry_manifest manifest = {
		.bytes = xstrndup((const char *) data, size),
		.length = size,
		.media_type = xstrdup(media_type),
	};
	struct image_manifest parsed = {0};
	struct error err = {0};
	size_t layers;

	manifest.length = strlen(manifest.bytes);
	/* copying parses first */
	if (image_manifest_parse(manifest.bytes, manifest.length, &parsed, &err) == 0) {
		layers = parsed.layers.count;
		fields_done(image_manifest_fields, &parsed);
		if (copy_convert(&manifest, to, &err) == 1) {
			if (image_manifest_parse(manifest.bytes, manifest.length, &parsed, &err) < 0
			    || parsed.layers.count != layers)
				abort();
			/* zstd, for one, has no way back */
			(void) !copy_convert(&manifest, back, &err);
			fields_done(image_manifest_fields, &parsed);
		}
	}
	registry_manifest_done(&manifest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = strndup((const char *) data, size);
	struct copy_place place = {0};
	struct error err = {0};

	change(data, size, OCI_MANIFEST_TYPE, COPY_DOCKER_FORMAT, COPY_OCI_FORMAT);
	change(data, size, DOCKER_MANIFEST_TYPE, COPY_OCI_FORMAT, COPY_DOCKER_FORMAT);
	if (text && copy_place_parse(text, &place, &err) == 0 && !*place.path)
		abort();
	copy_place_done(&place);
	return 0;
}
