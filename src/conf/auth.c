/* SPDX-License-Identifier: GPL-2.0-or-later */
/* auth.c - credentials of registries: find them in files and by helpers; auth_store.c changes them */
#include "coracle/conf/auth.h"

#include "coracle/base/alloc.h"
#include "coracle/base/log.h"
#include "coracle/base/path.h"
#include "coracle/conf/base64.h"

#include <string.h>

#include "auth_helper.h"
#include "auth_private.h"
#include "files.h"

#define HUB "docker.io"

/* auth_wipe - free a string that may be secret */
void auth_wipe(char **slot)
{
	if (*slot)
		explicit_bzero(*slot, strlen(*slot));
	free(*slot);
	*slot = NULL;
}

void auth_done(struct auth *auth)
{
	auth_wipe(&auth->username);
	auth_wipe(&auth->password);
	auth_wipe(&auth->identity_token);
	free(auth->source);
	free(auth->note);
	*auth = (struct auth) {0};
}

bool auth_is_hub(const char *host, size_t length)
{
	static const char *const names[] = {HUB, "index.docker.io", "registry-1.docker.io"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (length == strlen(names[i]) && !strncmp(host, names[i], length))
			return true;
	return false;
}

/* The key is HOST, or http[s]://HOST[/anything], in ~/.dockercfg also HOST/anything. */
bool auth_is_key_of(const char *key, bool legacy, const char *registry)
{
	const char *host = !strncmp(key, "https://", 8) ? key + 8 : !strncmp(key, "http://", 7) ? key + 7 : key;
	size_t length = strcspn(host, "/"), wanted = strlen(registry);

	if (host[length] && host == key && !legacy)
		return false;
	return (length == wanted && !strncmp(host, registry, length))
	       || (auth_is_hub(host, length) && auth_is_hub(registry, wanted));
}

/* the documents of ~/.dockercfg are what "auths" holds in the others */
static bool is_legacy(const char *file)
{
	return !strcmp(path_base(file), ".dockercfg");
}

static json_t *auths_of(json_t *json, bool legacy)
{
	return legacy ? json : json_object_get(json, "auths");
}

static int bad_entry(const char *file, const char *key, struct error *err)
{
	return error_set(err, ERROR_INVALID, "%s: \"auth\" of \"%s\" is not base64 of USER:PASSWORD: log in again", file, key);
}

/* read_basic - base64 of USER:PASSWORD; 1 */
static int read_basic(const char *text, const char *file, const char *key, struct auth *out, struct error *err)
{
	size_t length = 0, user;
	char *bytes = NULL;

	if (base64_decode(text, &bytes, &length) < 0)
		return bad_entry(file, key, err);
	user = strcspn(bytes, ":");
	if (bytes[user] == ':' && user > 0) {
		out->username = xstrndup(bytes, user);
		/* old clients padded with NULs: the C string ends there */
		out->password = xstrdup(bytes + user + 1);
	}
	explicit_bzero(bytes, length);
	free(bytes);
	return out->username ? 1 : bad_entry(file, key, err);
}

/* read_entry - 1: credentials, 0: the entry is empty (they are with a helper) */
static int read_entry(const json_t *entry, const char *file, const char *key, struct auth *out, struct error *err)
{
	const char *token = json_string_value(json_object_get(entry, "identitytoken"));
	const char *basic = json_string_value(json_object_get(entry, "auth"));
	const char *username = json_string_value(json_object_get(entry, "username"));
	const char *password = json_string_value(json_object_get(entry, "password"));
	struct auth found = {0};
	int r = 0;

	if (token && *token) {
		found.identity_token = xstrdup(token);
		r = 1;
	} else if (basic && *basic) {
		r = read_basic(basic, file, key, &found, err);
	} else if (username && *username && password) {
		found.username = xstrdup(username);
		found.password = xstrdup(password);
		r = 1;
	}
	if (r > 0) {
		found.source = xstrdup(file);
		found.note = TAKE_PTR(out->note);
		auth_done(out);
		*out = found;
	}
	return r;
}

/* find_entry - from REGISTRY/PATH upwards to REGISTRY, then any other spelling of REGISTRY */
static int find_entry(json_t *auths, bool legacy, const char *file, const char *registry, const char *path,
                      struct auth *out, struct error *err)
{
	AUTO_FREE char *key = path && !legacy ? xprintf("%s/%s", registry, path) : xstrdup(registry);
	const char *other;
	json_t *entry;
	int r = 0;

	for (char *end = key + strlen(key); r == 0 && end; end = strrchr(key, '/')) {
		*end = '\0';
		r = read_entry(json_object_get(auths, key), file, key, out, err);
	}
	if (r != 0)
		return r;
	json_object_foreach(auths, other, entry) {
		r = auth_is_key_of(other, legacy, registry) ? read_entry(entry, file, other, out, err) : 0;
		if (r != 0)
			return r;
	}
	return 0;
}

/* auth_find_helper - the name that "credHelpers" has for the registry, borrowed; NULL: none */
const char *auth_find_helper(json_t *json, const char *registry)
{
	json_t *helpers = json_object_get(json, "credHelpers"), *name;
	const char *exact = json_string_value(json_object_get(helpers, registry)), *key;

	if (exact)
		return *exact ? exact : NULL;
	json_object_foreach(helpers, key, name)
		if (auth_is_key_of(key, false, registry) && json_string_value(name) && *json_string_value(name))
			return json_string_value(name);
	return NULL;
}

unsigned auth_seconds(const struct auth_options *options)
{
	return options->helper_seconds ? options->helper_seconds : AUTH_HELPER_SECONDS;
}

/* ask_helper - docker and podman name Docker Hub differently; 1, 0 or a negative errno */
static int ask_helper(const struct auth_options *options, const char *helper, const char *registry, struct auth *out,
                      struct error *err)
{
	const char *const servers[] = {auth_is_hub(registry, strlen(registry)) ? AUTH_HUB_URL : registry, registry};
	char *username = NULL, *secret = NULL;
	int r = 0;

	for (size_t i = 0; i < 2 && r == 0; i++)
		if (i == 0 || strcmp(servers[0], servers[1]) != 0)
			r = auth_helper_get(helper, servers[i], auth_seconds(options),
			                    options->interrupt_fd ? *options->interrupt_fd : -1, &username, &secret, err);
	if (r <= 0)
		return r;
	auth_done(out);
	out->source = xprintf("docker-credential-%s", helper);
	if (!strcmp(username, "<token>")) {
		out->identity_token = secret;
		auth_wipe(&username);
	} else {
		out->username = username;
		out->password = secret;
	}
	return 1;
}

static int check_document(json_t *json, const char *file, struct error *err)
{
	static const char *const objects[] = {"auths", "credHelpers"};

	for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
		const json_t *value = json_object_get(json, objects[i]);

		if (value && !json_is_object(value) && !json_is_null(value))
			return error_set(err, ERROR_INVALID, "%s: \"%s\" is not an object", file, objects[i]);
	}
	return 0;
}

/* ask_store - docker's default helper; what is wrong with it must not stop those who need no credentials */
static int ask_store(const struct auth_options *options, const char *file, const char *helper, const char *registry,
                     struct auth *out, struct error *err)
{
	struct error failure = {0};
	int r = ask_helper(options, helper, registry, out, &failure);

	if (r >= 0 || r == -EINTR) {
		if (r < 0)
			*err = failure;
		return r;
	}
	log_debug("%s: credsStore: %s", file, failure.text);
	if (!out->note)
		out->note = xprintf("%s: credsStore: %s", file, failure.text);
	return 0;
}

/* parse - a new reference; the words of jansson's errors would show what is near, which may be a password */
static int parse(const char *file, const char *bytes, size_t length, json_t **out, struct error *err)
{
	json_error_t where;
	AUTO_JSON json_t *json = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &where);

	if (!json)
		return error_set(err, ERROR_INVALID, "%s: not valid JSON in line %d, column %d", file, where.line, where.column);
	if (!json_is_object(json))
		return error_set(err, ERROR_INVALID, "%s: not a JSON object", file);
	if (check_document(json, file, err) < 0)
		return -EINVAL;
	*out = TAKE_PTR(json);
	return 0;
}

/* auth_read_document - 1: read, 0: there is no such file; an empty one counts as {} */
int auth_read_document(const char *file, json_t **out, struct error *err)
{
	char *bytes = NULL;
	size_t length = 0;
	int r = files_read(file, &bytes, &length, err);

	if (r <= 0)
		return r;
	if (bytes[strspn(bytes, " \t\r\n")])
		r = parse(file, bytes, length, out, err);
	else
		*out = json_object();
	explicit_bzero(bytes, length);
	free(bytes);
	return r < 0 ? r : 1;
}

static int find_in_file(const struct auth_options *options, const char *file, const char *registry, const char *path,
                        struct auth *out, struct error *err)
{
	AUTO_JSON json_t *json = NULL;
	bool legacy = is_legacy(file);
	const char *helper, *store;
	int r = auth_read_document(file, &json, err);

	if (r <= 0)
		return r;
	helper = legacy ? NULL : auth_find_helper(json, registry);
	if (helper) {
		r = ask_helper(options, helper, registry, out, err);
		return r < 0 ? error_wrap(err, r, "%s: credHelpers", file) : r;
	}
	r = find_entry(auths_of(json, legacy), legacy, file, registry, path, out, err);
	store = legacy ? NULL : json_string_value(json_object_get(json, "credsStore"));
	if (r == 0 && store && *store)
		r = ask_store(options, file, store, registry, out, err);
	return r;
}

int auth_file_find(const char *file, const char *bytes, size_t length, const char *registry, const char *path,
                   struct auth *out, struct error *err)
{
	AUTO_JSON json_t *json = NULL;
	int r = parse(file, bytes, length, &json, err);

	if (r < 0)
		return r;
	return find_entry(auths_of(json, is_legacy(file)), is_legacy(file), file, registry, path, out, err);
}

/* auth_own_file - the one that the user names, borrowed; NULL: none */
const char *auth_own_file(const struct auth_options *options)
{
	return options->file ? options->file : files_variable("REGISTRY_AUTH_FILE");
}

static void list_files(const struct places *places, struct texts *files)
{
	if (places->runtime)
		texts_printf(files, "%s/auth.json", places->runtime);
	if (places->user)
		texts_printf(files, "%s/auth.json", places->user);
	if (places->docker_config)
		texts_printf(files, "%s/config.json", places->docker_config);
	if (places->home)
		texts_printf(files, "%s/.dockercfg", places->home);
}

int auth_find_in_files(const struct auth_options *options, const char *registry, const char *path, struct auth *out,
                         struct error *err)
{
	AUTO_TEXTS struct texts files = {0};
	const char *own = auth_own_file(options);
	int r = 0;

	if (own && !files_has(own))
		return error_set(err, ERROR_NOT_FOUND, "%s: no such file of credentials (--authfile or REGISTRY_AUTH_FILE)", own);
	/* as podman: a file that the user names is the only one */
	if (own)
		texts_add(&files, own);
	else
		list_files(options->places, &files);
	for (size_t i = 0; i < files.count && r == 0; i++)
		r = find_in_file(options, files.items[i], registry, path, out, err);
	return r;
}

int auth_find(const struct auth_options *options, const char *registry, const char *path, struct auth *out,
              struct error *err)
{
	const struct texts *helpers = options->helpers;
	int failure = 0;

	if (!helpers || helpers->count == 0)
		return auth_find_in_files(options, registry, path, out, err);
	for (size_t i = 0; i < helpers->count; i++) {
		struct error here = {0};
		int r = !strcmp(helpers->items[i], AUTH_FILES_HELPER)
		                ? auth_find_in_files(options, registry, path, out, &here)
		                : ask_helper(options, helpers->items[i], registry, out, &here);

		if (r > 0)
			return r;
		if (r < 0 && (failure == 0 || r == -EINTR)) {
			*err = here;
			failure = r;
		}
		if (r == -EINTR)
			break;
	}
	return failure;
}
