/* SPDX-License-Identifier: GPL-2.0-or-later */
/* remote_visit.c - the places of a name visited one after the other, as who we are there; see remote.h */
#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/conf/auth.h"

#include <poll.h>
#include <string.h>

#include "progress.h"
#include "remote_private.h"

/* --- places --- */

static int add_place(const struct remote *remote, const struct registries_endpoint *endpoint, struct list *out,
                     struct error *err)
{
	const struct opt_bool *verify = &remote->options->tls_verify;
	struct remote_place *place = list_add(out, sizeof *place);

	place->host = xstrdup(endpoint->host);
	place->path = xstrdup(endpoint->path);
	place->is_mirror = endpoint->is_mirror;
	place->insecure = verify->set ? !verify->value : endpoint->insecure;
	return certs_find(&remote->places, remote->options->cert_dir, place->host, &place->certs, err);
}

int remote_permits(const struct remote *remote, const struct reference *name, struct error *err)
{
	const struct registry_name full = {name->registry, name->path, name->tag, name->digest};

	return policy_check_registry(&remote->policy, &full, err);
}

static int find_places(const struct remote *remote, const struct reference *name, enum remote_use use,
                       struct list *out, struct error *err)
{
	const struct registry_name full = {name->registry, name->path, name->tag, name->digest};
	struct list endpoints = {0};
	int r = use == REMOTE_PULL ? remote_permits(remote, name, err) : 0;

	if (r >= 0)
		r = registries_endpoints(&remote->registries, &full, &endpoints, err);
	if (r >= 0) {
		LIST_EACH(struct registries_endpoint, endpoint, &endpoints) {
			if (use == REMOTE_PUSH && endpoint->is_mirror)
				continue;
			r = add_place(remote, endpoint, out, err);
			if (r < 0)
				break;
		}
	}
	registries_endpoints_done(&endpoints);
	return r < 0 ? r : 0;
}

static void places_free(struct list *places)
{
	LIST_EACH(struct remote_place, place, places) {
		free(place->host);
		free(place->path);
		certs_done(&place->certs);
	}
	free(places->items);
	*places = (struct list){0};
}

/* --- credentials --- */

struct asking {
	const struct remote *remote;
	const struct remote_place *place;
};

/* find_credentials - 1 with credentials, 0 without; --creds are for places that are no mirrors */
static int find_credentials(const struct asking *asking, struct auth *out, struct error *err)
{
	const struct remote *remote = asking->remote, *owner = remote->first ? remote->first : remote;
	const char *creds = remote->options->creds;
	const struct auth_options options = {
		.places = &remote->places,
		.file = remote->options->authfile,
		.helpers = &remote->registries.helpers,
		.interrupt_fd = &owner->signal_fd,
	};
	const char *colon;

	if (!creds || asking->place->is_mirror)
		return auth_find(&options, asking->place->host, asking->place->path, out, err);
	colon = strchr(creds, ':');
	if (!colon || colon == creds)
		return error_set(err, ERROR_INVALID, "option --creds wants USER:PASSWORD");
	out->username = xstrndup(creds, (size_t) (colon - creds));
	out->password = xstrdup(colon + 1);
	out->source = xstrdup("option --creds");
	return 1;
}

static int give_credentials(void *data, UNUSED const char *host, UNUSED const char *repository,
                            struct registry_credentials *out, struct error *err)
{
	AUTO_AUTH struct auth auth = {0};
	int r = find_credentials(data, &auth, err);

	if (r >= 0)
		out->note = TAKE_PTR(auth.note);
	if (r <= 0)
		return r;
	out->source = TAKE_PTR(auth.source);
	out->user = TAKE_PTR(auth.username);
	out->password = TAKE_PTR(auth.password);
	out->identity_token = TAKE_PTR(auth.identity_token);
	return 0;
}

/* --- visits --- */

/* what is done, and where */
struct tour {
	struct remote *remote;
	enum remote_use use;
	remote_visit *visit;
	void *data;
};

/* visit_as - who we are: the pair-th certificate of the place, if it has that */
static int visit_as(const struct tour *tour, const struct remote_place *place, size_t pair,
                    const struct reference *name, struct error *err)
{
	struct asking asking = {.remote = tour->remote, .place = place};
	const struct registry_endpoint endpoint = {
		.host = place->host,
		.tls = {
			.ca_files = (const char *const *) place->certs.ca.items,
			.client_cert = pair < place->certs.client.count ? place->certs.client.items[pair] : NULL,
			.client_key = pair < place->certs.key.count ? place->certs.key.items[pair] : NULL,
			.insecure = place->insecure,
		},
		.credentials = give_credentials,
		.credentials_data = &asking,
	};
	struct registry *registry;
	int r = registry_new(tour->remote->http, &endpoint, &registry, err);

	if (r < 0)
		return r;
	r = tour->visit(tour->data, place, registry, name, err);
	registry_free(registry);
	return r;
}

/* is_final - another place would fail in the same way */
static bool is_final(int r, const struct error *err)
{
	return r == -EINTR || err->errnum == ENOSPC || err->errnum == EDQUOT || err->errnum == EROFS;
}

/* visit_place - with one certificate after the other, until one is not refused (containers-certs.d(5)) */
static int visit_place(const struct tour *tour, const struct remote_place *place, const struct reference *name,
                       struct error *err)
{
	struct error failure = {0};
	size_t pair = 0;
	int r;

	do {
		failure = (struct error){0};
		r = visit_as(tour, place, pair, name, &failure);
	} while (r < 0 && !is_final(r, &failure) && certs_try_other(&failure) && ++pair < place->certs.client.count);
	if (r < 0)
		*err = failure;
	return r;
}

static int visit_name(const struct tour *tour, const char *text, struct error *err)
{
	AUTO_REFERENCE struct reference name = {0};
	AUTO(places_free) struct list places = {0};
	int r = reference_parse(text, &name, err);

	if (r >= 0)
		r = find_places(tour->remote, &name, tour->use, &places, err);
	if (r < 0)
		return r;
	LIST_EACH(struct remote_place, place, &places) {
		struct error failure = {0};

		r = visit_place(tour, place, &name, &failure);
		if (r >= 0)
			return r;
		*err = failure;
		if (is_final(r, err))
			return r;
		if (place->is_mirror)
			progress_event(tour->remote->progress, IMAGE_PULL_NOTICE, err->text);
	}
	return r;
}

/* wait_again - before another attempt; -EINTR when a signal came */
static int wait_again(const struct remote *remote, uint64_t ns, struct error *err)
{
	const struct remote *owner = remote->first ? remote->first : remote;
	struct pollfd fd = {.fd = owner->signal_fd, .events = POLLIN};
	int r = poll(&fd, 1, (int) MIN(ns / 1000000, (uint64_t) INT32_MAX));

	return r > 0 ? error_errno(err, EINTR, "wait") : 0;
}

static int visit_patiently(const struct tour *tour, const char *name, struct error *err)
{
	uint64_t left = tour->remote->options->retry_whole ? remote_retries(tour->remote) : 0;
	uint64_t wait = remote_retry_wait(tour->remote);

	for (;;) {
		int r = visit_name(tour, name, err);

		if (r >= 0 || left-- == 0 || err->kind != ERROR_SYSTEM || is_final(r, err))
			return r;
		progress_event(tour->remote->progress, IMAGE_PULL_NOTICE, err->text);
		r = wait_again(tour->remote, wait, err);
		if (r < 0)
			return r;
		wait = MIN(wait * 2, 86400 * NS_PER_SECOND);
	}
}

/* check_creds - a password that was typed is for one registry, not for each that a short name may mean */
static int check_creds(const struct remote *remote, const struct texts *names, struct error *err)
{
	size_t host = names->count ? strcspn(names->items[0], "/") + 1 : 0;

	for (size_t i = 1; remote->options->creds && i < names->count; i++)
		if (strncmp(names->items[i], names->items[0], host) != 0)
			return error_set(err, ERROR_INVALID, "option --creds: %zu registries would get them; give the full name, "
			                 "such as %.300s", names->count, names->items[0]);
	return 0;
}

int remote_each(struct remote *remote, const struct texts *names, enum remote_use use, remote_visit *visit,
                void *data, struct error *err)
{
	const struct tour tour = {.remote = remote, .use = use, .visit = visit, .data = data};
	AUTO_TEXTS struct texts failures = {0};
	AUTO_FREE char *joined = NULL;
	struct error failure = {0};
	int r = check_creds(remote, names, err);

	if (r < 0)
		return r;
	r = -ENOENT;
	for (size_t i = 0; i < names->count; i++) {
		if (use == REMOTE_PULL)
			progress_event(remote->progress, IMAGE_PULL_TRYING, names->items[i]);
		r = visit_patiently(&tour, names->items[i], &failure);
		if (r >= 0)
			return r;
		if (r == -EINTR)
			(remote->first ? remote->first : remote)->interrupted = true;
		if (is_final(r, &failure))
			break;
		texts_add(&failures, failure.text);
	}
	if (failures.count < 2) {
		*err = failure;
		return r;
	}
	joined = texts_join(&failures, "; ");
	(void) error_set(err, failure.kind, "%zu registries were asked: %.1800s", failures.count, joined);
	return r;
}

int remote_one(struct remote *remote, const char *text, enum remote_use use, remote_visit *visit, void *data,
               struct error *err)
{
	AUTO_REFERENCE struct reference reference = {0};
	AUTO_TEXTS struct texts names = {0};
	int r = reference_parse(remote_text(text), &reference, err);

	if (r >= 0)
		r = remote_names(remote, &reference, &names, err);
	return r < 0 ? r : remote_each(remote, &names, use, visit, data, err);
}
