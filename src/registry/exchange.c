/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * exchange.c - one request to a registry, as who we are
 *
 *   start → authorize ──────────────→ send → 401 with a challenge → authorize, once more
 *              └→ token service → send ┘   └→ anything else → finish
 * A 401 is answered once without progress: a token that is minutes old may have expired, a fresh one is refused
 * for good. Once the registry's way is known the first request of an exchange goes out with a token already.
 */
#include "coracle/base/alloc.h"
#include "coracle/base/log.h"
#include "coracle/registry/challenge.h"

#include <string.h>
#include <strings.h>

#include "registry_private.h"

#define SCOPES_MAX 8

void exchange_finish(struct exchange *exchange, int result)
{
	exchange->finished = true;
	exchange->result = result;
	if (exchange->done)
		exchange->done(exchange, exchange->done_data);
}

int exchange_credentials(struct exchange *exchange, struct error *err)
{
	struct registry *registry = exchange->registry;
	const char *wanted = exchange->repository ? exchange->repository : "";
	int r = 0;

	if (registry->credentials_for && strcmp(registry->credentials_for, wanted) == 0)
		return 0;
	registry_credentials_done(&registry->credentials);
	if (registry->ask)
		r = registry->ask(registry->ask_data, registry->host, exchange->repository, &registry->credentials, err);
	if (r < 0) {
		registry_credentials_done(&registry->credentials);
		return r;
	}
	text_replace(&registry->credentials_for, wanted);
	return 0;
}

static void send(struct exchange *exchange)
{
	http_add(exchange->registry->http, &exchange->http);
}

void exchange_token(struct exchange *exchange, const char *token)
{
	secret_free(&exchange->token);
	secret_free(&exchange->http.authorization);
	exchange->token = xstrdup(token);
	exchange->http.authorization = xprintf("Bearer %s", token);
	exchange->fresh = true;
	send(exchange);
}

/* send_basic - with user and password; without them as it is, and the registry says what it thinks of that */
static void send_basic(struct exchange *exchange)
{
	const struct registry_credentials *credentials = &exchange->registry->credentials;

	secret_free(&exchange->http.authorization);
	secret_free(&exchange->http.user);
	secret_free(&exchange->http.password);
	if (credentials->user) {
		exchange->http.user = xstrdup(credentials->user);
		exchange->http.password = xstrdup(credentials->password ? credentials->password : "");
		exchange->basic_sent = true;
	}
	send(exchange);
}

static void authorize(struct exchange *exchange)
{
	struct registry *registry = exchange->registry;
	AUTO_FREE char *scopes = texts_join(&exchange->scopes, " ");
	const char *token;
	int r;

	/* an upload's session may be elsewhere: what we are to the registry is nobody else's business */
	if (registry->scheme == LOGIN_UNKNOWN || !http_same_origin(registry->http, registry->base, exchange->http.url)) {
		send(exchange);
		return;
	}
	r = exchange_credentials(exchange, &exchange->err);
	if (r < 0) {
		exchange_finish(exchange, r);
		return;
	}
	if (registry->scheme == LOGIN_BASIC) {
		send_basic(exchange);
		return;
	}
	token = token_find(registry, scopes);
	if (!token) {
		token_wait(exchange, scopes);
		return;
	}
	exchange_token(exchange, token);
	exchange->fresh = false;
}

/* covers - "repository:a/b:pull,push" permits all that "repository:a/b:pull" does */
static bool covers(const char *have, const char *want)
{
	const char *have_end = strrchr(have, ':'), *want_end = strrchr(want, ':');
	AUTO_TEXTS struct texts had = {0}, wanted = {0};

	if (!have_end || !want_end || have_end - have != want_end - want || strncmp(have, want, (size_t) (have_end - have)) != 0)
		return false;
	texts_split(&had, have_end + 1, ',');
	texts_split(&wanted, want_end + 1, ',');
	for (size_t i = 0; i < wanted.count; i++)
		if (!texts_has(&had, wanted.items[i]))
			return false;
	return true;
}

/* add_scope - what it wants for this request beyond what we know that we need */
static void add_scope(struct exchange *exchange, const char *scope)
{
	if (!scope || !*scope || strchr(scope, ' ') || exchange->scopes.count >= SCOPES_MAX)
		return;
	for (size_t i = 0; i < exchange->scopes.count; i++)
		if (covers(exchange->scopes.items[i], scope))
			return;
	texts_add(&exchange->scopes, scope);
}

/* learn - what the registry wants, from its challenges; false when we can't do any of it */
static bool learn(struct exchange *exchange)
{
	struct registry *registry = exchange->registry;
	const char *value = http_header(&exchange->http, "www-authenticate");
	AUTO_CHALLENGES struct list challenges = {0};
	const struct challenge *bearer;

	if (!value || challenge_parse(value, strlen(value), &challenges) < 0)
		return false;
	bearer = challenge_find(&challenges, "bearer");
	if (bearer && pairs_get(&bearer->parameters, "realm")) {
		text_replace(&registry->realm, pairs_get(&bearer->parameters, "realm"));
		text_replace(&registry->service, pairs_get(&bearer->parameters, "service"));
		registry->scheme = LOGIN_BEARER;
		add_scope(exchange, pairs_get(&bearer->parameters, "scope"));
		return true;
	}
	if (!challenge_find(&challenges, "basic"))
		return false;
	registry->scheme = LOGIN_BASIC;
	return registry->credentials.user != NULL;
}

static void answered(struct http *http UNUSED, struct http_request *request, void *data)
{
	struct exchange *exchange = data;
	struct registry *registry = exchange->registry;
	int r;

	if (request->result < 0) {
		exchange->err = request->err;
		exchange_finish(exchange, request->result);
		return;
	}
	if (request->status != 401 || !http_same_origin(registry->http, registry->base, request->final_url)) {
		exchange_finish(exchange, 0);
		return;
	}
	if (request->received > exchange->progress)
		exchange->fresh = false;
	exchange->progress = request->received;
	if (exchange->token)
		token_drop(registry, exchange->token);
	r = exchange_credentials(exchange, &exchange->err);
	if (r < 0 || exchange->fresh || exchange->basic_sent || !learn(exchange)) {
		exchange_finish(exchange, r);
		return;
	}
	log_debug("registry: %s: answering a challenge (%s)", exchange->what,
	          registry->scheme == LOGIN_BEARER ? "Bearer" : "Basic");
	authorize(exchange);
}

static char *exchange_words(const struct registry *registry, const char *repository, const char *reference)
{
	if (!repository)
		return xstrdup(registry->host);
	if (!reference)
		return xprintf("%s/%s", registry->host, repository);
	return xprintf("%s/%s%c%s", registry->host, repository, strchr(reference, ':') ? '@' : ':', reference);
}

struct exchange *exchange_new(struct registry *registry, enum http_method method, const char *url,
                              const char *repository, const char *reference)
{
	struct exchange *exchange = xcalloc(1, sizeof *exchange);

	http_request_init(&exchange->http, method, url);
	exchange->registry = registry;
	exchange->repository = repository ? xstrdup(repository) : NULL;
	exchange->what = exchange_words(registry, repository, reference);
	exchange->http.tls = &registry->tls;
	exchange->http.name = exchange->what;
	exchange->http.plain_refused = strncasecmp(registry->base, "https:", 6) == 0;
	exchange->http.done = answered;
	exchange->http.done_data = exchange;
	return exchange;
}

void exchange_scope(struct exchange *exchange, enum registry_actions actions)
{
	texts_printf(&exchange->scopes, "repository:%s:%s", exchange->repository,
	             actions == REGISTRY_PUSH ? "pull,push" : "pull");
}

void exchange_start(struct exchange *exchange)
{
	authorize(exchange);
}

void exchange_free(struct exchange *exchange)
{
	if (!exchange)
		return;
	token_stop_waiting(exchange);
	http_cancel(exchange->registry->http, &exchange->http);
	http_request_done(&exchange->http);
	free(exchange->repository);
	free(exchange->what);
	texts_done(&exchange->scopes);
	secret_free(&exchange->token);
	free(exchange);
}

int exchange_run(struct exchange *exchange, struct error *err)
{
	int r = 0;

	exchange_start(exchange);
	while (!exchange->finished && r >= 0)
		r = http_poll(exchange->registry->http, NULL, 0, -1, err);
	if (r >= 0 && exchange->result < 0)
		*err = exchange->err;
	return r < 0 ? r : exchange->result;
}
