/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runtime_parse.c - bytes of config.json to struct oci_spec; see runtime.h */
#include "coracle/oci/runtime.h"

#include "runtime_validate.h"

#include "coracle/base/alloc.h"
#include "coracle/base/number.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/*
 * jansson knows only signed 64-bit numbers and refuses the whole document for one that is larger,
 * but 18446744073709551615 (RLIM_INFINITY) stands in what docker and podman write.
 */
#define INT64_DIGITS  19 /* of INT64_MAX: a shorter number fits */
#define UINT64_DIGITS 20 /* of UINT64_MAX: a longer one does not */

static bool is_number_byte(char c)
{
	return isdigit((unsigned char) c) || c == '.' || c == 'e' || c == 'E' || c == '+' ||
	       c == '-';
}

/* append a whole number of length digits, as signed when only 64 unsigned bits hold it */
static char *add_number(char *to, const char *from, size_t length)
{
	char digits[UINT64_DIGITS + 1];
	uint64_t value = 0;

	if (length >= INT64_DIGITS && length <= UINT64_DIGITS) {
		(void) memcpy(digits, from, length);
		digits[length] = '\0';
		if (number_parse_uint(digits, (uint64_t) INT64_MAX + 1, UINT64_MAX, &value) == 0)
			return to + snprintf(to, UINT64_DIGITS + 1, "%" PRId64, (int64_t) value);
	}
	(void) memcpy(to, from, length);
	return to + length;
}

static size_t number_length(const char *from, size_t left, bool *whole)
{
	size_t length = 0;

	*whole = true;
	for (; length < left && is_number_byte(from[length]); length++)
		if (!isdigit((unsigned char) from[length]))
			*whole = false;
	return length;
}

/* a copy in which every number is one that jansson reads; returns the length of the copy */
static size_t fold_big_numbers(const char *from, size_t length, char *into)
{
	bool in_string = false;
	char *to = into;

	for (size_t i = 0; i < length;) {
		bool whole;
		size_t digits = in_string ? 0 : number_length(from + i, length - i, &whole);

		if (digits) {
			to = whole ? add_number(to, from + i, digits)
			           : (char *) memcpy(to, from + i, digits) + digits;
			i += digits;
			continue;
		}
		if (from[i] == '"')
			in_string = !in_string;
		/* what is escaped does not end a string */
		if (in_string && from[i] == '\\' && i + 1 < length)
			*to++ = from[i++];
		*to++ = from[i++];
	}
	return (size_t) (to - into);
}

json_t *oci_json_parse(const char *bytes, size_t length, struct error *err)
{
	/* folding adds at most a minus sign to 19 digits; one more for snprintf's NUL */
	AUTO_FREE char *folded = xcalloc(1, length + length / INT64_DIGITS + 2);

	return json_parse(folded, fold_big_numbers(bytes, length, folded), err);
}

int oci_spec_parse(const char *bytes, size_t length, struct oci_spec *out, struct error *err)
{
	AUTO_OCI_SPEC struct oci_spec spec = {0};
	AUTO_JSON json_t *json = NULL;
	int r;

	if (length > OCI_CONFIG_MAX_BYTES)
		return error_set(err, ERROR_INVALID, "%zu bytes are more than the %d allowed",
		                 length, OCI_CONFIG_MAX_BYTES);
	json = oci_json_parse(bytes, length, err);
	if (!json)
		return -EINVAL;
	r = json_read(json, oci_spec_fields, &spec, err);
	if (r < 0)
		return r;
	r = oci_spec_validate(&spec, err);
	if (r < 0)
		return r;
	*out = spec;
	spec = (struct oci_spec){0};
	return 0;
}

int oci_process_parse(const char *bytes, size_t length, struct oci_process *out, struct error *err)
{
	AUTO_JSON json_t *json = NULL;
	int r;

	if (length > OCI_CONFIG_MAX_BYTES)
		return error_set(err, ERROR_INVALID, "%zu bytes are more than the %d allowed", length,
		                 OCI_CONFIG_MAX_BYTES);
	json = oci_json_parse(bytes, length, err);
	if (!json)
		return -EINVAL;
	r = json_read(json, oci_process_fields, out, err);
	if (r < 0)
		return r;
	r = validate_process(out, err);
	if (r < 0)
		oci_process_done(out);
	return r;
}

void oci_process_done(struct oci_process *process)
{
	fields_done(oci_process_fields, process);
}

int oci_resources_parse(const char *bytes, size_t length, struct oci_resources *out, struct error *err)
{
	AUTO_JSON json_t *json = NULL;

	if (length > OCI_CONFIG_MAX_BYTES)
		return error_set(err, ERROR_INVALID, "%zu bytes are more than the %d allowed", length,
		                 OCI_CONFIG_MAX_BYTES);
	json = oci_json_parse(bytes, length, err);
	return json ? json_read(json, oci_resources_fields, out, err) : -EINVAL;
}

int oci_resources_validate(const struct oci_resources *resources, struct error *err)
{
	return validate_resources(resources, err);
}

void oci_resources_done(struct oci_resources *resources)
{
	fields_done(oci_resources_fields, resources);
}

void oci_spec_done(struct oci_spec *spec)
{
	fields_done(oci_spec_fields, spec);
}
