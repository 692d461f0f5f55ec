/* SPDX-License-Identifier: GPL-2.0-or-later */
/* failure.c - what a registry answers when it says no (distribution-spec, Error Codes), in one line for the user */
#include "coracle/base/alloc.h"

#include <string.h>

#include "http_private.h"
#include "registry_private.h"

#define WORDS_MAX 300

/* member - a string member, when there is one with something in it */
static const char *member(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && *text ? text : NULL;
}

/* {"errors":[{"code","message"}]} of registries; {"details"}, {"message"}, {"error"...} of token services and proxies */
char *failure_text(const char *body, size_t length)
{
	struct error ignored;
	AUTO_JSON json_t *json = length > 0 ? json_parse(body, length, &ignored) : NULL;
	const json_t *first = json_array_get(json_object_get(json, "errors"), 0);
	const char *words = NULL;

	if (json_is_object(first)) {
		words = member(first, "message");
		words = words ? words : member(first, "code");
	} else if (json_is_object(json)) {
		words = member(json, "error_description");
		words = words ? words : member(json, "details");
		words = words ? words : member(json, "message");
		words = words ? words : member(json, "error");
	}
	return words ? xprintf("%.*s", WORDS_MAX, words) : NULL;
}

char *credentials_words(const struct registry_credentials *credentials)
{
	bool some = credentials->user || credentials->identity_token;

	if (some && credentials->source)
		return xprintf(" with the login in %s", credentials->source);
	return !some && credentials->note ? xprintf(" (%s)", credentials->note) : xstrdup("");
}

static bool no_credentials(const struct exchange *exchange)
{
	const struct registry_credentials *credentials = &exchange->registry->credentials;

	return !credentials->user && !credentials->identity_token;
}

int failure_word(const struct exchange *exchange, struct error *err)
{
	unsigned status = exchange->http.status;
	AUTO_FREE char *said = failure_text(text_string(&exchange->http.body), exchange->http.body.length);
	AUTO_FREE char *plain = xprintf("%u %s", status, status_words(status));
	AUTO_FREE char *with = credentials_words(&exchange->registry->credentials);
	const char *words = said ? said : plain, *login = exchange->registry->login_host;

	/* as nginx answers a certificate of nobody that it knows */
	if (!said && exchange->registry->tls.client_cert && (status == 400 || status == 495 || status == 496))
		return error_set(err, ERROR_DENIED, "%s: refused by the registry (%s), perhaps because of the certificate %s",
		                 exchange->what, plain, exchange->registry->tls.client_cert);
	switch (status) {
	case 401:
	case 403:
		if (no_credentials(exchange))
			return error_set(err, ERROR_DENIED, "%s: not permitted, or not there (%s): check the name, or try "
			                 "coracle login %s%s", exchange->what, words, login, with);
		return error_set(err, ERROR_DENIED, "%s: not permitted%s (%s): check the name and the rights of this login, "
		                 "or use another one: coracle login %s", exchange->what, with, words, login);
	case 404:
		return error_set(err, ERROR_NOT_FOUND, "%s: %s", exchange->what, said ? said : "not found in the registry");
	case 407:
		return error_set(err, ERROR_DENIED, "%s: refused by the proxy (%s): check http_proxy and no_proxy",
		                 exchange->what, plain);
	case 405:
	case 501:
		return error_set(err, ERROR_UNSUPPORTED, "%s: the registry does not do this (%s)", exchange->what, words);
	case 409:
		return error_set(err, ERROR_CONFLICT, "%s: %s", exchange->what, words);
	case 429:
		return error_set(err, ERROR_SYSTEM, "%s: too many requests (%s): wait a while%s%s", exchange->what, words,
		                 no_credentials(exchange) ? ", or raise the limit with coracle login " : "",
		                 no_credentials(exchange) ? login : "");
	default:
		if (status >= 500)
			return error_set(err, ERROR_SYSTEM, "%s: the registry is in trouble (%s%s%s): try again later",
			                 exchange->what, plain, said ? ": " : "", said ? said : "");
		return error_set(err, ERROR_INVALID, "%s: refused by the registry (%s%s%s)", exchange->what, plain,
		                 said ? ": " : "", said ? said : "");
	}
}

int failure_word_login(const struct exchange *exchange, struct error *err)
{
	AUTO_FREE char *said = failure_text(text_string(&exchange->http.body), exchange->http.body.length);
	AUTO_FREE char *with = credentials_words(&exchange->registry->credentials);

	if (exchange->http.status != 401 || no_credentials(exchange))
		return failure_word(exchange, err);
	return error_set(err, ERROR_DENIED, "%s: user name or password refused%s (%s): coracle login %s", exchange->what,
	                 with, said ? said : "401 Unauthorized", exchange->registry->login_host);
}
