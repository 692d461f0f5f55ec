/* SPDX-License-Identifier: GPL-2.0-or-later */
/* search.c - searching registries and listing tags; one after the other, each with its own failure */
#include "coracle/image/search.h"

#include "coracle/base/alloc.h"
#include "coracle/base/number.h"

#include <string.h>

#include "pieces.h"
#include "remote.h"

#define HUB       "docker.io"
#define TERM_MAX  256
/* a name of the right form, whose path nobody asks for */
#define ANY_PATH  "search"

/* --- filters --- */

struct wanted {
	uint64_t stars;
	struct opt_bool official, automated;
};

static int read_bool(const char *text, const char *value, struct opt_bool *out, struct error *err)
{
	out->set = true;
	out->value = true;
	if (value && number_parse_bool(value, &out->value) < 0)
		return error_set(err, ERROR_INVALID, "filter \"%.200s\": expected true or false", text);
	return 0;
}

static int read_filter(const char *text, struct wanted *out, struct error *err)
{
	const char *equals = strchr(text, '=');
	AUTO_FREE char *key = equals ? xstrndup(text, (size_t) (equals - text)) : xstrdup(text);
	const char *value = equals ? equals + 1 : NULL;

	if (strcmp(key, "is-official") == 0)
		return read_bool(text, value, &out->official, err);
	if (strcmp(key, "is-automated") == 0)
		return read_bool(text, value, &out->automated, err);
	if (strcmp(key, "stars") != 0)
		return error_set(err, ERROR_INVALID, "filter \"%.200s\": there are stars=N, is-official and is-automated",
		                 text);
	if (!value || number_parse_uint(value, 0, UINT64_MAX, &out->stars) < 0)
		return error_set(err, ERROR_INVALID, "filter \"%.200s\": expected a number of stars", text);
	return 0;
}

static bool is_wanted(const struct wanted *wanted, const struct registry_found *found)
{
	return found->stars >= wanted->stars
	       && (!wanted->official.set || wanted->official.value == found->official)
	       && (!wanted->automated.set || wanted->automated.value == found->automated);
}

/* --- one registry --- */

struct searching {
	const struct image_search *request;
	const char *term;
	struct wanted wanted;
	json_t *rows;
};

/* one_line - owned; what a registry describes may have lines, tabs and control characters (C1 too) for the terminal */
static char *one_line(const char *text)
{
	char *line = xstrdup(text ? text : "");

	for (char *c = line; *c; c++) {
		if ((unsigned char) *c < ' ' || *c == 0x7f)
			*c = ' ';
		if ((unsigned char) c[0] == 0xc2 && (unsigned char) c[1] >= 0x80 && (unsigned char) c[1] < 0xa0)
			c[0] = c[1] = ' ';
	}
	return line;
}

static char *full_name(const char *index, const char *name)
{
	size_t length = strlen(index);

	/* some registries put themselves in front */
	if (strncmp(name, index, length) == 0 && name[length] == '/')
		return one_line(name);
	AUTO_FREE char *line = one_line(name);

	return xprintf("%s/%s%s", index, strcmp(index, HUB) == 0 && !strchr(line, '/') ? "library/" : "", line);
}

static json_t *row(const char *index, const struct registry_found *found)
{
	AUTO_FREE char *name = full_name(index, found->name);
	AUTO_FREE char *description = one_line(found->description);
	json_t *object = json_object();

	piece_set(object, "Index", piece_text(index));
	piece_set(object, "Name", piece_text(name));
	piece_set(object, "Description", piece_text(description));
	piece_set(object, "Stars", json_integer((json_int_t) MIN(found->stars, (uint64_t) INT64_MAX)));
	piece_set(object, "StarCount", json_incref(json_object_get(object, "Stars")));
	piece_set(object, "Official", json_string(found->official ? "[OK]" : ""));
	piece_set(object, "IsOfficial", json_boolean(found->official));
	piece_set(object, "Automated", json_string(found->automated ? "[OK]" : ""));
	piece_set(object, "IsAutomated", json_boolean(found->automated));
	piece_set(object, "Tag", json_string(""));
	return object;
}

static int search_place(void *data, UNUSED const struct remote_place *place, struct registry *registry,
                        const struct reference *name, struct error *err)
{
	const struct searching *searching = data;
	size_t limit = searching->request->limit ? (size_t) searching->request->limit : SEARCH_LIMIT_DEFAULT;
	struct list found = {0};
	int r = registry_search(registry, searching->term, limit, &found, err);

	LIST_EACH(struct registry_found, one, &found)
		if (is_wanted(&searching->wanted, one))
			(void) json_array_append_new(searching->rows, row(name->registry, one));
	registry_search_done(&found);
	return r;
}

/* --- the request --- */

/* split_term - "localhost:5000/app" into registry and term, as names of images are told apart; NULL: no registry */
static char *split_term(const char *text, const char **term)
{
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t) (slash - text) : 0;
	AUTO_FREE char *host = xstrndup(text, length);

	*term = text;
	if (!slash || (!strpbrk(host, ".:") && strcmp(host, "localhost") != 0))
		return NULL;
	*term = slash + 1;
	return TAKE_PTR(host);
}

static int check_request(const struct image_search *request, const char *term, struct wanted *wanted,
                         struct error *err)
{
	if (request->limit < 0 || request->limit > SEARCH_LIMIT_MAX)
		return error_set(err, ERROR_INVALID, "option --limit: 1 to %d", SEARCH_LIMIT_MAX);
	if (strlen(term) > TERM_MAX)
		return error_set(err, ERROR_INVALID, "a term has %d bytes at the most", TERM_MAX);
	for (size_t i = 0; i < request->filters.count; i++) {
		int r = read_filter(request->filters.items[i], wanted, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int find_registries(const struct remote *remote, const char *host, bool hub, struct texts *out,
                           struct error *err)
{
	if (host || hub) {
		texts_add(out, host ? host : HUB);
		return 0;
	}
	return remote_registries(remote, out, err);
}

static int search_all(struct remote *remote, const struct texts *registries, struct searching *searching,
                      struct texts *failures, struct error *err)
{
	AUTO_FREE char *joined = NULL;
	int r = 0;

	for (size_t i = 0; i < registries->count; i++) {
		AUTO_FREE char *any = xprintf("%s/" ANY_PATH, registries->items[i]);
		struct error failure = {0};
		int failed = remote_one(remote, any, REMOTE_PUSH, search_place, searching, &failure);

		if (failed >= 0)
			continue;
		texts_add(failures, failure.text);
		*err = failure;
		r = failed;
		if (r == -EINTR)
			return r;
	}
	/* what one of them found is an answer */
	if (failures->count < registries->count)
		return 0;
	if (failures->count > 1) {
		joined = texts_join(failures, "; ");
		(void) error_set(err, err->kind, "%zu registries were asked: %.1800s", failures->count, joined);
	}
	return r;
}

int image_search(const char *text, const struct image_search *request, json_t **rows, struct texts *failures,
                 struct error *err)
{
	struct searching searching = {.request = request};
	AUTO_FREE char *host = split_term(text, &searching.term);
	AUTO_REMOTE struct remote *remote = NULL;
	AUTO_TEXTS struct texts registries = {0};
	AUTO_JSON json_t *found = json_array();
	int r = check_request(request, text, &searching.wanted, err);

	if (r >= 0)
		r = remote_open(&request->remote, NULL, &remote, err);
	if (r >= 0)
		r = find_registries(remote, host, request->hub, &registries, err);
	if (r >= 0 && request->remote.creds && registries.count > 1)
		r = error_set(err, ERROR_INVALID, "option --creds: %zu registries would get them; give the one in front of the "
		              "term, such as %s/%.200s", registries.count, registries.items[0], text);
	searching.rows = found;
	if (r >= 0)
		r = search_all(remote, &registries, &searching, failures, err);
	if (r < 0)
		return r;
	*rows = TAKE_PTR(found);
	return 0;
}

/* --- tags --- */

struct tagging {
	struct texts *out;
	char *full;
};

static int tags_place(void *data, const struct remote_place *place, struct registry *registry,
                      const struct reference *name, struct error *err)
{
	struct tagging *tagging = data;
	int r;

	texts_done(tagging->out);
	r = registry_tags(registry, place->path, tagging->out, err);
	if (r >= 0) {
		free(tagging->full);
		tagging->full = xprintf("%s/%s", name->registry, name->path);
	}
	return r;
}

int image_tags(const char *name, const struct image_remote *options, char **full, struct texts *out, struct error *err)
{
	struct tagging tagging = {.out = out};
	AUTO_REFERENCE struct reference reference = {0};
	AUTO_REMOTE struct remote *remote = NULL;
	int r = reference_parse(remote_text(name), &reference, err);

	if (r >= 0 && (reference.tag || reference.digest))
		return error_set(err, ERROR_INVALID, "\"%.300s\": give the name without tag and digest", name);
	if (r >= 0)
		r = remote_open(options, NULL, &remote, err);
	if (r >= 0)
		r = remote_one(remote, name, REMOTE_PULL, tags_place, &tagging, err);
	if (r >= 0 && full)
		*full = TAKE_PTR(tagging.full);
	free(tagging.full);
	return r;
}
