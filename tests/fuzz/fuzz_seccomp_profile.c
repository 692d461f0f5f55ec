/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_seccomp_profile.c - seccomp profile files, and their compilation */
#include "coracle/runtime/seccomp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(seccomp_program_done) struct seccomp_program program = {0};
	struct error err = {0};
	struct oci_seccomp *profile =
		seccomp_read_profile((const char *) data, size, UINT64_C(0xa80425fb), &err);

	if (profile)
		(void) !seccomp_compile(profile, &program, &err);
	seccomp_profile_free(profile);
	return 0;
}
