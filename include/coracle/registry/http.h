/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http.h - HTTP requests side by side in one process, over libcurl (loaded on first use)
 *
 * A struct http drives any number of requests. The caller fills a struct http_request, hands it over with
 * http_add() and calls http_poll() in its loop, with descriptors of its own beside the sockets; callbacks
 * take and give bodies meanwhile. A request is over when its "finished" is true: result and err say whether
 * there was an answer at all, status what the answer was (a 404 is a success here).
 *
 * What this level does by itself:
 *   - redirects, by hand: at most HTTP_REDIRECTS_MAX, never from https to http; authorization, user, password, secret bodies
 *     and client certificate go to the scheme, host and port of "url" only, and not again once a redirect
 *     led away from there (CVE-2020-15157)
 *   - another attempt, after a back-off with jitter or what Retry-After says, upon connections that fail or
 *     break and on 408, 429 and 5xx, where the body can be sent again
 *   - a download that broke goes on where it stopped (Range); where the server sends all of it again, what
 *     was delivered already is dropped; where it refuses Range (416) or sends another part, all of it is asked for
 * TLS is 1.2 or above and verified. HTTP/2 is used where offered, unless "bulk" says that the transfer is long:
 * one connection each keeps those apart, and a reader that pauses then costs no memory.
 * Proxies come from http_proxy, https_proxy, all_proxy and no_proxy, as curl(1) reads them; this host itself
 * (localhost, 127.0.0.0/8, ::1) is never asked for through one.
 *
 * One thread; libcurl itself may run getaddrinfo(3) in a short-lived thread of its own, so join or make
 * namespaces before the first request. SIGPIPE is kept away while curl runs.
 */
#ifndef CORACLE_REGISTRY_HTTP_H
#define CORACLE_REGISTRY_HTTP_H

#include "coracle/base/error.h"
#include "coracle/base/text.h"
#include "coracle/base/texts.h"

#include <poll.h>
#include <sys/types.h>

#define HTTP_REDIRECTS_MAX  10
#define HTTP_WAIT_MAX_MS    60000 /* longest wait before another attempt, whatever Retry-After says */
#define HTTP_ERROR_MAX      65536 /* bytes kept of the body of an answer that is not 2xx */
#define HTTP_HEADERS_MAX    65536 /* bytes of the headers of one answer; more is an error */
#define HTTP_SIZE_UNKNOWN   UINT64_MAX

struct http;

struct http_options {
	/* -1: none. While readable (signalfd, eventfd, pipe) http_poll and http_run end with -EINTR; never read from */
	int interrupt_fd;
	unsigned connect_seconds; /* for name, connection and TLS together; 0: 15 */
	unsigned stall_seconds;   /* a transfer below stall_bytes a second for so long is broken off; 0: 60 */
	unsigned stall_bytes;     /* 0: 64 */
	/* at the most, in a row without progress; 0: 4, but 2 where no connection comes about and 1 where that takes too long */
	unsigned attempts;
	unsigned retry_ms;        /* wait before the second attempt, doubled for each further one; 0: 1000 */
	bool retry_steady;        /* the same wait each time */
	/* told before a wait: "registry.example: 429 Too Many Requests, trying again in 12 s"; NULL: nobody */
	void (*notice)(void *data, const char *line);
	void *notice_data;
};

/* Of one server; all borrowed until the request has finished; zeroed is the default: verify against the system's CAs. */
struct http_tls {
	const char *const *ca_files; /* PEM, trusted beside the system's; NULL-terminated; NULL: none */
	const char *client_cert;     /* PEM; NULL: none */
	const char *client_key;      /* PEM; NULL: in client_cert */
	bool insecure;               /* verify nothing */
};

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE };

/* Why there was no answer */
enum http_failure {
	HTTP_FAILURE_NONE,
	HTTP_FAILURE_CONNECT,  /* name not found, refused, unreachable, timed out */
	HTTP_FAILURE_TLS,      /* handshake, or a certificate that does not verify */
	HTTP_FAILURE_BROKEN,   /* the connection broke or stalled, or the body was cut short, once too often */
	HTTP_FAILURE_PROTOCOL, /* redirects without end or to where we don't go, malformed answer, too long */
	HTTP_FAILURE_CALLBACK, /* a callback said so */
	HTTP_FAILURE_LOCAL,    /* libcurl missing, certificate file not readable... */
};

struct http_request;

enum { HTTP_PAUSE = 1 };

struct http_callbacks {
	/*
	 * Each gets "data". None may call http_*() functions. A negative errno (with err) ends the request with
	 * HTTP_FAILURE_CALLBACK and that error.
	 */
	void *data;
	/* begin - the answer is 2xx and its body is about to come: status, headers and "offset" are there; may be NULL */
	int (*begin)(void *data, struct http_request *request, struct error *err);
	/*
	 * write - body of a 2xx answer; 0: all of it was taken; HTTP_PAUSE: none of it, the same bytes come
	 * again after http_resume(). NULL: the body is kept in request->body, up to body_max bytes.
	 */
	int (*write)(void *data, const void *bytes, size_t length, struct error *err);
	/*
	 * read - bytes of the body to send, from offset on, as pread(2): count, 0 at the end, HTTP_READ_PAUSE
	 * until http_resume(). Is called for an earlier offset when the body has to be sent again; -ESPIPE says
	 * that this can't be done. NULL: send_bytes is the body. A pause of more than stall_seconds is a stall.
	 */
	ssize_t (*read)(void *data, uint64_t offset, void *into, size_t size, struct error *err);
};
#define HTTP_READ_PAUSE (-EAGAIN)

struct http_request {
	/* --- set by the caller; borrowed until finished unless "owned" --- */
	enum http_method method;
	char *url;             /* owned; absolute, http or https, no user name in it */
	struct texts headers;  /* owned; "Name: value" */
	char *authorization;   /* owned, secret; the value of the header ("Bearer ..."); NULL: none */
	char *user, *password; /* owned, secret; Basic (RFC 7617), when authorization is NULL */
	const struct http_tls *tls; /* NULL: zeroed */
	const char *name;      /* what messages begin with; NULL: the host of url */
	struct http_callbacks callbacks;
	const void *send_bytes;
	uint64_t send_size;    /* of the body; with callbacks.read it may be HTTP_SIZE_UNKNOWN */
	bool send_secret;      /* the body is for the scheme, host and port of url only: a redirect elsewhere is refused */
	uint64_t offset;       /* GET: the first byte wanted (Range); becomes 0 when the server sends everything */
	uint64_t end;          /* GET: the first byte that is not wanted, and what comes from there on is left; 0: all */
	uint64_t size;         /* of the whole resource, offset included; other lengths are refused; HTTP_SIZE_UNKNOWN */
	size_t body_max;       /* without callbacks.write: bytes at the most; more is an error */
	unsigned attempts;     /* at the most, in a row without progress; 0: as of http_options */
	unsigned delay_ms;     /* wait before the first attempt */
	bool bulk;             /* a connection of its own over HTTP/1.1 */
	bool plain_refused;    /* a first URL with http: is refused */
	/* called by http_poll when finished; may add, cancel and free requests, this one included; NULL: nobody */
	void (*done)(struct http *http, struct http_request *request, void *data);
	void *done_data;

	/* --- the outcome --- */
	bool finished;
	int result;            /* 0, or negative errno with err: no answer */
	enum http_failure failure;
	struct error err;
	unsigned status;       /* 200, 404...; of the last answer */
	struct pairs answer;   /* headers of the last answer, names in lower case; repeated ones joined by ", " */
	struct text body;      /* of an answer that is not 2xx the first HTTP_ERROR_MAX bytes; NUL-terminated */
	char *final_url;       /* owned; where redirects led to, NULL before an answer; may hold secrets: don't print */
	uint64_t received;     /* bytes of the resource there are, offset included */
	uint64_t sent;         /* bytes of the body read for sending */

	bool begun;                     /* private: callbacks.begin was called */
	struct http_transfer *transfer; /* private: while it runs */
};

/* http_prepare - load libcurl (5 ms) where there is time for it anyway; http_new tells what went wrong */
void http_prepare(void);
/* http_new - libcurl is loaded here; -EOPNOTSUPP when it is not there; options are copied, NULL: all zero, no interrupt_fd */
int http_new(const struct http_options *options, struct http **out, struct error *err) NONNULL(2, 3) MUST_USE;
/* http_free - cancels what runs; NULL allowed */
void http_free(struct http *http);

/* http_request_init - zeroes, copies the URL, sizes unknown */
void http_request_init(struct http_request *request, enum http_method method, const char *url) NONNULL(1, 3);
/* http_request_done - frees what is owned and wipes the secrets; must not be running */
void http_request_done(struct http_request *request) NONNULL(1);
/* http_header - value of a header of the answer, name in lower case; borrowed, NULL when absent */
const char *http_header(const struct http_request *request, const char *name) NONNULL(1, 2);

/*
 * http_add - begin; the request must stay where it is until finished or cancelled
 *
 * A request that has finished may be added again: with what was received counting on when it has an offset or
 * a write callback (so that a new token can be put in half-way), from the beginning after http_rewind().
 * Never fails: what is wrong comes as an outcome from http_poll.
 */
void http_add(struct http *http, struct http_request *request) NONNULL(1, 2);
/* http_rewind - forget what was received and sent */
void http_rewind(struct http_request *request) NONNULL(1);
/* http_resume - after HTTP_PAUSE or HTTP_READ_PAUSE; harmless otherwise; callbacks may run inside */
void http_resume(struct http *http, struct http_request *request) NONNULL(1, 2);
/* http_cancel - stop without calling done; harmless when it does not run */
void http_cancel(struct http *http, struct http_request *request) NONNULL(1, 2);
/*
 * http_poll - wait until sockets, timers or fds have something, and do it
 *
 * fds         the caller's, may be NULL; revents are set
 * timeout_ms  at the longest; -1: no limit of the caller's
 * Returns how many requests finished (0 too when a time-out, some data, a callback that paused or a descriptor of
 * the caller's ended the wait), -EINTR when interrupt_fd is readable, another negative errno when polling fails.
 */
int http_poll(struct http *http, struct pollfd *fds, size_t count, int timeout_ms, struct error *err)
	NONNULL(1, 5) MUST_USE;
/* http_run - add and poll until it has finished; its result, or -EINTR and it is cancelled; others are driven too */
int http_run(struct http *http, struct http_request *request, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* http_attempts - how many a request that does not say may make; http_delay - milliseconds to wait after so many failures */
unsigned http_attempts(const struct http *http) NONNULL(1);
unsigned http_delay(const struct http *http, unsigned failures) NONNULL(1);
/* http_running - how many requests run or wait for another attempt */
size_t http_running(const struct http *http) NONNULL(1);

/* http_escape - owned; RFC 3986 percent-encoding of everything but unreserved characters */
char *http_escape(const char *text) NONNULL(1) MUST_USE;
/* http_resolve - owned absolute URL of a Location seen from base; -EINVAL (also for schemes but http and https) */
int http_resolve(struct http *http, const char *base, const char *location, char **out) NONNULL(1, 2, 3, 4) MUST_USE;
/* http_same_origin - scheme, host and port of both are equal (defaults filled in); false for what is not a URL */
bool http_same_origin(struct http *http, const char *one, const char *other) NONNULL(1, 2, 3);

#endif
