/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pull_config.c - where an image may come from, as the configuration files say; see pull_private.h */
#include "coracle/base/alloc.h"
#include "coracle/conf/policy.h"
#include "coracle/conf/registries.h"

#include <string.h>

#include "pull_private.h"

struct pull_config {
	const struct image_pull *request;
	struct places places;
	struct registries registries;
	struct policy policy;
};

int pull_config_read(const struct image_pull *request, struct pull_config **out, struct error *err)
{
	struct pull_config *config = xcalloc(1, sizeof *config);
	int r;

	config->request = request;
	places_find("", &config->places);
	r = registries_read(&config->places, &config->registries, err);
	if (r >= 0)
		r = policy_read(&config->places, request->signature_policy, &config->policy, err);
	if (r < 0)
		pull_config_free(config);
	else
		*out = config;
	return r;
}

void pull_config_free(struct pull_config *config)
{
	if (!config)
		return;
	policy_done(&config->policy);
	registries_done(&config->registries);
	places_done(&config->places);
	free(config);
}

/* with_rest - owned: name with the tag and digest of reference, "latest" where it has neither */
static char *with_rest(const char *name, const struct reference *reference)
{
	const char *tag = reference->tag ? reference->tag : reference->digest ? NULL : "latest";

	return xprintf("%s%s%s%s%s", name, tag ? ":" : "", tag ? tag : "", reference->digest ? "@" : "",
	               reference->digest ? reference->digest : "");
}

int pull_config_names(const struct pull_config *config, const struct reference *reference, struct texts *out,
                      struct error *err)
{
	AUTO_TEXTS struct texts names = {0};
	int r;

	if (reference->registry) {
		reference_candidates(reference, out);
		return 0;
	}
	r = registries_candidates(&config->registries, reference->path, &names, NULL, err);
	for (size_t i = 0; r >= 0 && i < names.count; i++)
		texts_take(out, with_rest(names.items[i], reference));
	return r;
}

static int add_place(const struct pull_config *config, const struct registries_endpoint *endpoint,
                     struct list *out, struct error *err)
{
	const struct opt_bool *verify = &config->request->tls_verify;
	struct pull_place *place = list_add(out, sizeof *place);

	place->host = xstrdup(endpoint->host);
	place->path = xstrdup(endpoint->path);
	place->is_mirror = endpoint->is_mirror;
	place->insecure = verify->set ? !verify->value : endpoint->insecure;
	return certs_find(&config->places, config->request->cert_dir, place->host, &place->certs, err);
}

int pull_config_places(const struct pull_config *config, const struct reference *name, struct list *out,
                       struct error *err)
{
	const struct registry_name full = {name->registry, name->path, name->tag, name->digest};
	struct list endpoints = {0};
	int r = policy_check_registry(&config->policy, &full, err);

	if (r >= 0)
		r = registries_endpoints(&config->registries, &full, &endpoints, err);
	if (r >= 0) {
		LIST_EACH(struct registries_endpoint, endpoint, &endpoints) {
			r = add_place(config, endpoint, out, err);
			if (r < 0)
				break;
		}
	}
	registries_endpoints_done(&endpoints);
	return r < 0 ? r : 0;
}

void pull_places_done(struct list *places)
{
	LIST_EACH(struct pull_place, place, places) {
		free(place->host);
		free(place->path);
		certs_done(&place->certs);
	}
	free(places->items);
	*places = (struct list){0};
}

int pull_config_credentials(const struct pull_config *config, const struct pull_place *place, struct auth *out,
                            struct error *err)
{
	const char *creds = config->request->creds;
	const struct auth_options options = {
		.places = &config->places,
		.file = config->request->authfile,
		.helpers = &config->registries.helpers,
	};
	const char *colon;

	if (!creds || place->is_mirror)
		return auth_find(&options, place->host, place->path, out, err);
	colon = strchr(creds, ':');
	if (!colon || colon == creds)
		return error_set(err, ERROR_INVALID, "option --creds wants USER:PASSWORD");
	out->username = xstrndup(creds, (size_t) (colon - creds));
	out->password = xstrdup(colon + 1);
	return 1;
}
