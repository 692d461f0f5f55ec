/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_runtime_config.c - config.json of the OCI runtime specification */
#include "coracle/oci/runtime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_OCI_SPEC struct oci_spec spec = {0};
	struct error err = {0};

	(void) !oci_spec_parse((const char *) data, size, &spec, &err);
	return 0;
}
