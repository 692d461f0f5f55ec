/* SPDX-License-Identifier: GPL-2.0-or-later */
/* http_private.h - what the parts of the HTTP client share: libcurl by dlopen, one transfer, when to try again */
#ifndef CORACLE_REGISTRY_HTTP_PRIVATE_H
#define CORACLE_REGISTRY_HTTP_PRIVATE_H

#include "coracle/registry/http.h"

#define CURL_DISABLE_TYPECHECK /* its macros know functions, not members of a table */
#include <curl/curl.h>

#define CURL_FUNCTIONS(X)                                                                \
	X(curl_global_init) X(curl_easy_init) X(curl_easy_cleanup) X(curl_easy_setopt)   \
	X(curl_easy_getinfo) X(curl_easy_pause) X(curl_easy_strerror) X(curl_multi_init) \
	X(curl_multi_cleanup) X(curl_multi_add_handle) X(curl_multi_remove_handle)       \
	X(curl_multi_perform) X(curl_multi_poll) X(curl_multi_info_read)                 \
	X(curl_multi_strerror) X(curl_slist_append) X(curl_slist_free_all) X(curl_url)   \
	X(curl_url_cleanup) X(curl_url_get) X(curl_url_set) X(curl_getdate) X(curl_free)

#define NS_PER_MS UINT64_C(1000000)

struct curl_api {
#define CURL_MEMBER(function) __typeof__(&(function)) function;
	CURL_FUNCTIONS(CURL_MEMBER)
#undef CURL_MEMBER
};

struct http {
	const struct curl_api *curl;
	CURLM *multi;
	struct http_options options;
	struct http_request **running; /* owned array; the requests are the callers' */
	size_t count, room;
	unsigned finished; /* since http_poll began */
	bool paused;       /* a transfer, since then: its caller has to know before we wait */
};

/* One running request; an attempt (one HTTP exchange) follows the other. */
struct http_transfer {
	struct http *http;
	struct http_request *request;
	char *url;           /* owned; of this attempt */
	char *name;          /* owned; what messages begin with */
	unsigned redirects;
	unsigned failures;   /* in a row, without progress */
	bool away;           /* a redirect led to another origin */
	bool whole;          /* Range was refused or misunderstood: everything is asked for, and what is known is dropped */
	bool waiting;        /* for wake_at, to begin an attempt */
	uint64_t wake_at;    /* CLOCK_MONOTONIC, nanoseconds */

	/* this attempt's */
	CURL *easy;
	struct curl_slist *lines;
	bool paused;
	bool answered;       /* the headers of the answer are complete */
	bool failed;         /* a callback (ours or the caller's) filled failure and err of the request */
	bool enough;         /* the rest of the body was cut off on purpose */
	bool misplaced;      /* what comes is another part than the one asked for */
	int errnum;          /* negative errno, with failed */
	size_t header_bytes;
	uint64_t skip;       /* bytes that come though they were delivered already */
	uint64_t before;     /* received when the attempt began */
	uint64_t position;   /* in the body to be sent */
	char words[CURL_ERROR_SIZE];
	char alert[CURL_ERROR_SIZE]; /* what was said of a TLS alert; words may hold an earlier complaint */
};

/* --- http_curl.c --- */
/* curl_api_load - static; NULL with err when libcurl can't be loaded */
const struct curl_api *curl_api_load(struct error *err) NONNULL(1);
/* url_part - owned part of a URL (CURLUPART_*), NULL when there is none */
char *url_part(const struct curl_api *curl, const char *url, CURLUPart part, unsigned flags) NONNULL(1, 2);
/* url_resolve - owned absolute URL; NULL when it isn't one of http or https, or has a user name */
char *url_resolve(const struct curl_api *curl, const char *base, const char *location) NONNULL(1, 2, 3);
bool url_same_origin(const struct curl_api *curl, const char *one, const char *other) NONNULL(1, 2, 3);
/* url_for_log - owned; without the query, which may hold signatures */
char *url_for_log(const char *url) NONNULL(1);

/* http_end - where the body to be handed on ends; HTTP_SIZE_UNKNOWN */
static inline uint64_t http_end(const struct http_request *request)
{
	return request->end ? request->end : request->size;
}

/* --- http_attempt.c --- */
/* attempt_begin - another one, as the transfer stands; may finish, and free, it */
void attempt_begin(struct http_transfer *transfer) NONNULL(1);
/* attempt_ended - as libcurl says: the next attempt, or the end of the request */
void attempt_ended(struct http_transfer *transfer, CURLcode code) NONNULL(1);
/* transfer_unlink - out of the loop, and freed */
void transfer_unlink(struct http_transfer *transfer) NONNULL(1);

/* --- http_retry.c --- */
enum http_failure retry_classify(CURLcode code, bool sending) MUST_USE;
bool retry_status(unsigned status);
bool retry_code(CURLcode code);
/* words_is_alert - the other side ended TLS; of version 1.3 that is seen only when reading (RFC 8446 §4.4.2.4) */
bool words_is_alert(const struct http_transfer *transfer, CURLcode code) NONNULL(1);
/*
 * words_hear - a line that libcurl logs
 *
 * Its words are those of the first complaint: "getpeername() failed" where the other side has gone already, though the
 * alert that says why is read after that. So alerts are kept from the log.
 */
void words_hear(struct http_transfer *transfer, const char *line, size_t length) NONNULL(1, 2);
/* words_is_broken_handshake - the connection ended before TLS had begun, and nobody said why */
bool words_is_broken_handshake(const struct http_transfer *transfer, CURLcode code) NONNULL(1);
/* words_failure - the error of the request's err, returned */
int words_failure(struct http_transfer *transfer, CURLcode code, enum http_failure failure) NONNULL(1);
/* retry_after - milliseconds that a Retry-After asks for (RFC 9110 §10.2.3), at most HTTP_WAIT_MAX_MS; -1: not readable */
int64_t retry_after(const struct curl_api *curl, const char *value, time_t now) NONNULL(1, 2);
/* retry_delay - milliseconds, doubling from base with failures (1, 2, ...), somewhere in the upper half of that */
unsigned retry_delay(unsigned base, unsigned failures);
/* status_words - static: "Too Many Requests", or "" */
const char *status_words(unsigned status);

/* --- http_setup.c --- */
/* setup_attempt - an easy handle for the request as it stands; 0 or negative errno with the request's err */
int setup_attempt(struct http_transfer *transfer) NONNULL(1) MUST_USE;
/* setup_answered - what is only wanted until there is an answer */
void setup_answered(struct http_transfer *transfer) NONNULL(1);
void setup_done(struct http_transfer *transfer) NONNULL(1);

/* --- http_body.c: libcurl's callbacks --- */
size_t body_header(char *line, size_t size, size_t count, void *data);
size_t body_write(char *bytes, size_t size, size_t count, void *data);
size_t body_read(char *into, size_t size, size_t count, void *data);
int body_debug(CURL *easy, curl_infotype type, char *bytes, size_t length, void *data);
int body_seek(void *data, curl_off_t offset, int origin);

#endif
