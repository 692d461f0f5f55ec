/* SPDX-License-Identifier: GPL-2.0-or-later */
/* auth_store.c - log in and out: change files of credentials, and what helpers keep */
#include "coracle/conf/auth.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/path.h"
#include "coracle/conf/base64.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>

#include "auth_helper.h"
#include "auth_private.h"
#include "files.h"

/* main_file - the one that is written, owned */
static int main_file(const struct auth_options *options, char **out, struct error *err)
{
	const struct places *places = options->places;
	const char *own = auth_own_file(options), *top = places->runtime ? places->runtime : places->user;

	if (!own && !top)
		return error_set(err, ERROR_NOT_FOUND, "no home directory is known for credentials: set HOME or REGISTRY_AUTH_FILE");
	*out = own ? xstrdup(own) : xprintf("%s/auth.json", top);
	return 0;
}

/* An auth file that is being changed: locked by its directory, so that two logins don't lose one. */
struct change {
	char *path;  /* owned; symlinks resolved, so that they stay */
	int lock;
	json_t *json;
	bool docker; /* docker's own config.json: Docker Hub has docker's key */
};

static void change_done(struct change *change)
{
	free(change->path);
	auto_close(&change->lock);
	json_decref(change->json);
}

static int change_open(const char *file, struct change *change, struct error *err)
{
	char resolved[PATH_MAX];
	AUTO_FREE char *directory = NULL;
	size_t length;
	int r;

	change->path = xstrdup(realpath(file, resolved) ? resolved : file);
	change->docker = !strcmp(path_base(file), "config.json");
	length = strlen(change->path) - strlen(path_base(change->path));
	directory = length ? xstrndup(change->path, length) : xstrdup(".");
	r = directory_make(AT_FDCWD, directory, 0700);
	if (r < 0)
		return error_errno(err, -r, "cannot make %s for credentials", directory);
	change->lock = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (change->lock < 0)
		return error_errno(err, errno, "%s", directory);
	/* where a file system has no locks two logins at the same instant may lose one */
	while (flock(change->lock, LOCK_EX) < 0 && errno == EINTR)
		;
	r = auth_read_document(change->path, &change->json, err);
	if (r == 0)
		change->json = json_object();
	return r < 0 ? r : 0;
}

static int change_write(const struct change *change, struct error *err)
{
	char *text = json_text(change->json, JSON_INDENT(8));
	int r = file_write(AT_FDCWD, change->path, text, strlen(text), 0600, FILE_DURABLE);

	auth_wipe(&text);
	return r < 0 ? error_errno(err, -r, "cannot write %s", change->path) : 0;
}

/* own_key - how this file spells the registry */
static const char *own_key(const struct change *change, const char *key)
{
	return change->docker && auth_is_hub(key, strlen(key)) ? AUTH_HUB_URL : key;
}

static int store_in_file(const struct auth_options *options, const char *key, const char *username,
                         const char *password, char **source, struct error *err)
{
	AUTO(change_done) struct change change = {.lock = -1};
	AUTO_FREE char *file = NULL;
	const char *helper;
	char *plain, *basic;
	json_t *auths, *entry;
	int r = main_file(options, &file, err);

	if (r == 0 && file)
		r = change_open(file, &change, err);
	if (r < 0)
		return r;
	helper = auth_find_helper(change.json, key);
	if (helper) {
		r = auth_helper_store(helper, own_key(&change, key), username, password, auth_seconds(options), err);
		if (r == 0 && source)
			*source = xprintf("docker-credential-%s", helper);
		return r < 0 ? error_wrap(err, r, "%s: credHelpers", file) : 0;
	}
	auths = json_object_get(change.json, "auths");
	if (!json_is_object(auths)) {
		auths = json_object();
		(void) json_object_set_new(change.json, "auths", auths);
	}
	plain = xprintf("%s:%s", username, password);
	basic = base64_encode(plain, strlen(plain));
	entry = json_pack("{s:s}", "auth", basic);
	auth_wipe(&plain);
	auth_wipe(&basic);
	if (json_object_set_new(auths, own_key(&change, key), entry) < 0)
		return error_set(err, ERROR_INVALID, "\"%s\" is not HOST[:PORT][/PATH]", key);
	r = change_write(&change, err);
	if (r == 0 && source)
		*source = TAKE_PTR(file);
	return r;
}

int auth_store(const struct auth_options *options, const char *key, const char *username, const char *password,
               char **source, struct error *err)
{
	const struct texts *helpers = options->helpers;
	int r = 0;

	if (!*username || strchr(username, ':'))
		return error_set(err, ERROR_INVALID, "the user name is empty or has a colon in it");
	if (!helpers || helpers->count == 0)
		return store_in_file(options, key, username, password, source, err);
	/* the first that takes them */
	for (size_t i = 0; i < helpers->count; i++) {
		struct error here = {0};
		bool file = !strcmp(helpers->items[i], AUTH_FILES_HELPER);
		int now = file ? store_in_file(options, key, username, password, source, &here)
		               : auth_helper_store(helpers->items[i], key, username, password, auth_seconds(options), &here);

		if (now == 0 && source && !file)
			*source = xprintf("docker-credential-%s", helpers->items[i]);
		if (now == 0)
			return 0;
		if (r == 0) {
			*err = here;
			r = now;
		}
	}
	return r;
}

/* erase_entries - those of key, or all; how many */
static int erase_entries(json_t *auths, const char *key)
{
	const char *other;
	json_t *entry;
	void *next;
	int count = 0;

	json_object_foreach_safe(auths, next, other, entry)
		if (!key || !strcmp(other, key) || (!strchr(key, '/') && auth_is_key_of(other, false, key))) {
			/* other belongs to the entry that goes */
			(void) json_object_del(auths, other);
			count++;
		}
	return count;
}

/* erase_by_helpers - with the helpers that the file names; how many, or a negative errno */
static int erase_by_helpers(const struct auth_options *options, const struct change *change, const char *key,
                            struct error *err)
{
	json_t *helpers = json_object_get(change->json, "credHelpers"), *name;
	const char *host;
	int count = 0;

	json_object_foreach(helpers, host, name) {
		const char *helper = json_string_value(name);
		int r = 0;

		if (helper && *helper && (!key || auth_is_key_of(host, false, key)))
			r = auth_helper_erase(helper, own_key(change, host), auth_seconds(options), err);
		if (r < 0)
			return error_wrap(err, r, "%s: credHelpers", change->path);
		count += r;
	}
	return count;
}

/* erase_in_file - how many, or a negative errno */
static int erase_in_file(const struct auth_options *options, const char *key, char **source, struct error *err)
{
	AUTO(change_done) struct change change = {.lock = -1};
	AUTO_FREE char *file = NULL;
	int r = main_file(options, &file, err), by_helper, count;

	/* nothing is made for a logout */
	if (r < 0 || !file || !files_has(file))
		return r;
	r = change_open(file, &change, err);
	if (r < 0)
		return r;
	by_helper = erase_by_helpers(options, &change, key, err);
	if (by_helper < 0)
		return by_helper;
	count = erase_entries(json_object_get(change.json, "auths"), key);
	r = count ? change_write(&change, err) : 0;
	if (r < 0)
		return r;
	if (source && count + by_helper > 0)
		*source = TAKE_PTR(file);
	return count + by_helper;
}

/* erase_with - a helper of registries.conf: one server, or all that it has */
static int erase_with(const struct auth_options *options, const char *helper, const char *key, struct error *err)
{
	AUTO_TEXTS struct texts servers = {0};
	int count = 0, r = 0;

	if (key)
		texts_add(&servers, key);
	else
		r = auth_helper_list(helper, auth_seconds(options), &servers, err);
	for (size_t i = 0; i < servers.count && r >= 0; i++) {
		r = auth_helper_erase(helper, servers.items[i], auth_seconds(options), err);
		count += r > 0;
	}
	return r < 0 ? r : count;
}

/* not_there - -ENOENT with the place where credentials are nevertheless */
static int not_there(const struct auth_options *options, const char *key, struct error *err)
{
	AUTO_FREE char *registry = key ? xstrndup(key, strcspn(key, "/")) : NULL;
	AUTO_AUTH struct auth other = {0};
	struct error ignored = {0};
	const char *path;

	if (!key)
		return error_set(err, ERROR_NOT_FOUND, "not logged in to any registry");
	path = key[strlen(registry)] ? key + strlen(registry) + 1 : NULL;
	if (!auth_own_file(options) && auth_find_in_files(options, registry, path, &other, &ignored) > 0)
		return error_set(err, ERROR_NOT_FOUND, "not logged in to %s by this program; the credentials in %s are left alone"
		                 " (docker logout, or --authfile)", key, other.source);
	return error_set(err, ERROR_NOT_FOUND, "not logged in to %s", key);
}

int auth_erase(const struct auth_options *options, const char *key, char **source, struct error *err)
{
	const struct texts *helpers = options->helpers;
	int count = 0;

	if (!helpers || helpers->count == 0) {
		count = erase_in_file(options, key, source, err);
	} else {
		for (size_t i = 0; i < helpers->count && count >= 0; i++) {
			int r = !strcmp(helpers->items[i], AUTH_FILES_HELPER)
			                ? erase_in_file(options, key, source, err)
			                : erase_with(options, helpers->items[i], key, err);

			count = r < 0 ? r : count + r;
		}
	}
	if (count < 0)
		return count;
	return count ? 0 : not_there(options, key, err);
}
