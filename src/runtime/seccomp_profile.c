/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seccomp_profile.c - profile files of docker and podman: config.json's "seccomp" with conditions
 */
/*
 * Beyond the OCI runtime-spec they know "archMap" (an architecture and its kin), and per rule
 * "includes" and "excludes" of capabilities, architectures and kernel versions:
 *   https://docs.docker.com/engine/security/seccomp/  containers-common: seccomp.json(5)
 */
#include "coracle/runtime/seccomp.h"

#include "coracle/base/alloc.h"
#include "coracle/sys/caps.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "seccomp_names.h"

#define PROFILE_MAX_BYTES OCI_CONFIG_MAX_BYTES

struct condition {
	struct texts caps, arches;
	char *min_kernel;
};

static const struct field condition_fields[] = {
	FIELD_TEXTS("caps", struct condition, caps),
	FIELD_TEXTS("arches", struct condition, arches),
	FIELD_TEXT("minKernel", struct condition, min_kernel),
	FIELD_END,
};

struct conditions {
	struct condition includes, excludes;
	char *errno_name; /* containers/common's alternative to "errnoRet" */
};

static const struct field conditions_fields[] = {
	FIELD_STRUCT("includes", struct conditions, includes, struct condition, condition_fields),
	FIELD_STRUCT("excludes", struct conditions, excludes, struct condition, condition_fields),
	FIELD_TEXT("errno", struct conditions, errno_name),
	FIELD_END,
};

struct arch_entry {
	char *arch;
	struct texts kin;
};

static const struct field arch_entry_fields[] = {
	FIELD_TEXT("architecture", struct arch_entry, arch, .required = true),
	FIELD_TEXTS("subArchitectures", struct arch_entry, kin),
	FIELD_END,
};

struct extras {
	struct list arch_map; /* struct arch_entry */
	char *default_errno_name;
};

static const struct field extras_fields[] = {
	FIELD_LIST("archMap", struct extras, arch_map, struct arch_entry, arch_entry_fields),
	FIELD_TEXT("defaultErrno", struct extras, default_errno_name),
	FIELD_END,
};

static void conditions_done(struct conditions *conditions)
{
	fields_done(conditions_fields, conditions);
}

static void extras_done(struct extras *extras)
{
	fields_done(extras_fields, extras);
}

static void profile_free(struct oci_seccomp **profile)
{
	seccomp_profile_free(*profile);
}

static void rule_done(struct oci_seccomp_rule *rule)
{
	for (const struct field *field = oci_seccomp_fields; field->type; field++)
		if (strcmp(field->name, "syscalls") == 0)
			fields_done(field->items, rule);
}

static bool has_cap(uint64_t bounding, const char *name)
{
	int number = caps_number(name);

	return number >= 0 && number < 64 && (bounding & CAPS_BIT(number));
}

static bool has_all_caps(uint64_t bounding, const struct texts *names)
{
	for (size_t i = 0; i < names->count; i++)
		if (!has_cap(bounding, names->items[i]))
			return false;
	return true;
}

static bool has_any_cap(uint64_t bounding, const struct texts *names)
{
	for (size_t i = 0; i < names->count; i++)
		if (has_cap(bounding, names->items[i]))
			return true;
	return false;
}

static bool names_this_machine(const struct texts *arches)
{
	const struct seccomp_arch *native = seccomp_arch_of(seccomp_arch_native());

	return native && texts_has(arches, native->go_name);
}

/* "4.8" or "4.8.1": 0, or -EINVAL for other words */
static int read_version(const char *text, unsigned version[static 2])
{
	unsigned major = 0, minor = 0;

	/* what follows ("-generic", ".12") does not matter, as with docker */
	if (sscanf(text, "%4u.%4u", &major, &minor) != 2)
		return -EINVAL;
	version[0] = major;
	version[1] = minor;
	return 0;
}

static int kernel_is_at_least(const char *wanted, bool *out, struct error *err)
{
	struct utsname names;
	unsigned want[2] = {0}, have[2] = {0};

	if (read_version(wanted, want) < 0)
		return error_set(err, ERROR_INVALID,
		                 "\"minKernel\" is not a version such as 4.8: \"%.40s\"", wanted);
	if (uname(&names) < 0)
		return error_errno(err, errno, "uname");
	if (read_version(names.release, have) < 0)
		return error_set(err, ERROR_SYSTEM, "the kernel's version is strange: %.60s",
		                 names.release);
	*out = have[0] > want[0] || (have[0] == want[0] && have[1] >= want[1]);
	return 0;
}

/* 1: the rule holds here, 0: it does not */
static int holds(const struct conditions *conditions, uint64_t bounding, struct error *err)
{
	const struct condition *in = &conditions->includes, *out = &conditions->excludes;
	bool new_enough = true, too_new = false;
	int r = in->min_kernel ? kernel_is_at_least(in->min_kernel, &new_enough, err) : 0;

	if (r >= 0 && out->min_kernel)
		r = kernel_is_at_least(out->min_kernel, &too_new, err);
	if (r < 0)
		return r;
	return new_enough && !too_new && has_all_caps(bounding, &in->caps) &&
	       !has_any_cap(bounding, &out->caps) &&
	       (in->arches.count == 0 || names_this_machine(&in->arches)) &&
	       !names_this_machine(&out->arches);
}

static int read_errno(const char *name, struct opt_uint *out, struct error *err)
{
	unsigned number = 0;

	if (!name || !*name || out->set)
		return 0;
	if (seccomp_errno_named(name, &number) < 0)
		return error_set(err, ERROR_INVALID,
		                 "the error \"%.40s\" is unknown; give its number as \"errnoRet\"",
		                 name);
	*out = (struct opt_uint){.set = true, .value = number};
	return 0;
}

/* keep the rules that hold, in their order */
static int select_rules(struct oci_seccomp *profile, const json_t *json, uint64_t bounding,
                        struct error *err)
{
	const json_t *array = json_object_get(json, "syscalls");
	struct oci_seccomp_rule *rules = profile->syscalls.items;
	size_t kept = 0, i = 0;
	int r = 0;

	for (; r >= 0 && i < profile->syscalls.count; i++) {
		AUTO(conditions_done) struct conditions conditions = {0};
		struct oci_seccomp_rule rule = rules[i];

		rules[i] = (struct oci_seccomp_rule){0};
		r = json_read(json_array_get(array, i), conditions_fields, &conditions, err);
		if (r >= 0)
			r = read_errno(conditions.errno_name, &rule.errno_ret, err);
		if (r >= 0)
			r = holds(&conditions, bounding, err);
		if (r > 0)
			rules[kept++] = rule;
		else
			rule_done(&rule);
		if (r < 0)
			r = error_wrap(err, r, "\"syscalls\"[%zu]", i);
	}
	if (r >= 0)
		profile->syscalls.count = kept;
	return r;
}

static int select_archs(struct oci_seccomp *profile, const struct list *map, struct error *err)
{
	const struct seccomp_arch *native = seccomp_arch_of(seccomp_arch_native());

	if (map->count == 0)
		return 0;
	if (profile->architectures.count)
		return error_set(err, ERROR_INVALID,
		                 "\"architectures\" and \"archMap\" exclude one another");
	LIST_EACH (struct arch_entry, entry, map)
		if (native && strcmp(entry->arch, native->name) == 0) {
			texts_add(&profile->architectures, entry->arch);
			texts_add_all(&profile->architectures, &entry->kin);
		}
	/* not in the map: this machine alone, without its kin */
	if (native && profile->architectures.count == 0)
		texts_add(&profile->architectures, native->name);
	return 0;
}

static int read_profile(const char *bytes, size_t length, uint64_t bounding,
                        struct oci_seccomp *profile, struct error *err)
{
	AUTO(extras_done) struct extras extras = {0};
	AUTO_JSON json_t *json = NULL;
	int r;

	if (length > PROFILE_MAX_BYTES)
		return error_set(err, ERROR_INVALID, "%zu bytes are more than the %d allowed",
		                 length, PROFILE_MAX_BYTES);
	json = oci_json_parse(bytes, length, err);
	if (!json)
		return -EINVAL;
	r = json_read(json, extras_fields, &extras, err);
	if (r >= 0)
		r = json_read(json, oci_seccomp_fields, profile, err);
	if (r >= 0)
		r = read_errno(extras.default_errno_name, &profile->default_errno_ret, err);
	if (r >= 0)
		r = select_archs(profile, &extras.arch_map, err);
	return r < 0 ? r : select_rules(profile, json, bounding, err);
}

struct oci_seccomp *seccomp_read_profile(const char *bytes, size_t length, uint64_t bounding,
                                         struct error *err)
{
	AUTO(profile_free) struct oci_seccomp *profile = xcalloc(1, sizeof *profile);
	int r = read_profile(bytes, length, bounding, profile, err);

	if (r < 0) {
		(void) error_wrap(err, r, "seccomp profile");
		return NULL;
	}
	return TAKE_PTR(profile);
}
