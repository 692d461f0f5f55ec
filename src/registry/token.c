/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * token.c - Bearer tokens of a registry's token service, kept for host and scope until they expire
 *
 * GET realm?service&scope with Basic where there are a user and a password (docker's "Token Authentication
 * Specification"), POST with a refresh token where the login gave one ("OAuth2 Token Authentication"). Exchanges
 * that want the same token share one fetch.
 */
#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"

#include <string.h>
#include <strings.h>

#include "http_private.h"
#include "registry_private.h"

#define TOKEN_MAX_BYTES   (64 * 1024) /* of the answer */
#define TOKEN_SECONDS     60          /* what holds when the service does not say */
#define TOKEN_SECONDS_MAX (24 * 3600)

struct fetch {
	struct http_request http;
	struct registry *registry;
	char *scopes, *body;
	struct exchange *waiting;
	struct fetch *next;
};

struct answer {
	char *token, *access_token;
	int64_t expires_in;
};

static const struct field answer_fields[] = {
	FIELD_TEXT("token", struct answer, token),
	FIELD_TEXT("access_token", struct answer, access_token),
	FIELD_INT("expires_in", struct answer, expires_in),
	FIELD_END,
};

static void token_done(struct token *token)
{
	free(token->scopes);
	secret_free(&token->value);
}

static void remove_at(struct list *tokens, size_t i)
{
	struct token *items = tokens->items;

	token_done(&items[i]);
	items[i] = items[--tokens->count];
}

const char *token_find(struct registry *registry, const char *scopes)
{
	uint64_t now = clock_monotonic();

	for (size_t i = registry->tokens.count; i-- > 0;) {
		const struct token *token = LIST_AT(struct token, &registry->tokens, i);

		if (token->expires <= now)
			remove_at(&registry->tokens, i);
		else if (strcmp(token->scopes, scopes) == 0)
			return token->value;
	}
	return NULL;
}

void token_drop(struct registry *registry, const char *value)
{
	for (size_t i = registry->tokens.count; i-- > 0;)
		if (strcmp(LIST_AT(struct token, &registry->tokens, i)->value, value) == 0)
			remove_at(&registry->tokens, i);
}

static void fetch_free(struct fetch *fetch)
{
	if (fetch->body)
		explicit_bzero(fetch->body, strlen(fetch->body));
	if (fetch->http.body.data)
		explicit_bzero(fetch->http.body.data, fetch->http.body.length);
	free(fetch->body);
	free(fetch->scopes);
	http_request_done(&fetch->http);
	free(fetch);
}

static void fetch_unlink(struct fetch *fetch)
{
	struct fetch **slot = &fetch->registry->fetches;

	while (*slot != fetch)
		slot = &(*slot)->next;
	*slot = fetch->next;
}

/* usable - nothing that could end a header line early */
static bool usable(const char *token)
{
	for (const char *c = token; *c; c++)
		if ((unsigned char) *c <= ' ' || *c == 0x7f)
			return false;
	return *token != '\0';
}

static int refused(const struct fetch *fetch, struct error *err)
{
	const struct registry *registry = fetch->registry;
	const struct http_request *http = &fetch->http;
	AUTO_FREE char *said = failure_text(text_string(&http->body), http->body.length);
	AUTO_FREE char *plain = xprintf("%u %s", http->status, status_words(http->status));
	AUTO_FREE char *with = credentials_words(&registry->credentials);
	const char *words = said ? said : plain;

	if (http->status == 401 || http->status == 403 || http->status == 400)
		return error_set(err, ERROR_DENIED, "%s: %s%s (%s): coracle login %s", registry->host,
		                 http->user || fetch->body ? "user name or password refused" : "access refused without a login",
		                 with, words, registry->login_host);
	return error_set(err, ERROR_SYSTEM, "%s: its token service is in trouble (%s): try again later", registry->host,
	                 words);
}

/* read_token - owned in *out */
static int read_token(const struct fetch *fetch, char **out, uint64_t *expires, struct error *err)
{
	struct answer answer = {0};
	struct error why = {0};
	AUTO_JSON json_t *json = json_parse(text_string(&fetch->http.body), fetch->http.body.length, &why);
	int r = json ? json_read(json, answer_fields, &answer, &why) : -EINVAL;
	uint64_t seconds;

	if (r >= 0) {
		char **token = answer.token && *answer.token ? &answer.token : &answer.access_token;

		if (*token && usable(*token))
			*out = TAKE_PTR(*token);
		else
			r = error_set(&why, ERROR_INVALID, "there is no token in it");
	}
	seconds = answer.expires_in > 0 ? (uint64_t) MIN(answer.expires_in, (int64_t) TOKEN_SECONDS_MAX) : TOKEN_SECONDS;
	/* a tenth earlier: it has to live until the registry has read it */
	*expires = clock_monotonic() + seconds * (NS_PER_SECOND / 10 * 9);
	secret_free(&answer.token);
	secret_free(&answer.access_token);
	fields_done(answer_fields, &answer);
	/* why may quote the body, and that may hold a secret: the kind of complaint is enough */
	return r < 0 ? error_set(err, ERROR_INVALID, "%s: the answer of its token service is of no use", fetch->registry->host)
	             : 0;
}

static void fetch_done(struct http *http UNUSED, struct http_request *request, void *data)
{
	struct fetch *fetch = data;
	struct registry *registry = fetch->registry;
	struct error err = {0};
	AUTO_FREE char *value = NULL;
	uint64_t expires = 0;
	int r = request->result;

	if (r < 0) {
		err = request->err;
		r = error_wrap(&err, r, "token service");
	} else if (request->status / 100 != 2) {
		r = refused(fetch, &err);
	} else {
		r = read_token(fetch, &value, &expires, &err);
	}
	if (r >= 0 && value) {
		struct token *token = list_add(&registry->tokens, sizeof *token);

		*token = (struct token){.scopes = xstrdup(fetch->scopes), .value = xstrdup(value), .expires = expires};
	}
	fetch_unlink(fetch);
	/* those that go on may start, finish and free anything but this fetch */
	while (fetch->waiting) {
		struct exchange *exchange = fetch->waiting;

		fetch->waiting = exchange->next;
		exchange->fetch = NULL;
		if (r < 0) {
			exchange->err = err;
			exchange_finish(exchange, r);
		} else {
			exchange_token(exchange, value);
		}
	}
	if (value)
		explicit_bzero(value, strlen(value));
	fetch_free(fetch);
}

/* token_url - realm with service, account and one scope parameter each */
static char *token_url(const struct registry *registry, const char *scopes, const char *account)
{
	AUTO_TEXTS struct texts each = {0};
	AUTO_TEXTS struct texts query = {0};

	if (registry->service) {
		AUTO_FREE char *escaped = http_escape(registry->service);

		texts_printf(&query, "service=%s", escaped);
	}
	if (*scopes)
		texts_split(&each, scopes, ' ');
	for (size_t i = 0; i < each.count; i++) {
		AUTO_FREE char *escaped = http_escape(each.items[i]);

		texts_printf(&query, "scope=%s", escaped);
	}
	if (account) {
		AUTO_FREE char *escaped = http_escape(account);

		texts_printf(&query, "account=%s", escaped);
	}
	if (query.count == 0)
		return xstrdup(registry->realm);
	AUTO_FREE char *joined = texts_join(&query, "&");

	return xprintf("%s%s%s", registry->realm, strchr(registry->realm, '?') ? "&" : "?", joined);
}

static char *refresh_body(const struct registry *registry, const char *scopes)
{
	AUTO_FREE char *service = http_escape(registry->service ? registry->service : "");
	AUTO_FREE char *scope = http_escape(scopes);
	AUTO_FREE char *token = http_escape(registry->credentials.identity_token);
	char *body = xprintf("grant_type=refresh_token&client_id=coracle&service=%s&scope=%s&refresh_token=%s", service,
	                     scope, token);

	explicit_bzero(token, strlen(token));
	return body;
}

static struct fetch *fetch_new(struct registry *registry, const char *scopes)
{
	const struct registry_credentials *credentials = &registry->credentials;
	struct fetch *fetch = xcalloc(1, sizeof *fetch);

	if (credentials->identity_token) {
		http_request_init(&fetch->http, HTTP_POST, registry->realm);
		fetch->body = refresh_body(registry, scopes);
		fetch->http.send_bytes = fetch->body;
		fetch->http.send_size = strlen(fetch->body);
		fetch->http.send_secret = true;
		texts_add(&fetch->http.headers, "Content-Type: application/x-www-form-urlencoded");
	} else {
		AUTO_FREE char *url = token_url(registry, scopes, credentials->user);

		http_request_init(&fetch->http, HTTP_GET, url);
		if (credentials->user) {
			fetch->http.user = xstrdup(credentials->user);
			fetch->http.password = xstrdup(credentials->password ? credentials->password : "");
		}
	}
	texts_add(&fetch->http.headers, "Accept: application/json");
	fetch->registry = registry;
	fetch->scopes = xstrdup(scopes);
	fetch->http.tls = &registry->tls;
	fetch->http.name = registry->host;
	fetch->http.body_max = TOKEN_MAX_BYTES;
	/* a password over a plain connection only where the registry itself is plain, which the user permitted */
	fetch->http.plain_refused = strncasecmp(registry->base, "https:", 6) == 0;
	fetch->http.done = fetch_done;
	fetch->http.done_data = fetch;
	fetch->next = registry->fetches;
	registry->fetches = fetch;
	return fetch;
}

void token_wait(struct exchange *exchange, const char *scopes)
{
	struct registry *registry = exchange->registry;
	struct fetch *fetch = registry->fetches;

	while (fetch && strcmp(fetch->scopes, scopes) != 0)
		fetch = fetch->next;
	if (!fetch) {
		fetch = fetch_new(registry, scopes);
		http_add(registry->http, &fetch->http);
	}
	exchange->next = fetch->waiting;
	exchange->fetch = fetch;
	fetch->waiting = exchange;
}

void token_stop_waiting(struct exchange *exchange)
{
	if (!exchange->fetch)
		return;
	struct exchange **slot = &exchange->fetch->waiting;

	while (*slot != exchange)
		slot = &(*slot)->next;
	*slot = exchange->next;
	exchange->fetch = NULL;
}

void tokens_done(struct registry *registry)
{
	while (registry->fetches) {
		struct fetch *fetch = registry->fetches;

		http_cancel(registry->http, &fetch->http);
		fetch_unlink(fetch);
		fetch_free(fetch);
	}
	LIST_EACH(struct token, token, &registry->tokens)
		token_done(token);
	free(registry->tokens.items);
	registry->tokens = (struct list){0};
}
