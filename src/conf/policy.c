/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy.c - containers-policy.json(5), as far as it goes without checking signatures */
#include "coracle/conf/policy.h"

#include "coracle/base/alloc.h"

#include <string.h>

#include "files.h"

enum requirement { REQUIREMENT_ACCEPT, REQUIREMENT_REJECT, REQUIREMENT_SIGNATURE };

static const struct {
	const char *type;
	enum requirement requirement;
} types[] = {
	{"insecureAcceptAnything", REQUIREMENT_ACCEPT},
	{"reject", REQUIREMENT_REJECT},
	{"signedBy", REQUIREMENT_SIGNATURE},
	{"signedBaseLayer", REQUIREMENT_SIGNATURE},
	{"sigstoreSigned", REQUIREMENT_SIGNATURE},
};

/* find_type - index into types, or -1 */
static int find_type(const json_t *requirement)
{
	const char *type = json_string_value(json_object_get(requirement, "type"));

	for (size_t i = 0; type && i < ARRAY_LEN(types); i++)
		if (!strcmp(type, types[i].type))
			return (int) i;
	return -1;
}

static int check_requirements(const json_t *list, const char *where, struct error *err)
{
	size_t i;
	json_t *requirement;

	if (json_array_size(list) == 0)
		return error_set(err, ERROR_INVALID, "%s is not an array of one requirement or more", where);
	json_array_foreach(list, i, requirement) {
		int type = find_type(requirement);

		if (type < 0)
			return error_set(err, ERROR_INVALID, "%s[%zu] has no \"type\" that is known", where, i);
		if (types[type].requirement != REQUIREMENT_SIGNATURE && json_object_size(requirement) != 1)
			return error_set(err, ERROR_INVALID, "%s[%zu]: \"%s\" has no further keys", where, i, types[type].type);
	}
	return 0;
}

static int check_transports(json_t *transports, struct error *err)
{
	const char *name, *scope;
	json_t *scopes, *list;

	if (transports && !json_is_object(transports))
		return error_set(err, ERROR_INVALID, "\"transports\" is not an object");
	json_object_foreach(transports, name, scopes) {
		if (!json_is_object(scopes))
			return error_set(err, ERROR_INVALID, "\"transports\": \"%s\" is not an object", name);
		json_object_foreach(scopes, scope, list) {
			AUTO_FREE char *where = xprintf("\"transports\": \"%s\": \"%s\"", name, scope);
			int r = check_requirements(list, where, err);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int check_document(json_t *json, struct error *err)
{
	const char *key;
	json_t *value;

	if (!json_is_object(json))
		return error_set(err, ERROR_INVALID, "not a JSON object");
	json_object_foreach(json, key, value)
		if (strcmp(key, "default") != 0 && strcmp(key, "transports") != 0)
			return error_set(err, ERROR_INVALID, "unknown key \"%s\"", key);
	if (!json_object_get(json, "default"))
		return error_set(err, ERROR_INVALID, "\"default\" is missing");
	if (check_requirements(json_object_get(json, "default"), "\"default\"", err) < 0)
		return -EINVAL;
	return check_transports(json_object_get(json, "transports"), err);
}

int policy_parse(const char *file, const char *bytes, size_t length, struct policy *out, struct error *err)
{
	AUTO_JSON json_t *json = json_parse(bytes, length, err);

	if (!json || check_document(json, err) < 0)
		return error_wrap(err, -EINVAL, "%s", file);
	*out = (struct policy) {.file = xstrdup(file), .json = TAKE_PTR(json)};
	return 0;
}

/* read_file - 1 when it is there */
static int read_file(const char *path, struct policy *out, struct error *err)
{
	AUTO_FREE char *bytes = NULL;
	size_t length = 0;
	int r = files_read(path, &bytes, &length, err);

	if (r <= 0)
		return r;
	r = policy_parse(path, bytes, length, out, err);
	return r < 0 ? r : 1;
}

int policy_read(const struct places *places, const char *own, struct policy *out, struct error *err)
{
	AUTO_FREE char *user = places->user ? xprintf("%s/policy.json", places->user) : NULL;
	AUTO_FREE char *system = xprintf("%s/policy.json", places->system);
	int r = 0;

	if (own) {
		r = read_file(own, out, err);
		return r == 0 ? error_set(err, ERROR_NOT_FOUND, "%s: no such policy file", own) : r < 0 ? r : 0;
	}
	if (user)
		r = read_file(user, out, err);
	if (r == 0)
		r = read_file(system, out, err);
	return r < 0 ? r : 0;
}

void policy_done(struct policy *policy)
{
	free(policy->file);
	json_decref(policy->json);
	*policy = (struct policy) {0};
}

static int apply(const struct policy *policy, const json_t *list, const char *scope, const char *image,
                 struct error *err)
{
	size_t i;
	const json_t *requirement;

	json_array_foreach(list, i, requirement) {
		int type = find_type(requirement);

		if (type >= 0 && types[type].requirement == REQUIREMENT_ACCEPT)
			continue;
		if (type >= 0 && types[type].requirement == REQUIREMENT_SIGNATURE)
			return error_set(err, ERROR_DENIED, "%s: %s requires a signature (\"%s\" for %s), which this version can't"
			                 " check, so the image is refused", image, policy->file, types[type].type, scope);
		return error_set(err, ERROR_DENIED, "%s: %s rejects it (\"reject\" for %s)", image, policy->file, scope);
	}
	return 0;
}

/* find_wildcard - "*.example.com", then "*.com", for a.example.com:5000 */
static const json_t *find_wildcard(const json_t *scopes, const char *registry)
{
	const char *dot = registry;
	size_t host = strcspn(registry, ":");

	while ((dot = memchr(dot, '.', (size_t) (registry + host - dot)))) {
		AUTO_FREE char *scope = xprintf("*%.*s", (int) (registry + host - dot), dot);
		const json_t *list = json_object_get(scopes, scope);

		if (list)
			return list;
		dot++;
	}
	return NULL;
}

/* find_scope - the requirements of the most specific scope; NULL: none but the default's */
static const json_t *find_scope(const json_t *scopes, const struct registry_name *name)
{
	AUTO_FREE char *full = xprintf("%s/%s", name->registry, name->path);
	AUTO_FREE char *tagged = xprintf("%s:%s", full, name->tag ? name->tag : "latest");
	AUTO_FREE char *digested = xprintf("%s@%s", full, name->digest ? name->digest : "");
	const json_t *list = name->digest ? json_object_get(scopes, digested) : NULL;

	if (!list && (name->tag || !name->digest))
		list = json_object_get(scopes, tagged);
	for (char *end = full + strlen(full); !list && end; end = strrchr(full, '/')) {
		*end = '\0';
		list = json_object_get(scopes, full);
	}
	return list ? list : find_wildcard(scopes, name->registry);
}

static int check_list(const struct policy *policy, const char *transport, const json_t *list, const char *image,
                      struct error *err)
{
	AUTO_FREE char *scope = xprintf("transport \"%s\"", transport);

	if (list)
		return apply(policy, list, scope, image, err);
	list = json_object_get(json_object_get(json_object_get(policy->json, "transports"), transport), "");
	if (list)
		return apply(policy, list, scope, image, err);
	return apply(policy, json_object_get(policy->json, "default"), "\"default\"", image, err);
}

int policy_check_registry(const struct policy *policy, const struct registry_name *name, struct error *err)
{
	AUTO_FREE char *image = xprintf("%s/%s", name->registry, name->path);
	const json_t *scopes;

	if (!policy->json)
		return 0;
	scopes = json_object_get(json_object_get(policy->json, "transports"), "docker");
	return check_list(policy, "docker", find_scope(scopes, name), image, err);
}

int policy_check_transport(const struct policy *policy, const char *transport, struct error *err)
{
	if (!policy->json)
		return 0;
	return check_list(policy, transport, NULL, transport, err);
}
