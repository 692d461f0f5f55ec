/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_manifest.c - image manifests and indexes: one document is never both, and an index that is changed stays one */
#include "../../src/image/manifest_document.h"

#include "coracle/base/alloc.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DIGEST "sha256:0000000000000000000000000000000000000000000000000000000000000000"

/* change - as `manifest add`, annotate and push do; what comes of it can be read again */
static void change(json_t *document)
{
	static char arm[] = "arm64", annotation[] = "key=value";
	char *annotations[] = {annotation, NULL};
	const struct manifest_about about = {
		.architecture = arm, .annotations = {.items = annotations, .count = 1}};
	AUTO_JSON json_t *again = NULL;
	AUTO_FREE char *text = NULL;
	struct error err = {0};
	int r = document_put(document, document_descriptor(MANIFEST_OCI_IMAGE, DIGEST, 1, document), &err);

	if (r == -E2BIG)
		return;
	if (r < 0 || document_about(document_find(document, DIGEST), &about, &err) < 0)
		abort();
	document_settle(document);
	(void) document_choose(document, platform_host()); /* NULL is an answer */
	text = json_text(document, JSON_COMPACT);
	if (strlen(text) <= OCI_DOCUMENT_MAX_BYTES && document_read(text, strlen(text), &again, &err) < 0)
		abort();
	document_convert(document, MANIFEST_DOCKER_LIST);
	if (!document_take(document, DIGEST) || document_find(document, DIGEST))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image_manifest manifest = {0};
	struct image_index index = {0};
	AUTO_JSON json_t *document = NULL;
	struct error err = {0};
	int is_manifest = image_manifest_parse((const char *) data, size, &manifest, &err);
	int is_index = image_index_parse((const char *) data, size, &index, &err);

	if (is_manifest == 0 && is_index == 0)
		abort();
	fields_done(image_manifest_fields, &manifest);
	fields_done(image_index_fields, &index);
	if (document_read((const char *) data, size, &document, &err) == 0)
		change(document);
	return 0;
}
