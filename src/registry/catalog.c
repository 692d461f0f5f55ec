/* SPDX-License-Identifier: GPL-2.0-or-later */
/* catalog.c - lists: tags, repositories, searches (distribution-spec, Content Discovery; docker's index, /v1/search) */
#include "coracle/base/alloc.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "catalog.h"
#include "registry_private.h"

#define PAGE_MAX_BYTES (16 << 20)
#define PAGES_MAX      10000
#define PAGE_ITEMS     1000
#define SEARCH_LIMIT   25
#define HUB            "docker.io"
#define HUB_INDEX      "https://index.docker.io"

static const struct field page_fields[] = {
	FIELD_TEXTS("tags", struct catalog_page, tags),
	FIELD_TEXTS("repositories", struct catalog_page, repositories),
	FIELD_END,
};

struct results {
	struct list results; /* struct registry_found */
};
static const struct field found_fields[] = {
	FIELD_TEXT("name", struct registry_found, name, .required = true),
	FIELD_TEXT("description", struct registry_found, description),
	FIELD_UINT("star_count", struct registry_found, stars),
	FIELD_BOOL("is_official", struct registry_found, official),
	FIELD_BOOL("is_automated", struct registry_found, automated),
	FIELD_END,
};
static const struct field results_fields[] = {
	FIELD_LIST("results", struct results, results, struct registry_found, found_fields, .required = true),
	FIELD_END,
};

char *catalog_link_next(const char *value)
{
	while (value && (value = strchr(value, '<'))) {
		const char *end = strchr(value, '>');
		size_t length = end ? strcspn(end, "<") : 0;

		if (!end)
			return NULL;
		AUTO_FREE char *parameters = xstrndup(end, length);

		if (strcasestr(parameters, "rel=\"next\"") || strcasestr(parameters, "rel=next"))
			return xstrndup(value + 1, (size_t) (end - value - 1));
		value = end;
	}
	return NULL;
}

int catalog_page_parse(const char *bytes, size_t length, struct catalog_page *out, struct error *err)
{
	AUTO_JSON json_t *json = json_parse(bytes, length, err);

	return json ? json_read(json, page_fields, out, err) : -EINVAL;
}

void catalog_page_done(struct catalog_page *page)
{
	fields_done(page_fields, page);
}

int catalog_found_parse(const char *bytes, size_t length, struct list *out, struct error *err)
{
	AUTO_JSON json_t *json = json_parse(bytes, length, err);
	struct results results = {0};
	int r = json ? json_read(json, results_fields, &results, err) : -EINVAL;

	if (r >= 0)
		*out = results.results;
	return r;
}

/* add_names - but those that nothing can be asked for by: memory is for REGISTRY_LIST_MAX names, not for books */
static void add_names(struct texts *out, const struct texts *names, bool are_tags, size_t limit)
{
	for (size_t i = 0; i < names->count && out->count < limit; i++)
		if (are_tags ? is_tag(names->items[i]) : strlen(names->items[i]) <= REPOSITORY_MAX)
			texts_add(out, names->items[i]);
}

/* read_page - one answer of a listing; *next: owned URL of the following one, or NULL */
static int read_page(struct exchange *exchange, struct catalog_page *page, char **next, struct error *err)
{
	struct registry *registry = exchange->registry;
	int r = exchange_run(exchange, err);

	if (r == 0 && exchange->http.status / 100 != 2)
		r = failure_word(exchange, err);
	if (r < 0)
		return r;
	r = catalog_page_parse(text_string(&exchange->http.body), exchange->http.body.length, page, err);
	if (r < 0)
		return error_wrap(err, r, "%s: not a list of names", exchange->what);
	AUTO_FREE char *target = catalog_link_next(http_header(&exchange->http, "link"));

	*next = NULL;
	if (!target)
		return 0;
	/* pages come from the registry itself, or not at all */
	if (http_resolve(registry->http, exchange->http.url, target, next) < 0
	    || !http_same_origin(registry->http, registry->base, *next)) {
		free(TAKE_PTR(*next));
		return error_set(err, ERROR_INVALID, "%s: the next page of the list is said to be elsewhere", exchange->what);
	}
	return 0;
}

static int read_pages(struct registry *registry, const char *first, const char *repository, size_t limit,
                      struct texts *out, struct error *err)
{
	AUTO_FREE char *url = xstrdup(first);
	AUTO_TEXTS struct texts all = {0};
	int r = 0;

	for (unsigned i = 0; r == 0 && url && i < PAGES_MAX && all.count < limit; i++) {
		AUTO_EXCHANGE struct exchange *exchange = exchange_new(registry, HTTP_GET, url, repository, NULL);
		struct catalog_page page = {0};
		AUTO_FREE char *next = NULL;

		if (repository)
			exchange_scope(exchange, REGISTRY_PULL);
		else
			texts_add(&exchange->scopes, CATALOG_SCOPE);
		exchange->http.body_max = PAGE_MAX_BYTES;
		r = read_page(exchange, &page, &next, err);
		if (r == 0) {
			const struct texts *names = repository ? &page.tags : &page.repositories;

			add_names(&all, names, repository != NULL, limit);
			/* an empty page, or this one once more: a list without end */
			if (names->count == 0 || (next && strcmp(next, url) == 0))
				free(TAKE_PTR(next));
		}
		catalog_page_done(&page);
		free(url);
		url = TAKE_PTR(next);
	}
	if (r == 0)
		texts_add_all(out, &all);
	return r;
}

int registry_tags(struct registry *registry, const char *repository, struct texts *out, struct error *err)
{
	AUTO_FREE char *more = xprintf("tags/list?n=%d", PAGE_ITEMS);
	AUTO_FREE char *url = NULL;
	int r = registry_url(registry, repository, more, &url, err);

	return r < 0 ? r : read_pages(registry, url, repository, REGISTRY_LIST_MAX, out, err);
}

int registry_catalog(struct registry *registry, size_t limit, struct texts *out, struct error *err)
{
	int r = registry_settle(registry, err);

	if (r < 0)
		return r;
	AUTO_FREE char *url = xprintf("%s/v2/_catalog?n=%d", registry->base, PAGE_ITEMS);

	return read_pages(registry, url, NULL, limit ? limit : REGISTRY_LIST_MAX, out, err);
}

void registry_search_done(struct list *found)
{
	struct results results = {.results = *found};

	fields_done(results_fields, &results);
	*found = (struct list){0};
}

/* search_index - docker's old index protocol; many registries speak it still */
static int search_index(struct registry *registry, const char *term, size_t limit, struct list *out, struct error *err)
{
	const char *base = strcmp(registry->host, HUB) == 0 ? HUB_INDEX : registry->base;
	AUTO_FREE char *escaped = http_escape(term);
	AUTO_FREE char *url = xprintf("%s/v1/search?q=%s&n=%zu", base, escaped, limit);
	AUTO_EXCHANGE struct exchange *exchange = exchange_new(registry, HTTP_GET, url, NULL, NULL);
	int r;

	exchange->http.body_max = PAGE_MAX_BYTES;
	r = exchange_run(exchange, err);
	if (r == 0 && exchange->http.status / 100 != 2)
		r = failure_word(exchange, err);
	if (r < 0)
		return r;
	r = catalog_found_parse(text_string(&exchange->http.body), exchange->http.body.length, out, err);
	return r < 0 ? error_wrap(err, r, "%s: not a list of search results", registry->host) : 0;
}

static int search_catalog(struct registry *registry, const char *term, size_t limit, struct list *out, struct error *err)
{
	AUTO_TEXTS struct texts names = {0};
	int r = registry_catalog(registry, 0, &names, err);

	for (size_t i = 0; r == 0 && i < names.count && out->count < limit; i++)
		if (strcasestr(names.items[i], term)) {
			struct registry_found *found = list_add(out, sizeof *found);

			found->name = xstrdup(names.items[i]);
		}
	return r;
}

/* cut - to so many */
static void cut(struct list *found, size_t limit)
{
	while (found->count > limit) {
		struct list last = {
			.items = xmemdup(LIST_AT(struct registry_found, found, found->count - 1),
			                 sizeof(struct registry_found)),
			.count = 1,
		};

		found->count--;
		registry_search_done(&last);
	}
}

int registry_search(struct registry *registry, const char *term, size_t limit, struct list *out, struct error *err)
{
	struct list found = {0};
	struct error first = {0};
	int r = registry_settle(registry, err);

	if (r < 0)
		return r;
	limit = limit ? limit : SEARCH_LIMIT;
	r = search_index(registry, term, limit, &found, &first);
	if (r == 0 && (found.count > 0 || strcmp(registry->host, HUB) == 0)) {
		cut(&found, limit);
		*out = found;
		return 0;
	}
	registry_search_done(&found);
	if (r == -EINTR || strcmp(registry->host, HUB) == 0) {
		*err = first;
		return r;
	}
	return search_catalog(registry, term, limit, out, err);
}
