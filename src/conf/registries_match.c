/* SPDX-License-Identifier: GPL-2.0-or-later */
/* registries_match.c - what registries.conf makes of a name: endpoints of a full one, candidates of a short one */
#include "coracle/conf/registries.h"

#include "coracle/base/alloc.h"

#include <string.h>

#include "registries_private.h"

/* match - how many bytes of the name the prefix stands for; 0: it doesn't match */
static size_t match(const char *name, const char *prefix)
{
	size_t length = strlen(prefix), host = strcspn(name, "/:");

	if (!strncmp(prefix, "*.", 2)) {
		/* any number of subdomains, at least one */
		if (host <= length - 1 || strncmp(name + host - (length - 1), prefix + 1, length - 1) != 0)
			return 0;
		return host;
	}
	/* containers/image takes "example.com" for every port of it, too */
	return !strncmp(name, prefix, length) && (!name[length] || strchr("/:", name[length])) ? length : 0;
}

static const struct registries_row *find_row(const struct registries *registries, const char *name)
{
	const struct registries_row *best = NULL;

	LIST_EACH(const struct registries_row, row, &registries->rows)
		if (match(name, row->prefix) && (!best || strlen(row->prefix) > strlen(best->prefix)))
			best = row;
	return best;
}

/* add_endpoint - name with its first matched bytes replaced by location (NULL: as it is) */
static int add_endpoint(struct list *out, const char *name, size_t matched, const char *location,
                        const struct registries_endpoint *kind, struct error *err)
{
	AUTO_FREE char *place = location ? xprintf("%s%s", location, name + matched) : xstrdup(name);
	size_t host = strcspn(place, "/");
	struct registries_endpoint *endpoint;

	if (!registries_is_host(place, host) || !place[host] || !registries_is_path(place + host + 1)
	    || strpbrk(place + host, ":@"))
		return error_set(err, ERROR_INVALID, "%s would be read from \"%s\", which is not HOST[:PORT]/PATH: check the"
		                 " location \"%s\" in registries.conf", name, place, location ? location : "");
	endpoint = list_add(out, sizeof *endpoint);
	*endpoint = *kind;
	endpoint->host = xstrndup(place, host);
	endpoint->path = xstrdup(place + host + 1);
	return 0;
}

static bool is_mirror_used(const struct registries_row *row, const struct registry_mirror *mirror, bool has_digest)
{
	if (row->mirror_by_digest_only || (mirror->use && !strcmp(mirror->use, "digest-only")))
		return has_digest;
	return !(mirror->use && !strcmp(mirror->use, "tag-only")) || !has_digest;
}

static int add_row_endpoints(const struct registries_row *row, const char *name, bool has_digest, struct list *out,
                             struct error *err)
{
	size_t matched = match(name, row->prefix);
	int r = 0;

	LIST_EACH(const struct registry_mirror, mirror, &row->mirrors)
		if (r == 0 && is_mirror_used(row, mirror, has_digest))
			r = add_endpoint(out, name, matched, mirror->location,
			                 &(struct registries_endpoint) {.insecure = mirror->insecure, .is_mirror = true}, err);
	if (r < 0)
		return r;
	return add_endpoint(out, name, matched, row->location, &(struct registries_endpoint) {.insecure = row->insecure}, err);
}

int registries_endpoints(const struct registries *registries, const struct registry_name *name, struct list *out,
                         struct error *err)
{
	AUTO_FREE char *full = xprintf("%s/%s", name->registry, name->path);
	const struct registries_row *row = find_row(registries, full);
	AUTO(registries_endpoints_done) struct list list = {0};
	int r;

	if (row && row->blocked)
		return error_set(err, ERROR_DENIED, "%s is blocked: the [[registry]] with prefix \"%s\" in %s says"
		                 " blocked = true", full, row->prefix, row->file);
	r = row ? add_row_endpoints(row, full, name->digest != NULL, &list, err)
	        : add_endpoint(&list, full, 0, NULL, &(struct registries_endpoint) {0}, err);
	LIST_EACH(struct registries_endpoint, endpoint, &list)
		if (r == 0) {
			*(struct registries_endpoint *) list_add(out, sizeof *endpoint) = *endpoint;
			*endpoint = (struct registries_endpoint) {0};
		}
	return r;
}

void registries_endpoints_done(struct list *endpoints)
{
	LIST_EACH(struct registries_endpoint, endpoint, endpoints) {
		free(endpoint->host);
		free(endpoint->path);
	}
	free(endpoints->items);
	*endpoints = (struct list) {0};
}

/* add_candidate - docker.io's images without a namespace are those of "library" */
static void add_candidate(struct texts *out, const char *registry, size_t length, const char *path)
{
	bool official = length == 9 && !strncmp(registry, "docker.io", 9) && !strchr(path, '/');

	texts_printf(out, "%.*s/%s%s", (int) length, registry, official ? "library/" : "", path);
}

int registries_candidates(const struct registries *registries, const char *path, struct texts *out,
                          enum registry_origin *origin, struct error *err)
{
	const char *alias = pairs_get(&registries->aliases, path);
	enum registry_origin found = REGISTRY_ORIGIN_DEFAULT;

	if (alias && *alias) {
		found = REGISTRY_ORIGIN_ALIAS;
		add_candidate(out, alias, strcspn(alias, "/"), strchr(alias, '/') + 1);
	} else if (!registries->search_file) {
		add_candidate(out, "docker.io", 9, path);
	} else if (registries->search.count == 0) {
		return error_set(err, ERROR_INVALID, "%s is a short name and unqualified-search-registries is empty in %s: give"
		                 " the full name, such as docker.io/%s%s", path, registries->search_file,
		                 strchr(path, '/') ? "" : "library/", path);
	} else if (registries->mode == SHORT_NAME_MODE_ENFORCING && registries->search.count > 1) {
		AUTO_FREE char *all = texts_join(&registries->search, ", ");

		return error_set(err, ERROR_INVALID, "%s is a short name that may come from %s (short-name-mode is enforcing):"
		                 " give the full name, such as %s/%s", path, all, registries->search.items[0], path);
	} else {
		found = REGISTRY_ORIGIN_SEARCH;
		for (size_t i = 0; i < registries->search.count; i++)
			add_candidate(out, registries->search.items[i], strlen(registries->search.items[i]), path);
	}
	if (origin)
		*origin = found;
	return 0;
}
