/* SPDX-License-Identifier: GPL-2.0-or-later */
/* registry_private.h - an authenticated exchange with one registry, and what its parts share */
#ifndef CORACLE_REGISTRY_REGISTRY_PRIVATE_H
#define CORACLE_REGISTRY_REGISTRY_PRIVATE_H

#include "coracle/registry/registry.h"

#define CATALOG_SCOPE "registry:catalog:*"
#define REPOSITORY_MAX 1024 /* bytes of its name */

enum login_scheme { LOGIN_UNKNOWN, LOGIN_BASIC, LOGIN_BEARER };

struct token {
	char *scopes; /* joined by blanks */
	char *value;  /* secret */
	uint64_t expires; /* CLOCK_MONOTONIC, nanoseconds */
};

struct registry {
	struct http *http;
	char *host, *login_host;
	char *base; /* "https://registry-1.docker.io"; NULL until settled, for insecure ones */
	char *address; /* host and port that are connected to */
	struct http_tls tls;
	struct texts ca_files;
	char *client_cert, *client_key;
	int (*ask)(void *data, const char *host, const char *repository, struct registry_credentials *out,
	           struct error *err);
	void *ask_data;
	struct registry_credentials credentials; /* for the repository below */
	char *credentials_for; /* "" for the host; NULL: not asked yet */
	enum login_scheme scheme;
	char *realm, *service; /* of the Bearer challenge */
	struct list tokens;    /* struct token */
	struct fetch *fetches; /* token requests that run */
};

/* credentials_words - owned: " with the login in FILE", or " (why there is no login)", or "" */
char *credentials_words(const struct registry_credentials *credentials) NONNULL(1);

/*
 * One request to the registry: with credentials where they belong, asked for and sent again upon 401.
 * Over when done is called or finished is true; http's result and status tell how it went; result is worse
 * when there was no token.
 */
struct exchange {
	struct http_request http;
	struct registry *registry;
	char *repository;    /* NULL: the host itself */
	char *what;          /* what messages begin with: "quay.io/team/app:1" */
	struct texts scopes; /* of the token */
	char *token;         /* the one sent last, secret */
	bool fresh;          /* it was fetched for this exchange */
	bool basic_sent;
	uint64_t progress;   /* received at the last 401 */
	struct fetch *fetch; /* whose end we wait for */
	struct exchange *next; /* waiting for the same */
	bool finished;
	int result;          /* 0: see http.status; negative errno with err */
	struct error err;
	void (*done)(struct exchange *exchange, void *data);
	void *done_data;
};

/* --- exchange.c --- */
/* exchange_new - url absolute; repository may be NULL; reference: tag or digest for messages, may be NULL */
struct exchange *exchange_new(struct registry *registry, enum http_method method, const char *url,
                              const char *repository, const char *reference) NONNULL(1, 3);
/* exchange_scope - the token shall permit this on the exchange's repository; more can be added to scopes */
void exchange_scope(struct exchange *exchange, enum registry_actions actions) NONNULL(1);
void exchange_start(struct exchange *exchange) NONNULL(1);
/* exchange_free - cancels when it runs; NULL allowed */
void exchange_free(struct exchange *exchange);
static inline void auto_exchange(struct exchange **slot)
{
	exchange_free(*slot);
	*slot = NULL;
}
#define AUTO_EXCHANGE AUTO(auto_exchange)
/* exchange_run - start and drive until finished: 0 (see http.status), or negative errno with err */
int exchange_run(struct exchange *exchange, struct error *err) NONNULL(1, 2) MUST_USE;
/* exchange_credentials - those for the exchange's repository, asked for once; 0 or negative errno */
int exchange_credentials(struct exchange *exchange, struct error *err) NONNULL(1, 2) MUST_USE;
/* exchange_finish - with result; calls done */
void exchange_finish(struct exchange *exchange, int result) NONNULL(1);

/* --- token.c --- */
/* token_find - borrowed, not expired; NULL */
const char *token_find(struct registry *registry, const char *scopes) NONNULL(1, 2);
void token_drop(struct registry *registry, const char *value) NONNULL(1, 2);
/* token_wait - fetch (or share a fetch that runs); later token_arrived or exchange_finish is called */
void token_wait(struct exchange *exchange, const char *scopes) NONNULL(1, 2);
void token_stop_waiting(struct exchange *exchange) NONNULL(1);
void tokens_done(struct registry *registry) NONNULL(1);
/* exchange_token - of exchange.c: go on with this token */
void exchange_token(struct exchange *exchange, const char *token) NONNULL(1, 2);

/* --- failure.c --- */
/* failure_word - an answer that is an error, in one line; the negative errno of its kind */
int failure_word(const struct exchange *exchange, struct error *err) NONNULL(1, 2);
/* failure_word_login - the same for a request that asks nothing but whether the credentials are taken */
int failure_word_login(const struct exchange *exchange, struct error *err) NONNULL(1, 2);
/* failure_text - owned words of a JSON error body, cut to a line; NULL when it holds none */
char *failure_text(const char *body, size_t length) NONNULL(1);

/* --- registry.c --- */
/* registry_settle - base is known afterwards; an insecure host is tried with https, then http */
int registry_settle(struct registry *registry, struct error *err) NONNULL(1, 2) MUST_USE;
/* registry_url - owned "https://HOST/v2/REPOSITORY/more"; -EINVAL for what no repository is called */
int registry_url(struct registry *registry, const char *repository, const char *more, char **out, struct error *err)
	NONNULL(1, 2, 3, 4, 5) MUST_USE;
bool is_tag(const char *text) NONNULL(1);
/* reference_check - a tag or a sha256 digest */
int reference_check(const struct registry *registry, const char *repository, const char *reference, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;
void secret_free(char **slot) NONNULL(1);

#endif
