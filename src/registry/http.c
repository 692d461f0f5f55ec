/* SPDX-License-Identifier: GPL-2.0-or-later */
/* http.c - requests from beginning to end: attempts, redirects, waits, and the loop that drives them; see http.h */
#include "coracle/registry/http.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/log.h"

#include <assert.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "http_private.h"

#define ATTEMPTS          4
#define ATTEMPTS_CONNECT  2     /* what does not listen now won't for long */
#define ATTEMPTS_TIMEOUT  1     /* what does not answer has been waited for already */
#define PROGRESS_BYTES    65536 /* so much between two failures, and they don't count as "in a row" */
#define RETRY_MS          1000
#define POLL_MAX_MS       60000
#define NS_PER_MS         UINT64_C(1000000)

struct pipe_guard {
	sigset_t old;
	bool pending;
};

/* TLS libraries write(2) to sockets, and CURLOPT_NOSIGNAL leaves what follows to us: no SIGPIPE from here. */
static struct pipe_guard guard_pipe(void)
{
	struct pipe_guard guard = {.pending = false};
	sigset_t set;

	(void) sigpending(&set);
	guard.pending = sigismember(&set, SIGPIPE) == 1;
	(void) sigemptyset(&set);
	(void) sigaddset(&set, SIGPIPE);
	(void) pthread_sigmask(SIG_BLOCK, &set, &guard.old);
	return guard;
}

static void unguard_pipe(struct pipe_guard *guard)
{
	const struct timespec now = {0};
	int saved = errno;
	sigset_t set;

	(void) sigemptyset(&set);
	(void) sigaddset(&set, SIGPIPE);
	if (!guard->pending && sigismember(&guard->old, SIGPIPE) == 0)
		while (sigtimedwait(&set, NULL, &now) < 0 && errno == EINTR)
			;
	(void) pthread_sigmask(SIG_SETMASK, &guard->old, NULL);
	errno = saved;
}
#define GUARD_PIPE AUTO(unguard_pipe) UNUSED struct pipe_guard guard = guard_pipe()

/* --- the end of a request --- */

static void unlink_transfer(struct http_transfer *transfer)
{
	struct http *http = transfer->http;
	size_t i = 0;

	while (http->running[i] != transfer->request)
		i++;
	(void) memmove(&http->running[i], &http->running[i + 1], (http->count - i - 1) * sizeof *http->running);
	http->count--;
	transfer->request->transfer = NULL;
	setup_done(transfer);
	free(transfer->url);
	free(transfer->name);
	free(transfer);
}

static void finish(struct http_transfer *transfer, int result)
{
	struct http *http = transfer->http;
	struct http_request *request = transfer->request;

	free(request->final_url);
	request->final_url = TAKE_PTR(transfer->url);
	request->result = result;
	request->finished = true;
	if (result == 0)
		request->failure = HTTP_FAILURE_NONE;
	unlink_transfer(transfer);
	http->finished++;
	if (request->done)
		request->done(http, request, request->done_data);
}

static void fail(struct http_transfer *transfer, enum http_failure failure, int r)
{
	transfer->request->failure = failure;
	finish(transfer, r);
}

/* --- an attempt --- */

static void begin_attempt(struct http_transfer *transfer)
{
	struct http_request *request = transfer->request;
	int r;

	setup_done(transfer);
	transfer->waiting = transfer->paused = transfer->answered = transfer->failed = transfer->enough
		= transfer->misplaced = false;
	transfer->header_bytes = 0;
	transfer->skip = transfer->position = 0;
	transfer->words[0] = transfer->alert[0] = '\0';
	/* what lies in memory begins anew; what was handed on counts on */
	if (!request->callbacks.write) {
		request->begun = false;
		request->received = request->offset;
	}
	transfer->before = request->received;
	text_clear(&request->body);
	pairs_done(&request->answer);
	request->status = 0;
	request->failure = HTTP_FAILURE_NONE;
	if (strncasecmp(transfer->url, "https:", 6) != 0
	    && (request->plain_refused || strncasecmp(transfer->url, "http:", 5) != 0)) {
		fail(transfer, HTTP_FAILURE_PROTOCOL,
		     error_set(&request->err, ERROR_INVALID, "%s: not an https URL", transfer->name));
		return;
	}
	r = setup_attempt(transfer);
	if (r < 0)
		fail(transfer, HTTP_FAILURE_LOCAL, r);
}

/* from_start - the next attempt asks the first URL again: where it led to may hold for a while only */
static void from_start(struct http_transfer *transfer)
{
	free(transfer->url);
	transfer->url = xstrdup(transfer->request->url);
	transfer->away = false;
	transfer->redirects = 0;
}

static void tell(const struct http_transfer *transfer, const char *why, unsigned delay)
{
	const struct http_options *options = &transfer->http->options;
	AUTO_FREE char *wait = delay < 1000 ? xprintf("%u ms", delay) : xprintf("%u s", (delay + 500) / 1000);
	AUTO_FREE char *line = xprintf("%s: %s, trying again in %s", transfer->name, why, wait);

	log_debug("http: %s", line);
	if (options->notice)
		options->notice(options->notice_data, line);
}

unsigned http_attempts(const struct http *http)
{
	return http->options.attempts ? http->options.attempts : ATTEMPTS;
}

unsigned http_delay(const struct http *http, unsigned failures)
{
	const struct http_options *options = &http->options;

	return options->retry_steady ? options->retry_ms : retry_delay(options->retry_ms ? options->retry_ms : RETRY_MS, failures);
}

/* again - whether another attempt was scheduled */
static bool again(struct http_transfer *transfer, unsigned most, const char *why)
{
	const struct http_request *request = transfer->request;
	const char *after = http_header(request, "retry-after");
	int64_t asked = -1;
	unsigned delay;

	if (request->received >= transfer->before + PROGRESS_BYTES)
		transfer->failures = 0;
	transfer->failures++;
	if (transfer->failures >= MIN(most, request->attempts ? request->attempts : http_attempts(transfer->http)))
		return false;
	delay = http_delay(transfer->http, transfer->failures);
	if (after)
		asked = retry_after(transfer->http->curl, after, time(NULL));
	/* everybody was told the same second: spread a little */
	if (asked >= 0)
		delay = MIN((unsigned) asked + delay / 4, HTTP_WAIT_MAX_MS);
	tell(transfer, why, delay);
	setup_done(transfer);
	from_start(transfer);
	transfer->waiting = true;
	transfer->wake_at = clock_monotonic() + delay * NS_PER_MS;
	return true;
}

/* --- its outcome --- */

/* attempts_after - how many make sense where the user has not said how many to make */
static unsigned attempts_after(const struct http_transfer *transfer, enum http_failure failure, CURLcode code)
{
	if (failure != HTTP_FAILURE_CONNECT || transfer->http->options.attempts)
		return UINT32_MAX;
	return code == CURLE_OPERATION_TIMEDOUT ? ATTEMPTS_TIMEOUT : ATTEMPTS_CONNECT;
}

static void broke(struct http_transfer *transfer, CURLcode code)
{
	curl_off_t sending = 0;
	long tunnel = 0; /* what a proxy answered to CONNECT */
	enum http_failure failure;

	(void) transfer->http->curl->curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &sending);
	(void) transfer->http->curl->curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &tunnel);
	if (tunnel / 100 == 4 && !retry_status((unsigned) tunnel)) {
		fail(transfer, HTTP_FAILURE_CONNECT,
		     error_set(&transfer->request->err, ERROR_DENIED, "%s: refused by the proxy (%ld %s): check https_proxy, "
		               "no_proxy and the rights there", transfer->name, tunnel, status_words((unsigned) tunnel)));
		return;
	}
	bool cut = words_is_broken_handshake(transfer, code);

	failure = words_is_alert(transfer, code) ? HTTP_FAILURE_TLS
	          : cut ? HTTP_FAILURE_CONNECT : retry_classify(code, sending > 0);
	int r = words_failure(transfer, code, failure);

	if (failure == HTTP_FAILURE_TLS || !(cut || retry_code(code))
	    || !again(transfer, attempts_after(transfer, failure, code),
	              transfer->words[0] ? transfer->words : "the connection broke"))
		fail(transfer, failure, r);
}

static bool is_redirect(const struct http_request *request)
{
	if (request->status == 307 || request->status == 308)
		return true;
	if (request->method != HTTP_GET && request->method != HTTP_HEAD)
		return false;
	return request->status == 301 || request->status == 302 || request->status == 303;
}

static void follow(struct http_transfer *transfer, const char *location)
{
	struct http_request *request = transfer->request;
	const struct curl_api *curl = transfer->http->curl;
	AUTO_FREE char *url = url_resolve(curl, transfer->url, location);
	int r = 0;

	if (!url)
		r = error_set(&request->err, ERROR_INVALID, "%s: redirects to what is no http or https URL", transfer->name);
	else if (++transfer->redirects > HTTP_REDIRECTS_MAX)
		r = error_set(&request->err, ERROR_INVALID, "%s: more than %d redirects, one after the other",
		              transfer->name, HTTP_REDIRECTS_MAX);
	else if (strncasecmp(transfer->url, "https:", 6) == 0 && strncasecmp(url, "https:", 6) != 0)
		r = error_set(&request->err, ERROR_DENIED, "%s: redirects from https to http, which is refused",
		              transfer->name);
	else if (!url_same_origin(curl, request->url, url))
		transfer->away = true;
	if (r == 0 && transfer->away && request->send_secret)
		r = error_set(&request->err, ERROR_DENIED, "%s: redirects a secret to another host, which is refused",
		              transfer->name);
	if (r < 0) {
		fail(transfer, HTTP_FAILURE_PROTOCOL, r);
		return;
	}
	free(transfer->url);
	transfer->url = TAKE_PTR(url);
	begin_attempt(transfer);
}

static void answered(struct http_transfer *transfer)
{
	struct http_request *request = transfer->request;
	const char *location = http_header(request, "location");
	AUTO_FREE char *shown = url_for_log(transfer->url);
	long version = 0;

	(void) transfer->http->curl->curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_VERSION, &version);
	log_debug("http: %s: %u%s", shown, request->status, version == CURL_HTTP_VERSION_2_0 ? " (HTTP/2)" : "");
	if (location && is_redirect(request)) {
		AUTO_FREE char *copy = xstrdup(location); /* the headers are those of the next answer soon */

		follow(transfer, copy);
		return;
	}
	if (retry_status(request->status)) {
		AUTO_FREE char *why = xprintf("%u %s", request->status, status_words(request->status));

		if (again(transfer, UINT32_MAX, why))
			return;
	}
	if (request->method == HTTP_GET && request->status / 100 == 2 && request->callbacks.write
	    && http_end(request) != HTTP_SIZE_UNKNOWN && request->received < http_end(request)) {
		broke(transfer, CURLE_PARTIAL_FILE);
		return;
	}
	finish(transfer, 0);
}

/* is_range_refused - though there is something there; whoever can't give a part may give it all */
static bool is_range_refused(const struct http_transfer *transfer)
{
	const struct http_request *request = transfer->request;

	return !transfer->whole && request->method == HTTP_GET && request->callbacks.write
	       && (transfer->misplaced || (transfer->answered && request->status == 416 && request->received > 0));
}

static void attempt_ended(struct http_transfer *transfer, CURLcode code)
{
	struct http_request *request = transfer->request;

	if (is_range_refused(transfer)) {
		log_debug("http: %s: no part of it is to be had, asking for all of it", transfer->name);
		transfer->whole = true;
		begin_attempt(transfer);
	} else if (transfer->failed) {
		finish(transfer, transfer->errnum);
	} else if (code == CURLE_OK || transfer->enough) {
		answered(transfer);
	} else if (transfer->answered && request->status / 100 == 2 && request->callbacks.write
	           && request->received == http_end(request)) {
		answered(transfer); /* everything is there, however the connection ended */
	} else if (transfer->answered && request->status >= 400 && !retry_status(request->status)) {
		answered(transfer); /* a server that says no while we send may close at once */
	} else {
		broke(transfer, code);
	}
}

/* --- the loop --- */

static int collect(struct http *http, struct error *err)
{
	int running, left;
	CURLMcode code = http->curl->curl_multi_perform(http->multi, &running);
	CURLMsg *message;

	if (code != CURLM_OK)
		return error_set(err, ERROR_SYSTEM, "libcurl: %s", http->curl->curl_multi_strerror(code));
	while ((message = http->curl->curl_multi_info_read(http->multi, &left))) {
		CURLcode result = message->data.result;
		char *data = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		(void) http->curl->curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &data);
		attempt_ended((struct http_transfer *) (void *) data, result);
	}
	return 0;
}

/* wake - begin the attempts whose time has come; returns milliseconds until the next one, at most limit */
static int wake(struct http *http, int limit)
{
	uint64_t now = clock_monotonic(), soonest = now + (uint64_t) limit * NS_PER_MS;

	/* beginning may finish a request, and its done() may change the array: look again from the start */
	for (size_t i = 0; i < http->count; i++) {
		struct http_transfer *transfer = http->running[i]->transfer;

		if (!transfer->waiting)
			continue;
		if (transfer->wake_at <= now) {
			begin_attempt(transfer);
			i = SIZE_MAX;
			continue;
		}
		soonest = MIN(soonest, transfer->wake_at);
	}
	/* rounded up: not a millisecond too early, to be asked again at once */
	return (int) ((soonest - now + NS_PER_MS - 1) / NS_PER_MS);
}

static int wait_for_data(struct http *http, struct pollfd *fds, size_t count, int timeout_ms, struct error *err)
{
	AUTO_FREE struct curl_waitfd *waits = xcalloc(count + 1, sizeof *waits);
	struct pollfd interrupt = {.fd = http->options.interrupt_fd, .events = POLLIN};
	size_t used = 0;
	int numfds;
	CURLMcode code;

	for (size_t i = 0; i < count; i++) {
		if (fds[i].fd < 0)
			continue;
		waits[used].fd = fds[i].fd;
		waits[used++].events = (short) ((fds[i].events & POLLIN ? CURL_WAIT_POLLIN : 0)
		                                | (fds[i].events & POLLPRI ? CURL_WAIT_POLLPRI : 0)
		                                | (fds[i].events & POLLOUT ? CURL_WAIT_POLLOUT : 0));
	}
	if (interrupt.fd >= 0) {
		waits[used].fd = interrupt.fd;
		waits[used++].events = CURL_WAIT_POLLIN;
	}
	code = http->curl->curl_multi_poll(http->multi, waits, (unsigned) used, timeout_ms, &numfds);
	if (code != CURLM_OK)
		return error_set(err, ERROR_SYSTEM, "libcurl: %s", http->curl->curl_multi_strerror(code));
	/* libcurl tells neither hang-ups nor errors of foreign descriptors */
	if (count > 0 && poll(fds, (nfds_t) count, 0) < 0 && errno != EINTR)
		return error_errno(err, errno, "poll");
	if (interrupt.fd >= 0 && poll(&interrupt, 1, 0) > 0)
		return error_errno(err, EINTR, "stopped");
	return 0;
}

int http_poll(struct http *http, struct pollfd *fds, size_t count, int timeout_ms, struct error *err)
{
	GUARD_PIPE;
	int limit = timeout_ms < 0 ? POLL_MAX_MS : MIN(timeout_ms, POLL_MAX_MS);
	int r;

	http->finished = 0;
	http->paused = false;
	(void) wake(http, limit);
	r = collect(http, err);
	/* requests that were added or go on elsewhere since */
	limit = wake(http, limit);
	if (r == 0)
		r = wait_for_data(http, fds, count, http->finished || http->paused ? 0 : limit, err);
	if (r == 0)
		r = collect(http, err);
	return r < 0 ? r : (int) http->finished;
}

int http_run(struct http *http, struct http_request *request, struct error *err)
{
	int r = 0;

	http_add(http, request);
	while (!request->finished && r >= 0)
		r = http_poll(http, NULL, 0, -1, err);
	if (request->finished) {
		if (request->result < 0)
			*err = request->err;
		return request->result;
	}
	http_cancel(http, request);
	return r;
}

/* --- requests --- */

void http_add(struct http *http, struct http_request *request)
{
	struct http_transfer *transfer = xcalloc(1, sizeof *transfer);
	AUTO_FREE char *host = url_part(http->curl, request->url, CURLUPART_HOST, 0);

	assert(!request->transfer);
	transfer->http = http;
	transfer->request = request;
	transfer->url = xstrdup(request->url);
	transfer->name = xstrdup(request->name ? request->name : host ? host : "URL");
	transfer->waiting = true; /* http_poll begins: so that this may be called from everywhere */
	transfer->wake_at = request->delay_ms ? clock_monotonic() + request->delay_ms * NS_PER_MS : 0;
	request->transfer = transfer;
	request->finished = false;
	request->result = 0;
	if (!request->begun)
		request->received = request->offset;
	if (http->count == http->room) {
		http->room = http->room ? 2 * http->room : 8;
		http->running = xrealloc(http->running, http->room, sizeof *http->running);
	}
	http->running[http->count++] = request;
}

void http_rewind(struct http_request *request)
{
	request->begun = false;
	request->received = request->offset;
	request->sent = 0;
}

void http_resume(struct http *http, struct http_request *request)
{
	GUARD_PIPE;
	struct http_transfer *transfer = request->transfer;

	if (!transfer || !transfer->easy || !transfer->paused)
		return;
	transfer->paused = false;
	/* a failure inside comes with the next http_poll */
	(void) http->curl->curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
}

void http_cancel(struct http *http, struct http_request *request)
{
	GUARD_PIPE;

	if (!request->transfer)
		return;
	assert(request->transfer->http == http);
	unlink_transfer(request->transfer);
	request->result = -ECANCELED;
}

size_t http_running(const struct http *http)
{
	return http->count;
}

const char *http_header(const struct http_request *request, const char *name)
{
	return pairs_get(&request->answer, name);
}

static void wipe(char **slot)
{
	if (*slot)
		explicit_bzero(*slot, strlen(*slot));
	free(*slot);
	*slot = NULL;
}

void http_request_init(struct http_request *request, enum http_method method, const char *url)
{
	*request = (struct http_request){
		.method = method,
		.url = xstrdup(url),
		.size = HTTP_SIZE_UNKNOWN,
		.body = TEXT_INIT(HTTP_ERROR_MAX),
		.body_max = HTTP_ERROR_MAX,
	};
}

void http_request_done(struct http_request *request)
{
	assert(!request->transfer);
	wipe(&request->url);
	texts_done(&request->headers);
	wipe(&request->authorization);
	wipe(&request->user);
	wipe(&request->password);
	pairs_done(&request->answer);
	text_done(&request->body);
	wipe(&request->final_url);
	*request = (struct http_request){0};
}

void http_prepare(void)
{
	struct error ignored = {0};

	/* tried again by http_new */
	(void) curl_api_load(&ignored);
}

int http_new(const struct http_options *options, struct http **out, struct error *err)
{
	const struct curl_api *curl = curl_api_load(err);
	struct http *http;

	if (!curl)
		return -EOPNOTSUPP;
	http = xcalloc(1, sizeof *http);
	http->curl = curl;
	http->options = options ? *options : (struct http_options){.interrupt_fd = -1};
	http->multi = curl->curl_multi_init();
	if (!http->multi) {
		free(http);
		return error_errno(err, ENOMEM, "libcurl");
	}
	*out = http;
	return 0;
}

void http_free(struct http *http)
{
	if (!http)
		return;
	while (http->count > 0)
		http_cancel(http, http->running[http->count - 1]);
	GUARD_PIPE;
	(void) http->curl->curl_multi_cleanup(http->multi);
	free(http->running);
	free(http);
}
