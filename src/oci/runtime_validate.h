/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runtime_validate.h - the parts of oci_spec_validate */
#ifndef RUNTIME_VALIDATE_H
#define RUNTIME_VALIDATE_H

#include "coracle/oci/runtime.h"

/* word_is_one_of - words ends with NULL */
bool word_is_one_of(const char *word, const char *const *words) NONNULL(1, 2);
/* validate_id_mappings - name is the member's, for the error */
int validate_id_mappings(const struct list *mappings, const char *name, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* validate_list - of CPUs or nodes below bits (at most OCI_CPUS_MAX), NULL is fine; name is the member's */
int validate_list(const char *list, size_t bits, const char *name, struct error *err) NONNULL(3, 4) MUST_USE;
int validate_process(const struct oci_process *process, struct error *err) NONNULL(1, 2) MUST_USE;
int validate_linux(const struct oci_linux *linux_, struct error *err) NONNULL(1, 2) MUST_USE;
int validate_resources(const struct oci_resources *resources, struct error *err)
	NONNULL(1, 2) MUST_USE;

#endif
