/* SPDX-License-Identifier: GPL-2.0-or-later */
/* registry.c - a registry host: its address, how it is spoken to, names of what it holds; see registry.h */
#include "coracle/registry/registry.h"

#include "coracle/base/alloc.h"
#include "coracle/base/log.h"

#include <string.h>

#include "registry_private.h"

#define HOST_MAX       300
#define TAG_MAX        128
#define LETTERS        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* Names under which Docker Hub is known, and the host that serves its protocol. */
static const char *const hub_names[] = {"docker.io", "index.docker.io", "registry.hub.docker.com"};
#define HUB_ADDRESS "registry-1.docker.io"

void secret_free(char **slot)
{
	if (*slot)
		explicit_bzero(*slot, strlen(*slot));
	free(*slot);
	*slot = NULL;
}

void registry_credentials_done(struct registry_credentials *credentials)
{
	secret_free(&credentials->user);
	secret_free(&credentials->password);
	secret_free(&credentials->identity_token);
	free(credentials->source);
	free(credentials->note);
	*credentials = (struct registry_credentials){0};
}

static const char *address_of(const char *host)
{
	for (size_t i = 0; i < ARRAY_LEN(hub_names); i++)
		if (strcmp(host, hub_names[i]) == 0)
			return HUB_ADDRESS;
	return host;
}

static void copy_tls(struct registry *registry, const struct http_tls *tls)
{
	for (size_t i = 0; tls->ca_files && tls->ca_files[i]; i++)
		texts_add(&registry->ca_files, tls->ca_files[i]);
	text_replace(&registry->client_cert, tls->client_cert);
	text_replace(&registry->client_key, tls->client_key);
	registry->tls = (struct http_tls){
		.ca_files = (const char *const *) registry->ca_files.items,
		.client_cert = registry->client_cert,
		.client_key = registry->client_key,
		.insecure = tls->insecure,
	};
}

int registry_new(struct http *http, const struct registry_endpoint *endpoint, struct registry **out, struct error *err)
{
	const char *host = endpoint->host;
	struct registry *registry;

	if (!*host || strlen(host) > HOST_MAX || host[strspn(host, LETTERS "-._:[]")] != '\0')
		return error_set(err, ERROR_INVALID, "registry \"%.*s\": not HOST or HOST:PORT", HOST_MAX, host);
	registry = xcalloc(1, sizeof *registry);
	registry->http = http;
	registry->host = xstrdup(host);
	registry->login_host = xstrdup(endpoint->login_host ? endpoint->login_host : host);
	registry->address = xstrdup(address_of(host));
	copy_tls(registry, &endpoint->tls);
	if (!endpoint->tls.insecure)
		registry->base = xprintf("https://%s", registry->address);
	registry->ask = endpoint->credentials;
	registry->ask_data = endpoint->credentials_data;
	*out = registry;
	return 0;
}

void registry_free(struct registry *registry)
{
	if (!registry)
		return;
	tokens_done(registry);
	registry_credentials_done(&registry->credentials);
	texts_done(&registry->ca_files);
	free(registry->host);
	free(registry->login_host);
	free(registry->address);
	free(registry->base);
	free(registry->client_cert);
	free(registry->client_key);
	free(registry->credentials_for);
	free(registry->realm);
	free(registry->service);
	free(registry);
}

const char *registry_host(const struct registry *registry)
{
	return registry->host;
}

struct http *registry_http(const struct registry *registry)
{
	return registry->http;
}

int registry_settle(struct registry *registry, struct error *err)
{
	struct http_request request;
	struct error why = {0};
	int r;

	if (registry->base)
		return 0;
	AUTO_FREE char *url = xprintf("https://%s/v2/", registry->address);

	http_request_init(&request, HTTP_GET, url);
	request.tls = &registry->tls;
	request.name = registry->host;
	request.attempts = 1;
	r = http_run(registry->http, &request, &why);
	/* what is wrong on our side is no reason to go on without TLS */
	if (r < 0 && r != -EINTR && request.failure != HTTP_FAILURE_LOCAL)
		r = 0;
	if (r < 0) {
		*err = why;
	} else {
		/* whatever it answers, or what it says of our certificate: it answers over TLS */
		registry->base = xprintf("%s://%s", request.result == 0 || why.kind == ERROR_DENIED ? "https" : "http", registry->address);
		log_debug("registry: %s is spoken to as %s", registry->host, registry->base);
	}
	http_request_done(&request);
	return r;
}

/* The grammar of names is the caller's business; what could change the meaning of the URL is ours. */
static bool is_repository(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && length <= REPOSITORY_MAX && strspn(name, LETTERS "-._/") == length && !strstr(name, "//")
	       && !strstr(name, "..") && name[0] != '/' && name[0] != '.' && !strstr(name, "/.") && name[length - 1] != '/';
}

int registry_url(struct registry *registry, const char *repository, const char *more, char **out, struct error *err)
{
	int r;

	if (!is_repository(repository))
		return error_set(err, ERROR_INVALID, "%s: \"%.200s\" is no name of a repository", registry->host, repository);
	r = registry_settle(registry, err);
	if (r < 0)
		return r;
	*out = xprintf("%s/v2/%s/%s", registry->base, repository, more);
	return 0;
}

bool is_tag(const char *text)
{
	size_t length = strlen(text);

	return length > 0 && length <= TAG_MAX && strspn(text, LETTERS "_.-") == length && !strchr(".-", text[0]);
}

int reference_check(const struct registry *registry, const char *repository, const char *reference, struct error *err)
{
	if (digest_is_valid(reference))
		return 0;
	if (strchr(reference, ':'))
		return error_set(err, ERROR_UNSUPPORTED, "%s/%s@%.200s: not a digest that is known here (sha256: and 64 "
		                 "hexadecimal digits)", registry->host, repository, reference);
	if (!is_tag(reference))
		return error_set(err, ERROR_INVALID, "%s/%s: \"%.200s\" is no tag", registry->host, repository, reference);
	return 0;
}

int registry_ping(struct registry *registry, struct error *err)
{
	int r = registry_settle(registry, err);

	if (r < 0)
		return r;
	AUTO_FREE char *url = xprintf("%s/v2/", registry->base);
	AUTO_EXCHANGE struct exchange *exchange = exchange_new(registry, HTTP_GET, url, NULL, NULL);

	r = exchange_run(exchange, err);
	if (r < 0)
		return r;
	if (exchange->http.status == 404)
		return error_set(err, ERROR_UNSUPPORTED, "%s: not a registry (no /v2/ there): check the name", registry->host);
	return exchange->http.status / 100 == 2 ? 0 : failure_word_login(exchange, err);
}
