/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_runtime_config.c - config.json of the OCI runtime specification, and its parts as exec and update take them */
#include "coracle/oci/runtime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_OCI_SPEC struct oci_spec spec = {0};
	AUTO(oci_process_done) struct oci_process process = {0};
	AUTO(oci_resources_done) struct oci_resources resources = {0};
	struct error err = {0};

	(void) !oci_spec_parse((const char *) data, size, &spec, &err);
	(void) !oci_process_parse((const char *) data, size, &process, &err);
	if (oci_resources_parse((const char *) data, size, &resources, &err) >= 0)
		(void) !oci_resources_validate(&resources, &err);
	return 0;
}
