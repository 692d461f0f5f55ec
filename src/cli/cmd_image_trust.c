/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_image_trust.c - coracle image trust: show and change policy.json (coracle-image-trust(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/path.h"
#include "coracle/conf/policy.h"
#include "coracle/format/output.h"
#include "visible.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define POLICY_MAX_BYTES (1u << 20)

struct trust_request {
	bool raw, json, no_heading;
	char *type, *policy;
	struct texts keys;
};

static const struct opt trust_opts[] = {
	OPT_GROUP("For show"),
	OPT_FLAG('j', "json", struct trust_request, json, "print JSON"),
	OPT_FLAG('n', "noheading", struct trust_request, no_heading, "print no headings of columns"),
	OPT_FLAG(0, "raw", struct trust_request, raw, "print the file as it is"),
	OPT_GROUP("For set"),
	OPT_TEXT('t', "type", struct trust_request, type, "TYPE", "accept, reject, signedBy (default) or sigstoreSigned",
	         .complete = "accept|reject|signedBy|sigstoreSigned"),
	OPT_TEXTS('f', "pubkeysfile", struct trust_request, keys, "FILE", "public key that must have signed; several: all of them",
	          .complete = "file"),
	OPT_GROUP("For both"),
	OPT_TEXT(0, "signature-policy", struct trust_request, policy, "FILE", "this policy.json instead of the configured one",
	         .complete = "file"),
	OPT_IGNORED(0, "registrypath", "DIR", "places of signatures are not read, for signatures can't be checked"),
	OPT_END,
};

static const struct {
	const char *word, *type;
	bool is_signed;
} types[] = {
	{"signedBy", "signedBy", true}, /* the default */
	{"accept", "insecureAcceptAnything", false},
	{"reject", "reject", false},
	{"sigstoreSigned", "sigstoreSigned", true},
};

/* --- show --- */

/* keys_of - the files that a requirement names; a new reference, NULL: none */
static json_t *keys_of(const json_t *requirement)
{
	json_t *path = json_object_get(requirement, "keyPath"), *paths = json_object_get(requirement, "keyPaths");
	json_t *keys = json_is_array(paths) ? json_copy(paths) : json_array();

	if (json_is_string(path))
		(void) json_array_append(keys, path);
	if (json_array_size(keys) == 0) {
		json_decref(keys);
		return NULL;
	}
	return keys;
}

/* podman's words for types; others are as in the file */
static const char *word_of(const char *type)
{
	if (strcmp(type, "signedBy") == 0)
		return "signed";
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strcmp(type, types[i].type) == 0)
			return types[i].word;
	return type;
}

static void set_visible(json_t *row, const char *key, const char *text)
{
	AUTO_FREE char *visible = visible_name(text);

	(void) json_object_set_new(row, key, json_string(visible));
}

static json_t *row_of(const char *transport, const char *name, const char *type, const json_t *keys)
{
	AUTO_TEXTS struct texts files = {0};
	AUTO_FREE char *joined = NULL;
	json_t *row = json_object(), *key;
	size_t i;

	json_array_foreach(keys, i, key)
		texts_add(&files, json_is_string(key) ? json_string_value(key) : "?");
	joined = texts_join(&files, ", ");
	set_visible(row, "Transport", transport);
	set_visible(row, "RepoName", name);
	set_visible(row, "Type", type);
	set_visible(row, "ID", joined);
	set_visible(row, "SignatureStore", "");
	return row;
}

/* podman's shape */
static json_t *typed_of(const char *transport, const char *name, const char *type, json_t *keys)
{
	json_t *object = json_object();

	(void) json_object_set_new(object, "transport", json_string(transport));
	(void) json_object_set_new(object, "name", json_string(strcmp(transport, "all") == 0 ? "* (default)" : name));
	(void) json_object_set_new(object, "repo_name", json_string(name));
	(void) json_object_set_new(object, "type", json_string(type));
	if (keys)
		(void) json_object_set(object, "keys", keys);
	return object;
}

static void add_rows(struct output_list *output, const char *transport, const char *name, const json_t *requirements)
{
	/* borrowed as const there; both are ours */
	json_t *rows = (json_t *) (uintptr_t) output->rows, *typed = (json_t *) (uintptr_t) output->typed;
	const json_t *requirement;
	size_t i;

	json_array_foreach(requirements, i, requirement) {
		const char *type = json_string_value(json_object_get(requirement, "type"));
		AUTO_JSON json_t *keys = keys_of(requirement);

		(void) json_array_append_new(rows, row_of(transport, name, word_of(type ? type : "?"), keys));
		(void) json_array_append_new(typed, typed_of(transport, name, word_of(type ? type : "?"), keys));
	}
}

/* is_below - text is top, or what follows top begins a path, a tag or a digest */
static bool is_below(const char *text, const char *top)
{
	size_t length = strlen(top);

	return strncmp(text, top, length) == 0 && (!text[length] || strchr("/:@", text[length]));
}

/* concerns - the scope decides about what is below asked, or may */
static bool concerns(const char *scope, const char *asked)
{
	size_t host = asked ? strcspn(asked, "/:@") : 0, length = strlen(scope);

	if (!asked || !*scope || is_below(scope, asked) || is_below(asked, scope))
		return true;
	return scope[0] == '*' && length - 1 < host && strncmp(asked + host - (length - 1), scope + 1, length - 1) == 0;
}

static int show_raw(const struct policy *policy, struct error *err)
{
	AUTO_FREE char *bytes = NULL;
	size_t length = 0;
	int r;

	if (!policy->file)
		return error_set(err, ERROR_NOT_FOUND, "there is no policy.json, so everything is accepted; "
		                 "coracle image trust set makes one");
	r = file_read(AT_FDCWD, policy->file, POLICY_MAX_BYTES, &bytes, &length);
	if (r < 0)
		return error_errno(err, -r, "%s", policy->file);
	return fwrite(bytes, 1, length, stdout) == length ? 0 : error_errno(err, errno, "standard output");
}

static void collect_rows(const struct policy *policy, const char *asked, struct output_list *output)
{
	AUTO_JSON json_t *nothing = json_pack("[{s:s}]", "type", types[1].type);
	json_t *transports = json_object_get(policy->json, "transports"), *scopes, *requirements;
	const char *transport, *scope;

	add_rows(output, "all", "default", policy->json ? json_object_get(policy->json, "default") : nothing);
	json_object_foreach(transports, transport, scopes) {
		bool docker = strcmp(transport, "docker") == 0;

		json_object_foreach(scopes, scope, requirements)
			if (docker ? concerns(scope, asked) : !asked)
				add_rows(output, docker ? "repository" : transport, scope, requirements);
	}
}

static int trust_show(const struct trust_request *request, const struct places *places, const char *asked,
                      struct error *err)
{
	static const struct template_caption captions[] = {
		{"Transport", "TRANSPORT"}, {"RepoName", "NAME"}, {"Type", "TYPE"}, {"ID", "ID"}, {"SignatureStore", "STORE"},
		{NULL, NULL},
	};
	AUTO_POLICY struct policy policy = {0};
	AUTO_JSON json_t *rows = json_array();
	AUTO_JSON json_t *typed = json_array();
	struct output_list output = {
		.rows = rows,
		.typed = typed,
		.format = request->json ? "json" : NULL,
		.table = "table {{.Transport}}\t{{.RepoName}}\t{{.Type}}\t{{.ID}}\t{{.SignatureStore}}",
		.captions = captions,
		.no_heading = request->no_heading,
	};
	int r;

	if (request->type || request->keys.count)
		return error_set(err, ERROR_INVALID, "--type and --pubkeysfile are for: image trust set");
	r = policy_read(places, request->policy, &policy, err);
	if (r < 0)
		return r;
	if (request->raw)
		return show_raw(&policy, err);
	collect_rows(&policy, asked, &output);
	return output_list(&output, stdout, err);
}

/* --- set --- */

/* key_path - owned absolute path of a key that is there */
static int key_path(const char *typed, char **out, struct error *err)
{
	char here[PATH_MAX];
	struct stat st;

	if (stat(typed, &st) < 0 || access(typed, R_OK) < 0)
		return error_errno(err, errno, "option --pubkeysfile: %.1000s", typed);
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERROR_INVALID, "option --pubkeysfile: %.1000s is not a file", typed);
	if (!getcwd(here, sizeof here))
		return error_errno(err, errno, "working directory");
	*out = path_join(here, typed);
	return 0;
}

/* add_keys - a requirement for each key: all of them must be met */
static int add_keys(const struct trust_request *request, const char *type, json_t *requirements, struct error *err)
{
	for (size_t i = 0; i < request->keys.count; i++) {
		AUTO_FREE char *path = NULL;
		json_t *requirement;
		int r = key_path(request->keys.items[i], &path, err);

		if (r < 0)
			return r;
		requirement = json_pack("{s:s}", "type", type);
		if (strcmp(type, "signedBy") == 0)
			(void) json_object_set_new(requirement, "keyType", json_string("GPGKeys"));
		if (json_object_set_new(requirement, "keyPath", json_string(path ? path : "")) < 0) {
			json_decref(requirement);
			return error_set(err, ERROR_INVALID, "option --pubkeysfile: the path is not UTF-8");
		}
		(void) json_array_append_new(requirements, requirement);
	}
	return 0;
}

static int make_requirements(const struct trust_request *request, size_t type, json_t *requirements, struct error *err)
{
	if (!types[type].is_signed && request->keys.count)
		return error_set(err, ERROR_INVALID, "--pubkeysfile does not go with --type %s", types[type].word);
	if (types[type].is_signed && !request->keys.count)
		return error_set(err, ERROR_INVALID, "--type %s wants the key: --pubkeysfile FILE; without signatures: --type accept "
		                 "or --type reject", types[type].word);
	if (types[type].is_signed)
		return add_keys(request, types[type].type, requirements, err);
	(void) json_array_append_new(requirements, json_pack("{s:s}", "type", types[type].type));
	return 0;
}

static int trust_set(const struct trust_request *request, const struct places *places, const char *scope,
                     struct error *err)
{
	AUTO_JSON json_t *requirements = json_array();
	AUTO_FREE char *file = NULL;
	size_t type = 0;
	int r;

	if (request->raw || request->json || request->no_heading)
		return error_set(err, ERROR_INVALID, "--raw, --json and --noheading are for: image trust show");
	while (request->type && type < ARRAY_LEN(types) && strcmp(request->type, types[type].word) != 0)
		type++;
	if (type == ARRAY_LEN(types))
		return error_set(err, ERROR_INVALID, "option --type: \"%.100s\" is not accept, reject, signedBy or sigstoreSigned",
		                 request->type);
	r = make_requirements(request, type, requirements, err);
	if (r >= 0)
		r = policy_change(places, request->policy, strcmp(scope, "default") == 0 ? NULL : scope, requirements, &file, err);
	if (r >= 0 && types[type].is_signed)
		print_warning("this version can't check signatures: until --type accept, images of \"%s\" are refused (%s)", scope,
		              file ? file : "");
	return r;
}

static int trust_run(UNUSED struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct trust_request *request = data;
	const char *word = operands->items[0], *scope = operands->count > 1 ? operands->items[1] : NULL;
	AUTO_PLACES struct places places = {0};

	places_find("", &places);
	if (strcmp(word, "show") == 0)
		return trust_show(request, &places, scope, err);
	if (strcmp(word, "set") != 0)
		return error_set(err, ERROR_INVALID, "\"%.100s\" is neither show nor set", word);
	if (!scope)
		return error_set(err, ERROR_INVALID, "for which images? coracle image trust set --type TYPE default, or a registry");
	return trust_set(request, &places, scope, err);
}

const struct command cmd_image_trust = {
	.name = "image trust",
	.group = "Registries",
	.summary = "show or change which images may be pulled",
	.operands = "show [REGISTRY] | set default|REGISTRY[/PATH]",
	.complete = "show|set",
	.example = "coracle image trust show\n"
	           "coracle image trust set --type reject docker.io",
	.opts = trust_opts,
	.request_size = sizeof(struct trust_request),
	.min_operands = 1,
	.max_operands = 2,
	.needs = NEEDS_NOTHING,
	.run = trust_run,
};
