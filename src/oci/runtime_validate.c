/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runtime_validate.c - what config.json must hold to: OCI runtime-spec config.md */
#include "coracle/oci/runtime.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "runtime_validate.h"

#define HOST_NAME_MAX_BYTES 64 /* sethostname(2): __NEW_UTS_LEN */
#define ID_MAX              UINT32_MAX

bool word_is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(word, *words) == 0)
			return true;
	return false;
}

static bool overlaps(uint64_t first, uint64_t first_size, uint64_t second, uint64_t second_size)
{
	return first < second + second_size && second < first + first_size;
}

int validate_id_mappings(const struct list *mappings, const char *name, struct error *err)
{
	for (size_t i = 0; i < mappings->count; i++) {
		const struct oci_id_mapping *map = LIST_AT(struct oci_id_mapping, mappings, i);

		if (map->size == 0 || map->size > ID_MAX ||
		    map->container_id > ID_MAX - map->size || map->host_id > ID_MAX - map->size)
			return error_set(err, ERROR_INVALID, "\"%s\"[%zu] is no range of ids", name,
			                 i);
		for (size_t k = 0; k < i; k++) {
			const struct oci_id_mapping *other =
				LIST_AT(struct oci_id_mapping, mappings, k);

			if (overlaps(map->container_id, map->size, other->container_id,
			             other->size) ||
			    overlaps(map->host_id, map->size, other->host_id, other->size))
				return error_set(err, ERROR_INVALID, "\"%s\"[%zu] overlaps [%zu]",
				                 name, i, k);
		}
	}
	return 0;
}

static bool has_digits(const char **at)
{
	const char *start = *at;

	while (isdigit((unsigned char) **at))
		++*at;
	return *at > start;
}

/* "1.MINOR.PATCH" with whatever semver 2.0 lets follow: a reader of 1.x reads every 1.x */
static bool is_version_one(const char *text)
{
	if (strncmp(text, "1.", 2) != 0)
		return false;
	text += 2;
	if (!has_digits(&text) || *text++ != '.' || !has_digits(&text))
		return false;
	return *text == '\0' || *text == '-' || *text == '+';
}

static int validate_hook_list(const struct list *hooks, const char *name, struct error *err)
{
	for (size_t i = 0; i < hooks->count; i++) {
		const struct oci_hook *hook = LIST_AT(struct oci_hook, hooks, i);

		if (hook->path[0] != '/')
			return error_set(
				err, ERROR_INVALID,
				"\"hooks\": \"%s\"[%zu]: \"path\" is not an absolute path: "
				"\"%.200s\"",
				name, i, hook->path);
		if (hook->timeout.set && hook->timeout.value <= 0)
			return error_set(err, ERROR_INVALID,
			                 "\"hooks\": \"%s\"[%zu]: \"timeout\" is not above 0", name,
			                 i);
	}
	return 0;
}

static int validate_hooks(const struct oci_hooks *hooks, struct error *err)
{
	const struct {
		const char *name;
		const struct list *list;
	} all[] = {
		{"prestart", &hooks->prestart},
		{"createRuntime", &hooks->create_runtime},
		{"createContainer", &hooks->create_container},
		{"startContainer", &hooks->start_container},
		{"poststart", &hooks->poststart},
		{"poststop", &hooks->poststop},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		int r = validate_hook_list(all[i].list, all[i].name, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int validate_mount(const struct oci_mount *mount, struct error *err)
{
	int r;

	/* a relative destination counts from "/": OCI runtime-spec 1.2 config.md#mounts */
	if (!mount->destination[0])
		return error_set(err, ERROR_INVALID, "\"destination\" is empty");
	if ((mount->uid_mappings.count > 0) != (mount->gid_mappings.count > 0))
		return error_set(err, ERROR_INVALID,
		                 "\"uidMappings\" and \"gidMappings\" need one another");
	r = validate_id_mappings(&mount->uid_mappings, "uidMappings", err);
	return r < 0 ? r : validate_id_mappings(&mount->gid_mappings, "gidMappings", err);
}

static int validate_mounts(const struct list *mounts, struct error *err)
{
	for (size_t i = 0; i < mounts->count; i++) {
		int r = validate_mount(LIST_AT(struct oci_mount, mounts, i), err);

		if (r < 0)
			return error_wrap(err, r, "\"mounts\"[%zu]", i);
	}
	return 0;
}

static bool has_uts_namespace(const struct oci_linux *linux_)
{
	if (linux_)
		LIST_EACH (struct oci_namespace, ns, &linux_->namespaces)
			if (strcmp(ns->type, "uts") == 0)
				return true;
	return false;
}

static int validate_name(const char *key, const char *name, const struct oci_spec *spec,
                         struct error *err)
{
	if (!name || !*name)
		return 0;
	if (strlen(name) > HOST_NAME_MAX_BYTES)
		return error_set(err, ERROR_INVALID, "\"%s\" is longer than %d bytes", key,
		                 HOST_NAME_MAX_BYTES);
	/* it would rename the host */
	if (!has_uts_namespace(spec->linux_))
		return error_set(err, ERROR_INVALID,
		                 "\"%s\" needs a namespace of type \"uts\" in \"linux\"", key);
	return 0;
}

int oci_spec_validate(const struct oci_spec *spec, struct error *err)
{
	int r;

	if (!spec->oci_version || !is_version_one(spec->oci_version))
		return error_set(err, ERROR_INVALID,
		                 "\"ociVersion\" is not a version 1.x.y: \"%.40s\"",
		                 spec->oci_version ? spec->oci_version : "");
	if (!spec->root || !spec->root->path || !spec->root->path[0])
		return error_set(err, ERROR_INVALID, "\"root\": \"path\" is missing");
	r = validate_name("hostname", spec->hostname, spec, err);
	if (r >= 0)
		r = validate_name("domainname", spec->domainname, spec, err);
	if (r >= 0 && spec->process) {
		r = validate_process(spec->process, err);
		if (r < 0)
			return error_wrap(err, r, "\"process\"");
	}
	if (r >= 0)
		r = validate_mounts(&spec->mounts, err);
	if (r >= 0 && spec->hooks)
		r = validate_hooks(spec->hooks, err);
	if (r >= 0 && spec->linux_) {
		r = validate_linux(spec->linux_, err);
		if (r < 0)
			return error_wrap(err, r, "\"linux\"");
	}
	if (r < 0)
		return r;
	for (size_t i = 0; i < spec->annotations.count; i++)
		if (!spec->annotations.items[i].key[0])
			return error_set(err, ERROR_INVALID, "\"annotations\" holds an empty name");
	return 0;
}
