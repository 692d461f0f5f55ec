/* SPDX-License-Identifier: GPL-2.0-or-later */
/* registries.c - containers-registries.conf(5) version 2: read the files and lay them over each other */
#include "coracle/conf/registries.h"

#include "coracle/base/alloc.h"
#include "coracle/base/number.h"
#include "coracle/conf/toml.h"

#include <string.h>

#include "files.h"
#include "registries_private.h"

#define ROWS_MAX    1000  /* [[registry]] tables of a file */
#define ALIASES_MAX 10000 /* of a file */

static const struct field mirror_fields[] = {
	FIELD_TEXT("location", struct registry_mirror, location),
	FIELD_BOOL("insecure", struct registry_mirror, insecure),
	FIELD_TEXT("pull-from-mirror", struct registry_mirror, use),
	FIELD_END,
};

static const struct field registry_fields[] = {
	FIELD_TEXT("prefix", struct registries_row, prefix),
	FIELD_TEXT("location", struct registries_row, location),
	FIELD_BOOL("insecure", struct registries_row, insecure),
	FIELD_BOOL("blocked", struct registries_row, blocked),
	FIELD_BOOL("mirror-by-digest-only", struct registries_row, mirror_by_digest_only),
	FIELD_LIST("mirror", struct registries_row, mirrors, struct registry_mirror, mirror_fields),
	FIELD_TEXT("file", struct registries_row, file), /* no key of the format: ours, always replaced */
	FIELD_END,
};

/* one file as it is written */
struct file {
	struct list rows;
	struct texts search, helpers;
	char *mode;
	struct pairs aliases;
};

static const struct field file_fields[] = {
	FIELD_LIST("registry", struct file, rows, struct registries_row, registry_fields),
	FIELD_TEXTS("unqualified-search-registries", struct file, search),
	FIELD_TEXTS("credential-helpers", struct file, helpers),
	FIELD_TEXT("short-name-mode", struct file, mode),
	FIELD_PAIRS("aliases", struct file, aliases),
	FIELD_END,
};

static void file_done(struct file *file)
{
	fields_done(file_fields, file);
}

/* registries_is_host - host[:port] with an optional [IPv6]; what a URL and an error line can bear */
bool registries_is_host(const char *s, size_t length)
{
	AUTO_FREE char *host = xstrndup(s, length);
	char *port = *host == '[' ? strchr(host, ']') : strchr(host, ':');
	uint64_t number;

	if (port && *host == '[') {
		if (strspn(host + 1, "0123456789abcdefABCDEF:.") != (size_t) (port - host - 1) || port == host + 1)
			return false;
		port++;
		if (*port && *port != ':')
			return false;
	} else if (*host == '[') {
		return false;
	} else {
		size_t name = strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");

		if (name == 0 || *host == '-' || *host == '.' || host[name] != (port ? ':' : '\0'))
			return false;
	}
	return !port || !*port || number_parse_uint(port + 1, 1, 65535, &number) == 0;
}

/* registries_is_path - components of an image's name; a prefix may go on with a tag or digest */
bool registries_is_path(const char *path)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_/:@+";

	return *path && !path[strspn(path, allowed)] && *path != '/' && !strstr(path, "//") && !strstr(path, "..");
}

/* check_place - a prefix or a location: no scheme, no trailing slashes (which go), a host and perhaps a path */
static int check_place(char *place, const char *what, struct error *err)
{
	size_t length = strlen(place), host;
	const char *name = !strncmp(place, "*.", 2) && *what == 'p' ? place + 2 : place;

	if (!strncmp(place, "http://", 7) || !strncmp(place, "https://", 8))
		return error_set(err, ERROR_INVALID, "%s \"%s\" has a scheme: write \"%s\"%s", what, place,
		                 strstr(place, "://") + 3, place[4] == ':' ? " and insecure = true" : "");
	while (length > 0 && place[length - 1] == '/')
		place[--length] = '\0';
	host = strcspn(name, "/");
	if (!registries_is_host(name, host) || (name[host] && (name != place || !registries_is_path(name + host + 1))))
		return error_set(err, ERROR_INVALID, "%s \"%s\" is not HOST[:PORT][/PATH]%s", what, place,
		                 *what == 'p' ? " or *.HOST" : "");
	return 0;
}

static int check_mirror(const struct registries_row *row, struct registry_mirror *mirror, struct error *err)
{
	static const char *const uses[] = {"all", "digest-only", "tag-only"};
	bool known = false;
	int r;

	if (!mirror->location || !*mirror->location)
		return error_set(err, ERROR_INVALID, "a mirror of \"%s\" has no location", row->prefix);
	r = check_place(mirror->location, "location of a mirror", err);
	if (r < 0 || !mirror->use || !*mirror->use)
		return r;
	for (size_t i = 0; i < ARRAY_LEN(uses); i++)
		known = known || !strcmp(mirror->use, uses[i]);
	if (!known)
		return error_set(err, ERROR_INVALID,
		                 "pull-from-mirror = \"%s\" of %s: it is \"all\", \"digest-only\" or \"tag-only\"",
		                 mirror->use, mirror->location);
	if (row->mirror_by_digest_only)
		return error_set(err, ERROR_INVALID,
		                 "\"%s\" has mirror-by-digest-only and its mirror %s pull-from-mirror: leave one out",
		                 row->prefix, mirror->location);
	return 0;
}

static int check_row(struct registries_row *row, struct error *err)
{
	int r = 0;

	if (row->location && !*row->location)
		text_replace(&row->location, NULL);
	if (row->location)
		r = check_place(row->location, "location", err);
	if (r < 0)
		return r;
	if (!row->prefix || !*row->prefix) {
		if (!row->location)
			return error_set(err, ERROR_INVALID, "a [[registry]] has neither prefix nor location");
		text_replace(&row->prefix, row->location);
	}
	r = check_place(row->prefix, "prefix", err);
	LIST_EACH(struct registry_mirror, mirror, &row->mirrors)
		if (r == 0)
			r = check_mirror(row, mirror, err);
	return r;
}

static int check_search(const struct file *file, struct error *err)
{
	for (size_t i = 0; i < file->search.count; i++) {
		char *host = file->search.items[i];
		int r = check_place(host, "unqualified-search-registries:", err);

		if (r < 0)
			return r;
		if (strchr(host, '/'))
			return error_set(err, ERROR_INVALID, "unqualified-search-registries: \"%s\" is not HOST[:PORT]", host);
	}
	return 0;
}

/* check_aliases - "name" = "registry/name", both without tag or digest; "" erases */
static int check_aliases(const struct file *file, struct error *err)
{
	for (size_t i = 0; i < file->aliases.count; i++) {
		const char *name = file->aliases.items[i].key, *value = file->aliases.items[i].value;
		const char *path = strchr(value, '/');

		if (!registries_is_path(name) || strpbrk(name, ":@"))
			return error_set(err, ERROR_INVALID, "aliases: \"%s\" is not a short name without tag or digest", name);
		if (*value && (!path || !registries_is_host(value, (size_t) (path - value)) || !registries_is_path(path + 1)
		               || strpbrk(path, ":@")))
			return error_set(err, ERROR_INVALID,
			                 "aliases: \"%s\" = \"%s\" is not a full name without tag or digest", name, value);
	}
	return 0;
}

static int check_mode(const char *text, enum short_name_mode *mode, struct error *err)
{
	static const char *const names[] = {"permissive", "disabled", "enforcing"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!strcmp(text, names[i])) {
			*mode = (enum short_name_mode) i;
			return 0;
		}
	return error_set(err, ERROR_INVALID, "short-name-mode = \"%s\": it is \"enforcing\", \"permissive\" or \"disabled\"",
	                 text);
}

static struct registries_row *find_prefix(const struct list *rows, const char *prefix)
{
	LIST_EACH(struct registries_row, row, rows)
		if (!strcmp(row->prefix, prefix))
			return row;
	return NULL;
}

/* add_rows - replace the rows of the same prefix; within a file the first of a prefix counts */
static void add_rows(struct registries *into, struct list *rows, const char *path)
{
	struct list seen = {0};

	LIST_EACH(struct registries_row, row, rows) {
		struct registries_row *old = find_prefix(&into->rows, row->prefix);

		if (find_prefix(&seen, row->prefix))
			continue;
		((struct registries_row *) list_add(&seen, sizeof *row))->prefix = xstrdup(row->prefix);
		if (old)
			fields_done(registry_fields, old);
		else
			old = list_add(&into->rows, sizeof *old);
		*old = *row;
		text_replace(&row->file, NULL);
		old->file = xstrdup(path);
		*row = (struct registries_row) {0};
	}
	LIST_EACH(struct registries_row, row, &seen)
		free(row->prefix);
	free(seen.items);
}

static void add_aliases(struct registries *into, const struct pairs *aliases)
{
	/* an empty value erases; it is kept so, and passed over by the look-up */
	pairs_set_all(&into->aliases, aliases);
}

/* check_size - the merging compares each with each */
static int check_size(const json_t *toml, struct error *err)
{
	if (json_array_size(json_object_get(toml, "registry")) > ROWS_MAX)
		return error_set(err, ERROR_INVALID, "more than %d [[registry]] tables", ROWS_MAX);
	if (json_object_size(json_object_get(toml, "aliases")) > ALIASES_MAX)
		return error_set(err, ERROR_INVALID, "more than %d aliases", ALIASES_MAX);
	return 0;
}

static int check_version(const json_t *toml, struct error *err)
{
	if (!json_object_get(toml, "registries"))
		return check_size(toml, err);
	return error_set(err, ERROR_UNSUPPORTED, "[registries.search], [registries.insecure] and [registries.block] are the"
	                 " old format, which is not read: use unqualified-search-registries and [[registry]]"
	                 " (containers-registries.conf(5))");
}

static int add_parsed(struct registries *into, const char *path, const json_t *toml, struct error *err)
{
	AUTO(file_done) struct file file = {0};
	enum short_name_mode mode = into->mode;
	int r = check_version(toml, err);

	if (r == 0)
		r = json_read(toml, file_fields, &file, err);
	LIST_EACH(struct registries_row, row, &file.rows)
		if (r >= 0)
			r = check_row(row, err);
	if (r >= 0)
		r = check_search(&file, err);
	if (r >= 0)
		r = check_aliases(&file, err);
	if (r >= 0 && file.mode && *file.mode)
		r = check_mode(file.mode, &mode, err);
	if (r < 0)
		return error_wrap(err, r, "%s", path);
	into->mode = mode;
	if (json_object_get(toml, "unqualified-search-registries")) {
		texts_done(&into->search);
		texts_add_all(&into->search, &file.search);
		text_replace(&into->search_file, path);
	}
	if (json_object_get(toml, "credential-helpers")) {
		texts_done(&into->helpers);
		texts_add_all(&into->helpers, &file.helpers);
	}
	add_rows(into, &file.rows, path);
	add_aliases(into, &file.aliases);
	return 0;
}

int registries_add(struct registries *into, const char *path, const char *bytes, size_t length, struct error *err)
{
	AUTO_JSON json_t *toml = toml_parse(bytes, length, err);

	if (!toml)
		return error_wrap(err, -EINVAL, "%s", path);
	return add_parsed(into, path, toml, err);
}

/* add_file - 1 when there was one */
static int add_file(struct registries *into, const char *path, struct error *err)
{
	AUTO_FREE char *bytes = NULL;
	size_t length = 0;
	int r = files_read(path, &bytes, &length, err);

	if (r <= 0)
		return r;
	r = registries_add(into, path, bytes, length, err);
	return r < 0 ? r : 1;
}

/* add_named - a file that a variable names has to be there */
static int add_named(struct registries *into, const char *path, struct error *err)
{
	int r = add_file(into, path, err);

	return r == 0 ? error_set(err, ERROR_NOT_FOUND, "%s: no such file; the environment names it", path) : r;
}

static int add_main(struct registries *into, const char *directory, struct error *err)
{
	AUTO_FREE char *path = xprintf("%s/registries.conf", directory);

	return add_file(into, path, err);
}

static int add_drop_ins(struct registries *into, const char *directory, struct error *err)
{
	AUTO_FREE char *path = xprintf("%s/registries.conf.d", directory);
	AUTO_TEXTS struct texts files = {0};
	int r = files_drop_ins(path, &files, err);

	for (size_t i = 0; i < files.count && r >= 0; i++)
		r = add_file(into, files.items[i], err);
	return r;
}

static int add_usual(const struct places *places, struct registries *out, struct error *err)
{
	int r = places->user ? add_main(out, places->user, err) : 0;
	bool users = r > 0;

	if (r == 0)
		r = add_main(out, places->system, err);
	if (r == 0)
		r = add_main(out, places->vendor, err);
	if (r >= 0 && !users)
		r = add_drop_ins(out, places->system, err);
	if (r >= 0 && places->user)
		r = add_drop_ins(out, places->user, err);
	return r;
}

/* add_recorded_aliases - what podman's users answered to its questions; they count more than the files */
static int add_recorded_aliases(const struct places *places, struct registries *out, struct error *err)
{
	AUTO_FREE char *path = places->cache ? xprintf("%s/short-name-aliases.conf", places->cache) : NULL;
	AUTO_REGISTRIES struct registries recorded = {0};
	int r = path ? add_file(&recorded, path, err) : 0;

	if (r > 0)
		add_aliases(out, &recorded.aliases);
	return r;
}

int registries_read(const struct places *places, struct registries *out, struct error *err)
{
	const char *own = files_variable("CONTAINERS_REGISTRIES_CONF"), *last;
	int r;

	if (!own)
		own = files_variable("REGISTRIES_CONFIG_PATH");
	r = own ? add_named(out, own, err) : add_usual(places, out, err);
	last = files_variable("CONTAINERS_REGISTRIES_CONF_OVERRIDE");
	if (r >= 0 && last)
		r = add_named(out, last, err);
	if (r >= 0)
		r = add_recorded_aliases(places, out, err);
	return r < 0 ? r : 0;
}

void registries_done(struct registries *registries)
{
	LIST_EACH(struct registries_row, row, &registries->rows)
		fields_done(registry_fields, row);
	free(registries->rows.items);
	texts_done(&registries->search);
	free(registries->search_file);
	texts_done(&registries->helpers);
	pairs_done(&registries->aliases);
	*registries = (struct registries) {0};
}
